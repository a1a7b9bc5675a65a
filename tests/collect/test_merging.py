"""A merge checks both ledgers, refuses what does not belong together, and nobody writes meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from billfold.collect.merging import merge_ledgers
from billfold.collect.workspace import Workspace
from billfold.ledger import merge
from billfold.ledger.account_lock import writers_lock
from billfold.ledger.verify import find_damage
from tests import stage
from tests.cli.terminal import Terminal, environment
from tests.ledger.archives import tamper
from tests.ledger.machine import saved


def collect(home: Path, name: str, *vendors: str, seed: int = 1) -> Path:
    """Make a ledger of some vendors' accounts; returns its directory."""
    books = Workspace(home / name)
    host = stage.twin(seed=seed, months=2)
    for vendor in vendors:
        stage.collected(host, books, vendor)
    books.archive.checkpoint_wal()
    books.close()
    return home / name


@pytest.mark.parametrize("broken", ["here", "there"])
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE entries SET status=500 WHERE operation LIKE 'list%'",
        "UPDATE bodies SET packed=x'00' WHERE size > 200",
        "DELETE FROM entries WHERE seq=2",
    ],
)
def test_a_damaged_archive_is_not_merged(broken: str, damage: str, tmp_path: Path) -> None:
    """Whichever of the two is damaged, that is told by name, and both stay as they are."""
    here, there = collect(tmp_path, "here", "vultr"), collect(tmp_path, "there", "vultr", "cockroach")
    tamper(tmp_path / broken, damage)
    contents = [(path / "archive.sqlite").read_bytes() for path in (here, there)]
    result = Terminal(tmp_path).run("--ledger", "here", "merge", "there")
    assert (result.code, "nothing is merged: an archive is damaged" in result.out) == (1, True), result
    assert f"{broken}/archive.sqlite: " in result.out
    assert [(path / "archive.sqlite").read_bytes() for path in (here, there)] == contents
    assert Terminal(tmp_path).run("--ledger", broken, "verify").code == 1


@pytest.mark.parametrize("vendor", [vendor.name for vendor in stage.list_providers()])
def test_two_customers_of_one_name_are_not_merged(vendor: str, tmp_path: Path) -> None:
    """At every vendor an account of the same name that is another customer's is refused, whatever is said."""
    collect(tmp_path, "here", vendor, seed=1)
    collect(tmp_path, "there", vendor, seed=2)
    for options in ([], ["--unrelated"]):
        result = Terminal(tmp_path).run("--ledger", "here", "merge", "there", *options)
        assert (result.code, "is another customer than the one of that name here" in result.err) == (2, True), result
    assert not list((tmp_path / "here").glob("archive.before-merge*"))


def test_ledgers_with_nothing_in_common_are_merged_when_told(tmp_path: Path) -> None:
    collect(tmp_path, "here", "vultr")
    collect(tmp_path, "there", "fastly")
    terminal = Terminal(tmp_path)
    result = terminal.run("--ledger", "here", "merge", "there")
    assert (result.code, "no account in common" in result.err, "--unrelated" in result.err) == (2, True, True), result
    assert terminal.run("--ledger", "here", "merge", "there", "--unrelated").code == 0
    assert terminal.run("--ledger", "here", "merge", "there").out.startswith("0 runs brought")
    assert terminal.run("--ledger", "new", "merge", "there").code == 0


def test_every_earlier_archive_stays(tmp_path: Path) -> None:
    """Each merge that brings something leaves the archive as it was, beside those of earlier merges."""
    here = collect(tmp_path, "here", "vultr")
    entry_counts = list[int]()
    for name, vendor in (("b", "fastly"), ("c", "cockroach"), ("d", "genesys")):
        books = Workspace(here)
        entry_counts.append(books.archive.read_last_seq())
        merge_ledgers(books, collect(tmp_path, name, vendor), may_be_unrelated=True)
        books.close()
    names = ["archive.before-merge.sqlite", "archive.before-merge.2.sqlite", "archive.before-merge.3.sqlite"]
    kept_counts = list[int]()
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "archive.sqlite").write_bytes((here / name).read_bytes())
        books = Workspace(tmp_path / name)
        assert list(find_damage(books.archive)) == []
        kept_counts.append(books.archive.read_last_seq())
        books.close()
    assert kept_counts == entry_counts


IMPORT = """
import sys
from pathlib import Path
from billfold.collect.importing import import_files
from billfold.collect.workspace import Workspace
from billfold.providers import provider
books = Workspace(Path("here"))  # opened before the merge is done: its file is put aside then
print("open", flush=True)
import_files(books, provider.find_provider("cockroach"), "old-org", [Path("a.json")], None, {})
"""


def test_what_is_imported_during_a_merge_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who imports a new account during a merge waits, and writes into the archive that the merge made."""
    here, there = collect(tmp_path, "here", "vultr"), collect(tmp_path, "there", "vultr", "cockroach")
    saved(tmp_path, "a", 1)
    processes = list[subprocess.Popen[str]]()
    copy_redactions = merge._copy_redactions

    def start_import(*arguments: object) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", IMPORT], cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        copy_redactions(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(merge, "_copy_redactions", start_import)
    books = Workspace(here)
    assert merge_ledgers(books, there).result.added_count > 0
    processes[0].communicate(timeout=60)
    assert processes[0].returncode == 0
    with books.open_ledger(wait=True):
        accounts = {run.account for run in books.archive.list_runs()}
        assert {"old-org", "vultr", "cockroach"} <= accounts
        assert list(find_damage(books.archive, books.ledger_path)) == []
    books.close()


def test_who_merges_waits_for_all_who_write(tmp_path: Path) -> None:
    """A merge begins only when nobody writes in the directory, and nobody begins to write before it ends."""
    locks, order = tmp_path / "locks", list[str]()
    hold = "import sys; from pathlib import Path; from billfold.ledger.account_lock import writers_lock\n"
    hold += "with writers_lock(Path(sys.argv[1])):\n    print('writes', flush=True)\n    sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(locks)],
        env=environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdin is not None
        assert writer.stdout.readline() == "writes\n"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("billfold.ledger.account_lock.WRITERS_TIMEOUT_S", 0.0)
            with pytest.raises(Exception, match="other processes write in"), writers_lock(locks, alone=True):
                order.append("merged beside a writer")
            with writers_lock(locks):
                order.append("writes beside a writer")
        writer.stdin.close()
        writer.wait()
    with writers_lock(locks, alone=True):
        order.append("merges")
    assert order == ["writes beside a writer", "merges"]
