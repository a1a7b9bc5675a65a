"""200 readers of a served ledger while syncs bring new days: errors, how long an answer takes, and how many come a second.

``python bench/readers.py --seconds 120`` measures by itself; ``run.py readers`` writes its rows, five minutes long.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple
from urllib.parse import urlsplit

from measure import BILLFOLD, ENVIRON
from table import Row, digits, ms, reached

READERS, SECONDS, QUICK_SECONDS = 200, 300, 15
PAUSES = (1.0, 3.0)
"""Seconds that a reader looks at an answer, from and to."""
MONTH = "2026-10"
PATHS = (
    *("/", "/invoices", "/changes", "/payables", "/commitments", "/findings", "/accounts"),
    *(f"/months/{MONTH}", f"/close/{MONTH}"),
    *(f"/api/v1/{name}" for name in ("invoices", "report", "completeness", f"why/{MONTH}", "accruals/2026-11")),
    "/metrics",
)
"""Screens and resources that are read; each reader goes round from a place of its own."""


class Load(NamedTuple):
    """What readers saw: seconds of each answer, what went wrong, answers that had not changed, and how many syncs ended."""

    times: list[float]
    errors: list[str]
    unchanged: int
    syncs: int
    failed_syncs: int
    seconds: float


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure once, for long."""
    yield from describe(measure(QUICK_SECONDS if quick else SECONDS))


def describe(load: Load) -> Iterator[Row]:
    """Say what readers saw."""
    centiles = quantiles(load.times, n=100)
    what = f"{READERS} readers and one sync for {load.seconds:.0f} s"
    good = reached("no error", good=not load.errors and not load.failed_syncs)
    rate = f"{digits(len(load.times) / load.seconds)} answers/s"
    counts = (
        f"{len(load.errors)} errors in {len(load.times):,} answers, {load.unchanged:,} unchanged; {load.syncs} syncs"
    )
    yield Row("readers", f"{what}, errors", str(len(load.errors)), counts, "", good, rate)
    spread = f"{ms(min(load.times))}..{ms(max(load.times))}"
    yield Row("readers", f"{what}, an answer", f"p50 {ms(centiles[49])}", f"p99 {ms(centiles[98])}", "", "", spread)
    for error in load.errors[:5]:
        print(error, file=sys.stderr)


def measure(seconds: float) -> Load:
    """Serve the ledger of a twin, and read it while it is collected again and again, a day later each time."""
    with tempfile.TemporaryDirectory() as directory, _open_twin(Path(directory)) as twin_url:
        sync = (*BILLFOLD, "--config", "twin.toml", "--ledger", "ledger", "sync")
        subprocess.run(sync, cwd=directory, env=ENVIRON, check=True, capture_output=True)
        with _open_process(directory, "--config", "twin.toml", "--ledger", "ledger", "serve", "--port", "0") as line:
            return asyncio.run(_read(line.split()[-1], seconds, sync, directory, twin_url))


@contextmanager
def _open_twin(directory: Path) -> Iterator[str]:
    with _open_process(str(directory), "twin", "--port", "0", "--write-config", "twin.toml") as line:
        yield line.split()[5]


@contextmanager
def _open_process(directory: str, *arguments: str) -> Iterator[str]:
    """Start a command that serves, and return the line with which it says that it does."""
    with subprocess.Popen(
        (*BILLFOLD, *arguments), cwd=directory, env=ENVIRON, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline()
        finally:
            process.terminate()


async def _read(root: str, seconds: float, sync: tuple[str, ...], directory: str, twin_url: str) -> Load:
    load, began = Load([], [], 0, 0, 0, 0), time.monotonic()
    unchanged = list[int]()
    readers = [_go_round(root, number, began + seconds, load, unchanged) for number in range(READERS)]
    syncs, *_ = await asyncio.gather(_sync_on(sync, directory, twin_url, began + seconds), *readers)
    return load._replace(
        unchanged=len(unchanged), syncs=len(syncs), failed_syncs=sum(map(bool, syncs)), seconds=time.monotonic() - began
    )


async def _sync_on(sync: tuple[str, ...], directory: str, twin_url: str, until: float) -> list[int]:
    """Collect a day more again and again; returns the exit codes."""
    codes = list[int]()
    while time.monotonic() < until:
        await asyncio.to_thread(_advance, twin_url)
        process = await asyncio.create_subprocess_exec(
            *sync, cwd=directory, env=ENVIRON, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        codes.append(await process.wait())
    return codes


def _advance(twin_url: str) -> None:
    body = json.dumps({"advance": "1d"}).encode()
    request = urllib.request.Request(f"{twin_url}/_twin/clock", body, {"content-type": "application/json"})
    urllib.request.urlopen(request, timeout=60).close()


async def _go_round(root: str, number: int, until: float, load: Load, unchanged: list[int]) -> None:
    """Read one thing after the other over a connection that is kept, as a browser with a cache does."""
    parts, chance, etags = urlsplit(root), random.Random(number), dict[str, str]()
    connection = None
    await asyncio.sleep(chance.uniform(0, PAUSES[1]))
    place = chance.randrange(len(PATHS))
    while time.monotonic() < until:
        place, began = (place + 1) % len(PATHS), time.monotonic()
        try:
            connection = connection or await asyncio.open_connection(parts.hostname, parts.port)
            status = await asyncio.wait_for(_ask(*connection, parts.netloc, PATHS[place], etags), 60)
            if status not in {200, 304}:
                load.errors.append(f"{PATHS[place]}: {status}")
            unchanged += [number] if status == 304 else []
            load.times.append(time.monotonic() - began)
        except (OSError, EOFError, TimeoutError) as error:
            load.errors.append(f"{PATHS[place]}: {type(error).__name__}: {error}")
            connection = None
        await asyncio.sleep(chance.uniform(*PAUSES))
    if connection:
        connection[1].close()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, path: str, etags: dict[str, str]
) -> int:
    """Ask for a path, read its answer to the end, and return its status."""
    condition = f"If-None-Match: {etags[path]}\r\n" if path in etags else ""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n{condition}\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.splitlines()[1:])
    }
    if "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
    while headers.get("transfer-encoding") == "chunked":
        size = int(await reader.readuntil(b"\r\n"), 16)
        await reader.readexactly(size + 2)
        if not size:
            break
    if "etag" in headers:
        etags[path] = headers["etag"]
    return int(head.split()[1])


def main() -> None:
    """Measure for so many seconds, and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    for row in describe(measure(parser.parse_args().seconds)):
        print(" | ".join(row.cells()))


if __name__ == "__main__":
    main()
