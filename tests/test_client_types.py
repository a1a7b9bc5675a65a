"""What type checkers know of the clients' methods; mypy reads this file, and running it proves that it is no lie."""

from __future__ import annotations

from typing import assert_type

import pytest

import billfold
from billfold.providers.fastly.records import BillingResponse
from billfold.providers.vultr.records import Invoice, InvoiceItem, InvoiceItems
from billfold.wire.message import Response
from billfold.wire.methods import AsyncItems, SyncItems

NOWHERE = "http://127.0.0.1:9"


def read_at_once(vultr: billfold.Vultr, fastly: billfold.Fastly) -> None:
    assert_type(vultr.get_invoice(1), Invoice)
    assert_type(vultr.get_invoice(invoice_id="1"), Invoice)
    assert_type(vultr.get_invoice.raw(1), Response)
    assert_type(vultr.get_invoice_items("1", per_page=3), SyncItems[InvoiceItems, InvoiceItem])
    assert_type(fastly.get_invoice(2024, "04"), BillingResponse)
    assert_type(fastly.get_invoice(2024, "04", format="json"), BillingResponse)
    assert_type(fastly.get_invoice(2024, "04", format="pdf"), bytes)
    assert_type(fastly.get_invoice_by_id("c", 1, format="json"), BillingResponse)
    assert_type(fastly.get_invoice.raw(2024, "04", format="pdf"), Response)


async def read_awaited(vultr: billfold.AsyncVultr, fastly: billfold.AsyncFastly) -> None:
    assert_type(await vultr.get_invoice(1), Invoice)
    assert_type(await vultr.get_invoice.raw(1), Response)
    assert_type(vultr.get_invoice_items("1", per_page=3), AsyncItems[InvoiceItems, InvoiceItem])
    assert_type(await fastly.get_invoice(2024, "04"), BillingResponse)
    assert_type(await fastly.get_invoice(2024, "04", format="json"), BillingResponse)
    assert_type(await fastly.get_invoice(2024, "04", format="csv"), bytes)
    assert_type(await fastly.get_invoice.raw(2024, "04", format="csv"), Response)


def test_a_list_is_what_its_type_says() -> None:
    with billfold.Vultr("k", base_url=NOWHERE, retries=0) as vultr:
        assert type(vultr.get_invoice_items(1)) is SyncItems
        with pytest.raises(billfold.Unreachable):
            read_at_once(vultr, billfold.Fastly("k", base_url=NOWHERE))
