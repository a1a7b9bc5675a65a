"""What a sync tells of an account beside its bills: what its list names and was not read, and what does not agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billfold.cli.sync import choose_exit_code
from billfold.collect.outcome import CollectOutcome, fill_outcomes
from billfold.collect.workspace import Workspace
from billfold.ledger.entries import ArchivedResponse
from billfold.ledger.query import LedgerFilter
from billfold.model.period import Month
from billfold.providers.vultr.api import GetInvoiceItems, ListInvoices
from billfold.report.reconcile import find_mismatches
from billfold.twin import damage
from billfold.twin.faults import FAULTS
from billfold.wire.operation import operation_name, question_text
from tests import stage
from tests.cli.terminal import Terminal
from tests.findings import list_located, list_notices, list_wrong
from tests.ledger.kit import NOW


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Workspace]:
    with closing(Workspace(tmp_path)) as opened:
        yield opened


def invoice(number: int | None, month: int = 11) -> dict[str, Any]:
    return {"id": number, "date": f"2026-{month:02}-01T00:00:00+00:00", "amount": 5}


def collect_list(
    books: Workspace, *listed: dict[str, Any], stated: int | None = None, more: str = ""
) -> tuple[CollectOutcome, list[Any]]:
    """Return what sync and ``reconcile`` tell of a collection with these invoices, of which the seventh's lines were read."""
    line = {"start_date": "2026-10-01T00:00:00+00:00", "end_date": "2026-11-01T00:00:00+00:00", "unit_price": 5}
    lines = {"invoice_items": [{**line, "description": "x", "units": 1, "unit_type": "hours", "total": 5}]}
    run = books.archive.start_run("vultr", "mine", "sync", NOW)
    for op, content, count, cursor in (
        (ListInvoices(per_page=500), {"billing_invoices": listed}, len(listed) if stated is None else stated, ""),
        (GetInvoiceItems(invoice_id="7", per_page=500), lines, 1, more),
    ):
        body = content | {"meta": {"total": count, "links": {"next": cursor, "prev": ""}}}
        books.archive.add_responses(
            run, ArchivedResponse(operation_name(op), question_text(op), 200, {}, json.dumps(body).encode(), NOW)
        )
    books.archive.end_run(run, "complete", NOW + timedelta(seconds=1))
    outcome = CollectOutcome("mine", "vultr")
    with books.open_ledger() as db:
        fill_outcomes(db, [outcome], 0)
        return outcome, list_located(find_mismatches(db, LedgerFilter()))


def test_what_adds_up_is_told_without_a_word(books: Workspace) -> None:
    outcome, findings = collect_list(books, invoice(7))
    assert (outcome.findings, findings) == ([], [])


@pytest.mark.parametrize(
    ("listed", "stated", "sentences"),
    [
        ([invoice(7)], 2, ["list of invoices: has 1 entries, the vendor counts 2"]),
        ([invoice(7), invoice(7)], 1, ["list of invoices: has 2 entries, the vendor counts 1"]),
        ([invoice(7), invoice(None)], None, ["an invoice without an id is listed, but not booked"]),
        ([invoice(7), invoice(8)], None, ["8: is listed, but not booked"]),
        (
            [invoice(7), *map(invoice, range(81, 86))],
            None,
            [
                "81: is listed, but not booked",
                "82: is listed, but not booked",
                "83: is listed, but not booked (and 2 more like this)",
            ],
        ),
    ],
    ids=["one-of-two", "twice", "without-id", "inside-the-depth", "many"],
)
def test_what_reconcile_finds_wrong_ends_a_sync_with_1(
    listed: list[dict[str, Any]], stated: int | None, sentences: list[str], books: Workspace
) -> None:
    """What reconcile finds wrong with the list ends a sync with 1."""
    outcome, findings = collect_list(books, *listed, stated=stated)
    assert (list_wrong(outcome.findings), list_notices(outcome.findings), findings) == (
        tuple(sentences),
        (),
        [(True, sentence) for sentence in sentences],
    )
    assert choose_exit_code([outcome]) == 1


@pytest.mark.parametrize(
    ("listed", "sentence"),
    [
        (
            [invoice(5, 9), invoice(6, 10), invoice(7)],
            "2 listed invoices older than what was read: --from 2026-08 reads them",
        ),
        ([invoice(6, 10), invoice(7)], "1 listed invoice older than what was read: --from 2026-09 reads it"),
    ],
)
def test_what_is_older_than_the_sync_is_not_wrong(
    listed: list[dict[str, Any]], sentence: str, books: Workspace
) -> None:
    """What is older than a sync reached is told and not wrong."""
    outcome, findings = collect_list(books, *listed)
    assert (list_wrong(outcome.findings), list_notices(outcome.findings), findings) == (
        (),
        (sentence,),
        [(False, sentence)],
    )
    assert choose_exit_code([outcome]) == 0
    books.close()
    terminal = Terminal(books.directory)
    assert terminal.run("--ledger", ".", "rebuild").code == 0
    assert terminal.run("--ledger", ".", "export", "focus", "out").err == ""
    assert json.loads((books.directory / "out" / "metadata.json").read_text())["x_NotComplete"] == []


def test_an_invoice_that_could_not_be_booked_is_told_once(books: Workspace) -> None:
    outcome, _ = collect_list(books, invoice(7), more="halfway")
    assert len(outcome.findings) == 1, outcome.findings


def test_a_sync_says_how_to_read_what_lies_beyond(books: Workspace) -> None:
    """A sync says how to read what lies beyond its reach until it is read."""
    host = stage.twin(months=4)
    for since, month_text in ((Month(2030, 1), "2026-07"), (Month(2026, 9), "2026-07"), (Month(2026, 7), None)):
        for outcome in stage.collected(host, books, "vultr", since=since):
            assert (outcome.error, outcome.missing, len(outcome.findings)) == (None, [], bool(month_text))
            assert all(f"--from {month_text} reads them" in text for text in list_notices(outcome.findings)), outcome


@pytest.mark.parametrize("vendor", ["cockroach", "fastly", "genesys", "vultr"])
@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity"])
def test_an_amount_that_is_no_number_is_told_in_words(
    vendor: str, amount: str, books: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = stage.twin(months=2)
    monkeypatch.setitem(FAULTS, "no-number", lambda scene: scene.change_answer(damage.rewrite_amount(lambda _: amount)))
    host.set_fault(stage.fault(vendor, "no-number", times=1000))
    for outcome in stage.collected(host, books, vendor):
        assert (outcome.error, bool(list_wrong(outcome.findings))) == (None, True)
        assert not [
            sentence
            for sentence in list_wrong(outcome.findings)
            if "<class" in sentence or "Error:" in sentence or "'str'" in sentence
        ]
        if vendor in {"vultr", "cockroach"}:
            assert f"no number: {amount}" in list_wrong(outcome.findings)[0]
