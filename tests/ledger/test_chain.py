"""An account's chain is its own, and the archive's head stands for all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.archive import Archive
from billfold.ledger.chain import compute_head, find_head, iter_checked
from billfold.ledger.entries import Entry
from billfold.ledger.verify import check_head, find_damage
from tests.ledger.archives import cut, keep, open_archive, tamper
from tests.ledger.kit import NOW, collected, invoice, invoices


def collect(archive: Archive, account: str, *bodies: bytes, days: int = 0) -> str:
    """Collect answers of an account, and return the archive's head after it."""
    run = archive.start_run("p", account, "sync", NOW + timedelta(days=days))
    for body in bodies:
        keep(archive, run, body, received_at=NOW + timedelta(days=days))
    archive.end_run(run, "complete", NOW + timedelta(days=days))
    return archive.read_head()


def test_the_order_of_accounts_changes_no_chain(tmp_path: Path) -> None:
    heads = set[str]()
    for name, accounts in (("here", "abc"), ("there", "cab")):
        with Archive(tmp_path / name) as archive:
            for account in accounts:
                head = collect(archive, account, account.encode())
            heads.add(head)
    assert len(heads) == 1


def test_each_head_of_the_past_is_known_with_its_entry(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        heads = [collect(archive, account, b"x", days=day) for day, account in enumerate("abacab")]
        settling_entries = list(archive.iter_settling_entries())
        for head, entry in zip(heads, settling_entries, strict=True):
            assert find_head(iter(settling_entries), head) == entry
        assert find_head(iter(settling_entries), compute_head({})) is None


def test_an_open_run_does_not_move_the_head(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        head = collect(archive, "a", b"x")
        keep(archive, archive.start_run("p", "a", "sync", NOW), b"y")
        assert archive.read_head() == head


@pytest.mark.parametrize(
    "change",
    [
        {"question": "{ }"},
        {"status": 500},
        {"operation": ":end"},
        {"body": "0"},
        {"fetched_at": "2026"},
        {"account": "b"},
        {"provider": "q"},
        {"headers": '{"a": 1}'},
        {"run": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_changed_breaks_its_chain(change: dict[str, Any], tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        for _ in range(2):
            collect(archive, "a", b"x")
        entries = list(archive.iter_entries())
    changed_entry = entries[1]._replace(**change)
    assert not all(is_sound for _, is_sound in iter_checked([entries[0], changed_entry, *entries[2:]]))


def test_a_catalog_knows_that_its_archive_was_rewritten(tmp_path: Path) -> None:
    books = Workspace(tmp_path)
    collected(books, invoices(invoice()))
    books.close()
    rewrite(tmp_path, lambda entry: entry._replace(status=201) if entry.seq == 2 else entry)
    with open_archive(tmp_path) as archive:
        assert list(find_damage(archive)) == []
        [finding] = find_damage(archive, books.ledger_path)
    assert "is not the one that was booked in the ledger: the archive was written anew" in finding.text


def rewrite(directory: Path, change: Callable[[Entry], Entry]) -> None:
    """Write all chains of an archive anew, as who knows how they are made could."""
    with open_archive(directory) as archive:
        entries = list(archive.iter_entries())
        bodies = {entry.body: archive.read_body(entry.body) for entry in entries}
    (directory / "archive.sqlite").unlink()
    with open_archive(directory) as archive, Archive(directory / "source") as source:
        run = source.start_run("p", "source", "sync", NOW)
        for body in bodies.values():
            keep(source, run, body)
        for entry in entries:
            archive.copy_entry(change(entry), source, is_sound=True)


def test_a_rewritten_archive_never_had_its_head(tmp_path: Path) -> None:
    """An archive that was written anew as a whole is sound by itself, but never had the head that was kept."""
    with open_archive(tmp_path) as archive:
        head = collect(archive, "a", b"1200.00", b"1")
    rewrite(tmp_path, lambda entry: entry._replace(question='{"changed":1}') if entry.seq == 2 else entry)
    with open_archive(tmp_path) as archive:
        assert list(find_damage(archive)) == []
        entry, finding = check_head(archive, head)
        assert entry is None
        assert finding is not None
        assert "was never its head" in finding.text
    rewrite(tmp_path, lambda entry: entry._replace(question="{}") if entry.seq == 2 else entry)
    with open_archive(tmp_path) as archive:
        assert check_head(archive, head)[1] is None


def test_an_archive_that_was_cut_never_had_its_head(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        collect(archive, "a", b"x")
        head = collect(archive, "b", b"y")
    cut(tmp_path, 3)
    with open_archive(tmp_path) as archive:
        assert list(find_damage(archive)) == []
        assert check_head(archive, head)[1] is not None


def test_a_body_that_was_replaced_in_silence_is_found(tmp_path: Path) -> None:
    """A body is replaced by its redacted form only where its chain says so."""
    with open_archive(tmp_path) as archive:
        collect(archive, "a", b"x", b"y")
        first, second = archive.iter_answers()
    tamper(
        tmp_path,
        f"UPDATE bodies SET packed=(SELECT packed FROM bodies WHERE hash='{second.body}'), tombstone='{second.body}' "
        f"WHERE hash='{first.body}'",
    )
    with open_archive(tmp_path) as archive:
        assert any("was replaced, and its chain does not say so" in finding.text for finding in find_damage(archive))
