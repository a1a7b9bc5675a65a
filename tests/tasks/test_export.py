"""A program writes FOCUS files, and is told what was written and what is lacking."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import pytest

import billfold
from billfold.model.errors import InvalidArgument
from tests.tasks.kit import collect_twin


def test_a_program_is_told_what_was_written(tmp_path: Path) -> None:
    """Every file that is named is there with its size, and their rows are those of the datasets."""
    collect_twin(tmp_path / "ledger")
    result = billfold.export_focus(tmp_path / "ledger", tmp_path / "out", by_period=True)
    assert_type(result, billfold.FocusExport)
    assert result.rows["CostAndUsage"] > 10
    assert {file.path: file.size for file in result.files} == {
        str(path.relative_to(tmp_path / "out")): path.stat().st_size for path in (tmp_path / "out").rglob("*.parquet")
    }
    assert sum(file.rows for file in result.files) == sum(result.rows.values())
    assert result.gaps == []


def test_a_missing_account_is_a_gap_of_the_export(tmp_path: Path) -> None:
    """An account that is expected and was never collected is named with what was written without it."""
    accounts = [*collect_twin(tmp_path / "ledger"), billfold.Account("new", "vultr")]
    result = billfold.export_focus(tmp_path / "ledger", tmp_path / "out", format="csv", accounts=accounts)
    assert [file.path for file in result.files if not file.path.endswith(".csv")] == []
    assert [gap[:2] for gap in result.gaps] == [("vultr", "new")]


def test_a_format_that_there_is_not_is_refused(tmp_path: Path) -> None:
    """A format that there is not is refused, and no file is written."""
    collect_twin(tmp_path / "ledger")
    with pytest.raises(InvalidArgument):
        billfold.export_focus(tmp_path / "ledger", tmp_path / "out", format="xlsx")
    assert not (tmp_path / "out").exists()
