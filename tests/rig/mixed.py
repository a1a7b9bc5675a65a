"""Ten that sync and ten that read at once, parts that are merged and a ledger that is rebuilt meanwhile.

Each account is synced by a process of its own, into a ledger of its own first: the hashes that the account has there, one
after the other, are the only ones that a reader may see of it in the ledger that all share, and never an earlier one again.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from unittest import mock

from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger import part_merge, query
from billfold.ledger.digest import compute_digest
from billfold.providers.provider import find_provider
from tests import stage
from tests.rig.killing import fork_beside

SYNCS = READERS = 10
MONTHS = 2
SMALL_PARTS = 3
"""Small parts that may lie side by side here: parts are merged all the time."""
PAUSE_S, REBUILD_PAUSE_S = 0.5, 5.0
"""Seconds that a reader of a pipe pauses, and between two rebuilds."""
LINES_BEFORE_PAUSE = 3
COMMANDS = (["report"], ["invoices"], ["charges"], ["hash"], ["reconcile"])


def run_mixed(seconds: float, seed: int) -> tuple[Mapping[str, int], list[str]]:
    """Let all run for some time; returns how often each did its work, and what went wrong."""
    with tempfile.TemporaryDirectory() as directory:
        home, deadline = Path(directory), time.monotonic() + seconds
        Workspace(home / "ledger").close()
        (home / "tallies").mkdir()
        (home / "states").mkdir()
        works = [_make_sync(home, number, seed) for number in range(SYNCS)]
        works += [_make_reader(home, number, seed) for number in range(READERS)]
        works += [lambda: _rebuild(home)]
        children = {
            fork_beside(lambda number=number, work=work: _repeat(home, number, work, deadline)): number  # type: ignore[misc]
            for number, work in enumerate(works)
        }
        failures = [
            f"part {children[pid]} failed"
            for pid, status in (os.wait() for _ in range(len(children)))
            if os.waitstatus_to_exitcode(status)
        ]
        counts = [int((home / "tallies" / str(number)).read_text() or 0) for number in range(len(works))]
        failures += _compare_ends(home)
    names = {"syncs": counts[:SYNCS], "readings": counts[SYNCS:-1], "rebuilds": counts[-1:]}
    return {name: sum(numbers) for name, numbers in names.items()}, failures


def _repeat(home: Path, number: int, work: Callable[[], None], deadline: float) -> None:
    count = 0
    with (home / "tallies" / str(number)).open("w") as tally:
        while time.monotonic() < deadline or not count:
            work()
            count += 1
        tally.write(str(count))


def _make_sync(home: Path, number: int, seed: int) -> Callable[[], None]:
    """Return what syncs one account once more, some days later each time."""
    dice = random.Random(f"mixed/{seed}/{number}")
    host = stage.twin(seed=seed * 100 + number, months=MONTHS)
    accounts = [account for vendor in host.world.vendors for account in vendor.accounts]
    account = accounts[number % len(accounts)]
    configured = AccountConfig(f"account-{number}", find_provider(account.provider), {}, unlimited=True)
    connection = stage.connection(host, account)

    def sync() -> None:
        host.clock.advance(timedelta(days=dice.randint(0, 12)))
        for place in ("alone", "ledger"):
            books = Workspace(home / (f"alone-{number}" if place == "alone" else place))
            with mock.patch.object(part_merge, "MAX_SMALL_PARTS", SMALL_PARTS):
                (outcome,) = sync_accounts(
                    books, [configured], connect=lambda _: connection, clock=host.clock.now, workers=1
                )
            assert outcome.error is None, outcome.error
            if place == "alone":
                _note_state(home, configured.name, _read_digests(books)[configured.name])
            books.close()

    return sync


def _note_state(home: Path, account: str, digest: str) -> None:
    """Note what the ledger may say of an account from now on."""
    with (home / "states" / account).open("a") as file:
        file.write(f"{digest}\n")


def _read_digests(books: Workspace) -> dict[str, str]:
    """Return the hash of each account in a ledger."""
    with books.open_ledger() as ledger:
        names = [name for (name,) in ledger.execute("SELECT name FROM accounts").fetchall()]
        return {name: compute_digest(ledger, query.LedgerFilter(account=name)) for name in names}


def _make_reader(home: Path, number: int, seed: int) -> Callable[[], None]:
    """Return what reads once more: in this process and held against the states, or as a command, paused in a pipe."""
    dice, positions = random.Random(f"mixed/reader/{seed}/{number}"), dict[str, int]()

    def read() -> None:
        if dice.random() < 0.5:
            _check_states(home, positions)
        else:
            run_slowly(home, dice.choice(COMMANDS), pause=PAUSE_S * dice.randint(0, 2))

    return read


def _check_states(home: Path, positions: dict[str, int]) -> None:
    """Hold each account against its successive hashes, of which none may come again after a later one."""
    books = Workspace(home / "ledger")
    digests = _read_digests(books)
    books.close()
    for account, digest in digests.items():
        states = (home / "states" / account).read_text().splitlines()
        position = next(
            (index for index in range(positions.get(account, 0), len(states)) if states[index] == digest), None
        )
        assert position is not None, f"{account} has {digest}, after {positions.get(account)} of {states}"
        positions[account] = position
    assert set(positions) <= set(digests), f"gone are {set(positions) - set(digests)}"


def run_slowly(home: Path, command: list[str], *, pause: float) -> None:
    """Run a command whose reader takes some lines, pauses, and takes the rest; it must end well."""
    line = [sys.executable, "-m", "billfold", "--ledger", str(home / "ledger"), *command]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(LINES_BEFORE_PAUSE):
            process.stdout.readline()
        time.sleep(pause)
        out, err = process.communicate()
    accepted = {0, 1} if command == ["reconcile"] else {0}
    assert process.returncode in accepted, f"{command[0]} ended with {process.returncode}: {out[-300:]} {err[-600:]}"


def _rebuild(home: Path) -> None:
    run_slowly(home, ["rebuild"], pause=0)
    time.sleep(REBUILD_PAUSE_S)


def _compare_ends(home: Path) -> list[str]:
    """Say which account is not at its last state in the end, and whether a rebuild says otherwise."""
    books = Workspace(home / "ledger")
    digests = _read_digests(books)
    books.rebuild()
    new_digests = _read_digests(books)
    books.close()
    last_states = {path.name: path.read_text().split()[-1] for path in (home / "states").iterdir()}
    failures = [
        f"{name} is not as it was synced last" for name, digest in last_states.items() if digests.get(name) != digest
    ]
    return failures + ([] if new_digests == digests else ["the rebuilt ledger has other hashes"])
