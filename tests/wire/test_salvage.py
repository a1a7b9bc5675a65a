"""What an odd answer still says: what fits is read, money that is none is told, and the rest is absent."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal
from typing import Any

import pytest

from billfold.model.errors import InvalidResponse
from billfold.wire import codec
from billfold.wire.codec import UNSET, Maybe, OddNumber, Record
from billfold.wire.salvage import salvage_record


class Price(Record):
    money_fields = ("amount",)
    is_one_amount = True

    amount: Maybe[Decimal] = UNSET
    currency: Maybe[str] = UNSET


class Line(Record):
    money_fields = ("cost",)

    id: Maybe[codec.Id] = UNSET
    text: Maybe[str] = UNSET
    cost: Maybe[Decimal] = UNSET
    units: Maybe[Decimal] = UNSET
    price: Maybe[Price] = UNSET
    labels: Maybe[list[str]] = UNSET


class Bill(Record):
    lines: Maybe[list[Line]] = UNSET
    total: Maybe[int] = UNSET


def salvage_line(**fields: Any) -> Line:
    """Return a line with these fields, the second of a list that has others."""
    body = json.dumps({"lines": [{"id": 1}, fields, {"id": "3"}]}).encode()
    lines = salvage_record(body, Bill).lines
    assert isinstance(lines, list)
    assert (lines[0].id, lines[2].id) == (1, "3")
    return lines[1]


@pytest.mark.parametrize("value", ["1,234.56", True, {"a": 1}, [1]], ids=str)
def test_money_that_is_none_is_told_as_it_stands(value: Any) -> None:
    """It is a number that is none, and any other number is absent."""
    line = salvage_line(cost=value, units=value)
    assert isinstance(line.cost, OddNumber)
    assert line.units is UNSET
    assert (
        str(line.cost) == f"{line.cost:f}" == (value if isinstance(value, str) else codec.encode_json(value).decode())
    )
    assert str(pickle.loads(pickle.dumps(line.cost))) == str(line.cost)
    assert not line.cost.is_finite()


@pytest.mark.parametrize("value", ["", [], {}, None], ids=str)
def test_what_is_empty_is_null(value: Any) -> None:
    line = salvage_line(cost=value, units=value, labels=value)
    assert (line.cost, line.units) == (None, None)
    assert not line.labels


def test_an_amount_in_an_odd_currency_is_none() -> None:
    price = salvage_line(price={"amount": 5, "currency": True}).price
    assert isinstance(price, Price)
    assert isinstance(price.amount, OddNumber)


def test_an_item_that_is_none_keeps_its_place() -> None:
    lines = salvage_record(b'{"lines":[null,5,{"id":7}],"total":"x"}', Bill).lines
    assert lines == [Line(), Line(), Line(id=7)]


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (rb"a\ud83d", "a\ufffd"),
        (rb"\udc00b", "\ufffdb"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\\ud83d", r"\ud83d"),
        (b"\xff", "\ufffd"),
        (b"a\x01b", "a\x01b"),
    ],
    ids=repr,
)
def test_half_a_character_is_replaced(literal: bytes, text: str) -> None:
    """Half a character costs no other, and what only looks like one stays."""
    lines = salvage_record(b'{"lines":[{"text":"%b","cost":true}]}' % literal, Bill).lines
    assert isinstance(lines, list)
    assert lines[0].text == text


@pytest.mark.parametrize(
    "number", [b"NaN", b"1e9999999", b"9" * 5000, b"-Infinity"], ids=lambda number: number[:9].decode()
)
def test_a_number_without_bounds_costs_no_other(number: bytes) -> None:
    lines = salvage_record(b'{"lines":[{"cost":%b},{"cost":"2"}]}' % number, Bill).lines
    assert isinstance(lines, list)
    assert lines[1].cost == Decimal(2)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"lines":[', b'{"lines":5}', b"<html>"], ids=repr)
def test_what_is_no_answer_is_none(body: bytes) -> None:
    with pytest.raises(InvalidResponse):
        salvage_record(body, Bill)
