"""Flipped bits: one at a time in each file of a ledger, and no command says anything else than before without saying why."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger.digest import compute_digest
from billfold.ledger.verify import find_damage
from billfold.model.errors import BillfoldError
from billfold.model.finding_codes import FindingCode
from tests import stage
from tests.cli.terminal import Terminal

READING = (["hash"], ["invoices"], ["report", "--from", "2026-01"])
"""The commands that are asked after each flip; what they print is compared."""
VENDOR = "cockroach"


class FlipResult(NamedTuple):
    """What came of a flip: whether ``verify`` named it, and what is wrong with what was said; "" where nothing is."""

    file: str
    at: int
    is_named: bool
    wrong: str


def flip_bytes(every: int, start: int, only: str = "") -> Iterator[FlipResult]:
    """Yield what comes of a flip at each so-many-th byte of archive, catalog and parts, from a place on."""
    with tempfile.TemporaryDirectory() as home:
        whole = Path(home, "whole")
        host, books = stage.twin(months=2), Workspace(whole)
        stage.collected(host, books, VENDOR, workers=1)
        expected_digest = stage.read_digest(books)
        books.archive.checkpoint_wal()
        books.close()
        expected = [_ask(whole, command) for command in READING]
        for path in [whole / "archive.sqlite", whole / "catalog.sqlite", *sorted(whole.glob("charges/*.parquet"))]:
            name = str(path.relative_to(whole))
            for at in range(start, path.stat().st_size, every) if only in name else ():
                flipped = Path(home, "flipped")
                shutil.copytree(whole, flipped)
                _flip(flipped / name, at)
                yield _judge(flipped, name, at, expected, expected_digest)
                shutil.rmtree(flipped)


def _flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << at // 64 % 8
    path.write_bytes(content)


def _ask(home: Path, command: list[str]) -> tuple[int, str]:
    result = Terminal(home).run("--ledger", ".", *command)
    return result.code, result.out


def _judge(home: Path, name: str, at: int, expected: list[tuple[int, str]], digest: str) -> FlipResult:
    """Verify first, as whoever reads heals what he can; then ask, then compute anew."""
    codes, wrong = _verify(home), ""
    for command, before in zip(READING, expected, strict=True):
        after = _ask(home, command)
        if after != before and not after[0]:
            wrong = wrong or f"{command[0]} says another thing and exits 0"
    is_archive_named = FindingCode.ARCHIVE_DAMAGED in codes
    if not is_archive_named and (new_digest := _rebuild(home)) != digest:
        wrong = wrong or f"rebuild gives {new_digest}, and verify names nothing in the archive"
    return FlipResult(name, at, bool(codes), wrong)


def _verify(home: Path) -> set[str]:
    try:
        books = Workspace(home)
    except BillfoldError:
        return {FindingCode.ARCHIVE_DAMAGED}  # it is no archive any more, and every command says so
    try:
        return {str(finding.code) for finding in find_damage(books.archive, books.ledger_path)}
    finally:
        books.close()


def _rebuild(home: Path) -> str:
    try:
        books = Workspace(home)
        try:
            books.rebuild()
            with books.open_ledger() as ledger:
                return compute_digest(ledger)
        finally:
            books.close()
    except BillfoldError as error:
        return f"the error: {error}"
