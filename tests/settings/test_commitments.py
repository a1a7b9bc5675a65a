"""``[[commitments]]``: read exactly, and what is wrong is named with what to write."""

from __future__ import annotations

import tomllib
from decimal import Decimal

import pytest

from billfold.model.commitment import CommitmentKind, StatedCommitment
from billfold.model.errors import ConfigurationError
from billfold.model.period import Period, parse_instant
from billfold.settings.commitments import parse_commitments

BLOCK = """
[[commitments]]
account = "cdn"
id = "minimum-2026"
kind = "minimum-spend"
amount = 1800.10
currency = "USD"
start = 2026-01-01
end = 2026-12-31
every = "month"
"""


def parse(text: str) -> tuple[StatedCommitment, ...]:
    """Read a configuration's section."""
    return parse_commitments(tomllib.loads(text, parse_float=Decimal).get("commitments"), "billfold.toml")


def test_a_commitment_is_read_exactly() -> None:
    """The last day is in the period, and the amount has its digits."""
    period = Period(parse_instant("2026-01-01T00:00:00Z"), parse_instant("2027-01-01T00:00:00Z"))
    expected = StatedCommitment(
        "cdn", "minimum-2026", CommitmentKind.MINIMUM_SPEND, "USD", Decimal("1800.10"), period, is_monthly=True
    )
    assert parse(BLOCK) == (expected,)
    assert parse("") == ()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('kind = "minimum-spend"', 'kind = "gift"', "kind is one of minimum-spend, prepaid-credits, seats"),
        ("amount = 1800.10", "amount = true", "amount must be a number"),
        ("amount = 1800.10", 'amount = "-1"', "amount must be a number"),
        ("end = 2026-12-31", "end = 2025-12-31", "end is the last day"),
        ("end = 2026-12-31", 'end = "soon"', "end must be a day, as end = 2026-01-31"),
        ('currency = "USD"', 'unit = "Seats"', 'write currency = "USD"'),
        ('every = "month"', 'every = "week"', "every can be month or period for minimum-spend"),
        ('id = "minimum-2026"', "", "write its id"),
        ('id = "minimum-2026"', 'id = "x"\ncolor = "red"', "'color' is not known"),
        ('id = "minimum-2026"', "id = 4", "id must be text in quotes"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, sentence: str) -> None:
    """Each mistake is one sentence that says what to write."""
    with pytest.raises(ConfigurationError, match="number 1") as raised:
        parse(BLOCK.replace(old, new))
    assert sentence in str(raised.value)


def test_two_of_one_id_may_not_begin_together() -> None:
    """A renewal begins on another day, or has another id."""
    with pytest.raises(ConfigurationError, match="begins twice on one day"):
        parse(BLOCK + BLOCK)
    assert len(parse(BLOCK + BLOCK.replace("2026", "2027"))) == 2


def test_a_section_of_another_form_is_refused() -> None:
    """Commitments are a list of blocks."""
    with pytest.raises(ConfigurationError, match="written as"):
        parse('[commitments]\nid = "x"')
