"""Fastly's records: the samples lose nothing, and every documented field has its place."""

from __future__ import annotations

import pytest

from billfold.collect.importing import identify_answer
from billfold.providers.fastly import PROVIDER, records
from billfold.wire import codec
from billfold.wire.operation import operation_name
from tests.overlay import overlay
from tests.providers.fastly.kit import SAMPLES, read_sample
from tests.providers.kit import parse_exact

ANSWERS = {
    "synthetic/v2_invoice.json": "get_invoice_by_id",
    "synthetic/v2_mtd_invoice.json": "get_invoice_mtd",
    "synthetic/v3_invoice.json": "get_invoice_by_invoice_id",
    "synthetic/v3_list_invoices.json": "list_invoices",
    "synthetic/v3_month_to_date.json": "get_month_to_date_invoice",
    "synthetic/v3_usage_metrics.json": "get_usage_metrics",
    "synthetic/v3_service_usage_metrics.json": "get_service_level_usage",
    "recorded/go-fastly_current_user.json": "get_current_user",
    "recorded/go-fastly_tokens_self.json": "get_token_self",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_samples_round_trip_without_loss(name: str) -> None:
    """Every sample is recognized by its shape and keeps all its digits."""
    op, response = identify_answer((SAMPLES / name).read_bytes(), PROVIDER, None, {})
    assert operation_name(op) == ANSWERS[name]
    record = codec.decode_record(response.body, op.reply)
    assert parse_exact(overlay(record, response.body)) == parse_exact(response.body)


@pytest.mark.parametrize("version", ["5.6.0", "7.0.0", "15.0.0"])
def test_records_cover_sdk_models(version: str) -> None:
    """Every field of the SDKs' models is in a record."""
    model_count = 0
    for name, model in read_sample(f"doc/sdk_models_{version}.json")["models"].items():
        record_type = getattr(records, name, None)
        if record_type is not None:
            assert set(model["fields"]) - {"value"} <= set(record_type.__struct_fields__), name
            model_count += 1
    assert model_count >= 12


def test_records_cover_real_v2_bill() -> None:
    """Every field of a real v2 bill is in a record."""
    fields = read_sample("recorded/v2_bill_tap-fastly_schema.json")["streams"][0]["schema"]["properties"]
    assert set(fields) <= set(records.BillingResponse.__struct_fields__)
    assert set(fields["total"]["properties"]) <= set(records.BillingTotal.__struct_fields__)
    lines = fields["line_items"]["items"]["properties"]
    assert set(lines) <= set(records.BillingResponseLineItem.__struct_fields__)


def test_unknown_fields_survive() -> None:
    """An unknown field survives, and an absent field is not null."""
    body = b'{"invoice_id":7,"currency_code":null,"payment_status":"paid","monthly_transaction_amount":0.10}'
    invoice = codec.decode_record(body, records.Invoice)
    assert invoice.currency_code is None
    assert invoice.customer_id is codec.UNSET
    assert parse_exact(overlay(invoice, body)) == parse_exact(body)
