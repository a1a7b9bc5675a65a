"""A saved file is taken for the answer that it is, under its own id, or for nothing at all."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from billfold.collect import importing
from billfold.collect.importing import identify_answer
from billfold.collect.workspace import Workspace
from billfold.ledger import catalog
from billfold.ledger.verify import find_damage
from billfold.model.errors import InvalidArgument, InvalidResponse
from billfold.model.finding import describe_finding
from billfold.providers import provider
from billfold.wire.operation import operation_name
from tests.cli.terminal import Terminal
from tests.ledger.kit import collected, invoice, invoices
from tests.ledger.machine import saved

INVOICE = {"billing_invoice": {"id": 123456, "date": "2018-04-01T00:30:05+00:00", "amount": 2.35}}


def test_an_enveloped_invoice_is_archived_under_its_id(tmp_path: Path) -> None:
    """An invoice in its envelope is archived under its own id."""
    (tmp_path / "invoice.json").write_text(json.dumps(INVOICE))
    result = Terminal(tmp_path).run("--ledger", "ledger", "import", "vultr", "invoice.json")
    assert (result.code, "invoice.json: get_invoice: " in result.out) == (0, True), result
    op, _ = identify_answer(json.dumps(INVOICE).encode(), provider.find_provider("vultr"), None, {})
    assert op.invoice_id == 123456  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("vultr", INVOICE),
        ("fastly", {"customer_id": "c", "invoice_id": 123456, "currency_code": "USD", "transaction_line_items": []}),
    ],
)
def test_an_id_that_contradicts_the_file_is_refused(name: str, body: dict[str, object], tmp_path: Path) -> None:
    """An id that contradicts the file is refused, and nothing is kept."""
    (tmp_path / "invoice.json").write_text(json.dumps(body))
    terminal = Terminal(tmp_path)
    result = terminal.run("--ledger", "ledger", "import", name, "invoice.json", "--invoice-id", "999")
    assert (result.code, "its invoice_id is 123456, not 999" in result.out) == (1, True), result
    assert "kept" not in result.out
    again = terminal.run("--ledger", "ledger", "import", name, "invoice.json", "--invoice-id", "123456")
    assert "NOT READ" not in again.out


def test_an_invoice_without_an_id_needs_one() -> None:
    with pytest.raises(InvalidArgument, match="give --invoice-id"):
        identify_answer(
            b'{"billing_invoice": {"date": "2018-04-01", "amount": 1}}', provider.find_provider("vultr"), None, {}
        )


PENDING = (
    "description,product,start_date,end_date,units,unit_type,unit_price,total\nx,y,2026-11-01,2026-11-02,1,hours,1,1\n"
)
OLD = "customer_id,invoice_id,start_time,end_time,status,cost,description,amount\n" + "".join(
    f"c9,{{}},2026-10-01T00:00:00Z,2026-10-31T00:00:00Z,Paid,3,{name},1.50\n" for name in ("one", "two")
)
NOISE = random.Random(1).randbytes(3000)


@pytest.mark.parametrize("name", provider.provider_names())
@pytest.mark.parametrize(
    "content", [NOISE, b"{" + NOISE, b"<html>hi</html>", b"hello\n", b"a,b\n1,2\n", "amount\n1\n".encode("utf-16")]
)
def test_what_is_no_answer_is_not_kept(content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / "some.thing").write_bytes(content)
    terminal = Terminal(tmp_path)
    result = terminal.run("--ledger", "ledger", "import", name, "some.thing")
    assert (result.code, result.out.count("NOT READ: "), "kept" in result.out) == (1, 1, False), result
    assert terminal.run("--ledger", "ledger", "documents", "out").out.startswith("out: 0 documents")


@pytest.mark.parametrize("byte_order_mark", ["", "\ufeff"], ids=["plain", "marked"])
def test_a_csv_is_known_by_its_columns(byte_order_mark: str) -> None:
    for name, text, operation in (
        ("vultr", PENDING, "get_pending_charges_csv"),
        ("fastly", OLD.format(7, 7), "get_invoice_by_id"),
    ):
        op, answer = identify_answer((byte_order_mark + text).encode(), provider.find_provider(name), None, {})
        assert (operation_name(op), answer.media_type) == (operation, "text/csv")
    with pytest.raises(InvalidArgument, match="no CSV in UTF-8 that has amount among its columns"):
        identify_answer(PENDING.encode(), provider.find_provider("fastly"), None, {})


def test_the_rows_of_a_csv_say_whose_it_is(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(OLD.format(7, 7))
    terminal = Terminal(tmp_path)
    result = terminal.run("--ledger", "ledger", "import", "fastly", "old.csv")
    assert (result.code, "issued 7 3 USD: adds up" in result.out) == (0, True), result
    assert terminal.run("--ledger", "ledger", "documents", "out").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["fastly_get_invoice_by_id_c9_7_csv.csv"]
    for rows, more in ((OLD.format(7, 8), {}), (OLD.format(7, 7), {"invoice_id": "8"})):
        with pytest.raises(InvalidArgument, match=r"are not all of one invoice_id|its invoice_id is 7, not 8"):
            identify_answer(rows.encode(), provider.find_provider("fastly"), None, more)


def test_an_unknown_operation_is_named_before_writing(tmp_path: Path) -> None:
    """An operation that there is not is named before anything is written."""
    (tmp_path / "invoice.json").write_text(json.dumps(INVOICE))
    result = Terminal(tmp_path).run("--ledger", "ledger", "import", "vultr", "invoice.json", "--operation", "foo")
    assert (result.code, result.err.startswith("billfold: Vultr has no operation 'foo'; it has get_account, ")) == (
        2,
        True,
    )
    assert not (tmp_path / "ledger").exists()


def test_an_operation_that_a_file_does_not_answer_is_named() -> None:
    with pytest.raises(InvalidArgument, match="this is not the answer of list_invoices: leave --operation out"):
        identify_answer(json.dumps(INVOICE).encode(), provider.find_provider("vultr"), "list_invoices", {})
    with pytest.raises(InvalidResponse, match="the answer has no list 'billing_invoices'"):
        identify_answer(b'{"meta": {"total": 1}}', provider.find_provider("vultr"), "list_invoices", {})


def test_nobody_is_told_to_ask_a_file_again(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('{"billing_invoice": {"id"')
    (tmp_path / "no lines.csv").write_text("invoice_id,amount\n")
    (tmp_path / "lines.json").write_text(json.dumps({"invoice_items": [{"description": "x", "total": 1}]}))
    terminal = Terminal(tmp_path)
    cut = terminal.run("--ledger", "ledger", "import", "vultr", "cut.json")
    assert cut.out.splitlines()[0].endswith("; save the answer again as it came")
    empty = terminal.run("--ledger", "ledger", "import", "fastly", "no lines.csv")
    lines = terminal.run("--ledger", "ledger", "import", "vultr", "lines.json", "--invoice-id", "7")
    assert "import them in one command with these" in lines.out
    for result in (cut, empty, lines):
        assert result.code == 1
        assert not re.search(r"ask\w* again|try again|later", result.all), result


def test_two_imports_at_once_leave_a_sound_archive(tmp_path: Path) -> None:
    """Two processes that import at once leave a sound archive."""
    names = [saved(tmp_path, name, 3) for name in "ab"]
    line = [sys.executable, "-m", "billfold", "--ledger", str(tmp_path / "ledger"), "import", "cockroach"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HOME": str(tmp_path)}
    both = [
        subprocess.Popen([*line, name, "--account", name], cwd=tmp_path, env=env, stdout=subprocess.DEVNULL)
        for name in names
    ]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    books = Workspace(tmp_path / "ledger")
    with books.open_ledger() as db:
        assert db.execute("SELECT count(*) FROM bills WHERE until_seq IS NULL").fetchall() == [(6,)]
    assert list(find_damage(books.archive, books.ledger_path)) == []
    books.close()


def test_an_import_does_not_hide_what_was_not_booked(books: Workspace, tmp_path: Path) -> None:
    """An import does not hide what a collection could not book."""

    def list_unbooked() -> list[str]:
        with books.open_ledger() as db:
            return [describe_finding(located.finding) for located in catalog.list_unbooked(db)]

    good = tmp_path / "good.json"
    good.write_bytes(invoices(invoice("good")))
    collected(books, invoices(invoice("twice"), invoice("twice", total="2.5", lines=["2.5"])))
    before = list_unbooked()
    assert len(before) == 1
    importing.import_files(books, provider.find_provider("cockroach"), "mine", [good], None, {})
    assert list_unbooked() == before
    collected(books, invoices(invoice("twice", total="2.5", lines=["2.5"])), days=1)
    assert list_unbooked() == []


def test_nobody_is_locked_out_while_files_are_read(
    books: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are read before any lock is taken: another process can write meanwhile."""
    held = []

    def read(path: Path) -> bytes:
        with books.lock_writers(alone=True):
            held.append(path)
        return invoices(invoice("a"))

    monkeypatch.setattr(importing, "read_file", read)
    importing.import_files(books, provider.find_provider("cockroach"), "mine", [tmp_path / "a"], None, {})
    assert held == [tmp_path / "a"]


def test_of_an_import_that_is_killed_nothing_is_left(
    books: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_bytes(invoices(invoice("a")))

    def end_run(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(books.archive, "end_run", end_run)
    with pytest.raises(KeyboardInterrupt):
        importing.import_files(books, provider.find_provider("cockroach"), "killed", [tmp_path / "a.json"], None, {})
    assert "killed" not in {run.account for run in books.archive.list_runs()}
