"""Budgets, owners and journal entries come with a configuration: the API has them as the commands do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.serve.app import make_application
from billfold.serve.gate import Gate
from billfold.serve.views import ViewPool
from tests.cli.terminal import Terminal
from tests.serve.reader import Reader

MONTH = "2026-10"
CONFIG = """
[[budgets]]
name = "all"
amount = "100000"
currency = "USD"

[allocation]
rules = "rules.toml"

[journal]
mapping = "mapping.toml"
"""
RULES = """
[[rules]]
name = "cdn"
match = { provider = "fastly" }
team = "web"
"""


@pytest.fixture
def configured(ledger: Terminal, tmp_path: Path) -> Iterator[Reader]:
    """Return a browser of the same ledger with a configuration."""
    (tmp_path / "billfold.toml").write_text(CONFIG)
    (tmp_path / "rules.toml").write_text(RULES)
    (tmp_path / "mapping.toml").write_text("")
    with closing(ViewPool(ledger.home / "ledger", tmp_path / "billfold.toml")) as pool:
        gate = Gate(pool.directory)
        yield Reader(pool, make_application(pool, gate=gate), gate)


@pytest.mark.parametrize(
    ("url", "arguments"),
    [
        (f"budgets?month={MONTH}", ["budget", MONTH]),
        (f"owners/{MONTH}?by=team", []),
        (f"shares/{MONTH}?owner=web", ["allocate", MONTH, "--statement", "web"]),
        (f"owners/{MONTH}?by=cost-center", ["allocate", MONTH, "--by", "cost-center"]),
    ],
)
def test_it_says_what_the_command_says(
    configured: Reader, ledger: Terminal, tmp_path: Path, url: str, arguments: list[str]
) -> None:
    page = configured.get(f"/api/v1/{url}")
    assert page.status == 200, page.text
    assert page.json
    if arguments:
        config = str(tmp_path / "billfold.toml")
        result = ledger.run("--config", config, "--ledger", "ledger", *arguments, "--format", "json")
        rows = [
            {"owner" if name == "cost_center" and "owners" in url else name: cell for name, cell in row.items()}
            for row in json.loads(result.out)
        ]
        assert page.json == rows


def test_the_journal_has_every_invoice(configured: Reader) -> None:
    """An entry's lines sum to its total, and the totals are those of the invoices, rounded."""
    entries = configured.get(f"/api/v1/journal?from={MONTH}&to={MONTH}").json
    bills = configured.get(f"/api/v1/invoices?from={MONTH}&to={MONTH}").json
    issued = {row["invoice_id"]: row for row in bills if row["state"] == "issued" and row["currency"] == "USD"}
    assert {entry["invoice_id"] for entry in entries} == set(issued)
    for entry in entries:
        assert Decimal(entry["total"]) == sum(Decimal(line["amount"]) for line in entry["lines"])
        assert Decimal(entry["total"]) == Decimal(issued[entry["invoice_id"]]["total"]).quantize(Decimal("0.01"))
    accrued = configured.get("/api/v1/journal?accruals=2026-11").json
    assert {entry["kind"] for entry in accrued} == {"Accrual", "Accrual reversal"}
    assert sum(Decimal(entry["total"]) for entry in accrued) == 0
