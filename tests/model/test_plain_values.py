"""Numbers are plain digits, texts can be printed, dates have days after them; anything else is refused in a short sentence."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.model.errors import ConfigurationError
from billfold.model.plain_values import check_document, read_plain_amount, resolve_path

PATH = Path("billfold.toml")


@pytest.mark.parametrize("value", ["12.50", "-3", 7, Decimal("0.000001"), " 5 "])
def test_plain_numbers_are_read(value: object) -> None:
    assert read_plain_amount(value) == Decimal(str(value).strip())


@pytest.mark.parametrize(
    "value",
    ["1e3", "1_0", "\u0663", "NaN", "", "1,5", "1" * 16, Decimal("1E999999"), Decimal("NaN"), True, None, [], 1.5],
)
def test_other_spellings_are_none(value: object) -> None:
    assert read_plain_amount(value) is None


@pytest.mark.parametrize(
    "document", [{"a": "x\x00"}, {"a": {"b": ["\x1b[31m"]}}, {"x" * 3000: 1}, {"end": date(9999, 12, 31)}, {"k\n": 1}]
)
def test_hostile_values_are_refused_in_a_short_sentence(document: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_document(document, PATH)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_a_home_that_there_is_not_is_named() -> None:
    with pytest.raises(ConfigurationError, match="write the path in full"):
        resolve_path("~nobody-of-this-name/x", PATH, "[bank]")
