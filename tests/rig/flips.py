"""Flipped bits: one at a time in each file of a ledger; it changes nothing, or all that check say so, and nothing fails over it."""

from __future__ import annotations

import logging
import multiprocessing
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from tests import stage
from tests.cli.terminal import CommandResult, Terminal

READING = (["hash"], ["invoices"], ["report"], ["reconcile"])
"""The commands that are asked after each flip; what they print is compared."""
CHECKING = ("verify", "reconcile", "rebuild", "reconcile after it")
"""What must all say so where a flip changes the ledger."""
VENDOR, MONTHS, PROCESSES = "cockroach", 2, 2
"""What the small world holds that tests flip through, and how many processes do."""
UNFORESEEN = ("did not foresee", "Traceback")


class FlipResult(NamedTuple):
    """What came of a flip: whether ``verify`` named it, whether a rebuild changed, and what is wrong; "" where nothing is."""

    file: str
    at: int
    is_named: bool
    is_changed: bool
    wrong: str


class FlipOrder(NamedTuple):
    """A byte of a file of the ledger in a directory, of which it is known what the commands say of it as it is."""

    whole: Path
    file: str
    at: int
    expected: Sequence[CommandResult]


def flip_bytes(
    every: int, start: int, only: str = "", vendors: Sequence[str] = (VENDOR,), months: int = MONTHS
) -> Iterator[FlipResult]:
    """Yield what comes of a flip at each so-many-th byte of archive, catalog and parts, from a place on."""
    with tempfile.TemporaryDirectory() as home, multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        whole = Path(home, "whole")
        host, books = stage.twin(months=months), Workspace(whole)
        for vendor in vendors:
            stage.collected(host, books, vendor, workers=1)
        books.archive.checkpoint_wal()
        books.close()
        expected = [_ask(whole, command) for command in READING]
        assert [result.code for result in expected] == [0] * len(READING), expected
        paths = [whole / "archive.sqlite", whole / "catalog.sqlite", *sorted(whole.glob("charges/*.parquet"))]
        orders = [
            FlipOrder(whole, str(path.relative_to(whole)), at, expected)
            for path in paths
            for at in range(start, path.stat().st_size, every)
            if only in str(path.relative_to(whole))
        ]
        yield from pool.imap(partial(flip_byte, Path(home)), orders)


def flip_byte(home: Path, order: FlipOrder) -> FlipResult:
    """Flip a bit in a copy of a ledger, and ask all that check it and all that read it."""
    logging.raiseExceptions = False  # a command's stream is closed when the next one's is opened
    flipped = Path(tempfile.mkdtemp(dir=home))
    try:
        shutil.copytree(order.whole, flipped, dirs_exist_ok=True)
        path = flipped / order.file
        content = bytearray(path.read_bytes())
        content[order.at] ^= 1 << order.at // 64 % 8
        path.write_bytes(content)
        return _judge(flipped, order)
    finally:
        shutil.rmtree(flipped)


def _ask(home: Path, command: list[str]) -> CommandResult:
    return Terminal(home).run("--ledger", ".", *command)


def _judge(home: Path, order: FlipOrder) -> FlipResult:
    """Verify first, as whoever reads heals what he can; then ask, then compute anew, and ask again."""
    verified = _ask(home, ["verify"])
    read = [_ask(home, command) for command in READING]
    rebuilt, reconciled = _ask(home, ["rebuild"]), _ask(home, ["reconcile"])
    digest = order.expected[0].out.strip()
    is_changed = digest not in rebuilt.out
    codes = verified.code, read[-1].code, rebuilt.code, reconciled.code
    silent = [name for name, code in zip(CHECKING, codes, strict=True) if not code]
    unlike = [
        command[0]
        for command, before, after in zip(READING, order.expected, read, strict=True)
        if after.out != before.out and not after.code and not after.err
    ]
    unforeseen = [
        result.err
        for result in (verified, *read, rebuilt, reconciled)
        if any(text in result.err for text in UNFORESEEN)
    ]
    wrong = (
        f"not foreseen: {unforeseen[0][-300:]}"
        if unforeseen
        else f"{unlike[0]} says another thing, and exits 0"
        if unlike
        else f"a rebuild changes the ledger, and {', '.join(silent)} says nothing"
        if is_changed and silent
        else ""
    )
    return FlipResult(order.file, order.at, bool(verified.code), is_changed, wrong)
