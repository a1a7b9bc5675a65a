"""A second collection over sound books, by the real archive and ledger: what was trusted stays counted."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger.entries import Run
from tests.fuzz.oracle import is_near, list_stated_totals
from tests.fuzz.play import MemoryArchive
from tests.fuzz.statements import Statements, parse_number, read_statements
from tests.fuzz.vendors import NOW, Change, RecordedVendor

OTHER_ERRORS = re.compile(
    r"\b(?:Type|Key|Attribute|Index|Lookup|Assertion|Recursion|Name|Runtime|Unicode\w+|Value|Overflow)Error\b"
)
"""Names of errors that are none of billfold's own: they stand where one was caught as a last resort."""
RECHECK_MONTHS = 6
TRUSTED_SQL = "SELECT bill_key, invoice_id, currency, total, state FROM bills WHERE until_seq IS NULL AND parked IS NULL AND disputes IS NULL"
ERRORS_SQL = "SELECT text FROM findings"


class CountedBill(NamedTuple):
    """A bill that the ledger counts."""

    key: str
    invoice_id: str | None
    currency: str
    total: str
    state: str


def sync_vendor(
    vendor: RecordedVendor, directory: Path, change: Change | None = None
) -> tuple[list[CountedBill], list[str], MemoryArchive]:
    """Collect into a directory; returns what is counted then, what was said of it, and the answers of the last run."""
    workspace = Workspace(directory)
    account = AccountConfig(vendor.account.name, vendor.provider, {}, unlimited=True)
    clock = NOW + timedelta(hours=1) if change else NOW
    try:
        with vendor.use_page_sizes():
            outcomes = sync_accounts(
                workspace,
                [account],
                connect=lambda _: vendor.connect(change),
                clock=lambda: clock,
                recheck_months=RECHECK_MONTHS,
                workers=1,
            )
        with workspace.open_ledger() as ledger:
            bills = [CountedBill._make(row) for row in ledger.catalog.select(TRUSTED_SQL, [])]
            texts = [str(text) for (text,) in ledger.catalog.select(ERRORS_SQL, [])]
        texts += [str(outcome.error) for outcome in outcomes if outcome.error]
        return bills, texts, _copy_answers(workspace)
    finally:
        workspace.close()


def _copy_answers(workspace: Workspace) -> MemoryArchive:
    run: Run = workspace.archive.list_runs()[-1]
    memory_archive = MemoryArchive(run)
    memory_archive.entries += workspace.archive.iter_answers(run=run.id)
    memory_archive.bodies |= {entry.body: workspace.archive.read_body(entry.body) for entry in memory_archive.entries}
    return memory_archive


@lru_cache(maxsize=32)
def _make_sound_books(vendor: RecordedVendor) -> tuple[tempfile.TemporaryDirectory[str], list[CountedBill]]:
    directory = tempfile.TemporaryDirectory(prefix="billfold-fuzz-")
    bills, _, _ = sync_vendor(vendor, Path(directory.name))
    assert [bill for bill in bills if bill.invoice_id], f"{vendor.world}: nothing is counted"
    return directory, bills


def find_resync_faults(vendor: RecordedVendor, change: Change) -> Iterator[str]:
    """Yield what a collection of changed answers does to what was counted before it."""
    sound_directory, sound_bills = _make_sound_books(vendor)
    with tempfile.TemporaryDirectory(prefix="billfold-fuzz-") as directory:
        shutil.copytree(sound_directory.name, directory, dirs_exist_ok=True)
        bills, texts, answers = sync_vendor(vendor, Path(directory), change)
    yield from (f"said was: {text[:300]}" for text in texts if OTHER_ERRORS.search(text))
    yield from _compare_bills(sound_bills, bills, read_statements(vendor.provider.name, answers))


def _compare_bills(sound_bills: list[CountedBill], bills: list[CountedBill], statements: Statements) -> Iterator[str]:
    bills_by_key = {bill.key: bill for bill in bills}
    sound_totals = {bill.key: bill.total for bill in sound_bills}
    for bill in sound_bills:
        if bill.state != "estimate" and bill.key not in bills_by_key:
            yield f"{bill.key}: {bill.total} was counted, and is not now"
    for bill in bills:
        total = parse_number(bill.total)
        if bill.total != sound_totals.get(bill.key) and total and bill.state != "estimate":
            stated = list_stated_totals(statements, bill.invoice_id, bill.currency)
            if not any(is_near(total, number) for number in stated):
                yield f"{bill.key}: {bill.total} is counted, and nobody states it; stated is {sorted(stated)[:3]}"
