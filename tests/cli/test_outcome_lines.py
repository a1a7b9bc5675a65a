"""A sync's lines: each account when it is done, what the ledger makes of it, and the sum of many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from billfold.cli.outcome_lines import OutcomeLines, describe_sum
from billfold.collect.outcome import CollectOutcome
from billfold.ledger.acknowledgements import ACCEPTED_FIELD
from billfold.model.errors import ConfigurationError
from billfold.model.finding import make_finding
from billfold.model.finding_codes import FindingCode, Severity

VANISHED = make_finding(FindingCode.INVOICE_VANISHED, "is no longer listed", "7")
OLDER = make_finding(FindingCode.INVOICE_OLDER, "3 invoices are older")


def outcome(name: str, **fields: Any) -> CollectOutcome:
    return CollectOutcome(name, "vultr", answers=2, seconds=0.25, head="sha256:0", **fields)


def print_all(
    outcomes: list[CollectOutcome], capsys: pytest.CaptureFixture[str], *, late_error: str = "", **options: bool
) -> list[str]:
    """Return the lines of outcomes that are done one after another; all have a finding of the ledger at the end."""
    lines = OutcomeLines([each.account for each in outcomes], **options)
    for each in outcomes:
        lines.print_collected(each)
    outcomes[0].findings = [VANISHED]
    if late_error:
        outcomes[0].error = ConfigurationError(late_error)
    lines.print_booked(outcomes)
    *printed_lines, head_line = capsys.readouterr().out.splitlines()
    assert head_line == "head sha256:0"
    return printed_lines


def test_an_account_alone_has_its_findings_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = print_all([outcome("mine")], capsys)
    assert first == "mine  2 answers in 0.2 s"
    assert second.startswith("      7: ")


def test_what_is_accepted_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    accepted = replace(VANISHED, severity=Severity.NOTICE, data={ACCEPTED_FIELD: "yes"})
    lines = print_all([outcome("mine", missing=[accepted])], capsys)
    assert lines[1].startswith("      accepted: 7: ")


def test_a_finding_that_comes_later_names_its_account(capsys: pytest.CaptureFixture[str]) -> None:
    lines = print_all([outcome("a"), outcome("long")], capsys)
    assert [line[:6] for line in lines] == ["a     ", "long  ", "a     "]


def test_an_account_refused_at_the_end_is_told_as_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """What only all accounts together show, as one customer under two names, is told after their lines."""
    lines = print_all([outcome("a"), outcome("b")], capsys, late_error="the same customer")
    assert lines[2] == "a  FAILED: the same customer"


def test_quiet_lines_are_only_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [outcome("a"), outcome("b", missing=[OLDER]), outcome("c", error=ConfigurationError("no key"))]
    lines = print_all(outcomes, capsys, quiet=True)
    assert [line.split()[0] for line in lines] == ["c", "a", "7:"]


def test_many_accounts_have_a_sum(capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred accounts have a line each of at most 80 columns, and their sum names the first that failed."""
    outcomes = [outcome(f"vultr-production-{number}") for number in range(100)]
    for each in outcomes[:20:2]:
        each.error = ConfigurationError("no key")
    lines = print_all(outcomes, capsys)
    assert len(lines) == 100 + 1 + 1
    assert max(map(len, lines[:100])) <= 80
    assert lines[-1] == describe_sum(outcomes)
    assert lines[-1].startswith("100 accounts: 0 with something wrong, 10 failed: vultr-production-0, ")
    assert lines[-1].endswith(" and 2 more")


def test_nobody_who_listens_ends_no_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that cannot be printed while accounts are collected is tried, and told, again at the end."""

    def break_pipe(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("billfold.cli.outcome_lines.print_line", break_pipe)
    lines = OutcomeLines(["a"])
    lines.print_collected(outcome("a"))
    with pytest.raises(BrokenPipeError):
        lines.print_booked([outcome("a")])
