"""A provider whose own code fails costs its own answers, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.outcome import fail_unknown_providers
from billfold.collect.workspace import Workspace
from billfold.ledger import catalog
from billfold.ledger.query import LedgerFilter
from billfold.model.bill import Bill, State
from billfold.model.errors import InvalidArgument
from billfold.model.finding import make_finding
from billfold.model.finding_codes import FindingCode
from billfold.providers import provider
from billfold.providers.provider import RunAnswers
from tests import stage
from tests.cli.terminal import Terminal
from tests.ledger.kit import bill, open_ledger

FAULTS = [
    KeyError("cost"),
    RuntimeError("no"),
    AssertionError(),
    MemoryError(),
    RecursionError(),
    SystemExit(0),
    OSError(5),
]


def fail(fault: BaseException) -> Callable[..., Any]:
    """Return code of a provider that fails."""

    def failing(*_arguments: object) -> Any:
        raise fault

    return failing


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("field", ["read_bills", "check_answers", "find_identity", "read_listing", "plan_requests"])
def test_a_failing_provider_costs_no_other(
    fault: BaseException, field: str, books: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a provider's code raises, other vendors are collected and booked, and it is told."""
    host, find_provider = stage.twin(months=2), provider.find_provider
    changes: dict[str, Any] = {field: fail(fault)}
    broken = replace(find_provider("cockroach"), **changes)
    monkeypatch.setattr(
        "billfold.providers.provider.find_provider", lambda name: broken if name == "cockroach" else find_provider(name)
    )
    stage.collected(host, books, "vultr")
    outcomes = stage.collected(host, books, "cockroach")
    with books.open_ledger() as ledger:
        bills = catalog.list_bills(ledger, LedgerFilter())
    assert len([row for row in bills if row.provider == "vultr"]) == 3
    if field in {"read_bills", "check_answers"}:
        codes = {finding.code for outcome in outcomes for finding in outcome.findings}
        assert FindingCode.ANSWER_UNREADABLE in codes
    if field == "plan_requests":
        assert all(outcome.error for outcome in outcomes)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_bill_whose_lines_fail_hides_no_other(
    fault: BaseException, books: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bill whose lines cannot be made is named, and the ones beside it are booked."""
    host, cockroach = stage.twin(months=2), provider.find_provider("cockroach")

    def read_bills(answers: RunAnswers) -> Iterator[Bill]:
        for number, read_bill in enumerate(cockroach.read_bills(answers)):
            yield read_bill._replace(charges=iter_failing(fault)) if number == 0 else read_bill

    broken = replace(cockroach, read_bills=read_bills)
    monkeypatch.setattr("billfold.providers.provider.find_provider", lambda _: broken)
    (outcome, *_) = stage.collected(host, books, "cockroach")
    assert [finding.code for finding in outcome.findings] == [FindingCode.BILL_UNBOOKABLE]
    with books.open_ledger() as ledger:
        assert len(catalog.list_bills(ledger, LedgerFilter())) > 1


def iter_failing(fault: BaseException) -> Iterator[Any]:
    """Fail where the first charges should come."""
    yield from ()
    raise fault


@pytest.mark.parametrize("total", ["NaN", "Infinity", "-Infinity"])
def test_a_total_that_is_no_number_parks_its_bill(total: str, tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("1", total=total))
        assert ledger.bills("total", "parked") == [(None, f"its total is no number: {total}")]


def test_an_issued_bill_without_an_id_is_parked(tmp_path: Path) -> None:
    """Two invoices without an id are no estimates, and take nobody's place."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("1", invoice_id=""))
        assert ledger.bills("state", "parked") == [("issued", "the invoice has no id")]


def test_what_is_found_twice_of_a_bill_is_kept_once(tmp_path: Path) -> None:
    """A provider and the ledger say both that an invoice has no id."""
    finding = make_finding(FindingCode.ID_MISSING, "the invoice has no id")
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("1", invoice_id="", findings=(finding,)))
        assert ledger.bills("parked") == [("the invoice has no id",)]


def test_a_finding_with_half_a_character_is_kept(tmp_path: Path) -> None:
    """A text that cannot be written as UTF-8 is kept readably, and what is found beside it too."""
    finding = make_finding(FindingCode.STATUS_UNKNOWN, "status '\ud800' is not known", "i1\udfff", status="\ud800")
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("1", findings=(finding,)))
        ((parked,),) = ledger.bills("parked")
    assert parked == "i1\\udfff: status '\\ud800' is not known"


def test_an_issued_bill_without_an_id_ends_no_estimate(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collection that tells an invoice without an id has said nothing of estimates: those that there are stay."""
    host, cockroach = stage.twin(months=2), provider.find_provider("cockroach")
    estimate = bill("5", state=State.ESTIMATE, invoice_id=None, total=None, currency="EUR")
    bills: list[Bill] = [estimate]
    broken = replace(cockroach, read_bills=lambda _: iter(bills))
    monkeypatch.setattr("billfold.providers.provider.find_provider", lambda _: broken)
    stage.collected(host, books, "cockroach")
    bills[:] = [bill("1", invoice_id="")]
    stage.collected(host, books, "cockroach")
    with books.open_ledger() as ledger:
        states = {row.state for row in catalog.list_bills(ledger, LedgerFilter())}
    assert states == {"estimate", "issued"}


BROKEN_MODULES = {
    "billfold_import": "import a_module_that_nobody_has",
    "billfold_exit": "raise SystemExit(3)",
    "billfold_bare": "x = 1",
    "billfold_other": "PROVIDER = 'none'",
}


@pytest.mark.parametrize("module", BROKEN_MODULES)
def test_a_module_that_is_no_provider_is_out(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider package that cannot be imported is out by name, like one that is not installed; all others are there."""
    names, modules = provider.provider_names(), {**provider._find_modules(), "broken": module}
    (tmp_path / f"{module}.py").write_text(BROKEN_MODULES[module])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(provider, "_find_modules", lambda: modules)
    assert provider.provider_names() == names
    with pytest.raises(InvalidArgument, match=rf"'broken' \({module}\) cannot be used"):
        provider.find_provider("broken")
    (outcome,) = fail_unknown_providers([("mine", "broken"), ("other", "vultr")])
    assert (outcome.account, module in str(outcome.error)) == ("mine", True)


COMMANDS = [["api"], ["report"], ["reconcile"], ["sync", "--provider", "vultr"], ["invoices"], ["connect", "vultr"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_broken_provider_stops_no_command(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command says of other vendors what it says without the broken one."""
    terminal = Terminal(tmp_path)
    terminal.account(base_url="https://api.example")
    before = terminal.run("--ledger", "ledger", *command, "--help")
    modules = {**provider._find_modules(), "broken": "a_module_that_nobody_has"}
    monkeypatch.setattr(provider, "_find_modules", lambda: modules)
    after = terminal.run("--ledger", "ledger", *command, "--help")
    assert (after.code, after.all) == (before.code, before.all)
    assert "did not foresee" not in terminal.run("--ledger", "ledger", *command).all
