"""How one account's collection went, and what the ledger makes of what it brought."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from billfold.model.errors import BillfoldError, SetupError
from billfold.model.money import shown
from billfold.providers import provider

if TYPE_CHECKING:
    import duckdb


@dataclass
class Outcome:
    """How one account's collection went; ``missing`` is what the vendor refused, ``error`` what ended it.

    ``doubts`` are its bills that are parked or no longer listed, what could not be booked, and what its lists say against
    each other; ``restated`` the issued invoices that were told otherwise than before; ``older`` what lies beyond its reach.
    """

    account: str
    provider: str
    answers: int = 0
    missing: list[str] = field(default_factory=list)
    error: BillfoldError | None = None
    seconds: float = 0.0
    doubts: list[str] = field(default_factory=list)
    restated: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)


def note(db: duckdb.DuckDBPyConnection, outcomes: Iterable[Outcome], before: int) -> None:
    """Note in each outcome what the ledger makes of its account; ``before`` is the archive's last number before it."""
    from billfold.ledger import query, restatements
    from billfold.report.completeness import vanished
    from billfold.report.gaps import passed_over

    every = query.Filter()
    parked = [(row, f"parked: {row['invoice_id'] or 'estimate'}: {row['parked']}") for row in query.parked(db, every)]
    unbooked = [(row, f"not booked: {row['words']}") for row in query.unread(db)]
    bills, listed = query.bills(db, every), query.last_runs(db)
    gone = [
        ({"provider": vendor, "account": account}, f"no longer listed: {invoice}")
        for vendor, account, invoice in vanished(bills, listed)
    ]
    unlike = [(run, words) for run in listed for words in json.loads(run["checks"])]
    gaps = [(gap._asdict(), gap.words, gap.wrong) for gap in passed_over(bills, listed, every)]
    lost = [(row, words) for row, words, wrong in gaps if wrong]
    older = [(row, words) for row, words, wrong in gaps if not wrong]
    restated = [(row, f"restated: {row['invoice_id']}: {_moved(row)}") for row in restatements.changed(db, before)]
    for outcome in outcomes:
        outcome.doubts = _about(outcome, [*parked, *unbooked, *lost, *gone, *unlike])
        outcome.restated = _about(outcome, restated)
        outcome.older = _about(outcome, older)


def _moved(row: dict[str, Any]) -> str:
    if row["instead"]:
        return f"was {shown(row['was'])} {row['currency']}, {row['instead']}"
    if row["was"] == row["is"]:
        return f"its lines or its period changed, its total is still {shown(row['is'])} {row['currency']}"
    return f"was {shown(row['was'])}, is {shown(row['is'])} {row['currency']}"


def _about(outcome: Outcome, said: list[tuple[dict[str, Any], str]]) -> list[str]:
    mine = outcome.provider, outcome.account
    return [words for row, words in said if (row["provider"], row["account"]) == mine]


def strangers(accounts: Iterable[tuple[str, str]]) -> list[Outcome]:
    """Return how it went with the accounts (name and provider) of providers that there are not: nothing of them is kept."""
    known = provider.names()
    words = f"known are {', '.join(known)}: correct the name, or update billfold"
    return [
        Outcome(name, vendor, error=SetupError(f"there is no provider {vendor!r}; {words}"))
        for name, vendor in accounts
        if vendor not in known
    ]
