"""What a first day with billfold must not leave unsaid: what was not collected, what is not counted, what has changed."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.ledger.archive import Archive
from billfold.ledger.entries import UNREADABLE_SUFFIX
from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.report.reconcile import compare_estimates
from tests import stage
from tests.cli.terminal import KEY, Terminal, clear, twin
from tests.ledger import kit


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Terminal]:
    """Yield a terminal with a twin of its own, so that its faults and its clock strike nobody else."""
    with twin(tmp_path) as root:
        home = tmp_path / "home"
        home.mkdir()
        (home / "key").write_text(KEY)
        terminal = Terminal(home, root)
        terminal.account(f"file:{home / 'key'}")
        yield terminal


def tell_twin(terminal: Terminal, what: str, **fields: Any) -> None:
    """Tell the twin something."""
    urllib.request.urlopen(f"{terminal.root}/_twin/{what}", json.dumps(fields).encode()).close()


def test_an_uncounted_bill_is_marked_wherever_it_is_listed(own: Terminal) -> None:
    """A bill that is not counted is marked wherever it is listed."""
    tell_twin(own, "faults", provider="cockroach", fault="total-off-by-a-lot", operation="list_invoices")
    result = own.run("--ledger", "ledger", "sync", "--json")
    (outcome,) = json.loads(result.out)
    assert (result.code, [finding["code"] for finding in outcome["findings"]]) == (1, ["total-mismatch"])
    assert sorted(outcome["findings"][0]) == ["code", "count", "data", "severity", "subject", "text"]
    for output_format in ("table", "csv"):
        shown = own.run("--ledger", "ledger", "invoices", "--format", output_format).out
        assert shown.count("parked: not counted") == 1


def test_a_sync_tells_an_invoice_that_vanished(own: Terminal) -> None:
    """An invoice that vanishes from the list is told by the sync that misses it."""
    assert own.run("--ledger", "ledger", "sync", "--quiet").all == ""
    tell_twin(own, "faults", provider="cockroach", fault="invoice-vanishing", operation="list_invoices")
    result = own.run("--ledger", "ledger", "sync", "--quiet")
    assert (result.code, result.out.count(": is no longer listed")) == (1, 1), result
    assert own.run("--ledger", "ledger", "sync", "--quiet").all == ""


def test_lines_are_only_imported_with_their_invoices_id(tmp_path: Path) -> None:
    lines = {"invoice_items": [{"description": "x", "total": 1}], "meta": {"total": 1, "links": {"next": ""}}}
    (tmp_path / "items.json").write_text(json.dumps(lines), encoding="utf-8")
    result = Terminal(tmp_path).run("--ledger", "ledger", "import", "vultr", "items.json")
    assert (result.code, "NOT READ" in result.out, "give --invoice-id" in result.out) == (1, True, True), result
    result = Terminal(tmp_path).run("--ledger", "ledger", "import", "vultr", "items.json", "--invoice-id", "7")
    assert "issued 7 " in result.out


def test_a_sync_says_that_a_closed_month_was_restated(own: Terminal) -> None:
    assert own.run("--ledger", "ledger", "sync", "--quiet").all == ""
    tell_twin(own, "faults", provider="cockroach", fault="restated-changed")
    result = own.run("--ledger", "ledger", "sync", "--quiet", "--recheck", "2")
    assert (result.code, result.out.count("restated: ")) == (0, 1), result
    assert "restated" not in own.run("--ledger", "ledger", "sync").all


def test_an_account_without_answers_does_not_add_up(own: Terminal) -> None:
    """An account of which nothing was collected does not add up."""
    assert own.run("--ledger", "ledger", "sync").code == 0
    clean = own.run("--ledger", "ledger", "reconcile")
    assert (clean.code, "everything adds up" in clean.out) == (0, True), clean
    with own.config.open("a") as file:
        file.write(f'[[accounts]]\nname = "late"\nprovider = "vultr"\napi_key = "file:{own.home / "key"}"\n')
    result = own.run("--ledger", "ledger", "reconcile")
    assert (result.code, "vultr late: nothing was collected yet" in result.out) == (1, True), result


@pytest.mark.parametrize(
    "listing",
    ["report", "report --format json", "invoices --format csv", "charges --format csv", "export focus files"],
)
def test_a_listing_warns_of_a_failed_collection(listing: str, own: Terminal) -> None:
    """A listing says beside itself that the last collection failed."""
    assert own.run("--ledger", "ledger", "sync").code == 0
    whole = own.run("--ledger", "ledger", *listing.split())
    assert (whole.code, whole.err) == (0, "")
    tell_twin(own, "faults", provider="cockroach", fault="unauthorized")
    assert own.run("--ledger", "ledger", "sync").code == 3
    result = own.run("--ledger", "ledger", *listing.split())
    assert (result.code, result.out) == (1, whole.out)
    assert result.err.startswith("not complete: cockroach mine: the last collection did not bring everything: ")
    narrow = [*listing.split(), "--provider", "vultr", *(["--replace"] if "export" in listing else [])]
    assert "not complete" not in own.run("--ledger", "ledger", *narrow).err


def test_an_invoice_is_explained_in_the_answers_order(tmp_path: Path) -> None:
    """An invoice is explained line by line in the order of the answer."""
    books = Workspace(tmp_path / "ledger")
    stage.collected(stage.twin(months=1), books, "vultr")
    books.close()
    terminal = Terminal(tmp_path)
    (bill,) = [row for row in terminal.rows("--ledger", "ledger", "invoices") if row["state"] == "issued"]
    output = terminal.run("--ledger", "ledger", "explain", bill["invoice_id"], "--all").out
    positions = [int(line.rpartition("[")[2].rstrip("]")) for line in output.splitlines() if "$.invoice_items[" in line]
    assert positions == list(range(bill["lines"]))
    assert len(positions) > 20
    short = terminal.run("--ledger", "ledger", "explain", bill["invoice_id"]).out.splitlines()
    assert output.splitlines()[: len(short) - 1] == short[:-1]
    assert short[-1] == f"  ... and {len(positions) - 20} more; --all shows them"


def test_an_estimate_is_explained_by_that_word(tmp_path: Path) -> None:
    """An estimate is explained by that word, and its charge by its place."""
    books = Workspace(tmp_path / "ledger")
    stage.collected(stage.twin(months=1), books)
    books.close()
    terminal = Terminal(tmp_path)

    def explained(*arguments: str) -> str:
        result = terminal.run("--ledger", "ledger", "explain", *arguments)
        assert result.code == 0, result
        return result.out

    every = explained("estimate")
    assert {line.partition(":")[0] for line in every.splitlines() if line.endswith("estimate of 2026-11")} == {
        "fastly fastly",
        "genesys genesys",
        "vultr vultr",
    }
    explanation = explained("estimate", "--provider", "vultr", "--from", "2026-11", "--all")
    (charge, *_) = terminal.rows("--ledger", "ledger", "charges", "--provider", "vultr", "--from", "2026-11")
    assert (charge["x_State"], charge["InvoiceDetailId"]) == ("estimate", None)
    assert f"answer {charge['x_ArchiveSeq']}: list_pending_charges {{}}, HTTP 200" in explanation
    assert "fastly" not in explanation
    assert f"  {charge['x_JsonPath']}\n" in explanation
    assert '"unit_price":' in explained(charge["x_JsonPath"], "--account", "vultr"), "the archived line itself"
    assert terminal.run("--ledger", "ledger", "explain", "estimate", "--provider", "vultr", "--to", "2026-10").code == 2


def test_two_currencies_are_explained_as_two_bills(tmp_path: Path) -> None:
    """An invoice in two currencies is explained as the two bills that it is."""
    books = Workspace(tmp_path / "ledger")
    items = ",".join(
        f'{{"description":"in {currency}","quantity":1,"unit_cost":2,"total":{{"amount":2,"currency":"{currency}"}}}}'
        for currency in ("USD", "EUR")
    )
    both = kit.invoice(
        totals='[{"amount":2,"currency":"USD"},{"amount":2,"currency":"EUR"}]',
        invoice_items=f'[{{"cluster":{{"id":"c"}},"line_items":[{items}]}}]',
    )
    kit.collected(books, kit.invoices(both))
    books.close()
    output = Terminal(tmp_path).run("--ledger", "ledger", "explain", "i1").out
    heads = [line for line in output.splitlines() if line.startswith("  the vendor states")]
    assert heads == [f"  the vendor states 2 {currency} in 1 line" for currency in ("EUR", "USD")], output
    for bill, currency in zip(output.split("cockroach mine: issued i1\n")[1:], ("EUR", "USD"), strict=True):
        assert [f"in {currency_code}" in bill for currency_code in ("EUR", "USD")] == [
            currency == "EUR",
            currency == "USD",
        ], output


def test_a_bill_across_months_is_restated_where_it_is_listed(tmp_path: Path) -> None:
    """A bill whose period crosses a month is restated in the month that lists it."""
    books, days = (
        Workspace(tmp_path / "ledger"),
        {"period_start": '"2026-08-15T00:00:00Z"', "period_end": '"2026-09-15T00:00:00Z"'},
    )
    for number, cost in enumerate(("1.5", "2.5")):
        kit.collected(books, kit.invoices(kit.invoice(total=cost, lines=(cost,), **days)), days=number)
    books.close()
    for months, count in ((("08", "08"), 1), (("09", "09"), 0), (("07", "07"), 0)):
        narrowed = "--from", f"2026-{months[0]}", "--to", f"2026-{months[1]}"
        for listing in ("invoices", "restatements"):
            rows = Terminal(tmp_path).rows("--ledger", "ledger", listing, *narrowed, code=0 if count else 1)
            assert len(rows) == count, (listing, months)


def test_unbooked_is_told_once_and_by_month_to_machines(tmp_path: Path) -> None:
    """What could not be booked is told once to people, and of every month to machines."""
    books = Workspace(tmp_path / "ledger")
    kit.collected(books, kit.invoices(kit.invoice("a", total="1"), kit.invoice("a")))
    books.close()
    problem, terminal = "a USD: is told twice by one collection, and not alike: the first is kept", Terminal(tmp_path)
    people = terminal.run("--ledger", "ledger", "reconcile")
    assert (people.code, people.out.count(problem)) == (1, 1), people
    machines = json.loads(terminal.run("--ledger", "ledger", "reconcile", "--format", "json").out)
    assert [finding["month"] for finding in machines if problem == f"{finding['subject']}: {finding['text']}"] == [
        "",
        "2026-08",
    ]


def test_an_estimate_stands_against_its_months_invoices(tmp_path: Path) -> None:
    """An estimate stands against all invoices of its month and in no other."""
    host, books = stage.twin(months=2), Workspace(tmp_path)
    stage.collected(host, books, "genesys")
    november = query.LedgerFilter(first_month=Month(2026, 11), last_month=Month(2026, 11))
    with books.open_ledger() as db:
        estimates = [
            Decimal(str(bill.total)) for bill in query.list_invoices(db, november) if bill.account == "genesys"
        ]
    host.clock.advance(timedelta(days=31))
    stage.collected(host, books, "genesys")
    with books.open_ledger() as db:
        (drift,) = [comparison for comparison in compare_estimates(db, november) if comparison.account == "genesys"]
        invoiced = [
            charge.BilledCost
            for charge in query.iter_charges(db, november)
            if charge.x_AccountName == "genesys" and (charge.ChargeCategory, charge.ChargeClass) == ("Usage", None)
        ]
        assert len(estimates) == 2
        assert drift.estimated == sum(estimates)
        assert drift.invoiced == exact_sum(cost for cost in invoiced if cost is not None)
        assert compare_estimates(db, query.LedgerFilter(last_month=Month(2026, 10))) == []
        assert compare_estimates(db, query.LedgerFilter(seq=1)) == []
    books.close()


def test_a_day_is_looked_back_to_at_its_end(synced: Terminal) -> None:
    """The day is the twin's, whose answers these are: they came on it, and not two days before."""
    query = "SELECT max(asked)::DATE::VARCHAR AS day, (max(asked)::DATE - 2)::VARCHAR AS before FROM runs"
    (row,) = synced.rows("--ledger", "ledger", "sql", query)
    assert synced.rows("--ledger", "ledger", "invoices", "--as-of", row["day"])
    result = synced.run("--ledger", "ledger", "invoices", "--as-of", row["before"], "--format", "json")
    assert (result.code, result.out.strip()) == (1, "[]")


def test_no_number_has_zeros_that_nobody_said(synced: Terminal) -> None:
    rows = synced.rows("--ledger", "ledger", "charges")
    assert not [row["BilledCost"] for row in rows if "." in row["BilledCost"] and row["BilledCost"].endswith("0")]
    assert sum(Decimal(row["BilledCost"]) for row in rows)


def test_a_list_of_invoices_without_their_lines_says_so(tmp_path: Path) -> None:
    body = {"billing_invoices": [{"id": 7, "date": "2026-09-01T00:30:05+00:00", "amount": 5}], "meta": {"total": 1}}
    (tmp_path / "list.json").write_text(json.dumps(body))
    result = Terminal(tmp_path).run("--ledger", "ledger", "import", "vultr", "list.json")
    assert (result.code, "invoice 7 is listed, but its lines are not here" in result.out) == (1, True), result


def test_an_import_cannot_take_an_accounts_invoice(tmp_path: Path) -> None:
    """An invoice that an account has stays its own, whatever an import calls the account."""
    invoice = {"id": 7, "date": "2026-09-01T00:30:05+00:00", "amount": 5}
    line = {"description": "d", "product": "p", "start_date": "2026-08-01T00:00:00+00:00", "units": 1, "total": 5}
    line |= {"end_date": "2026-09-01T00:00:00+00:00", "unit_type": "hours", "unit_price": 5}
    meta = {"total": 1, "links": {"next": "", "prev": ""}}
    (tmp_path / "list.json").write_text(json.dumps({"billing_invoices": [invoice], "meta": {"total": 1}}))
    (tmp_path / "lines.json").write_text(json.dumps({"invoice_items": [line], "meta": meta}))
    terminal = Terminal(tmp_path)
    bring = ["--ledger", "ledger", "import", "vultr", "list.json"]
    whole = terminal.run(*bring, "lines.json", "--account", "one", "--invoice-id", "7")
    assert (whole.code, "adds up" in whole.out) == (0, True), whole
    assert terminal.run(*bring, "--account", "one").code == 0
    clear(terminal.run(*bring, "--account", "two"), 1, "booked into account one, not two")
    rows = terminal.rows("--ledger", "ledger", "invoices")
    assert [(row["account"], row["invoice_id"], row["total"]) for row in rows] == [("one", "7", "5")]


def test_all_pages_of_a_list_are_one_json_value(synced: Terminal) -> None:
    result = synced.run("api", "cockroach", "list_invoices", "--all")
    pages = json.loads(result.out)
    assert isinstance(pages, list)
    assert all("invoices" in page for page in pages)


def test_archived_documents_are_written_as_they_came(tmp_path: Path) -> None:
    host, books = stage.twin(months=2), Workspace(tmp_path / "ledger")
    stage.collected(host, books, "genesys")
    books.close()
    result = Terminal(tmp_path).run("--ledger", "ledger", "documents", "out")
    files = sorted((tmp_path / "out").iterdir())
    assert (result.code, f"{len(files)} documents" in result.out) == (0, True), result
    assert f"  genesys genesys: {len(files)}" in result.out.splitlines()
    assert files
    assert all(file.read_bytes().startswith(b"%PDF") for file in files)


def test_an_unreadable_document_is_not_written(tmp_path: Path) -> None:
    """A document that could not be read is not written beside the one that came after it."""
    host, books = stage.twin(months=2), Workspace(tmp_path / "ledger")
    host.set_fault(stage.fault("genesys", "document-truncated"))
    stage.collected(host, books, "genesys")
    assert [entry for entry in books.archive.iter_answers() if entry.operation.endswith(UNREADABLE_SUFFIX)]
    books.close()
    terminal = Terminal(tmp_path)
    result = terminal.run("--ledger", "ledger", "documents", "out")
    files = list((tmp_path / "out").iterdir())
    assert not [file.name for file in files if "unreadable" in file.name], result
    assert all(b"%%EOF" in file.read_bytes() for file in files)
    assert (result.code, len(files)) == (0, int(result.out.split()[1])), result


def test_restatements_are_narrowed_as_every_listing_is(own: Terminal) -> None:
    assert own.run("--ledger", "ledger", "sync").code == 0
    tell_twin(own, "faults", provider="cockroach", fault="restated-changed")
    assert own.run("--ledger", "ledger", "sync", "--recheck", "2").code == 0
    (event,) = own.rows("--ledger", "ledger", "restatements", "--account", "mine")
    assert (event["account"], event["difference"]) == ("mine", "12.34")
    assert own.run("--ledger", "ledger", "restatements", "--format", "csv").out.count("12.34") == 1
    for narrowed in (["--to", "2025-01"], ["--provider", "vultr"], ["--as-of", "2001-01-01"]):
        assert own.rows("--ledger", "ledger", "restatements", *narrowed, code=1) == []


def test_a_sync_names_a_clock_that_was_set_back(terminal: Terminal) -> None:
    """A clock that was set back is named by a sync and fails nothing."""
    assert terminal.run("--ledger", "ledger", "sync", "--quiet").all == ""
    with Archive(terminal.home / "ledger" / "archive.sqlite") as archive:
        for ahead in (timedelta(seconds=20), timedelta(days=400)):
            when = datetime.now(UTC) + ahead
            archive.end_run(archive.start_run("cockroach", "mine", "import", when), "imported", when)
            result = terminal.run("--ledger", "ledger", "sync", "--quiet")
            assert result.code == 0
            assert ("of " + when.isoformat()[:19] in result.err) is (ahead > timedelta(minutes=1)), result
    assert result.err.startswith("billfold: warning: the archive's newest answer is of ")
    assert result.err.count("\n") == 1
