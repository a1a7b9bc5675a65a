"""Completeness as a fact: for each account and month, whether all is here, may still change, or does not add up."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from billfold.model.period import Month, parse_instant

COMPLETE, PROVISIONAL, DISPUTED = "complete", "provisional", "disputed"


class Completeness(NamedTuple):
    """What is known of one account and month; ``reasons`` say why it is not complete, first the ``wrong_count`` ones of them.

    ``problems`` are what its account's last collection could not book; the last of the reasons say them.
    """

    provider: str
    account: str
    month: Month
    state: str
    bills: int
    reasons: tuple[str, ...]
    wrong_count: int
    problems: tuple[str, ...] = ()


def judge_months(bills: Iterable[dict[str, Any]], runs: Iterable[dict[str, Any]]) -> list[Completeness]:
    """Judge every account and month from its first bill to its last; bills and runs as ``ledger.query`` gives them.

    A month between them without any bill is disputed: a bill is missing, or the account was not charged.
    """
    by_account: dict[tuple[str, str], dict[Month, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for bill in bills:
        by_account[bill["provider"], bill["account"]][Month.of(bill["period_start"])].append(bill)
    latest_runs = {(run["provider"], run["account"]): run for run in runs}
    return [
        _judge_month(*account_key, month, months.get(month, []), latest_runs.get(account_key, {}))
        for account_key, months in sorted(by_account.items())
        for month in min(months).iter_until(max(months))
    ]


def find_vanished_invoices(
    bills: Iterable[dict[str, Any]], runs: Iterable[dict[str, Any]]
) -> Iterator[tuple[str, str, str]]:
    """Yield the issued invoices that their vendor lists no longer: provider, account, invoice."""
    latest_runs = {(run["provider"], run["account"]): run for run in runs}
    all_bills = list(bills)
    for account_key, run in latest_runs.items():
        account_bills = [bill for bill in all_bills if (bill["provider"], bill["account"]) == account_key]
        yield from ((*account_key, invoice_id) for invoice_id in _list_vanished_ids(account_bills, run["listing"]))


def find_unbooked_invoices(run: dict[str, Any], bills: Iterable[dict[str, Any]]) -> tuple[list[str], list[Month]]:
    """Return the invoices that a run lists and its account has no bill of, and the months of those older than any it has.

    What could not be booked is told by the run's problems; what was brought in from files says nothing of how far
    collections reach.
    """
    listing, problem_ids = (
        json.loads(run["listing"]),
        [problem.partition(" ")[0] for problem in json.loads(run["problems"])],
    )
    bills = list(bills)
    first_start = min((bill["period_start"] for bill in bills if not bill["imported"]), default=None)
    missing_ids = set(listing["ids"]) - {bill["invoice_id"] for bill in bills} - set(problem_ids)
    months = {
        invoice_id: Month.parse(text)
        for invoice_id, text in listing["months"].items()
        if invoice_id and invoice_id in missing_ids
    }
    older_months = {
        invoice_id: month for invoice_id, month in months.items() if first_start is None or month.start < first_start
    }
    return sorted(missing_ids - set(older_months)), list(older_months.values())


def _judge_month(
    provider: str, account: str, month: Month, bills: list[dict[str, Any]], run: dict[str, Any]
) -> Completeness:
    disputed = [f"{bill['invoice_id'] or 'the estimate'}: {bill['parked']}" for bill in bills if bill["parked"]]
    disputed += [] if bills else ["there is no bill for this month"]
    disputed += [
        f"invoice {invoice_id} is no longer listed" for invoice_id in _list_vanished_ids(bills, run.get("listing"))
    ]
    open_states = sorted({str(bill["state"]) for bill in bills} - {"issued"})
    provisional = [f"there is only {'an estimate' if state == 'estimate' else 'a draft'}" for state in open_states]
    problems = tuple(json.loads(run.get("problems") or "[]")) if bills else ()
    provisional += _describe_unproven(run.get("listing")) if bills else []
    provisional += [f"could not be read: {problem}" for problem in problems]
    state = DISPUTED if disputed else PROVISIONAL if provisional else COMPLETE
    reasons = tuple(disputed + provisional)
    return Completeness(provider, account, month, state, len(bills), reasons, len(disputed), problems)


def _list_vanished_ids(bills: list[dict[str, Any]], listing: str | None) -> list[str]:
    if not listing:
        return []
    listing_fields = json.loads(listing)
    since: datetime | None = parse_instant(listing_fields["since"]) if listing_fields["since"] else None
    covered_bills = [
        bill for bill in bills if bill["state"] == "issued" and (since is None or bill["period_start"] >= since)
    ]
    return (
        sorted({bill["invoice_id"] for bill in covered_bills} - set(listing_fields["ids"]))
        if listing_fields["proven"]
        else []
    )


def _describe_unproven(listing: str | None) -> list[str]:
    return ["the list of invoices had no end mark"] if listing and not json.loads(listing)["proven"] else []
