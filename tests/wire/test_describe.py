"""An operation is described in words, and made from words, or refused with the words that were expected."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import InvalidArgument
from billfold.wire.describe import describe_operation, describe_type, parse_arguments
from tests.wire.kit import FindThings, GetPaper, GetPart, GetThing, ThisThing


def test_a_description_tells_all_of_an_operation() -> None:
    """A description tells name, arguments, method, path and purpose."""
    assert describe_operation(GetPart) == (
        "get_part thing_id=text part_id=text\n      GET /things/{thing_id}/parts/{part_id}\n"
        "      Get the name inside a thing."
    )


def test_what_may_be_left_out_stands_in_brackets() -> None:
    description = describe_operation(FindThings)
    for argument in ("[name_part=text]", "[since=time]", "[day=date]", "[most=number]", "[kind=big|small]"):
        assert argument in description
    assert describe_operation(ThisThing).startswith("this_thing\n")


def test_a_choice_names_a_kind_once() -> None:
    assert describe_type(int | str) == "text"
    assert describe_type(int | None) == "number"


def test_words_become_values() -> None:
    arguments = {"name_part": "x", "since": "2026-05-01T00:00:00Z", "most": "3", "deep": "true", "kind": "small"}
    since = datetime(2026, 5, 1, tzinfo=UTC)
    assert parse_arguments(FindThings, arguments) == FindThings(
        name_part="x", since=since, most=3, deep=True, kind="small"
    )
    assert parse_arguments(GetPaper, {"thing_id": "1", "format": "csv"}) == GetPaper(thing_id="1", format="csv")


def test_an_unknown_argument_is_refused() -> None:
    """An unknown argument is refused, and the known ones are named."""
    with pytest.raises(InvalidArgument, match=r"get_part takes no 'x'; it takes thing_id, part_id"):
        parse_arguments(GetPart, {"thing_id": "1", "part_id": "2", "x": "3"})
    with pytest.raises(InvalidArgument, match="it takes nothing"):
        parse_arguments(ThisThing, {"x": "3"})


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(InvalidArgument, match=r"get_part needs thing_id, part_id; write thing_id="):
        parse_arguments(GetPart, {})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("most", "x", "a whole number"),
        ("most", "1.5", "a whole number"),
        ("kind", "huge", "one of big, small"),
        ("since", "x", "a time, as 2026-05-01T00:00:00Z"),
        ("day", "x", "a day, as 2026-05-01"),
        ("deep", "2", "true or false"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: str, expected: str) -> None:
    """A value that does not fit is refused with its name and what it may be."""
    with pytest.raises(InvalidArgument) as caught:
        parse_arguments(FindThings, {name: value})
    assert str(caught.value) == f"find_things: {name} is {value!r}; it must be {expected}"


def test_a_year_is_no_time() -> None:
    with pytest.raises(InvalidArgument):
        parse_arguments(FindThings, {"since": "2026"})


@given(
    st.dictionaries(st.sampled_from(FindThings.__struct_fields__), st.text(st.characters(exclude_categories=["Cs"])))
)
def test_any_words_become_an_operation_or_a_refusal(arguments: dict[str, str]) -> None:
    with suppress(InvalidArgument):
        assert isinstance(parse_arguments(FindThings, arguments), FindThings)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_is_taken_as_it_is(text: str) -> None:
    assert parse_arguments(GetThing, {"thing_id": text}) == GetThing(thing_id=text)


def test_words_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidArgument):
        parse_arguments(FindThings, {"since": "\udcff"})
