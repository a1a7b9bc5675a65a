"""What is not complete is said beside every listing: once, by whom it can be mended, and not for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billfold.cli.sync import choose_exit_code
from billfold.collect.outcome import CollectOutcome
from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.ledger.entries import REFUSED_PREFIX, ArchivedResponse
from billfold.model.errors import BillfoldError, LedgerError, Unauthorized
from billfold.model.finding import AccountFinding, limit_findings, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.report.reconcile import count_wrong
from tests import stage
from tests.cli.terminal import Terminal
from tests.ledger.kit import NOW

HERE = '[[accounts]]\nname = "mine"\nprovider = "cockroach"\napi_key = "env:KEY"\n'


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Workspace]:
    with closing(Workspace(tmp_path / "ledger")) as opened:
        yield opened


def read_gaps(tmp_path: Path, *more: str, config: str = HERE) -> tuple[int, list[str]]:
    """Return how ``reconcile`` ends, and what ``report`` says is not complete."""
    (tmp_path / "billfold.toml").write_text(config, encoding="utf-8")
    terminal = Terminal(tmp_path)
    code = terminal.run("--ledger", "ledger", "reconcile", *more).code
    lines = terminal.run("--ledger", "ledger", "report", *more).err.splitlines()
    return code, [line.removeprefix("not complete: cockroach ") for line in lines]


def run(books: Workspace, kind: str = "sync", outcome: str | None = "complete", name: str = "mine") -> None:
    begun = books.archive.start_run("cockroach", name, kind, NOW)
    books.archive.add_responses(
        begun,
        ArchivedResponse("list_invoices", '{"status":null,"start_time":null,"end_time":null}', 200, {}, b"{}", NOW),
    )
    if outcome:
        books.archive.end_run(begun, outcome, NOW + timedelta(seconds=1))


NEVER = "mine: nothing was collected yet: run `billfold sync`"
OPEN = "mine: a collection did not come to its end yet: run `billfold sync`"


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([{"kind": "import", "outcome": "imported"}], [NEVER]),
        ([{"outcome": None}], [OPEN]),
        ([{"outcome": "abandoned: interrupted too long ago"}, {"outcome": None}], [OPEN]),
        (
            [{}, {"kind": "import", "outcome": None}],
            ["mine: an import did not come to its end: import its files again"],
        ),
        (
            [{"outcome": f"{REFUSED_PREFIX} twice"}],
            [f"mine: the last collection is kept, but not booked: {REFUSED_PREFIX} twice"],
        ),
        ([{"outcome": "no"}], ["mine: the last collection did not bring everything: no"]),
    ],
    ids=["only-imported", "open", "abandoned-and-open", "open-import", "refused", "failed"],
)
def test_what_is_not_complete_is_told_once(
    runs: list[dict[str, Any]], expected: list[str], books: Workspace, tmp_path: Path
) -> None:
    for row in runs:
        run(books, **row)
    books.close()
    code, lines = read_gaps(tmp_path)
    silent = "not booked: list_invoices", "There are no charges to show"
    assert (code, [line for line in lines if not any(text in line for text in silent)]) == (1, expected)
    assert read_gaps(tmp_path, "--as-of", "2100-01-01") == (code, lines), "nothing came later"


def test_an_account_that_is_not_configured_any_more_is_no_alarm(books: Workspace, tmp_path: Path) -> None:
    stage.collected(stage.twin(months=1), books, "cockroach", {"cockroach": "mine", "cockroach-credits": "more"})
    run(books, outcome="the key is wrong", name="gone")
    books.close()
    more = HERE + HERE.replace("mine", "more")
    _, lines = read_gaps(tmp_path, config=more)
    assert [line for line in lines if not line.startswith("gone: not booked")] == []
    findings = json.loads(Terminal(tmp_path).run("--ledger", "ledger", "reconcile", "--format", "json").out)
    (finding_of_gone,) = [
        finding for finding in findings if finding["account"] == "gone" and finding["code"] == "run-incomplete"
    ]
    assert (finding_of_gone["severity"], finding_of_gone["text"].startswith("not configured any more; ")) == (
        "notice",
        True,
    )
    _, lines = read_gaps(tmp_path, config=more + HERE.replace("mine", "gone"))
    assert "gone: the last collection did not bring everything: the key is wrong" in lines


@pytest.mark.parametrize(
    "config", ["[[accounts]", "[rate]\n", "rates = 5\n", '[rates]\nX = "NaN"\n', "[rates]\nX = 0.9\n"]
)
def test_an_unusable_configuration_is_told_first(config: str, books: Workspace, tmp_path: Path) -> None:
    """A configuration that cannot be used is told before anything is listed."""
    run(books)
    books.close()
    (tmp_path / "billfold.toml").write_text(config, encoding="utf-8")
    for listing in (["report"], ["export", "focus", "out"], ["sync"]):
        answer = Terminal(tmp_path).run("--ledger", "ledger", *listing)
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1), answer
        assert answer.err.startswith("billfold: billfold.toml")


def test_an_export_says_in_its_metadata_what_is_not_complete(books: Workspace, tmp_path: Path) -> None:
    run(books, outcome="the key is wrong")
    books.close()
    Terminal(tmp_path).run("--ledger", "ledger", "export", "focus", "out")
    (first, *_) = json.loads((tmp_path / "out" / "metadata.json").read_text())["x_NotComplete"]
    assert first["words"] == "the last collection did not bring everything: the key is wrong"


def test_a_machine_that_cannot_write_is_told_by_account(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that cannot write is told by the account and leaves the others."""
    begin = books.archive.start_run

    def start(provider: str, account: str, *more: Any) -> Any:
        if account == "cockroach":
            raise LedgerError("the archive is being written by another process")
        return begin(provider, account, *more)

    monkeypatch.setattr(books.archive, "start_run", start)
    outcomes = {outcome.account: outcome.error for outcome in stage.collected(stage.twin(months=1), books, "cockroach")}
    assert str(outcomes.pop("cockroach")) == "the archive is being written by another process"
    assert set(outcomes.values()) == {None}
    assert all(run.ended_at for run in books.archive.list_runs())


@pytest.mark.parametrize(("error", "code"), [(LedgerError("full"), 2), (Unauthorized("no"), 3), (None, 0)])
def test_a_disk_that_is_full_is_no_failure_of_the_account(error: BillfoldError | None, code: int) -> None:
    assert choose_exit_code([CollectOutcome("fine", "vultr"), CollectOutcome("mine", "vultr", error=error)]) == code


def test_a_refused_estimate_of_vultr_costs_no_invoice(books: Workspace) -> None:
    host = stage.twin(months=2)
    host.set_fault(stage.fault("vultr", "forbidden", operation="list_pending_charges"))
    (outcome,) = stage.collected(host, books, "vultr")
    assert (outcome.error, len(outcome.missing)) == (None, 1)
    assert outcome.missing[0].subject == "the estimate of the running month"
    with books.open_ledger() as db:
        assert db.execute("SELECT DISTINCT state, count(*) FROM bills GROUP BY ALL").fetchall() == [("issued", 2)]


def test_one_reason_is_told_once_and_counted(books: Workspace) -> None:
    """What is missing for one reason is told once and counted."""
    host, name = stage.twin(months=2), "get_billing_contract_billingperiod"
    host.set_fault(stage.fault("genesys", "forbidden", operation=name, times=10**6))
    (outcome,) = stage.collected(host, books, "genesys")
    (gap,) = outcome.missing
    request_count = sum(request.operation == name for request in host.requests)
    assert request_count > 1
    assert gap.count == request_count


def test_a_past_month_with_an_unread_invoice_is_no_estimate(books: Workspace) -> None:
    """A month that is over is no estimate where its invoice could not be read."""
    host = stage.twin(months=2)
    host.set_fault(stage.fault("genesys", "forbidden", operation="get_billing_contracts_invoice_lines", times=10**6))
    (outcome,) = stage.collected(host, books, "genesys")
    assert outcome.error is None
    assert {gap.subject for gap in outcome.missing} == {gap.data["invoice_id"] for gap in outcome.missing}
    with books.open_ledger() as db:
        state_by_month = {(bill.state, bill.period_start[:7]) for bill in query.list_invoices(db, query.LedgerFilter())}
    assert state_by_month == {("estimate", "2026-11")}


def test_different_documents_are_different_files(tmp_path: Path) -> None:
    for name, number in (("a", 1), ("b", 2)):
        (tmp_path / f"{name}.pdf").write_bytes(b"%%PDF-1.4 %d\n%%%%EOF\n" % number)
    terminal = Terminal(tmp_path)
    assert terminal.run("--ledger", "ledger", "import", "fastly", "a.pdf", "b.pdf").code == 0
    assert terminal.run("--ledger", "ledger", "documents", "out").code == 0
    files = sorted((tmp_path / "out").iterdir())
    assert {file.read_bytes() for file in files} == {(tmp_path / f"{name}.pdf").read_bytes() for name in "ab"}
    assert all(file.name.startswith("fastly_get_invoice_by_id_pdf_") for file in files), "nobody said whose they are"


def test_what_is_not_told_one_by_one_is_counted() -> None:
    """What is wrong and not told one by one is counted all the same."""
    unlike = make_finding(FindingCode.HISTORY_MISMATCH, "unlike")
    many = [AccountFinding("vultr", "v", "", finding) for finding in limit_findings([unlike] * 1200)]
    assert len(many) < 10
    assert count_wrong([*many, AccountFinding("vultr", "v", "", make_finding(FindingCode.MONTH_OPEN, "x"))]) == 1200
