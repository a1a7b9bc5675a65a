"""A month is checked, signed only where it is ready, and what moves later is told until it is accepted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.entries import CLOSING
from billfold.model.period import parse_instant
from billfold.tasks.closes import describe_signed_changes
from billfold.twin.host import TwinHost
from tests import stage
from tests.cli.terminal import Terminal, clear

LEDGER = ("--ledger", "ledger")
AT = parse_instant("2026-11-05T00:00:00Z")


@pytest.fixture
def host() -> TwinHost:
    return stage.twin(AT, months=4)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with closing(Workspace(tmp_path / "ledger")) as opened:
        yield opened


def read_checks(terminal: Terminal, *arguments: str, code: int) -> dict[str, Any]:
    result = terminal.run(*LEDGER, "close", "2026-10", "--format", "json", *arguments)
    assert result.code == code, result
    verdict: dict[str, Any] = json.loads(result.out)
    return verdict


def test_a_late_memo_is_told_until_it_is_accepted(host: TwinHost, workspace: Workspace, tmp_path: Path) -> None:
    """October is signed; a memo comes into it: changes names it with its money, exit 1, until it is acknowledged."""
    terminal = Terminal(tmp_path)
    stage.collected(host, workspace, "vultr")
    assert describe_signed_changes(workspace) == []
    verdict = read_checks(terminal, "--sign", "Ann", code=0)
    assert (verdict["ready"], verdict["signed_by"]) == (True, "Ann")
    assert verdict["hash"] == terminal.run(*LEDGER, "hash", "--month", "2026-10").out.strip()
    assert verdict["head"] == workspace.archive.read_head()
    clear(terminal.run(*LEDGER, "changes", "--since", "close:2026-10"), 0, "Nothing of the closed months has changed")

    host.set_fault(stage.fault("vultr", "late-credit-memo", times=99))
    host.clock.advance(timedelta(days=15))
    stage.collected(host, workspace, "vultr")
    (change,) = terminal.rows(*LEDGER, "changes", "--since", "close:2026-10", code=1)
    memo = next(bill for bill in stage.list_invoices(workspace) if bill["invoice_id"] == change["invoice_id"])
    assert memo["total"].startswith("-")
    assert (change["change"], change["month"], change["before"]) == ("appeared", "2026-10", None)
    assert change["after"] == change["moved"] == memo["total"]
    clear(terminal.run(*LEDGER, "closes"), 1, "changed")
    assert describe_signed_changes(workspace)[0].startswith("2026-10 has changed since Ann signed it")
    (changes_check,) = [check for check in read_checks(terminal, code=1)["checks"] if check["check"] == "changes"]
    assert (changes_check["state"], changes_check["id"]) == ("wrong", change["id"])

    clear(terminal.run(*LEDGER, "acknowledge", change["id"], "--reason", "booked in November"), 0, "acknowledged")
    (accepted,) = terminal.rows(*LEDGER, "changes", "--since", "close:2026-10")
    assert accepted == change | {"acknowledged": True}
    clear(terminal.run(*LEDGER, "changes", "--since", "close:2026-10"), 0, "0 not accepted")


def test_a_month_is_signed_again_with_what_is_accepted(host: TwinHost, workspace: Workspace, tmp_path: Path) -> None:
    """What is wrong keeps a month from being signed until it is accepted; a rebuild keeps both signatures."""
    terminal = Terminal(tmp_path)
    stage.collected(host, workspace, "vultr")
    read_checks(terminal, "--sign", "Ann", code=0)
    host.set_fault(stage.fault("vultr", "duplicate-invoice", times=99))
    host.clock.advance(timedelta(days=1))
    stage.collected(host, workspace, "vultr")
    refused = terminal.run(*LEDGER, "close", "2026-10", "--sign", "Bo")
    clear(refused, 1, "2026-10 is not signed; with --accept")
    ids = [check["id"] for check in read_checks(terminal, code=1)["checks"] if check["state"] == "wrong"]
    assert len(workspace.archive.list_markers(CLOSING)) == 1
    clear(terminal.run(*LEDGER, "close", "2026-10", "--accept", *ids), 2, "--sign NAME")
    clear(terminal.run(*LEDGER, "close", "2026-10", "--sign", "Bo", "--accept", "nothing"), 2, "no check of 2026-10")
    verdict = read_checks(terminal, "--sign", "Bo", "--accept", *ids, code=0)
    assert {check["id"] for check in verdict["checks"] if check["state"] == "acknowledged"} == set(ids)
    for _ in range(2):
        rows = terminal.rows(*LEDGER, "closes")
        assert [(row["signed_by"], row["state"], row["changes"]) for row in rows] == [
            ("Ann", "replaced", 0),
            ("Bo", "same", 0),
        ]
        assert set(rows[1]["acknowledged"]) == set(ids)
        assert terminal.rows(*LEDGER, "changes", "--since", "close:2026-10") == []
        terminal.run(*LEDGER, "rebuild")
    clear(terminal.run(*LEDGER, "verify"), 0, "all is as it was written")


@pytest.mark.parametrize(
    ("fault", "days", "check"),
    [
        ("duplicate-invoice", 0, "duplicate"),
        ("reissued-nearly-equal", 0, "duplicate"),
        ("newest-invoice-missing", 15, "invoice"),
        ("invoice-vanishing", 0, "invoice"),
        ("dropped-line", 0, "disputed"),
    ],
)
def test_a_planted_fault_is_named(
    host: TwinHost, workspace: Workspace, tmp_path: Path, fault: str, days: int, check: str
) -> None:
    """Each thing that can be wrong with a month keeps it from being ready, under the check that it is of."""
    if check == "disputed" or fault == "invoice-vanishing":
        stage.collected(host, workspace, "fastly")
    host.set_fault(stage.fault("fastly", fault, times=99))
    host.clock.advance(timedelta(days=days, minutes=1))
    stage.collected(host, workspace, "fastly", recheck_months=2)
    verdicts = [
        json.loads(Terminal(tmp_path).run(*LEDGER, "close", month, "--format", "json").out)
        for month in ("2026-08", "2026-09", "2026-10")
    ]
    states = {(row["check"], row["state"]) for verdict in verdicts for row in verdict["checks"]}
    assert (check, "wrong") in states, states


def test_a_month_that_runs_is_open(host: TwinHost, workspace: Workspace, tmp_path: Path) -> None:
    """It was not collected after its end; a month of nothing is not ready either, and --as-of looks back."""
    terminal = Terminal(tmp_path)
    stage.collected(host, workspace, "vultr")
    clear(terminal.run(*LEDGER, "close", "2026-11"), 1, "there is only an estimate")
    clear(terminal.run(*LEDGER, "close", "2019-01"), 1, "is not ready")
    clear(terminal.run(*LEDGER, "close", "2026-10", "--as-of", "2020-01-01"), 1, "is not ready")
    clear(terminal.run(*LEDGER, "close", "2026-10", "--as-of", "2020-01-01", "--sign", "A"), 2, "not as of a time")
    clear(terminal.run(*LEDGER, "close", "2026-10", "--jump", "no"), 2, "no amount of 0 or more")
    clear(terminal.run(*LEDGER, "close", "2026-10", "extra"), 2, "come after --accept")


def test_a_jump_can_be_accepted_by_its_id(host: TwinHost, workspace: Workspace, tmp_path: Path) -> None:
    """Stricter limits find more; what they find is accepted as anything else."""
    terminal = Terminal(tmp_path)
    stage.collected(host, workspace, "vultr")
    verdict = read_checks(terminal, "--jump", "0", "--jump-amount", "0", code=1)
    (jump,) = [check for check in verdict["checks"] if check["check"] == "jump"]
    assert "the median" in jump["text"]
    clear(terminal.run(*LEDGER, "acknowledge", jump["id"]), 0, "acknowledged: vultr vultr 2026-10")
    assert read_checks(terminal, "--jump", "0", "--jump-amount", "0", code=0)["ready"]


def test_a_parked_bill_is_one_finding(host: TwinHost, workspace: Workspace, tmp_path: Path) -> None:
    """The check `parked` is wrong, names what is missing from the month, and one id accepts the bill."""
    terminal = Terminal(tmp_path)
    host.set_fault(stage.fault("fastly", "dropped-line", times=99))
    stage.collected(host, workspace, "fastly")
    months = [
        month
        for month in ("2026-08", "2026-09", "2026-10")
        if "is missing from the month" in terminal.run(*LEDGER, "close", month).out
    ]
    assert months
    command = (*LEDGER, "close", months[0], "--account", "fastly", "--format", "json")
    checks = json.loads(terminal.run(*command).out)["checks"]
    (parked,) = [check for check in checks if check["check"] in {"parked", "total"} and check["state"] == "wrong"]
    assert parked["check"] == "parked"
    clear(terminal.run(*LEDGER, "acknowledge", parked["id"]), 0, "acknowledged")
    states = {check["check"]: check["state"] for check in json.loads(terminal.run(*command).out)["checks"]}
    assert states["parked"] == "acknowledged"
