"""A program collects accounts: each has its outcome, one that fails stops no other, and nothing is printed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, assert_type

import pytest

import billfold
from billfold.model.errors import ConfigurationError, InvalidArgument, Unauthorized
from tests import stage
from tests.tasks.kit import connect_twin, list_accounts


def test_a_program_collects_what_a_command_does(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Every account of a program has its outcome and its bills in the ledger, and the program's terminal stays empty."""
    host, progress = stage.twin(months=2), list[tuple[str, str, int]]()
    accounts = list_accounts(host)
    with connect_twin(host):
        outcomes = billfold.sync(accounts, tmp_path, progress=lambda *step: progress.append(step))
    assert_type(outcomes, list[billfold.CollectOutcome])
    assert {(outcome.provider, outcome.account) for outcome in outcomes} == {
        (account.provider, account.name) for account in accounts
    }
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert {name: count for name, _, count in progress} == {outcome.account: outcome.answers for outcome in outcomes}
    with billfold.Ledger(tmp_path) as ledger:
        assert {bill.account for bill in ledger.list_bills()} == {account.name for account in accounts}
    assert capfd.readouterr() == ("", "")


def test_one_failed_account_raises_nothing(tmp_path: Path) -> None:
    """An account whose key is wrong has an error in its outcome, and the others their bills."""
    host = stage.twin(months=2)
    accounts = list_accounts(host)
    accounts[0] = replace(accounts[0], credentials=dict.fromkeys(accounts[0].credentials, "wrong"))
    with connect_twin(host):
        outcomes = {outcome.account: outcome for outcome in billfold.sync(accounts, tmp_path, workers=2)}
    assert isinstance(outcomes.pop(accounts[0].name).error, Unauthorized)
    assert all(outcome.error is None and outcome.answers for outcome in outcomes.values())


@pytest.mark.parametrize("since", ["2026-11", date(2026, 11, 15), datetime(2026, 11, 15, tzinfo=UTC)])
def test_a_month_and_a_provider_narrow_a_sync(tmp_path: Path, since: Any) -> None:
    """Of what a program names, only the provider's accounts are collected, and only from the month on."""
    host = stage.twin(months=6)
    with connect_twin(host):
        outcomes = billfold.sync(list_accounts(host), tmp_path, since=since, provider="cockroach")
    assert {outcome.provider for outcome in outcomes} == {"cockroach"}
    with billfold.Ledger(tmp_path) as ledger:
        assert {billfold.Month.of(bill.period_start) for bill in ledger.list_bills()} == {billfold.Month(2026, 11)}


@pytest.mark.parametrize(
    ("options", "error_type"),
    [
        ({"workers": 0}, InvalidArgument),
        ({"per_server": 0}, InvalidArgument),
        ({"recheck_months": -1}, InvalidArgument),
        ({"since": "May"}, InvalidArgument),
        ({"since": datetime(2026, 5, 1)}, InvalidArgument),  # noqa: DTZ001 - it must be refused
        ({"provider": "nobody"}, ConfigurationError),
    ],
)
def test_a_wrong_option_leaves_nothing_behind(
    tmp_path: Path, options: dict[str, Any], error_type: type[Exception]
) -> None:
    """An option that cannot be is refused before there is a ledger."""
    with pytest.raises(error_type):
        billfold.sync(list_accounts(stage.twin(months=1)), tmp_path / "ledger", **options)
    assert not (tmp_path / "ledger").exists()
