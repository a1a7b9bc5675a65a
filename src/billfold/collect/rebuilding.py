"""A ledger computed anew from its archive, several accounts side by side in processes where there are many runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING
from uuid import uuid4

from billfold.ledger.entries import Run
from billfold.model.errors import LedgerError

if TYPE_CHECKING:
    from billfold.ledger.store import OpenLedger

MIN_RUNS = 128
"""Runs below which a second process is not worth its start."""
MAX_PROCESSES = 8
BILLS_PER_PROCESS = 2**27
"""Numbers of bills that each process has for itself."""
BookingProgress = Callable[[int, int], None]
"""Is told how many runs are booked, and of how many."""
FindIdentity = Callable[[Run], str | None]
"""Finds in a run's answers whose account it is, or None where they do not say."""
DRAFT_NAME, DRAFTS_PATTERN = "catalog.rebuilding.{}.{}.sqlite", "catalog.rebuilding.*.*.sqlite*"
"""Drafts have another name each time: a process whose parent was killed may still be writing the last ones."""


def group_runs(runs: Sequence[Run], find_identity: FindIdentity) -> list[list[Run]]:
    """Return runs in groups that say nothing of each other: of customers without a name or an identity in common.

    A vendor with a run that does not say whose it is stays one group: its customer may be any of that vendor's.
    """
    group_keys = dict[object, object]()

    def find_key(key: object) -> object:
        while group_keys.setdefault(key, key) != key:
            key = group_keys[key]
        return key

    for run in runs:
        identity = find_identity(run)
        group_keys[find_key((run.provider, "name", run.account))] = find_key((run.provider, "identity", identity))
    nameless_providers = {key[0] for key in group_keys if isinstance(key, tuple) and key[1:] == ("identity", None)}
    groups = dict[object, list[Run]]()
    for run in runs:
        is_nameless = run.provider in nameless_providers
        key = run.provider if is_nameless else find_key((run.provider, "name", run.account))
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def share_out(groups: Sequence[list[Run]], process_count: int) -> list[list[Run]]:
    """Return groups put together as so many shares of about the same size."""
    shares = [list[Run]() for _ in range(process_count)]
    for group in sorted(groups, key=len, reverse=True):
        min(shares, key=len).extend(group)
    return [share for share in shares if share]


def plan_shares(runs: Sequence[Run], find_identity: FindIdentity) -> list[list[Run]]:
    """Return what each process is to book; one share where one process is enough."""
    process_count = min(os.cpu_count() or 1, MAX_PROCESSES)
    if len(runs) < MIN_RUNS or process_count < 2:
        return [list(runs)]
    return share_out(group_runs(runs, find_identity), process_count)


def book_shares(directory: Path, ledger: OpenLedger, shares: Sequence[list[Run]], progress: BookingProgress) -> None:
    """Book each share in a process of its own, then bring their catalogs into a ledger; raises ``LedgerError``."""
    run_count, booked_counts, messages = sum(map(len, shares)), dict[int, int](), SimpleQueue[tuple[int, object]]()
    for leftover_path in directory.glob(DRAFTS_PATTERN):
        leftover_path.unlink(missing_ok=True)
    rebuild_id = uuid4().hex
    draft_paths = [directory / DRAFT_NAME.format(rebuild_id, number) for number in range(len(shares))]
    with ExitStack() as cleanup:
        for number, (path, share) in enumerate(zip(draft_paths, shares, strict=True)):
            cleanup.callback(path.unlink, missing_ok=True)
            process = cleanup.enter_context(_start_process(directory, path.name, number * BILLS_PER_PROCESS, share))
            cleanup.callback(process.kill)
            Thread(target=_forward_messages, args=(number, process, messages), daemon=True).start()
        open_count = len(shares)
        while open_count:
            match messages.get():
                case _, 0:
                    open_count -= 1
                case number, int(count):
                    booked_counts[number] = count
                    progress(sum(booked_counts.values()), run_count)
                case _, reason:
                    raise LedgerError(f"a part of the ledger could not be computed: {reason}")
        for path in draft_paths:
            ledger.catalog.take_in(path)


def _start_process(directory: Path, draft_name: str, first_bill: int, share: Sequence[Run]) -> subprocess.Popen[str]:
    order = {"directory": str(directory), "draft_name": draft_name, "first_bill": first_bill}
    process = subprocess.Popen(
        [sys.executable, "-m", "billfold.collect.draft_booking"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    with suppress(BrokenPipeError), process.stdin or nullcontext(sys.stdout) as pipe:
        json.dump(order | {"run_ids": [run.id for run in share]}, pipe)
    return process


def _forward_messages(number: int, process: subprocess.Popen[str], messages: SimpleQueue[tuple[int, object]]) -> None:
    """Hand over what a process says: how many runs it has booked, or the text of an error; at its end 0, or that it was killed."""
    for line in process.stdout or ():
        messages.put((number, json.loads(line)))
    messages.put((number, "it was ended by the system" if process.wait() else 0))
