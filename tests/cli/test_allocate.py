"""A month is allocated by a file of rules: by team, customer, account, and as a statement."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from billfold.collect.workspace import Workspace
from tests import stage
from tests.cli.terminal import Terminal, clear

MONTH = "2026-10"
RULES = """
[teams]
web = { cost_center = "4711" }

[[rules]]
match = { charge-category = ["Tax", "Credit", "Adjustment"] }
shared = "direct"

[[rules]]
match = { resource = "web*" }
team = "web"
customer = "{account}"
"""


@pytest.fixture(scope="module")
def hosting(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Return a terminal with a ledger of Vultr's twin, and rules in its configuration; leave it as it is."""
    home = tmp_path_factory.mktemp("hosting")
    workspace = Workspace(home / "ledger")
    stage.collected(stage.twin(months=2), workspace, "vultr")
    workspace.close()
    (home / "rules.toml").write_text(RULES)
    terminal = Terminal(home)
    terminal.config.write_text('[allocation]\nrules = "rules.toml"\n')
    return terminal


def allocate(terminal: Terminal, *arguments: str) -> list[str]:
    return ["--ledger", "ledger", "allocate", MONTH, *arguments]


def test_rows_sum_to_the_month(hosting: Terminal) -> None:
    """The JSON has whose cost it is, in full digits; csv has the same columns."""
    rows = hosting.rows(*allocate(hosting))
    invoices = hosting.rows("--ledger", "ledger", "invoices", "--from", MONTH, "--to", MONTH)
    issued = [Decimal(str(bill["total"])) for bill in invoices if bill["state"] == "issued"]
    assert sum(Decimal(row["amount"]) for row in rows) == sum(issued)
    assert [(row["team"], row["cost_center"], row["customer"]) for row in rows] == [
        ("web", "4711", "vultr"),
        ("unallocated", "", ""),
    ]
    header = hosting.run(*allocate(hosting, "--format", "csv")).out.splitlines()[0]
    assert header == "team,cost_center,customer,provider,account,currency,direct,shared,amount,rules"


def test_a_statement_sums_to_its_teams_row(hosting: Terminal) -> None:
    (web, *_) = hosting.rows(*allocate(hosting))
    for owner in ("web", "4711", "vultr"):
        lines = hosting.rows(*allocate(hosting, "--statement", owner))
        assert sum(Decimal(line["amount"]) for line in lines) == Decimal(web["amount"])
        assert lines[-1]["method"] == "direct"
    clear(hosting.run(*allocate(hosting, "--statement", "web")), 0, "Statement of web: 2026-10, issued")
    clear(hosting.run(*allocate(hosting, "--statement", "nobody")), 0, "Nothing is the cost of 'nobody'")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 0, "What no rule fits: `billfold allocate 2026-10 --statement unallocated`"),
        (("--by", "customer"), 0, "no customer"),
        (("--by", "cost-center"), 0, "no cost center"),
        (("--by", "account"), 0, "unallocated"),
        (("--min-coverage", "99"), 1, "less than 99 %"),
        (("--min-coverage", "1"), 0, "has a team"),
        (("--state", "draft"), 1, "There is nothing to allocate"),
        (("--rules", "none.toml"), 2, "there is no file of rules at none.toml"),
    ],
)
def test_a_month_is_shown_in_several_ways(
    arguments: tuple[str, ...], code: int, sentence: str, hosting: Terminal
) -> None:
    clear(hosting.run(*allocate(hosting, *arguments)), code, sentence)


@pytest.mark.parametrize("by", ["customer", "cost-center", "account"])
def test_other_listings_sum_to_the_same(by: str, hosting: Terminal) -> None:
    sums = {
        sum(Decimal(row["amount"]) for row in hosting.rows(*allocate(hosting, *more))) for more in ((), ("--by", by))
    }
    assert len(sums) == 1


def test_without_rules_everything_is_unallocated(hosting: Terminal, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    clear(terminal.run("--ledger", hosting.home / "ledger", "allocate", MONTH), 0, "There are no rules: write some")


def test_a_rule_of_an_account_that_there_is_not_is_told(hosting: Terminal, tmp_path: Path) -> None:
    (tmp_path / "idle.toml").write_text('[[rules]]\nname = "old"\nmatch = { account = "clowd" }\nteam = "web"\n')
    result = hosting.run("--ledger", "ledger", "allocate", MONTH, "--rules", tmp_path / "idle.toml")
    assert "old: there is no account 'clowd', so that it fits nothing" in result.err


def test_an_allocated_export_splits_each_charge(hosting: Terminal) -> None:
    """Its rows sum to the rows of a plain one, charge by charge, and it is as FOCUS has it."""
    for name, more in (("plain", ()), ("split", ("--allocated",))):
        clear(hosting.run("--ledger", "ledger", "export", "focus", name, *more), 0, "CostAndUsage")
    clear(hosting.run("check", "focus", "split"), 0, "Everything is as FOCUS has it")
    columns = "SELECT InvoiceDetailId, x_State, sum(BilledCost), sum(PricingQuantity)"
    queries = [
        f"{columns} FROM '{hosting.home / name / 'cost_and_usage.parquet'}' GROUP BY ALL" for name in ("plain", "split")
    ]
    connection = duckdb.connect()
    assert connection.execute(f"{queries[0]} EXCEPT {queries[1]}").fetchall() == []
    shared = connection.execute(
        f"""SELECT count(*) > 0, bool_and(AllocatedMethodId IN ('billfold:direct', 'billfold:team'))
            FROM '{hosting.home / "split" / "cost_and_usage.parquet"}' WHERE AllocatedTags->>'allocation:team' = 'web'"""
    ).fetchall()
    assert shared == [(True, True)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "teams come from the rules of [allocation]"),
        (("--focus-version", "1.2"), "FOCUS 1.2 has no columns for what is allocated"),
    ],
)
def test_an_allocated_export_needs_rules_and_columns(
    arguments: tuple[str, ...], sentence: str, hosting: Terminal, tmp_path: Path
) -> None:
    terminal = hosting if arguments else Terminal(tmp_path)
    ledger = hosting.home / "ledger"
    clear(terminal.run("--ledger", ledger, "export", "focus", "o", "--allocated", *arguments), 2, sentence)
