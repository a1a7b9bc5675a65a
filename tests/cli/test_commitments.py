"""``billfold commitments``: the fields that others rely on, and what is stated in the configuration."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click
import pytest

from billfold.cli.commitments import _print_uses, command
from billfold.model.money import ZERO
from billfold.report.commitment_uses import CommitmentUse
from tests.cli.terminal import Terminal, clear

FIELDS = ["provider", "account", "commitment_id", "unit", "committed", "used", "left", "ends_on"]
STATED = """
[[commitments]]
account = "mine"
id = "minimum"
kind = "minimum-spend"
amount = "20000.50"
currency = "USD"
start = 2026-01-01
end = 2026-12-31
every = "month"
"""


def test_a_stated_commitment_is_shown(synced: Terminal, tmp_path: Path) -> None:
    """What an account spent of its minimum in the running month, in every format; without one, a sentence."""
    run = ("commitments", "--ledger", "ledger")
    clear(synced.run(*run), 0, "There are no commitments to show")
    config = tmp_path / "billfold.toml"
    config.write_text(synced.config.read_text(encoding="utf-8") + STATED, encoding="utf-8")
    (row,) = synced.rows(*run, "--config", str(config))
    other_config = tmp_path / "other.toml"
    other_config.write_text(config.read_text(encoding="utf-8").replace('account = "mine"', 'account = "nosuch"'))
    clear(
        synced.run(*run, "--config", str(other_config)), 2, "[[commitments]], 'minimum': there is no account 'nosuch'"
    )
    assert list(row)[: len(FIELDS)] == FIELDS
    assert (row["committed"], row["ends_on"]) == ("20000.5", "2026-12-31")
    assert Decimal(row["committed"]) - Decimal(row["used"]) + Decimal(row["overage"]) == Decimal(row["left"])
    clear(synced.run(*run, "--config", str(config)), 0, "cockroach mine, 2026-1")
    clear(synced.run(*run, "--config", str(config), "--from", "2026-10"), 0, "2026-10")
    config.write_text(config.read_text(encoding="utf-8").replace("minimum-spend", "gift"), encoding="utf-8")
    clear(synced.run(*run, "--config", str(config)), 2, "kind is one of")


@pytest.mark.parametrize(("second_name", "is_shown"), [("Seats", True), ("Storage", False)])
def test_namesakes_are_told_apart_by_contract(
    second_name: str, is_shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """The contract is shown only where two commitments of a month are called the same."""
    names = {"C-1": "Seats", "C-2": second_name}
    uses = [
        CommitmentUse(
            *("genesys", "mine", f"{contract}/1", "users", Decimal(5), Decimal(5), ZERO, "2026-12-31"),
            *(name, "seats", "2026-10", "contract"),
            contract=contract,
        )
        for contract, name in names.items()
    ]
    with click.Context(command):
        _print_uses(uses)
    output = capsys.readouterr().out
    assert [contract in output for contract in names] == [is_shown, is_shown]
