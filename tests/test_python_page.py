"""The page about billfold from Python runs as it stands, and what it reads directly is what the ledger has."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import billfold
from billfold.config import AccountConfig
from billfold.transport.loop import InProcessTransport
from tests import stage
from tests.tasks.kit import connect_twin
from tests.test_readme_types import check_types

CONFIG = """
[[accounts]]
name = "main"
provider = "vultr"

[[accounts]]
name = "credits"
provider = "cockroach"
"""
PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "python.md"
FOREIGN_LIBRARIES = ("polars", "pandas")
"""Libraries that the page names and that are not installed here."""


def read_blocks() -> list[str]:
    """Return the page's Python blocks, but those that need what is not installed here."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [block for block in blocks if not any(f"import {library}" in block for library in FOREIGN_LIBRARIES)]


def run_page() -> dict[str, Any]:
    """Run the page's blocks after an earlier sync, whose estimates theirs replaces; returns what they name."""
    host = stage.twin(months=3)

    def connect(account: AccountConfig) -> InProcessTransport:
        return stage.connection(host, stage.stage(host, account.provider.name).accounts[0])

    names, blocks = dict[str, Any](), read_blocks()
    with connect_twin(host, connect):
        exec(blocks[0], names)
        host.clock.advance(timedelta(days=31))
        for block in blocks:
            exec(compile(block, PAGE.name, "exec"), names)
    return names


def test_parts_that_are_read_directly_have_what_the_ledger_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The costs that the page sums from the parts are those of the ledger, although the parts have replaced bills too."""
    monkeypatch.chdir(tmp_path)
    Path("billfold.toml").write_text(CONFIG, encoding="utf-8")
    names = run_page()
    query = "SELECT ServiceProviderName, BillingCurrency, sum(BilledCost) AS cost FROM CostAndUsage GROUP BY ALL ORDER BY ALL"
    with billfold.Ledger("ledger") as ledger:
        assert [tuple(row.values()) for row in ledger.rows(query)[1]] == names["costs"]
        row_count = len(list(ledger.iter_charges()))
    assert duckdb.execute("SELECT count(*) FROM read_parquet(?)", [names["parts"]]).fetchall()[0][0] > row_count > 10
    assert "vultr main" in capsys.readouterr().out
    assert [file.path for file in names["export"].files if not Path("focus", file.path).is_file()] == []


def test_the_page_passes_mypy_strict(tmp_path: Path) -> None:
    """The page's blocks are what `mypy --strict` lets pass."""
    code = "\n".join(read_blocks())
    assert check_types(code, tmp_path) == ""
    assert 'has no attribute "cost"' in check_types(f"{code}\nprint(bill.cost)\n", tmp_path)
