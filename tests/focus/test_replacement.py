"""An export removes only what an earlier one lists, follows no link, and takes nothing away that it does not write."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from billfold.focus import check, export, replacement
from billfold.focus.export import ExportSpec
from billfold.ledger import store
from billfold.ledger.focus_views import Selection
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from tests.focus import sample

SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample.booked(tmp_path_factory.mktemp("ledger"), sample.everything())


def write(ledger: Path, directory: Path, filters: LedgerFilter | None = None, **more: Any) -> None:
    with store.open_ledger(ledger) as db:
        selection = Selection(filters or LedgerFilter())
        export.export_focus(db, ExportSpec(directory, **more), selection, sample.NOW)


def read_tree(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


FOREIGN = {
    "metadata.json": {"metadata.json": '{"name": "mine"}'},
    "metadata-no-json": {"metadata.json": "mine"},
    "metadata-of-another": {"metadata.json": '{"DataGenerator": {"DataGenerator": "other 1"}, "x_Files": []}'},
    "metadata-that-lists-others": {
        "metadata.json": '{"DataGenerator": {"DataGenerator": "billfold 1"}, "x_Files": [{"Path": "mine.csv"}]}',
        "mine.csv": "mine",
    },
    "metadata-that-leads-out": {
        "metadata.json": '{"DataGenerator": {"DataGenerator": "billfold 1"}, "x_Files": [{"Path": "../billing_period.csv"}]}'
    },
    "a-file-of-that-name": {"billing_period.csv": "mine"},
    "a-file-for-a-folder": {"cost_and_usage": "mine"},
    "a-file-in-a-partition": {"cost_and_usage/period=2026-09/cost_and_usage.csv": "mine"},
}


@pytest.mark.parametrize("foreign", FOREIGN)
def test_what_is_not_of_an_export_stays(foreign: str, ledger: Path, tmp_path: Path) -> None:
    """Where another's file would be replaced, the export says so, and every byte of the directory stays."""
    out = tmp_path / "out"
    for name, text in FOREIGN[foreign].items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text)
    (tmp_path / "billing_period.csv").write_text("mine")
    before = read_tree(tmp_path)
    with pytest.raises(InvalidArgument, match="name another directory"):
        write(ledger, out, format="csv", by_period=True)
    assert read_tree(tmp_path) == before


def test_notes_beside_an_export_stay(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(ledger, out, format="csv", by_period=True)
    for name in ("notes.md", "cost_and_usage/notes.md", "cost_and_usage/period=2026-09/notes.md", "more/x.csv"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
    write(ledger, out)
    note_names = {name for name, content in read_tree(out).items() if content == b"mine"}
    assert len(note_names) == 4
    assert {name for name in read_tree(out) if name.endswith(".csv")} == {"more/x.csv"}


@pytest.mark.parametrize("name", ["cost_and_usage", "cost_and_usage/period=2026-09", "billing_period.csv"])
def test_no_link_is_followed(name: str, ledger: Path, tmp_path: Path) -> None:
    """A link in the place of a file or folder is never written through."""
    out, outside = tmp_path / "out", tmp_path / "outside"
    (out / name).parent.mkdir(parents=True)
    outside.mkdir()
    (outside / "cost_and_usage.csv").write_text("mine")
    (out / name).symlink_to(outside / "cost_and_usage.csv" if name.endswith("csv") else outside)
    with pytest.raises(InvalidArgument, match="name another directory"):
        write(ledger, out, format="csv", by_period=True)
    assert read_tree(outside) == {"cost_and_usage.csv": b"mine"}


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({}, {"first_month": OCTOBER}),
        ({}, {"last_month": SEPTEMBER}),
        ({}, {"provider": "vultr"}),
        ({}, {"account": "a"}),
        ({"provider": "vultr"}, {"provider": "fastly"}),
        ({"first_month": SEPTEMBER}, {"first_month": OCTOBER}),
        ({"last_month": OCTOBER}, {"last_month": SEPTEMBER}),
        ({"first_month": SEPTEMBER}, {"first_month": SEPTEMBER, "last_month": SEPTEMBER}),
    ],
)
@pytest.mark.parametrize("by_period", [True, False])
def test_a_narrower_export_takes_no_wider_ones_place(
    earlier: dict[str, Any], later: dict[str, Any], by_period: bool, ledger: Path, tmp_path: Path
) -> None:
    """What an earlier export has and this one would not stays, unless it is said that it may go; the other way is free."""
    write(ledger, tmp_path, LedgerFilter(**earlier), by_period=by_period)
    before = read_tree(tmp_path)
    if by_period and not {"provider", "account"} & {*earlier, *later}:
        return  # tests/focus/test_partial.py
    with pytest.raises(InvalidArgument, match="an export of more than this one"):
        write(ledger, tmp_path, LedgerFilter(**later), by_period=by_period)
    assert read_tree(tmp_path) == before
    write(ledger, tmp_path, LedgerFilter(**later), by_period=by_period, may_narrow=True)
    write(ledger, tmp_path, LedgerFilter(), by_period=by_period)
    write(ledger, tmp_path, LedgerFilter(), by_period=by_period)


def test_a_longer_time_takes_a_shorter_ones_place(ledger: Path, tmp_path: Path) -> None:
    write(ledger, tmp_path, LedgerFilter(first_month=OCTOBER, last_month=OCTOBER))
    write(ledger, tmp_path, LedgerFilter(first_month=SEPTEMBER, last_month=OCTOBER))
    write(ledger, tmp_path, LedgerFilter(first_month=SEPTEMBER))


def test_an_export_without_its_selection_is_taken_for_whole(ledger: Path, tmp_path: Path) -> None:
    write(ledger, tmp_path)
    document = json.loads((tmp_path / "metadata.json").read_text())
    del document["x_Selection"]
    (tmp_path / "metadata.json").write_text(json.dumps(document))
    with pytest.raises(InvalidArgument, match="an export of more than this one"):
        write(ledger, tmp_path, LedgerFilter(first_month=OCTOBER))
    write(ledger, tmp_path)


@pytest.mark.parametrize("killed_at", range(14))
def test_a_killed_export_is_undone_by_the_next(
    killed_at: int, ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is killed between two moves leaves all that the next export needs to take exactly his files' places."""
    out, ended = tmp_path / "out", tmp_path / "ended"
    write(ledger, out, format="csv", by_period=True)
    before, moves = read_tree(out), iter(range(99))
    move = replacement._move

    class Killed(BaseException):
        """Ends it all as a signal does: nothing is tidied."""

    def end(source: Path, target: Path) -> None:
        if next(moves) == killed_at:
            shutil.copytree(out, ended)
            raise Killed
        move(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(replacement, "_move", end)
        with pytest.raises(Killed):
            write(ledger, out)
    with replacement.open_draft(ended):
        assert read_tree(ended) == before
    write(ledger, ended)
    assert check.check_directory(ended) == []
    assert not list(ended.rglob("*.csv"))
