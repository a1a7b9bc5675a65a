"""What a collector should say while a fault of the newer families lasts, and that the ledger is true again afterwards."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.model.errors import InvalidArgument
from billfold.tasks.reconcile import reconcile_ledger
from billfold.twin.faults import FAULTS, Fault, parse_fault
from billfold.twin.host import TwinHost
from tests import stage
from tests.rig.lasting import COPIES, FOR_EVER

MONTHS = 2
MISSING = r"invoice-(late|due|missing|expected|overdue|absent|vanished)|expected-.*|.*-(overdue|late|due)|month-empty|history-mismatch"
ALIKE = r".*duplicate.*|.*alike.*|.*similar.*|.*spelling.*|.*respelled.*|bill-repeated|history-mismatch"
WRONG_SUM = r"total-mismatch|history-mismatch|invoice-disputed|sum-mismatch|wallet-mismatch|document-mismatch|rounded"
PAYMENT = r"payment-.*|.*-(unpaid|paid)|balance-mismatch|history-mismatch"
CURRENCY = r"currency-.*"
CLOCK = r"clocks-apart"
FAMILIES = {
    "invoice-late": MISSING,
    "newest-invoice-missing": MISSING,
    "duplicate-invoice": ALIKE,
    "reissued-nearly-equal": ALIKE,
    "id-respelled": ALIKE,
    "late-credit-memo": r".*(closed|posted|late|appeared|moved).*|invoice-new|month-changed|document-.*",
    "invoice-overdue": r"invoice-(unpaid|overdue)|payment-.*|.*-overdue",
    "dropped-line": WRONG_SUM,
    "payment-missing": PAYMENT,
    "payment-doubled": PAYMENT,
    "payment-partial": PAYMENT,
    "odd-currency": CURRENCY,
    "wrong-date-header": CLOCK,
    "wrong-date-header-ahead": CLOCK,
}
"""The findings that tell of each fault, by the names of their codes."""
HARMLESS = ("lowercase-currency", "spaced-currency", "empty-as-null", "empty-as-list", "empty-as-text")
"""Faults that change no bill: either the same bills are booked, or it is told why not."""
_ALL = ("cockroach", "fastly", "genesys", "vultr")
UNTOLD: dict[str, tuple[str, ...]] = {}
"""What billfold says nothing of yet, by fault: take a vendor off once it does. A twin's clock is believed whatever it says."""
PENDING = {"month-open", "run-incomplete"}
"""Codes of findings that tell of no fault: a month runs, a document could not be had."""
LATER = {"invoice-late", "newest-invoice-missing", "late-credit-memo"}
"""Faults of an invoice that should have come: they begin when a month is over that was read before."""


class Case(NamedTuple):
    """One fault at one vendor, and what was said of it: codes, errors, bills that are untrue, bills that are not there."""

    codes: frozenset[str]
    errors: tuple[str, ...]
    untrue_bills: frozenset[str]
    absent_bills: frozenset[str]
    wrong_afterwards: str


def list_cases(only_provider: str | None = None, only_fault: str | None = None) -> list[tuple[str, str]]:
    """Return every fault of the families at every vendor that has such a thing."""
    pairs = []
    for provider in [only_provider] if only_provider else [provider.name for provider in stage.list_providers()]:
        for fault in [only_fault] if only_fault else [*FAMILIES, *HARMLESS]:
            try:
                parse_fault({"provider": provider, "fault": fault}, [provider])
            except InvalidArgument:
                continue
            pairs.append((provider, fault))
    return pairs


def play_case(provider: str, fault: str, seed: int) -> Case:
    """Collect while a fault lasts, then without it."""
    with tempfile.TemporaryDirectory() as home:
        host, books = stage.twin(seed=seed, months=MONTHS), Workspace(Path(home))
        try:
            if fault in LATER:
                stage.collected(host, books, provider, workers=1)
                host.clock.advance(timedelta(days=45))
            if fault == "late-credit-memo":
                stage.collected(host, books, provider, workers=1)
            host.set_fault(Fault(provider, fault, times=FOR_EVER, days=60))
            outcomes = stage.collected(host, books, provider, workers=1, recheck_months=MONTHS + 1)
            codes, ours = _read_findings(books)
            codes |= {str(finding.code) for outcome in outcomes for finding in outcome.findings}
            true = set(stage.list_true_bills(host, provider))
            host.clear_faults()
            stage.collected(host, books, provider, workers=1, recheck_months=MONTHS + 2)
            wrong = _compare(_read_findings(books)[1], host, provider, fault)
        finally:
            books.close()
    errors = tuple(str(outcome.error) for outcome in outcomes if outcome.error)
    return Case(frozenset(codes - PENDING), errors, frozenset(ours - true), frozenset(true - ours), wrong)


def _read_findings(books: Workspace) -> tuple[set[str], set[str]]:
    with books.open_ledger() as db:
        findings = reconcile_ledger(books, db, query.LedgerFilter(), []).findings
        bills = {str(bill._asdict()) for bill in query.list_invoices(db, query.LedgerFilter())}
    return {str(located.finding.code) for located in findings}, bills


def _compare(ours: set[str], host: TwinHost, provider: str, fault: str) -> str:
    true = set(stage.list_true_bills(host, provider))
    wrong = sorted(true - ours) if fault in COPIES else sorted(ours ^ true)
    return f"after the fault: {wrong[:2]}" if wrong else ""


def find_wrong(provider: str, fault: str, seed: int) -> str:
    """Return what a collector fails to say of a fault, or what stays wrong after it; "" where all is well."""
    case = play_case(provider, fault, seed)
    if case.wrong_afterwards:
        return case.wrong_afterwards
    if fault in HARMLESS:
        is_silent = not case.errors and not case.codes
        bills = sorted(case.untrue_bills | case.absent_bills)
        return f"changed in silence: {bills[:1]}" if bills and is_silent else ""
    if any(re.fullmatch(FAMILIES[fault], code) for code in case.codes):
        return ""
    return f"nothing tells of it; told was {sorted(case.codes)}"


def is_untold(provider: str, fault: str, wrong: str) -> bool:
    """Tell whether what is wrong is only what billfold says nothing of yet: the ledger was true again afterwards."""
    return provider in UNTOLD.get(fault, ()) and not wrong.startswith("after the fault")


def every_family(provider: str, seed: int, only: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield every fault of the families with what is wrong."""
    for _, fault in list_cases(provider, only):
        yield fault, find_wrong(provider, fault, seed)


assert FAMILIES.keys() | set(HARMLESS) <= FAULTS.keys()
