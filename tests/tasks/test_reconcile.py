"""A program is told what does not add up, as the command tells it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import assert_type

import pytest

import billfold
from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.report.render import build_finding_row
from tests.cli.terminal import Terminal
from tests.tasks.kit import collect_twin


def test_a_program_is_told_what_the_command_tells(tmp_path: Path) -> None:
    """The findings of a program are those of the command, in its order."""
    collect_twin(tmp_path / "ledger")
    result = billfold.reconcile(tmp_path / "ledger")
    assert_type(result, billfold.Reconciliation)
    shown = Terminal(tmp_path).run("--ledger", "ledger", "reconcile", "--format", "json")
    assert [build_finding_row(located) for located in result.findings] == json.loads(shown.out)
    assert (result.adds_up, result.bill_count > 5) == (shown.code == 0, True)


def test_an_account_that_was_never_collected_is_missed(tmp_path: Path) -> None:
    """An account that a program expects and no sync collected is a finding; without expected accounts none is missed."""
    accounts = [*collect_twin(tmp_path), billfold.Account("new", "vultr")]
    assert billfold.reconcile(tmp_path).adds_up
    result = billfold.reconcile(tmp_path, accounts=accounts)
    assert not result.adds_up
    assert ("vultr", "new") in {located[:2] for located in result.findings if located.finding.is_wrong}


def test_a_filter_narrows_what_is_checked(tmp_path: Path) -> None:
    """Fewer bills are checked of one provider, of one month, and none as of a day before the first collection."""
    collect_twin(tmp_path)
    counts = [
        billfold.reconcile(tmp_path).bill_count,
        billfold.reconcile(tmp_path, provider="vultr").bill_count,
        billfold.reconcile(tmp_path, provider="vultr", first_month="2026-10", last_month="2026-10").bill_count,
        billfold.reconcile(tmp_path, as_of=date(2020, 1, 1)).bill_count,
    ]
    assert counts == sorted(set(counts), reverse=True)
    assert counts[-1] == 0
    with pytest.raises(InvalidArgument, match="there is no account 'other'"):
        billfold.reconcile(tmp_path, account="other")


def test_a_directory_without_a_ledger_is_no_ledger(tmp_path: Path) -> None:
    """A directory where nothing was collected is refused, and stays empty."""
    with pytest.raises(ConfigurationError, match="there is no ledger"):
        billfold.reconcile(tmp_path)
    assert list(tmp_path.iterdir()) == []
