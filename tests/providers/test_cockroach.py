"""CockroachDB Cloud: what its invoices call folders and regions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billfold.model.focus import CostAndUsage
from billfold.model.period import instant
from billfold.providers.cockroach import PROVIDER
from billfold.providers.cockroach.api import GetInvoice
from billfold.providers.provider import Answer
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import Operation

INVOICE = {"invoice_id": "i-1", "status": "FINALIZED", "period_start": "2026-10-01T00:00:00Z",
           "period_end": "2026-11-01T00:00:00Z", "totals": [{"amount": 2, "currency": "USD"}]}  # fmt: skip
LINE = {"description": "Compute", "quantity": 2, "quantity_unit": "VCPU_HOURS", "unit_cost": 1,
        "total": {"amount": 2, "currency": "USD"}}  # fmt: skip
TEAM = {"resource_id": "f-1", "resource_type": "FOLDER", "name": "payments"}
INSIDE = {"resource_id": "f-2", "name": "cards", "path": [{"id": "f-1", "name": "payments"}]}


class Saved:
    """A reading of one invoice."""

    account = "db"

    def __init__(self, **words: Any) -> None:
        self._answer = Answer(
            GetInvoice(invoice_id="i-1"),
            Response(200, {"content-type": "application/json"}, codec.encode(INVOICE | words)),
            1,
            instant("2026-11-15T00:00:00Z"),
        )

    def asked(self, kind: Any) -> Iterator[Operation[Any]]:
        return (one.op for one in self.answers(kind))

    def answers(self, kind: Any, **fields: object) -> Iterator[Answer]:
        if isinstance(self._answer.op, kind):
            yield self._answer


def billed(folders: list[dict[str, Any]], *regions: str) -> CostAndUsage:
    """Return the one charge of an invoice for a cluster in a folder and regions."""
    cluster = {"id": "c-1", "name": "orders", "parent_id": "f-1", "regions": [{"name": name} for name in regions]}
    items = [{"cluster": cluster, "line_items": [LINE]}]
    (bill,) = PROVIDER.bills(Saved(invoice_items=items, folder_resources=folders))
    (row,) = [row for batch in bill.charges for row in batch.rows()]
    return row


@pytest.mark.parametrize(
    ("folders", "name"),
    [([TEAM], "payments"), ([INSIDE], "payments"), ([{**TEAM, "name": ""}, INSIDE], "payments"), ([], "f-1")],
)
def test_a_folder_is_called_by_any_name_in_the_answer_and_only_else_by_its_id(
    folders: list[dict[str, Any]], name: str
) -> None:
    row = billed(folders, "us-east-1")
    assert (row.SubAccountId, row.SubAccountName, row.SubAccountType) == ("f-1", name, "Folder")


def test_a_cluster_has_a_region_only_where_it_is_in_one() -> None:
    one, two = billed([], "us-east-1"), billed([], "us-east-1", "us-west-2")
    assert (one.RegionId, one.RegionName) == ("us-east-1", "us-east-1")
    assert (two.RegionId, two.RegionName) == (None, None)
