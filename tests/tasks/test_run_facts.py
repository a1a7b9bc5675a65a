"""Which runs are worth telling of: two failures in a row, one streak one fact; and documents that others have."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog
from billfold.ledger.entries import Run
from billfold.ledger.query import LedgerFilter
from billfold.model.period import Month
from billfold.tasks import run_facts
from billfold.tasks.run_facts import MAX_ERROR_CHARS, FailingAccount, list_failing_accounts, list_missing_documents
from tests import stage

DENIED = "fastly list_invoices: the key is wrong (HTTP 401)."


def list_failing(*outcomes: str | None, configured: tuple[tuple[str, str], ...] = ()) -> list[FailingAccount]:
    """Return the failing accounts where one account's runs, one a day, ended so (None: not yet)."""
    runs = [
        Run(
            day,
            "fastly",
            "cdn",
            "sync",
            f"2026-12-{day:02}T06:00:00Z",
            outcome and f"2026-12-{day:02}T06:05:00Z",
            outcome,
        )
        for day, outcome in enumerate(outcomes, 1)
    ]
    with mock.patch.object(run_facts, "find_failed_runs", return_value=[]):
        return list(list_failing_accounts(runs, mock.Mock(), LedgerFilter(), configured))


@pytest.mark.parametrize(
    ("outcomes", "began_on"),
    [
        ((DENIED,), None),
        ((DENIED, DENIED), 1),
        ((DENIED, DENIED, DENIED, None), 1),
        (("complete", DENIED, DENIED), 2),
        ((DENIED, DENIED, "complete"), None),
        ((DENIED, DENIED, "complete", DENIED, DENIED), 4),
        ((DENIED, "complete", DENIED), None),
        ((DENIED, "abandoned: interrupted too long ago", DENIED), 1),
        (("refused: another customer", "refused: another customer"), 1),
        ((None, None, None), None),
    ],
)
def test_two_failures_in_a_row_are_one_streak(outcomes: tuple[str | None, ...], began_on: int | None) -> None:
    """It is told when the second ends, and stays the same however long it lasts; a good run ends it."""
    failing = list_failing(*outcomes)
    began_at = [] if began_on is None else [f"2026-12-{began_on:02}T06:00:00Z"]
    assert [account.began_at for account in failing] == began_at


def test_the_last_error_is_told_and_cut() -> None:
    (failing,) = list_failing(DENIED, "x" * 5000)
    assert failing.text.startswith("the last 2 collections failed, since 2026-12-01T06:00Z: xxx")
    assert len(failing.text) < MAX_ERROR_CHARS + 80


def test_accounts_that_are_no_longer_configured_fail_nobody() -> None:
    assert list_failing(DENIED, DENIED, configured=(("fastly", "other"),)) == []
    assert len(list_failing(DENIED, DENIED, configured=(("fastly", "cdn"),))) == 1


def test_a_document_that_others_have_is_missed(books: Workspace) -> None:
    """Of the last months only: an invoice of long ago is no news."""
    stage.collected(stage.twin(months=6), books, "cockroach")
    with books.open_ledger() as db:
        bills = catalog.list_bills(db, LedgerFilter())
        oldest, *_, newest = (bill for bill in bills if bill[2:5:2] == ("cockroach", "issued"))
        documented = {(*oldest[1:3], str(oldest.invoice_id))}
        with mock.patch.object(run_facts, "list_documented_values", return_value=documented):
            findings = list_missing_documents(books, db, bills, LedgerFilter(), Month(2026, 11))
    names = {located.finding.subject for located in findings}
    assert newest.invoice_id in names
    assert {located.month for located in findings} <= {"2026-11", "2026-10", "2026-09"}


def test_no_ledger_has_no_failures(tmp_path: Path) -> None:
    assert list_failing() == []
