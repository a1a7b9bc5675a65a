"""What the ledger promises beyond the laws: proof, order, identity, restatements, secrets."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billfold.cli.reconcile import _print_findings as tell
from billfold.collect.redact import redact_workspace
from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger import query, restatements
from billfold.ledger.archive import Archive
from billfold.ledger.digest import compute_digest
from billfold.ledger.merge import merge_archives
from billfold.ledger.verify import find_problems
from billfold.model.errors import BillfoldError, LedgerError
from billfold.model.period import Month
from billfold.providers import provider
from billfold.providers.provider import Provider
from billfold.report import reconcile
from billfold.report.completeness import judge_months
from billfold.twin.host import TwinHost
from billfold.twin.world import describe_bill
from tests import stage
from tests.laws.kit import DOORS, named
from tests.ledger import kit


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace(tmp_path / "ledger")
    yield opened
    opened.close()


def told(books: Workspace) -> str:
    with books.open_ledger() as db:
        return compute_digest(db)


def true(host: TwinHost, vendor: str) -> list[str]:
    """Return the bills of a vendor as they should have been found."""
    bills = [(account, bill) for account, bill in host.world.iter_bills(host.clock.now()) if account.provider == vendor]
    return sorted(str(describe_bill(*one)) for one in bills)


def test_contracts_that_come_without_periods_are_told_and_leave_no_estimate_of_what_is_invoiced(
    books: Workspace,
) -> None:
    host = stage.twin(months=3)
    host.set_fault(stage.fault("genesys", "contract-without-periods", times=10**6))
    outcomes = stage.collected(host, books, "genesys")
    assert any("lists no billing periods: its estimate is missing" in said for one in outcomes for said in one.doubts)
    host.clear_faults()
    assert [one.doubts for one in stage.collected(host, books, "genesys") if one.doubts] == []
    assert sorted(map(str, listed(books))) == true(host, "genesys")
    with books.open_ledger() as db:
        assert restatements.list_restatements(db) == []


def test_the_ledger_is_a_function_of_the_archive(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books)
    host.clock.advance(timedelta(days=20))
    stage.collected(host, books)
    live = told(books)
    books.drop_ledger()
    assert told(books) == live


def test_any_order_of_accounts_gives_the_same_ledger(tmp_path: Path) -> None:
    hashes = set()
    for order in (DOORS, DOORS[::-1]):
        host, books = stage.twin(months=2), Workspace(tmp_path / order[0].name)
        for door in order:
            stage.collected(host, books, door.name)
        hashes.add(told(books))
        books.close()
    assert len(hashes) == 1


def test_a_corrupt_ledger_file_is_computed_anew(books: Workspace) -> None:
    stage.collected(stage.twin(months=2), books, "cockroach")
    live = told(books)
    books.ledger_path.write_bytes(b"not a ledger" * 1000)
    assert told(books) == live


def test_a_ledger_that_knows_more_than_its_archive_is_evidence_which_only_a_rebuild_forgets(
    books: Workspace, tmp_path: Path
) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, "cockroach")
    books.archive.checkpoint_wal()
    backup = tmp_path / "backup.sqlite"
    shutil.copy(books.archive.path, backup)
    host.clock.advance(timedelta(days=31))
    stage.collected(host, books, "cockroach")
    newer = told(books)
    books.close()
    shutil.copy(backup, books.archive.path)
    restored = Workspace(books.directory)
    for _ in range(2):
        with pytest.raises(LedgerError, match="let `billfold rebuild` forget what is not in this one"):
            told(restored)
        assert any(
            "the archive's end is missing" in said for said in find_problems(restored.archive, restored.ledger_path)
        )
    restored.drop_ledger()
    assert told(restored) != newer
    stage.collected(host, restored, "cockroach")
    assert told(restored) == newer
    restored.close()


def test_what_could_not_be_booked_does_not_add_up(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, "cockroach")
    kept = list(books.archive.iter_answers(operation="list_invoices"))[-1]
    books.archive._db.execute("UPDATE bodies SET packed=x'00' WHERE hash=?", [kept.body])
    books.drop_ledger()
    with books.open_ledger() as db:
        found = reconcile.find_mismatches(db, query.LedgerFilter())
    assert any(one.wrong and "missing or damaged" in one.words for one in found)


def test_what_an_earlier_collection_brought_and_is_damaged_does_not_add_up(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, "vultr")
    stage.collected(host, books, "vultr")
    kept = next(iter(books.archive.iter_answers(operation="get_invoice_items")))
    books.archive._db.execute("UPDATE bodies SET packed=x'00' WHERE hash=?", [kept.body])
    books.drop_ledger()
    with books.open_ledger() as db:
        found = reconcile.find_mismatches(db, query.LedgerFilter())
    assert any(one.wrong and "missing or damaged" in one.words for one in found)


def test_every_flipped_byte_is_found_or_changes_nothing(tmp_path: Path) -> None:
    host, books = stage.twin(months=2), Workspace(tmp_path / "whole")
    stage.collected(host, books, "cockroach")
    live = told(books)
    books.close()
    whole = books.archive.path.read_bytes()
    dice = random.Random(1)
    found = 0
    for number in range(25):
        home = tmp_path / f"flipped{number}"
        home.mkdir()
        at = dice.randrange(len(whole))
        (home / "archive.sqlite").write_bytes(
            whole[:at] + bytes([whole[at] ^ (1 << dice.randrange(8))]) + whole[at + 1 :]
        )
        try:
            flipped = Workspace(home)
            wrong = list(find_problems(flipped.archive))
            assert wrong or told(flipped) == live, f"a flip at byte {at} is not found, and the ledger differs"
            found += bool(wrong)
            flipped.close()
        except BillfoldError:
            found += 1
        shutil.rmtree(home)
    assert found > 3


def test_flipped_content_is_always_found(books: Workspace) -> None:
    stage.collected(stage.twin(months=2), books, "cockroach")
    db = books.archive._db
    db.execute("DROP TRIGGER entries_stay")
    assert not list(find_problems(books.archive))
    for table, column in (("bodies", "packed"), ("entries", "question"), ("entries", "at"), ("entries", "account")):
        row, value = db.execute(
            f"SELECT rowid, {column} FROM entries ORDER BY seq DESC"
            if table == "entries"
            else "SELECT hash, packed FROM bodies"
        ).fetchone()
        changed = (
            bytes([value[0], value[1], value[2] ^ 1, *value[3:]]) if isinstance(value, bytes) else value[:-1] + "~"
        )
        key = "rowid" if table == "entries" else "hash"
        db.execute(f"UPDATE {table} SET {column}=? WHERE {key}=?", (changed, row))
        assert list(find_problems(books.archive)), f"{table}.{column}"
        db.execute(f"UPDATE {table} SET {column}=? WHERE {key}=?", (value, row))
    assert not list(find_problems(books.archive))


@pytest.mark.parametrize("kind", ["restated-added", "restated-changed", "restated-split"])
@pytest.mark.parametrize("provider", [door.name for door in DOORS])
def test_a_restated_month_is_kept_twice_and_told(provider: str, kind: str, books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, provider)
    before = listed(books)
    host.clock.advance(timedelta(hours=1))
    seen = host.clock.now()
    host.set_fault(stage.fault(provider, kind))
    stage.collected(host, books, provider, recheck_months=3)
    after = listed(books)
    with books.open_ledger() as db:
        events = restatements.list_restatements(db)
        then = query.list_invoices(db, query.LedgerFilter(seq=books.archive.find_seq_at(seen - timedelta(minutes=1))))
    assert then == before
    changed = [bill for bill in after if bill not in before]
    assert events
    assert len(changed) <= len(events)
    assert changed or kind == "restated-split"
    assert {event["invoice_id"] for event in events} >= {bill["invoice_id"] for bill in changed}
    moved = {"restated-added": (0, 1), "restated-changed": (1, 1), "restated-split": (1, 2)}[kind]
    assert moved in {(len(event["gone"]), len(event["come"])) for event in events}


def listed(books: Workspace) -> list[dict[str, Any]]:
    with books.open_ledger() as db:
        return query.list_invoices(db, query.LedgerFilter())


@pytest.mark.parametrize("door", DOORS, ids=named)
def test_renaming_an_account_keeps_its_history_and_its_hash_and_restates_nothing(
    door: Provider, books: Workspace
) -> None:
    host = stage.twin(months=2)
    [name, *_] = [one.name for one in stage.stage(host, door.name).accounts]
    stage.collected(host, books, door.name)
    live, count = told(books), len(listed(books))
    outcomes = stage.collected(host, books, door.name, called={name: "renamed"})
    assert told(books) == live
    assert [one.restated for one in outcomes if one.restated] == []
    assert len(listed(books)) == count
    names = {bill["account"] for bill in listed(books)}
    assert ("renamed" in names, name in names) == (True, False)
    with books.open_ledger() as db:
        said = {row["BillingAccountId"] for row in query.fetch_dicts(query.select_charges(db, query.LedgerFilter()))}
    assert name not in said, "an account without an id bears its present name"


def test_a_key_of_another_customer_is_not_booked_under_an_accounts_name(books: Workspace) -> None:
    host = stage.twin(months=2)
    first, other = [one.name for one in stage.stage(host, "fastly").accounts][:2]
    stage.collected(host, books, "fastly")
    live = told(books)
    outcomes = stage.collected(host, books, "fastly", called={first: other, other: first})
    assert {str(one.error).partition(";")[0] for one in outcomes if one.account in {first, other}} == {
        "its key belongs to another customer than before"
    }
    assert told(books) == live
    assert all(one.error is None for one in stage.collected(host, books, "fastly"))
    assert told(books) == live


def test_two_accounts_with_one_key_are_one_customer_though_their_vendor_does_not_say_who_it_is(
    books: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VULTR_API_KEY", "one-key-for-both-of-them")
    host = stage.twin(months=0)
    [account, *_] = stage.stage(host, "vultr").accounts
    for names in (["first", "second"], ["second", "first"]):
        configured = [AccountConfig(name, provider.find_provider("vultr"), {}) for name in names]
        outcomes = sync_accounts(
            books, configured, connect=lambda _: stage.connection(host, account), clock=host.clock.now
        )
        errors = {one.account: str(one.error or "") for one in outcomes}
        assert errors["first"] == ""
        assert "the same customer as account 'first'" in errors["second"]
    assert {bill["account"] for bill in listed(books)} == {"first"}


def test_one_customer_under_two_names_is_refused_and_counted_once(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, "fastly")
    count = len(listed(books))
    outcomes = stage.collected(host, books, "fastly", called={"fastly": "again"}, configured_names=["fastly"])
    refused = next(one for one in outcomes if one.account == "again")
    assert "same customer as account 'fastly'" in str(refused.error)
    assert len(listed(books)) == count


def test_two_archives_become_one_that_says_the_same(tmp_path: Path) -> None:
    host, both = stage.twin(months=2), Workspace(tmp_path / "both")
    parts = [Workspace(tmp_path / "a"), Workspace(tmp_path / "b")]
    for part, names in zip(parts, (["cockroach", "vultr"], ["vultr", "fastly", "genesys"]), strict=True):
        for name in names:
            stage.collected(host, part, name)
    for door in DOORS:
        stage.collected(host, both, door.name)
    merge_archives(parts[0].archive, parts[1].archive, tmp_path / "c" / "archive.sqlite")
    merged = Workspace(tmp_path / "c")
    assert not list(find_problems(merged.archive))
    assert told(merged) == told(both)
    for one in (both, merged, *parts):
        one.close()


def test_redaction_leaves_no_personal_data_and_the_chain_whole(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, "genesys")
    live = told(books)
    assert MAIL.search(everything(books.archive))
    assert redact_workspace(books) > 0
    assert not MAIL.search(everything(books.archive))
    assert redact_workspace(books) == 0
    assert not list(find_problems(books.archive))
    books.drop_ledger()
    assert told(books) == live


def test_redaction_reaches_the_archives_that_a_merge_left_beside(books: Workspace, tmp_path: Path) -> None:
    host, other = stage.twin(months=2), Workspace(tmp_path / "other")
    stage.collected(host, books, "genesys")
    stage.collected(host, other, "vultr")
    draft = books.directory / "archive.merging.sqlite"
    merge_archives(books.archive, other.archive, draft)
    books.replace_archive(draft)
    merge_archives(books.archive, other.archive, draft)  # and one that was killed before it was put in place
    other.close()
    personal = [packed[:64] for _, _, packed, _ in books.archive.iter_bodies() if MAIL.search(zlib.decompress(packed))]
    files = list(books.directory.glob("archive.*sqlite"))
    assert len(files) == 3
    assert all(any(start in file.read_bytes() for start in personal) for file in files)
    assert redact_workspace(books) == len(personal)
    books.close()
    for file in files:
        with Archive(file) as archive:
            assert not MAIL.search(everything(archive))
            assert not list(find_problems(archive))
    assert not any(start in file.read_bytes() for start in personal for file in books.directory.glob("archive.*"))


MAIL = re.compile(rb"[\w.]+@[\w.-]+\.(example|invalid|com)")


def everything(archive: Archive) -> bytes:
    return b"\n".join(zlib.decompress(packed) for _, _, packed, _ in archive.iter_bodies())


def test_completeness_is_a_fact_for_every_account_and_month(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books)
    with books.open_ledger() as db:
        judged = judge_months(query.list_bills(db, query.LedgerFilter()), query.list_last_runs(db))
        found = [one for one in reconcile.find_mismatches(db, query.LedgerFilter()) if one.wrong]
    assert not found
    running = Month.of(stage.AT)
    assert {one.state for one in judged if one.month == running} == {"provisional"}
    assert {one.state for one in judged if one.month < running} == {"complete"}


def test_what_could_not_be_booked_is_told_once_and_every_month_stays_in_doubt(books: Workspace) -> None:
    july = {"period_start": '"2026-07-01T00:00:00Z"', "period_end": '"2026-08-01T00:00:00Z"'}
    kit.collected(books, kit.invoices(kit.invoice("a", total="1"), kit.invoice("a"), kit.invoice("b", **july)))
    with books.open_ledger() as db:
        found = reconcile.find_mismatches(db, query.LedgerFilter())
        judged = judge_months(query.list_bills(db, query.LedgerFilter()), query.list_last_runs(db))
    problem = "a USD: is told twice by one collection, and not alike"
    assert [(one.month, one.words) for one in reconcile.drop_repeated(found) if problem in one.words] == [
        ("", f"could not be booked: {problem}")
    ]
    doubts = {one.month for one in found if problem in one.words and not one.wrong}
    assert doubts == {str(one.month) for one in judged if one.bills} == {"2026-07", "2026-08"}
    assert all(f"could not be read: {problem}" in one.reasons for one in judged)


def test_a_months_doubt_that_no_finding_repeats_is_told() -> None:
    doubt = reconcile.ReconcileFinding(
        "vultr", "mine", "2026-08", wrong=False, words="could not be read: x", problem="x"
    )
    here = doubt._replace(month="", wrong=True, words="could not be booked: x")
    elsewhere, another = here._replace(account="other"), doubt._replace(words="there is only a draft", problem="")
    assert reconcile.drop_repeated([elsewhere, doubt, another]) == [elsewhere, doubt, another]
    assert reconcile.drop_repeated([here, doubt, doubt._replace(wrong=True), another]) == [here, another]


def test_a_vendors_words_are_told_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    month = reconcile.ReconcileFinding(
        "vultr", "mine", "2026-08", wrong=True, words="invoice a : b is no longer listed"
    )
    tell([month, month._replace(month="")], [], [], 1)
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "  vultr mine 2026-08: invoice a : b is no longer listed"
    assert said[2] == "  vultr mine: invoice a : b is no longer listed"


def test_an_invoice_that_vanishes_from_the_list_is_disputed(books: Workspace) -> None:
    host = stage.twin(months=3)
    for vendor, operation in (
        ("cockroach", "list_invoices"),
        ("vultr", "list_invoices"),
        ("fastly", "list_invoices"),
    ):
        stage.collected(host, books, vendor)
        host.set_fault(stage.fault(vendor, "invoice-vanishing", operation=operation, times=9))
        stage.collected(host, books, vendor)
        with books.open_ledger() as db:
            words = [one.words for one in reconcile.find_mismatches(db, query.LedgerFilter(vendor)) if one.wrong]
        assert any("no longer listed" in said for said in words), vendor
        host.clear_faults()


def test_a_recheck_with_nothing_new_asks_no_more_than_the_first_time_and_a_sync_asks_little(books: Workspace) -> None:
    host = stage.twin(months=6)
    stage.collected(host, books)
    first = len(host.requests)
    host.requests.clear()
    stage.collected(host, books)
    again = len(host.requests)
    assert again < first
    longer, more = stage.twin(months=12), Workspace(books.directory / "longer")
    stage.collected(longer, more)
    longer.requests.clear()
    stage.collected(longer, more)
    assert len(longer.requests) - again <= 4, "a sync with nothing new must not grow with the history"
    more.close()


def test_two_processes_sync_and_read_at_the_same_time(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests import stage; from billfold.collect.workspace import Workspace\n"
        "b = Workspace(Path(sys.argv[1])); stage.collected(stage.twin(months=2), b, sys.argv[2]); b.close()"
    )
    root = str(Path(__file__).parent.parent)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([root, *sys.path])}
    names = ["cockroach", "vultr", "cockroach"]
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name], env=env) for name in names]
    assert [one.wait(timeout=120) for one in running] == [0, 0, 0]
    books = Workspace(tmp_path)
    host = stage.twin(months=2)
    from billfold.twin.world import describe_bill

    true = [describe_bill(a, b) for a, b in host.world.iter_bills(host.clock.now()) if a.provider in names]
    assert sorted(map(str, listed(books))) == sorted(map(str, true))
    assert not list(find_problems(books.archive))
    books.close()
