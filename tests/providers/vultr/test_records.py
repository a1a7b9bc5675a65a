"""Vultr's records: the samples lose nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from billfold.providers.vultr.api import (
    GetAccount,
    GetAccountBandwidth,
    GetInvoice,
    GetInvoiceItems,
    ListBillingHistory,
    ListInvoices,
    ListPendingCharges,
)
from billfold.wire import codec
from billfold.wire.operation import Operation
from tests.overlay import overlay
from tests.providers.kit import parse_exact
from tests.providers.vultr.kit import SAMPLES

OPERATIONS: dict[str, Operation[Any]] = {
    "history": ListBillingHistory(),
    "invoices": ListInvoices(),
    "invoice": GetInvoice(invoice_id="5317720"),
    "items": GetInvoiceItems(invoice_id="5317720"),
    "charges": ListPendingCharges(),
    "account": GetAccount(),
    "bandwidth": GetAccountBandwidth(),
}
ANSWERS = sorted(path for path in SAMPLES.glob("*.json") if not path.name.startswith("error_"))


def find_operation(path: Path) -> Operation[Any]:
    """Return the operation that a sample answers, by the name of its file."""
    name = path.stem.removesuffix("_naive_dates").rpartition("_")[2]
    return OPERATIONS[name]


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_samples_round_trip_without_loss(path: Path) -> None:
    """Every sample is decoded and encoded with all its digits."""
    record = codec.decode_record(path.read_bytes(), find_operation(path).reply)
    assert parse_exact(overlay(record, path.read_bytes())) == parse_exact(path.read_bytes())


def test_unknown_fields_survive() -> None:
    """Unknown fields survive, and an absent field is not null."""
    body = b'{"billing_invoice":{"id":7,"balance":null,"new":[1,{"a":0.10}]},"more":1}'
    invoice = codec.decode_record(body, GetInvoice.reply).billing_invoice
    assert invoice.balance is None
    assert invoice.amount is codec.UNSET
    assert parse_exact(overlay(codec.decode_record(body, GetInvoice.reply), body)) == parse_exact(body)
