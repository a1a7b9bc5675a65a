"""A request is heard as the operation that was asked, or as nothing, or refused with a reason."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import InvalidArgument
from billfold.transport.loop import normalize_request
from billfold.wire.answer import Routes, build_response, choose_format
from billfold.wire.message import Request
from billfold.wire.operation import MEDIA_TYPES, Operation, build_request
from tests.wire.kit import FindThings, GetPaper, GetPart, GetThing, ListThings, ThisThing

ROUTES = Routes([GetThing, GetPart, ThisThing, FindThings, GetPaper, ListThings])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text not in {".", ".."})


def match(path: str, *query: tuple[str, str], method: str = "GET", **headers: str) -> Operation[object] | None:
    return ROUTES.match_request(Request(method, path, query, headers))


@given(TEXTS.filter(lambda text: text != "me"), TEXTS)
def test_any_text_in_a_path_arrives_as_it_was_sent(thing_id: str, part: str) -> None:
    for operation in (GetThing(thing_id=thing_id), GetPart(thing_id=thing_id, part_id=part)):
        assert ROUTES.match_request(normalize_request(build_request(operation))) == operation


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(),
    st.booleans(),
    st.datetimes(timezones=st.just(UTC)),
    st.dates(),
)
def test_any_value_in_a_query_arrives_as_it_was_sent(
    name: str, most: int, deep: bool, when: datetime, day: date
) -> None:
    operation = FindThings(name_part=name, since=when, day=day, most=most, deep=deep, kind="big")
    assert ROUTES.match_request(normalize_request(build_request(operation))) == operation


def test_a_fixed_path_goes_before_one_with_a_field() -> None:
    assert match("/things/me") == ThisThing()
    assert match("/things/you") == GetThing(thing_id="you")


@pytest.mark.parametrize(
    "path", ["", "/", "/things", "/things/", "/things/a/b", "/things//parts/x", "/find/", "/find\n", "//find", "/FIND"]
)
def test_a_path_that_nobody_serves_is_nothing(path: str) -> None:
    assert match(path) is None


@pytest.mark.parametrize("method", ["POST", "HEAD", "get", ""])
def test_another_method_is_nothing(method: str) -> None:
    assert match("/find", method=method) is None


@pytest.mark.parametrize("path", ["/things/%2E%2E%2Fme", "/things/a%2Fb", "/things/%00", "/things/%E2%82%AC"])
def test_a_segment_is_decoded_after_it_was_matched(path: str) -> None:
    assert isinstance(match(path), GetThing)


@pytest.mark.parametrize(
    "pair", [("most", "x"), ("most", "1.5"), ("since", "yesterday"), ("kind", "huge"), ("deep", "maybe"), ("day", "1")]
)
def test_a_parameter_that_does_not_fit_is_refused_with_its_name(pair: tuple[str, str]) -> None:
    with pytest.raises(InvalidArgument, match=pair[0]):
        match("/find", pair)


def test_an_unknown_parameter_is_ignored() -> None:
    """A parameter that nobody knows is ignored, and the last of two counts."""
    assert match("/find", ("bogus", "1"), ("most", "1"), ("most", "2")) == FindThings(most=2)


def test_the_accept_header_chooses_the_format() -> None:
    assert match("/things/1/paper", accept="text/csv") == GetPaper(thing_id="1", format="csv")
    assert match("/things/1/paper", accept="TEXT/CSV; q=1, application/pdf") == GetPaper(thing_id="1", format="csv")
    assert match("/things/1/paper", accept="*/*") == GetPaper(thing_id="1", format="pdf")
    assert match("/things/1/paper") == GetPaper(thing_id="1", format="pdf")


@given(st.text())
def test_any_accept_header_names_an_offer_or_none(accept: str) -> None:
    assert choose_format(accept, MEDIA_TYPES) in {"", *MEDIA_TYPES}


def test_a_record_goes_out_as_json_and_bytes_as_they_are() -> None:
    assert build_response({"a": 1}).body == b'{"a":1}'
    assert build_response(b"\x00%PDF", media_type="application/pdf", headers={"x": "y"}) == (
        200,
        {"content-type": "application/pdf", "x": "y"},
        b"\x00%PDF",
    )
