"""An export by periods of some months replaces their partitions, and keeps every byte of the others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from billfold.focus import check, replacement
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from tests.focus import sample
from tests.focus.test_replacement import OCTOBER, SEPTEMBER, read_tree, write

JULY = Month(2026, 7)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample.booked(tmp_path_factory.mktemp("ledger"), sample.everything())


def read_metadata(directory: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((directory / "metadata.json").read_text())
    return document


@pytest.mark.parametrize("format_name", ["csv", "parquet"])
def test_other_months_stay_to_the_byte(ledger: Path, tmp_path: Path, format_name: str) -> None:
    write(ledger, tmp_path, format=format_name, by_period=True)
    foreign = tmp_path / f"cost_and_usage/period={SEPTEMBER}/cost_and_usage.{format_name}"
    before = read_tree(tmp_path)
    foreign.write_bytes(foreign.read_bytes() + b"\n")  # what an export would not write
    write(ledger, tmp_path, LedgerFilter(first_month=OCTOBER), format=format_name, by_period=True)
    after, document = read_tree(tmp_path), read_metadata(tmp_path)
    assert after.pop(str(foreign.relative_to(tmp_path))) == before.pop(str(foreign.relative_to(tmp_path))) + b"\n"
    assert {name: after[name] for name in after if name != "metadata.json"} == {
        name: before[name] for name in before if name != "metadata.json"
    }
    assert document["x_Selection"] == {"Provider": None, "Account": None, "From": None, "To": None}
    assert {file["Path"] for file in document["x_Files"]} == {*after, str(foreign.relative_to(tmp_path))} - {
        "metadata.json"
    }
    assert [file["Path"] for file in document["x_Files"] if file.get("Kept") and "2026-10" in file["Path"]] == []


def test_a_partial_export_passes_the_check(ledger: Path, tmp_path: Path) -> None:
    write(ledger, tmp_path, LedgerFilter(last_month=SEPTEMBER), by_period=True)
    write(ledger, tmp_path, LedgerFilter(first_month=OCTOBER, last_month=OCTOBER), by_period=True)
    assert read_metadata(tmp_path)["x_Selection"]["To"] == "2026-10"
    write(ledger, tmp_path / "whole", LedgerFilter(last_month=OCTOBER), by_period=True)
    assert check.check_directory(tmp_path / "whole") == []
    whole = read_tree(tmp_path / "whole")
    shutil.rmtree(tmp_path / "whole")
    assert check.check_directory(tmp_path) == []
    assert {name: content for name, content in whole.items() if name != "metadata.json"} == {
        name: content for name, content in read_tree(tmp_path).items() if name != "metadata.json"
    }


@pytest.mark.parametrize(
    ("earlier", "later", "options"),
    [
        ({"last_month": JULY}, {"first_month": OCTOBER}, {}),  # a hole between
        ({}, {"first_month": OCTOBER, "provider": "sample"}, {}),
        ({}, {"first_month": OCTOBER}, {"format": "csv"}),
        ({}, {"first_month": OCTOBER}, {"version": "1.2"}),
    ],
)
def test_what_cannot_be_joined_is_refused(
    ledger: Path, tmp_path: Path, earlier: dict[str, Any], later: dict[str, Any], options: dict[str, Any]
) -> None:
    write(ledger, tmp_path, LedgerFilter(**earlier), by_period=True)
    before = read_tree(tmp_path)
    with pytest.raises(InvalidArgument, match="--replace"):
        write(ledger, tmp_path, LedgerFilter(**later), by_period=True, **options)
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize("killed_at", range(0, 9, 2))
def test_a_killed_partial_export_is_undone(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    out, ended = tmp_path / "out", tmp_path / "ended"
    write(ledger, out, by_period=True)
    before, moves, move = read_tree(out), iter(range(99)), replacement._move

    def end(source: Path, target: Path) -> None:
        if next(moves) == killed_at:
            shutil.copytree(out, ended)
            raise KeyboardInterrupt
        move(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(replacement, "_move", end)
        with pytest.raises(KeyboardInterrupt):
            write(ledger, out, LedgerFilter(first_month=OCTOBER), by_period=True)
    assert read_tree(out) == before
    replacement._restore(ended, ended / replacement.DRAFT_DIRECTORY)
    shutil.rmtree(ended / replacement.DRAFT_DIRECTORY)
    assert read_tree(ended) == before
