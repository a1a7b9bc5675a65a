"""Fastly's operations: their errors, their parameters and the pages of their lists."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from billfold.model.errors import InvalidResponse
from billfold.providers.fastly import records
from billfold.providers.fastly.api import GetInvoiceByInvoiceId, GetServiceLevelUsage, ListInvoices, read_error
from billfold.providers.fastly.api_v2 import GetInvoice, GetInvoiceById, GetInvoiceByIdFile, GetInvoiceMtd
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import build_request
from tests.providers.fastly.kit import read_sample


@pytest.mark.parametrize(
    "envelope", read_sample("recorded/go-fastly_error_envelopes.json"), ids=lambda envelope: str(envelope["status"])
)
def test_reads_recorded_errors(envelope: dict[str, Any]) -> None:
    """Every recorded error envelope is read."""
    body = json.loads(envelope["example_body"] or "{}")
    error = read_error(
        Response(envelope["status"], {"content-type": envelope["content_type"]}, envelope["example_body"].encode())
    )
    texts = [body.get("msg"), body.get("title"), body.get("detail")]
    texts += [detail.get(key) for detail in body.get("errors") or [] for key in ("title", "detail")]
    assert all(text in error.message for text in texts if text)
    assert error.message


def test_401_labeled_as_text_is_json() -> None:
    """A 401 is JSON that is labeled as text."""
    recorded = read_sample("doc/error_401_recorded_in_tests.json")
    error = read_error(Response(401, {"content-type": recorded["content_type"]}, json.dumps(recorded["body"]).encode()))
    assert error.message == "Provided credentials are missing or invalid"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"errors":["no"]}', b'{"msg":1}', b"\xff"])
def test_any_error_body_gives_message(body: bytes) -> None:
    """An error body of any kind gives a message."""
    assert read_error(Response(503, {"content-type": "text/html", "fastly-trace-id": "t1"}, body)).request_id == "t1"
    assert read_error(Response(503, {}, body)).message


def test_months_and_ids_are_numbers_or_text() -> None:
    """Months and ids are accepted as numbers and as text."""
    assert build_request(GetInvoice(year=2020, month=5)) == build_request(GetInvoice(year="2020", month="05"))
    assert build_request(GetInvoice(year="2020", month="5")).path == "/billing/v2/year/2020/month/5"
    assert build_request(GetInvoiceMtd(customer_id="c", month=5, year=2020)).query == (
        ("month", "05"),
        ("year", "2020"),
    )
    assert build_request(GetInvoiceByInvoiceId(invoice_id=7)) == build_request(GetInvoiceByInvoiceId(invoice_id="7"))


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 5, 1),
        datetime(2026, 5, 1, tzinfo=UTC).replace(tzinfo=None),
        datetime(2026, 4, 30, 22, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_list_is_requested_by_days(day: date) -> None:
    """A list is requested by days even where a time is passed."""
    op = ListInvoices(billing_start_date=day, billing_end_date=day)
    assert build_request(op).query == (("billing_start_date", "2026-05-01"), ("billing_end_date", "2026-05-01"))


@pytest.mark.parametrize("cursor_fields", [{"next_cursor": ""}, {"next_cursor": None}, {}])
def test_empty_cursor_ends_list(cursor_fields: dict[str, Any]) -> None:
    """An empty, a null and an absent cursor end a list."""
    page = codec.decode_record(
        codec.encode_json({"data": [], "meta": {"limit": 100, **cursor_fields}}), records.ListEomInvoicesResponse
    )
    assert ListInvoices().next_operation(page) is None
    assert ListInvoices().has_end_mark(page)


def test_list_without_meta_has_no_proven_end() -> None:
    """A list without meta is read but its end is not proven; an answer without data is no list."""
    assert not ListInvoices().has_end_mark(codec.decode_record(b'{"data":[]}', records.ListEomInvoicesResponse))
    with pytest.raises(InvalidResponse):
        ListInvoices().items(codec.decode_record(b'{"title":"Accepted"}', records.ListEomInvoicesResponse))


def test_service_usage_is_type_or_list() -> None:
    """Usage by service is a usage type or a list of usage types."""
    body = read_sample("synthetic/v3_service_usage_metrics.json")
    for data in (body["data"], [body["data"]]):
        page = codec.decode_record(codec.encode_json({"data": data}), records.Serviceusagemetrics)
        op = GetServiceLevelUsage()
        assert [metric.service_name for metric in op.items(page)] == ["www"]
        assert op.has_end_mark(page)
        assert op.stated_total(page) == 1


def test_file_request_is_no_json_request() -> None:
    """A saved request for a file is not taken for a request for JSON."""
    saved_request = codec.encode_json(GetInvoiceByIdFile(customer_id="C", invoice_id=9, format="csv"))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(saved_request, type=GetInvoiceById)
