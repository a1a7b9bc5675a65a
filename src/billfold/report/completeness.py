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
    """What is known of one account and month; ``reasons`` say why it is not complete, first the ``wrong`` ones of them.

    ``problems`` are what its account's last collection could not book; the last of the reasons say them.
    """

    provider: str
    account: str
    month: Month
    state: str
    bills: int
    reasons: tuple[str, ...]
    wrong: int
    problems: tuple[str, ...] = ()


def records(bills: Iterable[dict[str, Any]], runs: Iterable[dict[str, Any]]) -> list[Completeness]:
    """Judge every account and month from its first bill to its last; bills and runs as ``ledger.query`` gives them.

    A month between them without any bill is disputed: a bill is missing, or the account was not charged.
    """
    by_account: dict[tuple[str, str], dict[Month, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for bill in bills:
        by_account[bill["provider"], bill["account"]][Month.of(bill["period_start"])].append(bill)
    latest = {(run["provider"], run["account"]): run for run in runs}
    return [
        _judge(*who, month, months.get(month, []), latest.get(who, {}))
        for who, months in sorted(by_account.items())
        for month in min(months).iter_until(max(months))
    ]


def vanished(bills: Iterable[dict[str, Any]], runs: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Yield the issued invoices that their vendor lists no longer: provider, account, invoice."""
    latest = {(run["provider"], run["account"]): run for run in runs}
    told = list(bills)
    for who, run in latest.items():
        mine = [bill for bill in told if (bill["provider"], bill["account"]) == who]
        yield from ((*who, one) for one in _vanished(mine, run["listing"]))


def left(run: dict[str, Any], bills: Iterable[dict[str, Any]]) -> tuple[list[str], list[Month]]:
    """Return the invoices that a run lists and its account has no bill of, and the months of those older than any it has.

    What could not be booked is told by the run's problems; what was brought in from files says nothing of how far
    collections reach.
    """
    said, told = json.loads(run["listing"]), [words.partition(" ")[0] for words in json.loads(run["problems"])]
    bills = list(bills)
    first = min((bill["period_start"] for bill in bills if not bill["imported"]), default=None)
    missing = set(said["ids"]) - {bill["invoice_id"] for bill in bills} - set(told)
    months = {one: Month.parse(text) for one, text in said["months"].items() if one and one in missing}
    older = {one: month for one, month in months.items() if first is None or month.start < first}
    return sorted(missing - set(older)), list(older.values())


def _judge(provider: str, account: str, month: Month, bills: list[dict[str, Any]], run: dict[str, Any]) -> Completeness:
    disputed = [f"{bill['invoice_id'] or 'the estimate'}: {bill['parked']}" for bill in bills if bill["parked"]]
    disputed += [] if bills else ["there is no bill for this month"]
    disputed += [f"invoice {one} is no longer listed" for one in _vanished(bills, run.get("listing"))]
    open_ = sorted({str(bill["state"]) for bill in bills} - {"issued"})
    provisional = [f"there is only {'an estimate' if state == 'estimate' else 'a draft'}" for state in open_]
    problems = tuple(json.loads(run.get("problems") or "[]")) if bills else ()
    provisional += _unproven(run.get("listing")) if bills else []
    provisional += [f"could not be read: {problem}" for problem in problems]
    state = DISPUTED if disputed else PROVISIONAL if provisional else COMPLETE
    reasons = tuple(disputed + provisional)
    return Completeness(provider, account, month, state, len(bills), reasons, len(disputed), problems)


def _vanished(bills: list[dict[str, Any]], listing: str | None) -> list[str]:
    if not listing:
        return []
    said = json.loads(listing)
    since: datetime | None = parse_instant(said["since"]) if said["since"] else None
    wanted = [bill for bill in bills if bill["state"] == "issued" and (since is None or bill["period_start"] >= since)]
    return sorted({bill["invoice_id"] for bill in wanted} - set(said["ids"])) if said["proven"] else []


def _unproven(listing: str | None) -> list[str]:
    return ["the list of invoices had no end mark"] if listing and not json.loads(listing)["proven"] else []
