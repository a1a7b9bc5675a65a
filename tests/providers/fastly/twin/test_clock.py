"""The twin's estimate, which is not ready at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billfold.providers.fastly.api import GetMonthToDateInvoice
from billfold.providers.fastly.api_v2 import GetInvoiceMtd
from billfold.providers.twin_api import TwinMemory
from billfold.wire.message import Response
from billfold.wire.operation import Operation
from tests.providers.fastly.twin.kit import CUSTOMER_ID, answer_request
from tests.providers.kit import NOW


@pytest.mark.parametrize("op", [GetMonthToDateInvoice(), GetInvoiceMtd(customer_id=CUSTOMER_ID)])
def test_estimate_takes_5_seconds_and_lasts_4_hours(op: Operation[Any]) -> None:
    """An estimate takes 5 seconds and lasts 4 hours, and never over midnight."""
    memory = TwinMemory()

    def fetch_status(**delay: int) -> int:
        result = answer_request(op, NOW + timedelta(**delay), memory=memory)
        return result.status if isinstance(result, Response) else 200

    assert [fetch_status(), fetch_status(seconds=4), fetch_status(seconds=5), fetch_status(hours=4)] == [
        202,
        202,
        200,
        200,
    ]
    assert [fetch_status(hours=4, seconds=5), fetch_status(hours=4, seconds=9), fetch_status(hours=4, seconds=10)] == [
        202,
        202,
        200,
    ]
    assert [
        fetch_status(hours=23),
        fetch_status(hours=23, seconds=5),
        fetch_status(hours=24),
        fetch_status(hours=24, seconds=5),
    ] == [
        202,
        200,
        202,
        200,
    ]
