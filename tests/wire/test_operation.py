"""An operation is asked by one request, refuses what cannot travel, and reads its answer or says that it cannot."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import InvalidArgument, InvalidResponse
from billfold.providers.fastly.api_v2 import GetInvoice
from billfold.providers.genesys.api import GetBillingContractsInvoiceLines
from billfold.providers.vultr.api import GetInvoiceItems
from billfold.wire.message import Response
from billfold.wire.operation import (
    Operation,
    build_request,
    format_argument,
    operation_name,
    operation_shape,
    question_text,
    read_response,
)
from tests.wire.kit import FindThings, GetPaper, GetPart, GetThing, ListThings, Thing, ok

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text not in {".", ".."})


@given(TEXTS)
def test_a_path_field_is_one_segment_whatever_is_in_it(thing_id: str) -> None:
    path = build_request(GetThing(thing_id=thing_id)).path
    assert path.count("/") == 2
    assert path.isascii()
    assert not set("?# %") & set(path.removeprefix("/things/").replace("%", ""))
    assert unquote(path.removeprefix("/things/")) == thing_id


@pytest.mark.parametrize("thing_id", ["", ".", ".."])
def test_a_path_field_that_would_change_the_path_is_refused(thing_id: str) -> None:
    with pytest.raises(InvalidArgument, match="thing_id must not be"):
        build_request(GetThing(thing_id=thing_id))


def test_a_path_field_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="thing_id"):
        build_request(GetThing(thing_id=None))  # type: ignore[arg-type]


def test_a_path_field_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="thing_id"):
        build_request(GetThing(thing_id="\udcff"))


def test_a_query_field_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="name_part"):
        build_request(FindThings(name_part="\udcff"))


def test_what_is_none_does_not_travel() -> None:
    assert build_request(FindThings()).query == ()
    assert build_request(FindThings(most=0, deep=False, name_part="")).query == (
        ("namePart", ""),
        ("most", "0"),
        ("deep", "false"),
    )


def test_the_format_travels_in_the_accept_header_alone() -> None:
    request = build_request(GetPaper(thing_id="1", format="csv"))
    assert (request.headers["accept"], request.query) == ("text/csv", ())
    assert build_request(GetThing(thing_id="1")).headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (7, "7"),
        (date(2026, 5, 1), "2026-05-01"),
        (datetime(2026, 5, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2026-04-30T23:00:00Z"),
        (datetime(2026, 5, 1, microsecond=5, tzinfo=UTC), "2026-05-01T00:00:00.000005Z"),
    ],
)
def test_values_travel_in_their_own_spelling(value: object, text: str) -> None:
    assert format_argument(value) == text


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="no time zone"):
        build_request(FindThings(since=datetime(2026, 5, 1)))  # noqa: DTZ001 - it is what is refused


def test_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        build_request(FindThings(since=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))))


def test_a_question_is_written_down_as_older_archives_have_it() -> None:
    """Questions are compared as text: a new order of fields would ask everything again."""
    assert question_text(GetInvoiceItems("1", per_page=5)) == '{"per_page":5,"cursor":null,"invoice_id":"1"}'
    assert (
        question_text(GetBillingContractsInvoiceLines("1"))
        == '{"before":null,"after":null,"pageSize":null,"invoiceId":"1"}'
    )
    assert question_text(GetInvoice(2026, 5)) == '{"year":"2026","month":"05"}'


def test_names_are_those_of_the_methods() -> None:
    assert [operation_name(kind) for kind in (GetThing, FindThings, ListThings)] == [
        "get_thing",
        "find_things",
        "list_things",
    ]
    assert operation_name(GetThing(thing_id="1")) == "get_thing"
    assert operation_shape(GetPart).path_fields == {"thing_id": "thing_id", "part_id": "part_id"}


@pytest.mark.parametrize("media", ["text/html", "text/html; charset=utf-8", "TEXT/HTML", "application/pdf", "text/csv"])
def test_another_kind_of_document_is_unreadable(media: str) -> None:
    with pytest.raises(InvalidResponse, match="expected JSON"):
        read_response(GetThing(thing_id="1"), Response(200, {"content-type": media}, b"{}"))


def test_json_under_any_other_name_is_read() -> None:
    for headers in (
        {},
        {"content-type": ""},
        {"content-type": "text/plain"},
        {"content-type": "application/problem+json"},
    ):
        assert read_response(GetThing(thing_id="1"), Response(200, headers, b'{"name":"n"}')) == Thing(name="n")


def test_a_document_is_read_as_its_bytes() -> None:
    assert (
        read_response(GetPaper(thing_id="1"), Response(200, {"content-type": "text/html"}, b"\xff\x00")) == b"\xff\x00"
    )


@pytest.mark.parametrize("body", [b"{}", b'{"name":null}'])
def test_an_answer_without_what_was_asked_is_unreadable(body: bytes) -> None:
    with pytest.raises(InvalidResponse, match="has no 'name'"):
        read_response(GetPart(thing_id="1", part_id="2"), ok(body))


def test_what_was_asked_is_taken_out_of_its_answer() -> None:
    assert read_response(GetPart(thing_id="1", part_id="2"), ok({"name": "inner"})) == "inner"


class GetBill(Operation[Thing], frozen=True, kw_only=True):
    """Get a thing that has a name or an amount."""

    path = "/bill"
    expected_fields = ("name", "amount")


@pytest.mark.parametrize("body", [b"{}", b'{"message":"hello"}', b'{"name":null,"text":"1"}'])
def test_an_answer_with_none_of_what_it_tells_is_unreadable(body: bytes) -> None:
    with pytest.raises(InvalidResponse, match="the answer has none of name, amount"):
        read_response(GetBill(), ok(body))
    assert read_response(GetBill(), ok({"amount": 0})) == Thing(amount=Decimal(0))
