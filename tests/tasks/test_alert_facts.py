"""The same ledger has the same facts with the same ids, whatever was rebuilt or renamed, and nothing that was accepted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.acknowledgements import add_acknowledgement
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import ConfigurationError
from billfold.model.fact import Fact, FactKind, describe_fact
from billfold.report.completeness import find_doubtful_months
from billfold.tasks.alert_facts import RECENT_DAYS, list_facts
from billfold.twin.host import TwinHost
from tests import stage

NO_CONFIG = Path("missing.toml")
HIDDEN = stage.fault("cockroach", "newest-invoice-missing", times=10**6)


@pytest.fixture(scope="module")
def late_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TwinHost, Workspace]]:
    """Return a ledger of one account, whose invoices of November and December are late; leave it as it is."""
    host = stage.twin(months=4)
    host.world.vendors[:] = [
        vendor._replace(accounts=vendor.accounts[:1])
        for vendor in host.world.vendors
        if vendor.provider.name == "cockroach"
    ]
    with closing(Workspace(tmp_path_factory.mktemp("late") / "ledger")) as workspace:
        host.set_fault(HIDDEN)
        stage.collected(host, workspace)
        yield host, workspace


def read_facts(workspace: Workspace, config_path: Path = NO_CONFIG) -> list[Fact]:
    """Return what is worth telling of a workspace."""
    with workspace.open_ledger() as db:
        return list_facts(workspace, db, config_path)


def test_a_rebuilt_ledger_has_the_same_facts(late_ledger: tuple[TwinHost, Workspace]) -> None:
    _, workspace = late_ledger
    before = read_facts(workspace)
    workspace.rebuild()
    assert read_facts(workspace) == before
    assert len({fact.id for fact in before}) == len(before) > 2


def test_old_invoices_of_one_run_are_one_fact(late_ledger: tuple[TwinHost, Workspace]) -> None:
    """What was old when it came is told in one sentence with its sum; what is recent invoice by invoice."""
    _, workspace = late_ledger
    facts = [fact for fact in read_facts(workspace) if fact.kind is FactKind.NEW_INVOICE]
    older, recent = [fact for fact in facts if not fact.subject], [fact for fact in facts if fact.subject]
    assert ["older invoices came" in fact.text for fact in older] == [True]
    assert all((fact.at - datetime.fromisoformat(f"{fact.month}-28T00:00:00Z")).days <= RECENT_DAYS for fact in recent)
    invoices = [bill for bill in stage.list_invoices(workspace) if bill["state"] == "issued"]
    assert sum(float(fact.amount or 0) for fact in facts) == pytest.approx(
        sum(float(bill["total"]) for bill in invoices)
    )


def test_a_late_invoice_is_one_fact_until_it_comes(late_ledger: tuple[TwinHost, Workspace]) -> None:
    """However many months are missing by then: it names the first, as the one that was accepted would."""
    _, workspace = late_ledger
    (late,) = [fact for fact in read_facts(workspace) if fact.kind is FactKind.LATE]
    assert (late.code, late.month, late.can_recur) == ("invoice-late", "2026-10", True)
    assert describe_fact(late).startswith(
        "Late invoice: cockroach cockroach 2026-10: the invoice of 2026-10 is missing"
    )


def test_another_name_makes_no_other_fact(tmp_path: Path) -> None:
    """An account that the configuration calls otherwise has the facts that it had."""
    host = stage.twin(months=2)
    with closing(Workspace(tmp_path / "ledger")) as workspace:
        stage.collected(host, workspace, "cockroach")
        before = read_facts(workspace)
        stage.collected(host, workspace, "cockroach", {"cockroach": "renamed"})
        after = read_facts(workspace)
    assert {fact.id for fact in after} == {fact.id for fact in before}
    assert {fact.account for fact in after} - {fact.account for fact in before} == {"renamed"}


def test_what_is_accepted_is_no_fact(tmp_path: Path) -> None:
    host = stage.twin(months=3)
    host.set_fault(HIDDEN)
    with closing(Workspace(tmp_path / "ledger")) as workspace:
        stage.collected(host, workspace, "cockroach")
        with workspace.open_ledger() as db:
            findings = find_doubtful_months(db, LedgerFilter())
        for located in findings:
            add_acknowledgement(workspace.archive, located, "none will come", "me", datetime.now(UTC))
        assert [fact for fact in read_facts(workspace) if fact.kind is FactKind.LATE] == []
    assert findings


def test_an_empty_ledger_has_no_facts(books: Workspace) -> None:
    assert read_facts(books) == []


def test_a_wrong_budget_is_told(late_ledger: tuple[TwinHost, Workspace], tmp_path: Path) -> None:
    path = tmp_path / "billfold.toml"
    path.write_text('[[budgets]]\nname = "all"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="currency"):
        read_facts(late_ledger[1], path)
