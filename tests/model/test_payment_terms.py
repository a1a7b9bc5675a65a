"""Terms of payment, and the dates that follow from them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billfold.model.payment_terms import find_due_date, read_net_days
from billfold.model.period import parse_instant


@pytest.mark.parametrize(
    ("terms", "days"),
    [
        ("Net 30", 30),
        ("Net15", 15),
        ("NET-45 days", 45),
        ("n/60", 60),
        ("30 days net", 30),
        ("14 Days", 14),
        ("Due on receipt", 0),
        ("payable upon receipt.", 0),
        ("2/10 net 30", None),
        ("Net EOM", None),
        ("Not stated", None),
        ("", None),
        (None, None),
    ],
)
def test_net_days_are_read_in_any_spelling(terms: str | None, days: int | None) -> None:
    """Days are read where the terms are nothing but days; what has conditions has no due date."""
    assert read_net_days(terms) == days


def test_due_date_follows_from_issue_and_terms() -> None:
    """An invoice is due so many days after its date; without either there is no date."""
    issued_on = parse_instant("2026-10-01")
    assert find_due_date(issued_on, "Net 30") == parse_instant("2026-10-31")
    assert find_due_date(None, "Net 30") is None
    assert find_due_date(issued_on, None) is None
    assert find_due_date(datetime(9999, 12, 31, tzinfo=UTC), "Net 30") is None
