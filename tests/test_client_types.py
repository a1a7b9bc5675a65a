"""What type checkers know of the clients' methods; mypy reads this file, and running it proves that it is no lie."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_type

import pytest

import billfold
from billfold import AsyncItems, Response, SyncItems
from billfold.providers.fastly.records_v2 import BillingResponse
from billfold.providers.vultr.records import Invoice, InvoiceItem, InvoiceItems

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


def read_fields(invoice: billfold.vultr.Invoice, user: billfold.fastly.CurrentUser) -> None:
    """Read an id, which is a number or a text, an amount and a text: each keeps its type."""
    assert_type(billfold.require(invoice.id), int | str)
    assert_type(billfold.require(invoice.amount), Decimal)
    assert_type(billfold.get_or(invoice.id, ""), int | str)
    assert_type(billfold.get_or(invoice.amount, None), Decimal | None)
    assert_type(billfold.require(user.name), str)
    assert_type(billfold.get_or(user.name, ""), str)


def test_fields_are_what_their_types_say() -> None:
    invoice = billfold.vultr.Invoice(id="1", amount=Decimal(2))
    read_fields(invoice, billfold.fastly.CurrentUser(name="n"))
    assert [billfold.require(invoice.id), billfold.get_or(invoice.date, "")] == ["1", ""]


def test_a_list_is_what_its_type_says() -> None:
    with billfold.Vultr("k", base_url=NOWHERE, retries=0) as vultr:
        assert type(vultr.get_invoice_items(1)) is SyncItems
        with pytest.raises(billfold.Unreachable):
            read_at_once(vultr, billfold.Fastly("k", base_url=NOWHERE))
