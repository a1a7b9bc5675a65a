"""Costs worth telling: what is over its budget, odd, or bought and not used; small things are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.query import LedgerFilter
from billfold.model.fact import FactKind
from billfold.model.period import Month
from billfold.report.commitments import find_commitments
from billfold.tasks.cost_facts import MIN_SHORTFALL_SHARE, CostFact, list_cost_facts
from tests import stage

THIS_MONTH = Month(2026, 11)
BUDGET = '[[budgets]]\nname = "voice"\ncurrency = "USD"\namount = "{}"\nvendor = "genesys"\n'


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Return a ledger of a vendor with seats and tokens; leave it as it is."""
    host = stage.twin(months=5)
    host.world.vendors[:] = [
        vendor._replace(accounts=vendor.accounts[:1])
        for vendor in host.world.vendors
        if vendor.provider.name == "genesys"
    ]
    with closing(Workspace(tmp_path_factory.mktemp("contracts") / "ledger")) as workspace:
        stage.collected(host, workspace)
        yield workspace


def read_cost_facts(workspace: Workspace, config_path: Path) -> list[CostFact]:
    """Return what costs are worth telling."""
    with workspace.open_ledger() as db:
        return list(list_cost_facts(db, LedgerFilter(), config_path, THIS_MONTH))


def test_a_shortfall_is_told_where_it_is_large(contracts: Workspace, tmp_path: Path) -> None:
    """Some free seats of many are none; a unit that is no currency is no amount of money."""
    facts = [fact for fact in read_cost_facts(contracts, tmp_path / "none.toml") if fact.kind is FactKind.SHORTFALL]
    with contracts.open_ledger() as db:
        uses = [use for use in find_commitments(db, LedgerFilter()) if use.expected_shortfall]
    large = [use for use in uses if (use.expected_shortfall or 0) >= MIN_SHORTFALL_SHARE * use.committed]
    assert 0 < len(large) < len(uses)
    assert [fact.parts[0] for fact in facts] == [use.commitment_id for use in large]
    assert {(fact.amount, fact.currency, fact.can_recur) for fact in facts} == {(None, "", False)}


@pytest.mark.parametrize(("amount", "codes"), [("1", {"budget-exceeded"}), ("9000000", set())])
def test_a_budget_is_told_where_it_is_over(contracts: Workspace, tmp_path: Path, amount: str, codes: set[str]) -> None:
    path = tmp_path / "billfold.toml"
    path.write_text(BUDGET.format(amount), encoding="utf-8")
    facts = [fact for fact in read_cost_facts(contracts, path) if fact.kind is FactKind.BUDGET]
    assert {fact.code for fact in facts} == codes
    assert all(fact.place[:2] == ("", "") and fact.can_recur and (fact.amount or 0) > Decimal(1) for fact in facts)


def test_odd_services_are_told_with_what_moved(contracts: Workspace, tmp_path: Path) -> None:
    """The amount is the distance from what is usual, so that a minimum can be held against it."""
    facts = [fact for fact in read_cost_facts(contracts, tmp_path / "none.toml") if fact.kind is FactKind.ANOMALY]
    assert facts
    assert all(abs(fact.amount or Decimal(0)) >= 100 and fact.currency == "USD" for fact in facts)
    assert len({(fact.place, fact.parts) for fact in facts}) == len(facts)
