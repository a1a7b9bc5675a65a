"""How one account's collection went, and what the ledger makes of what it brought."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from billfold.model.errors import BillfoldError, ConfigurationError
from billfold.model.money import format_amount
from billfold.providers import provider

if TYPE_CHECKING:
    import duckdb


@dataclass
class CollectOutcome:
    """How one account's collection went; ``missing`` is what the vendor refused, ``error`` what ended it.

    ``doubts`` are its bills that are parked or no longer listed, what could not be booked, and what its lists say against
    each other; ``restated_texts`` the issued invoices that were told otherwise than before; ``older_texts`` what lies beyond its reach.
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


def fill_outcomes(db: duckdb.DuckDBPyConnection, outcomes: Iterable[CollectOutcome], last_seq: int) -> None:
    """Note in each outcome what the ledger makes of its account; ``last_seq`` is the archive's last number before it."""
    from billfold.ledger import query, restatements
    from billfold.report.completeness import find_vanished_invoices
    from billfold.report.gaps import find_skipped_invoices

    filters = query.LedgerFilter()
    parked_texts = [
        (row, f"parked: {row['invoice_id'] or 'estimate'}: {row['parked']}")
        for row in query.list_parked_bills(db, filters)
    ]
    unbooked_texts = [(row, f"not booked: {row['words']}") for row in query.list_unbooked(db)]
    bills, last_runs = query.list_bills(db, filters), query.list_last_runs(db)
    vanished_texts = [
        ({"provider": provider_name, "account": account}, f"no longer listed: {invoice_id}")
        for provider_name, account, invoice_id in find_vanished_invoices(bills, last_runs)
    ]
    check_texts = [(run, text) for run in last_runs for text in json.loads(run["checks"])]
    gap_texts = [(gap._asdict(), gap.words, gap.wrong) for gap in find_skipped_invoices(bills, last_runs, filters)]
    missing_texts = [(row, text) for row, text, is_wrong in gap_texts if is_wrong]
    older_texts = [(row, text) for row, text, is_wrong in gap_texts if not is_wrong]
    restated_texts = [
        (row, f"restated: {row['invoice_id']}: {_describe_change(row)}")
        for row in restatements.list_changes_since(db, last_seq)
    ]
    for outcome in outcomes:
        outcome.doubts = _select_texts(
            outcome, [*parked_texts, *unbooked_texts, *missing_texts, *vanished_texts, *check_texts]
        )
        outcome.restated = _select_texts(outcome, restated_texts)
        outcome.older = _select_texts(outcome, older_texts)


def _describe_change(row: dict[str, Any]) -> str:
    if row["instead"]:
        return f"was {format_amount(row['was'])} {row['currency']}, {row['instead']}"
    if row["was"] == row["is"]:
        return f"its lines or its period changed, its total is still {format_amount(row['is'])} {row['currency']}"
    return f"was {format_amount(row['was'])}, is {format_amount(row['is'])} {row['currency']}"


def _select_texts(outcome: CollectOutcome, row_texts: list[tuple[dict[str, Any], str]]) -> list[str]:
    account_key = outcome.provider, outcome.account
    return [text for row, text in row_texts if (row["provider"], row["account"]) == account_key]


def fail_unknown_providers(accounts: Iterable[tuple[str, str]]) -> list[CollectOutcome]:
    """Return how it went with the accounts (name and provider) of providers that there are not: nothing of them is kept."""
    provider_names = provider.provider_names()
    advice = f"known are {', '.join(provider_names)}: correct the name, or update billfold"
    return [
        CollectOutcome(
            account_name, provider_name, error=ConfigurationError(f"there is no provider {provider_name!r}; {advice}")
        )
        for account_name, provider_name in accounts
        if provider_name not in provider_names
    ]
