"""A file of rules is read into typed rules, and each error names the rule, its line, and what to write."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from billfold.model.errors import ConfigurationError
from billfold.report.allocation_rules import AllocationMethod, Condition, Scope, Target
from billfold.settings.allocation import find_rules_file, load_rules

GOOD = """
[teams]
web = { cost_center = "4711" }

[[rules]]
name = "taxes"
match = { charge-category = ["Tax", "Credit"], "tag:a/b" = "" }
shared = "direct"
over = "all"

[[rules]]
split = { web = 0.5, api = "1" }

[[rules]]
match = { provider = "fastly" }
split = "usage"

[[rules]]
team = "{resource}"
customer = "c"
"""


def test_rules_are_read_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(GOOD)
    rules = load_rules(tmp_path / "r.toml")
    taxes, split, usage, team = rules.rules
    assert rules.teams == {"web": Target("web", "4711")}
    assert taxes.conditions == (Condition("charge-category", ("Tax", "Credit")), Condition("tag:a/b", ("",)))
    assert (taxes.name, taxes.method, taxes.scope) == ("taxes", AllocationMethod.DIRECT, Scope.ALL)
    assert (split.name, split.weights) == ("rule 2", (("web", Decimal("0.5")), ("api", Decimal(1))))
    assert (usage.method, team.target) == (AllocationMethod.USAGE, Target("{resource}", "", "c"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[rules]]\nteam = ", "cannot be read: Invalid value .at end"),
        ("[[rule]]\nteam = 'a'", "'rule' is not known"),
        ("rules = 1", r"written as \[\[rules\]\] blocks"),
        ("teams = 1", "cost_center"),
        ("teams.a = 1", "write a = "),
        ("teams.a.customer = 1", "teams.*, a.customer: write some words"),
        ("[[rules]]\nteam = 'a'\n\n[[rules]]\nteem = 'b'", "line 4, rule 2: 'teem' is not known"),
        ("[[rules]]\nmatch = {}", "line 1, rule 1: write one of team, split and shared"),
        ("[[rules]]\nteam = 'a'\nsplit = 'usage'", "write one of"),
        ("[[rules]]\nteam = 'a'\nmatch = { color = 'red' }", "no 'color' to match"),
        ("[[rules]]\nteam = 'a'\nmatch = { 'tag:' = 'red' }", "no 'tag:' to match"),
        ("[[rules]]\nteam = '{color}'", "no 'color' to match"),
        ("[[rules]]\nteam = 'a'\nmatch = 'red'", "write match = "),
        ("[[rules]]\nteam = 'a'\nmatch = { service = [] }", "at least one pattern"),
        ("[[rules]]\nteam = 'a'\nmatch = { service = 1 }", "write a pattern as text"),
        ("[[rules]]\nteam = 'a'\nover = 'all'", "over says nothing here"),
        ("[[rules]]\nteam = ' '", "team: write some words"),
        ("[[rules]]\nsplit = { a = 0 }", "one weight must be above 0"),
        ("[[rules]]\nsplit = { a = true }", "split.a: write a number"),
        ("[[rules]]\nsplit = { a = -1 }", "split.a: write a number"),
        ("[[rules]]\nsplit = { a = '1e999' }", "split.a: write a number"),
        ("[[rules]]\nsplit = { a = 'x' }", "split.a: write a number"),
        ("[[rules]]\nsplit = 3", "write split = "),
        ("[[rules]]\nsplit = { '' = 1, a = 1 }", "rule 1, split, the name of a team: write some words"),
        ("[[rules]]\nsplit = { 'a ' = 1, a = 1 }", "split: it names a team twice"),
        ("teams.' '.customer = 'a'", "the name of a team: write some words"),
        ("[[rules]]\nsplit = 'usage'\ncustomer = 'a'", "customer says nothing here"),
        ("[[rules]]\nshared = 'evenly'", "write shared = "),
        ("[[rules]]\nshared = 'equal'\nover = 'world'", "over is one of account, provider, all"),
    ],
)
def test_an_error_says_where_and_what_to_write(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        load_rules(tmp_path / "r.toml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no file of rules at .*r\.toml"):
        load_rules(tmp_path / "r.toml")


def test_rules_lie_beside_the_configuration(tmp_path: Path) -> None:
    assert find_rules_file({"rules": "r.toml"}, tmp_path / "billfold.toml") == tmp_path / "r.toml"
    assert find_rules_file(None, tmp_path / "billfold.toml") is None


@pytest.mark.parametrize("section", [{}, [], {"rules": 1}, {"rules": ""}, {"rules": "a", "more": 1}])
def test_the_section_names_one_file(section: object, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="write the file of the rules"):
        find_rules_file(section, tmp_path / "billfold.toml")
