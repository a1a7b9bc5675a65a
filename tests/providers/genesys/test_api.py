"""Genesys Cloud's operations: their errors, their parameters and the pages of their lists."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import msgspec
import pytest

from billfold.model.errors import IncompleteList
from billfold.model.period import parse_instant
from billfold.providers.genesys import PROVIDER
from billfold.providers.genesys.api import (
    GetBillingContracts,
    GetBillingContractsInvoices,
    GetBillingReportsBillableusage,
    describe_login_error,
    read_error,
)
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import build_request
from billfold.wire.paging import Walk
from tests.providers.genesys.kit import SAMPLES, decode_page, read_sample
from tests.providers.kit import NOW

ERRORS = sorted(SAMPLES.glob("error.*.json"))


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.name)
def test_reads_sample_errors(path: Path) -> None:
    """Every sample error is read with its message, its code and its request number."""
    body = read_sample(path.name.removesuffix(".json"))
    error = read_error(Response(body["status"], {"content-type": "application/json"}, path.read_bytes()))
    assert error[:3] == (body["message"], body["code"], body["contextId"])
    assert f".{body['status']}.{body['code']}." in path.name


def test_non_json_error_uses_headers() -> None:
    """An error that is not JSON is described by its content type and the request number in its header."""
    error = read_error(Response(502, {"content-type": "text/html", "inin-correlation-id": "7"}, b"<html>"))
    assert error[:3] == ("the vendor answered text/html", None, "7")


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("oauth_error.400.client_not_found", "client not found (invalid_client)"),
        ("oauth_error.401.bad_secret", "authentication failed (invalid_client)"),
    ],
)
def test_refused_login_quotes_vendor(name: str, refusal: str) -> None:
    """A refused login is reported in the vendor's words."""
    raw = (SAMPLES / f"{name}.json").read_bytes()
    assert describe_login_error(Response(400, {}, raw)) == f"the login was refused: {refusal}"


def test_next_page_keeps_filters() -> None:
    """The request for the next page keeps the filters and has the cursor decoded."""
    op = GetBillingContractsInvoices(page_size=2, date_start=date(2026, 9, 1), before="x")
    page = codec.decode_record((SAMPLES / "invoices.page1.json").read_bytes(), op.reply)
    next_request = op.next_operation(page)
    assert next_request == GetBillingContractsInvoices(
        page_size=2, date_start=date(2026, 9, 1), after="SU5WMDAwMDAwMg=="
    )
    assert ("after", "SU5WMDAwMDAwMg==") in build_request(next_request).query
    assert next_request.first_operation() == msgspec.structs.replace(op, before=None)
    last_page = codec.decode_record((SAMPLES / "invoices.page2.json").read_bytes(), op.reply)
    assert op.next_operation(last_page) is None
    assert op.has_end_mark(last_page)


def test_repeated_items_end_list() -> None:
    """Pages with ever new cursors and the same items end with an error."""
    walk = Walk(GetBillingContractsInvoices())
    first_page = {"entities": [{"id": "INV1"}], "nextUri": "/x?after=c1"}
    second_page = {"entities": [{"id": "INV2"}], "nextUri": "/x?after=c2"}
    walk.take_page(decode_page(GetBillingContractsInvoices(), first_page))
    walk.take_page(decode_page(GetBillingContractsInvoices(), second_page))
    with pytest.raises(IncompleteList, match="the same items again"):
        walk.take_page(decode_page(GetBillingContractsInvoices(), second_page | {"nextUri": "/x?after=c3"}))


def test_times_have_milliseconds_or_whole_seconds() -> None:
    """Times are sent with three digits of a second, and with none where there are none."""
    start = parse_instant("2026-10-01T00:00:00.123456Z")
    query = dict(build_request(GetBillingReportsBillableusage(start_date=start, end_date=NOW)).query)
    assert query == {"startDate": "2026-10-01T00:00:00.123Z", "endDate": "2026-11-15T00:00:00Z"}


def test_operations_list_documented_errors() -> None:
    """Every operation names the error statuses that are documented."""
    assert {op.errors for op in PROVIDER.operations} == {(400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 503, 504)}


@pytest.mark.parametrize("link", ["/api/v2/billing/contracts?pageSize=2", "http://[::1", "?after"])
def test_next_link_without_cursor_is_no_end(link: str) -> None:
    """A next link without a cursor does not prove the end of a list."""
    page = codec.decode_record(json.dumps({"entities": [], "nextUri": link}).encode(), GetBillingContracts.reply)
    assert GetBillingContracts().next_operation(page) is None
    assert not GetBillingContracts().has_end_mark(page)
