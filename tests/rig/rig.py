"""Kill, lie to and interleave syncs, resume them, and compare what the ledger says with the truth.

    python -m tests.rig.rig kill  [--story NAME] [--point N] [--every K]    SIGKILL at write points
    python -m tests.rig.rig fault [--provider P] [--fault F] [--at N]       every fault at every request
    python -m tests.rig.rig lasting [--provider P] [--fault F]              every fault for a whole collection
    python -m tests.rig.rig live  [--seeds N] [--days M]                    random days with random faults
    python -m tests.rig.rig together [--seeds N]                            three syncs and a reader, in random turns

A failing case prints the one command that repeats it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.ledger.digest import compute_digest
from billfold.ledger.verify import find_damage
from billfold.twin.faults import FAULTS, RESTATEMENTS, Fault
from billfold.twin.host import TwinHost
from billfold.twin.world import describe_bill
from tests import stage
from tests.rig import lasting
from tests.rig.points import Tracer
from tests.rig.together import together

MONTHS = 2


class LedgerView(NamedTuple):
    """What the ledger says: its hash, its bills."""

    hash: str
    bills: list[str]


def first(host: TwinHost, books: Workspace) -> None:
    """Collect for the first time."""
    stage.collected(host, books, workers=1)


def incremental(host: TwinHost, books: Workspace) -> None:
    """Collect again after a month has closed."""
    stage.collected(host, books, workers=1)
    host.clock.advance(timedelta(days=20))
    yield_point(host, books)


def restated(host: TwinHost, books: Workspace) -> None:
    """Collect again after an invoice of every vendor was restated."""
    stage.collected(host, books, workers=1)
    for vendor in host.world.vendors:
        host.set_fault(Fault(vendor.provider.name, "restated-changed"))
    yield_point(host, books, recheck_months=3)


def yield_point(host: TwinHost, books: Workspace, **settings: Any) -> None:
    """Begin the part of a story that is killed."""
    if TRACER is not None:
        TRACER.on = True
    stage.collected(host, books, workers=1, **settings)


TRACER: Tracer | None = None
STORIES_TOLD: dict[str, Callable[[TwinHost, Workspace], None]] = {
    "first": first,
    "incremental": incremental,
    "restated": restated,
}


def tell(books: Workspace) -> LedgerView:
    """Say what the ledger says."""
    with books.open_ledger() as db:
        invoices = [str(bill._asdict()) for bill in query.list_invoices(db, query.LedgerFilter())]
        return LedgerView(compute_digest(db), sorted(invoices))


def true(host: TwinHost) -> list[str]:
    """Say what is true."""
    return sorted(str(describe_bill(account, bill)) for account, bill in host.world.iter_bills(host.clock.now()))


def forked(work: Callable[[], None]) -> int:
    """Run something in a child process; returns its signal (negative) or exit code."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - the child says what happened and ends
            traceback.print_exc()
            os._exit(70)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def points(story: str, seed: int) -> list[str]:
    """Name every write point of a story."""
    with tempfile.TemporaryDirectory() as home:
        out = Path(home) / "points"

        def work() -> None:
            tracer = _traced(None, story)
            _live(story, seed, Path(home) / "ledger")
            out.write_text("\n".join(tracer.names), encoding="utf-8")

        assert forked(work) == 0
        return out.read_text(encoding="utf-8").splitlines()


def _traced(fatal: int | None, story: str) -> Tracer:
    global TRACER  # noqa: PLW0603 - one child, one tracer
    TRACER = Tracer(fatal)
    TRACER.on = story == "first"
    TRACER.install()
    return TRACER


def _live(story: str, seed: int, home: Path) -> TwinHost:
    host, books = stage.twin(seed=seed, months=MONTHS), Workspace(home)
    STORIES_TOLD[story](host, books)
    books.close()
    return host


def whole(story: str, seed: int) -> tuple[LedgerView, list[str]]:
    """Return what a story's ledger says when nobody kills it, and the truth."""
    with tempfile.TemporaryDirectory() as home:
        host = _live(story, seed, Path(home))
        books = Workspace(Path(home))
        view = tell(books)
        books.close()
        return view, true(host)


def killed(story: str, seed: int, point: int, expected: LedgerView) -> str:
    """Kill a story at a write point, go on, and say what is wrong then; nothing where all is well."""
    with tempfile.TemporaryDirectory() as home:
        ledger = Path(home) / "ledger"

        def work() -> None:
            _traced(point, story)
            _live(story, seed, ledger)

        code = forked(work)
        if code not in {-9, 0}:
            return f"the child ended with {code}"
        return _after(story, seed, ledger, expected)


def _after(story: str, seed: int, ledger: Path, expected: LedgerView) -> str:
    host = stage.twin(seed=seed, months=MONTHS)
    settings: dict[str, Any] = {}
    if story == "incremental":
        host.clock.advance(timedelta(days=20))
    if story == "restated":
        settings["recheck_months"] = 3
        for vendor in host.world.vendors:
            host.set_fault(Fault(vendor.provider.name, "restated-changed"))
    books = Workspace(ledger)
    try:
        damaged = list(find_damage(books.archive))
        stage.collected(host, books, workers=1, **settings)
        view = tell(books)
        books.drop_ledger()
        again = tell(books)
    finally:
        books.close()
    if damaged:
        return f"the archive is damaged: {damaged[0]}"
    if view != expected:
        return f"the ledger differs: {sorted(set(view.bills) ^ set(expected.bills))[:2] or view.hash}"
    return "" if again == view else "the rebuilt ledger has another hash"


def kill(story: str, seed: int, numbers: Iterator[int] | range) -> list[str]:
    """Kill a story at many write points; returns what went wrong."""
    expected, truth = whole(story, seed)
    if expected.bills != truth:
        return [f"{story}: even unkilled the ledger is not the truth"]
    repeat = f"python -m tests.rig.rig kill --story {story} --seed {seed} --point"
    return [
        f"{wrong}\n  repeat: {repeat} {point}" for point in numbers if (wrong := killed(story, seed, point, expected))
    ]


def requests(provider: str, seed: int) -> int:
    """Count the requests of a first collection."""
    with tempfile.TemporaryDirectory() as home:
        host, books = stage.twin(seed=seed, months=MONTHS), Workspace(Path(home))
        stage.collected(host, books, provider, workers=1)
        books.close()
        return len(host.requests)


def lied(provider: str, fault: str, at: int, seed: int) -> str:
    """Collect with a fault at a request, then without; say what is wrong; nothing where all is well."""
    with tempfile.TemporaryDirectory() as home:
        host, books = stage.twin(seed=seed, months=MONTHS), Workspace(Path(home))
        try:
            host.set_fault(Fault(provider, fault, at=at, operation=None))
            stage.collected(host, books, provider, workers=1)
            with books.open_ledger() as db:
                during = [bill._asdict() for bill in query.list_invoices(db, query.LedgerFilter())]
                parked = {str(bill.invoice_id) for bill in catalog.list_parked_bills(db, query.LedgerFilter())}
            truth = [bill for bill in true(host) if f"'provider': '{provider}'" in bill]
            wrong = [
                str(b)
                for b in during
                if str(b) not in truth
                and str(b["invoice_id"]) not in parked
                and fault not in TOLERATED
                and not (fault in UNLISTED and b["state"] == "estimate")
            ]
            host.clear_faults()
            stage.collected(host, books, provider, workers=1, recheck_months=MONTHS + 1)
            after = tell(books)
        finally:
            books.close()
        if wrong and fault not in lasting.LIES:
            return f"believed during the fault, but not true: {wrong[0]}"
        return "" if after.bills == truth else f"after the fault: {sorted(set(after.bills) ^ set(truth))[:2]}"


TOLERATED = {
    "total-off-by-a-cent",
    "invoice-vanishing",
    "two-currencies",
    "new-enum",
    "number-tiny",
    "number-negative-zero",
}
"""Faults that make a bill say something else while they last, within what a vendor may say."""


UNLISTED = {"short-page", "item-moved"}
"""Faults by which a list names too few invoices: what was used in the month of one that it does not name is an estimate."""


def every_fault(
    provider: str, seed: int, only: str | None = None, at: int | None = None
) -> Iterator[tuple[str, int, str]]:
    """Yield every fault at every request with what went wrong."""
    count = requests(provider, seed)
    for fault in [only] if only else [name for name in FAULTS if name not in lasting.LIES]:
        for number in [at] if at else range(1, count + 1):
            yield fault, number, lied(provider, fault, number, seed)


def live(seed: int, days: int) -> tuple[int, str]:
    """Live through days with random faults; returns vendor-days and what is wrong at the end."""
    dice = random.Random(f"rig/{seed}")
    home = Path(tempfile.mkdtemp())
    host, books = stage.twin(seed=seed, months=1), Workspace(home)
    names = [vendor.provider.name for vendor in host.world.vendors]
    lived = 0
    try:
        while lived < days:
            step = dice.randint(1, 40)
            lived += step
            host.clock.advance(timedelta(days=step, hours=dice.randint(0, 5)))
            host.clear_faults()
            for _ in range(dice.randint(0, 2)):
                fault = dice.choice([name for name in [*FAULTS, *RESTATEMENTS] if name not in lasting.LIES])
                host.set_fault(Fault(dice.choice(names), fault, at=dice.randint(1, 12), times=dice.randint(1, 3)))
            stage.collected(host, books, workers=1, recheck_months=dice.choice([0, 0, 2]))
        host.clear_faults()
        host.clock.advance(timedelta(days=1))
        stage.collected(host, books, workers=1, recheck_months=24)
        view = tell(books)
        wrong = "" if view.bills == true(host) else f"{sorted(set(view.bills) ^ set(true(host)))[:2]}"
        books.drop_ledger()
        wrong = wrong or ("" if tell(books) == view else "the rebuilt ledger has another hash")
    finally:
        books.close()
        shutil.rmtree(home)
    return lived * len(names), wrong


def main() -> None:
    """Run the rig from the command line."""
    parser = argparse.ArgumentParser(
        prog="rig", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["kill", "fault", "lasting", "live", "together", "all"])
    for name, default in (("--story", None), ("--provider", None), ("--fault", None)):
        parser.add_argument(name, default=default)
    for name, number in (("--seed", 1), ("--point", 0), ("--every", 1), ("--at", 0), ("--seeds", 10), ("--days", 60)):
        parser.add_argument(name, type=int, default=number)
    arguments = parser.parse_args()
    failed = False
    if arguments.what in {"kill", "all"}:
        failed |= _kill_all(arguments)
    if arguments.what in {"fault", "all"}:
        failed |= _fault_all(arguments)
    if arguments.what in {"lasting", "all"}:
        failed |= _lasting_all(arguments)
    if arguments.what in {"live", "all"}:
        failed |= _live_all(arguments)
    if arguments.what in {"together", "all"}:
        failed |= _together_all(arguments)
    sys.exit(failed)


def _kill_all(arguments: argparse.Namespace) -> bool:
    failed = False
    for story in [arguments.story] if arguments.story else STORIES_TOLD:
        kill_points = points(story, arguments.seed)
        numbers = (
            range(arguments.point, arguments.point + 1)
            if arguments.point
            else range(1, len(kill_points) + 1, arguments.every)
        )
        with multiprocessing.Pool(2) as pool:
            parts = pool.starmap(kill, [(story, arguments.seed, numbers[half::2]) for half in (0, 1)])
        failures = [failure for part in parts for failure in part]
        failed |= bool(failures)
        print(
            f"kill {story}: {len(numbers)} of {len(kill_points)} write points ({len(set(kill_points))} kinds), {len(failures)} wrong"
        )
        print("\n".join(failures), end="\n" if failures else "")
    return failed


def _fault_all(arguments: argparse.Namespace) -> bool:
    failed = False
    providers = [arguments.provider] if arguments.provider else [provider.name for provider in stage.list_providers()]
    for provider in providers:
        count, failures = 0, []
        for fault, at, wrong in every_fault(provider, arguments.seed, arguments.fault, arguments.at or None):
            count += 1
            if wrong:
                command = f"python -m tests.rig.rig fault --provider {provider} --seed {arguments.seed} --fault {fault} --at {at}"
                failures.append(f"{fault} at {at}: {wrong}\n  repeat: {command}")
        failed |= bool(failures)
        print(f"fault {provider}: {count} cases, {len(failures)} wrong")
        print("\n".join(failures), end="\n" if failures else "")
    return failed


def _lasting_all(arguments: argparse.Namespace) -> bool:
    failed = False
    for provider in (
        [arguments.provider] if arguments.provider else [provider.name for provider in stage.list_providers()]
    ):
        failures_found = list(lasting.every_fault(provider, arguments.seed, MONTHS, arguments.fault))
        repeat = f"python -m tests.rig.rig lasting --provider {provider} --seed {arguments.seed} --fault"
        failures = [
            f"{fault} in {'a later' if later else 'the first'} collection: {wrong}\n  repeat: {repeat} {fault}"
            for fault, later, wrong in failures_found
            if wrong
        ]
        failed |= bool(failures)
        print(f"lasting {provider}: {len(failures_found)} cases, {len(failures)} wrong")
        print("\n".join(failures), end="\n" if failures else "")
    return failed


def _live_all(arguments: argparse.Namespace) -> bool:
    with multiprocessing.Pool(2) as pool:
        failures_by_run = pool.starmap(
            live, [(arguments.seed + number, arguments.days) for number in range(arguments.seeds)], chunksize=1
        )
    failures = [
        f"{wrong}\n  repeat: python -m tests.rig.rig live --seed {arguments.seed + n} --seeds 1 --days {arguments.days}"
        for n, (_, wrong) in enumerate(failures_by_run)
        if wrong
    ]
    print(
        f"live: {sum(lived for lived, _ in failures_by_run)} vendor-days over {arguments.seeds} seeds, {len(failures)} wrong"
    )
    print("\n".join(failures), end="\n" if failures else "")
    return bool(failures)


def _together_all(arguments: argparse.Namespace) -> bool:
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    failure_by_seed = {seed: together(seed, MONTHS, whole("first", seed), tell) for seed in seeds}
    repeat = "python -m tests.rig.rig together --seeds 1 --seed"
    failures = [f"{wrong}\n  repeat: {repeat} {seed}" for seed, wrong in failure_by_seed.items() if wrong]
    print(f"together: {arguments.seeds} seeds, {len(failures)} wrong")
    print("\n".join(failures), end="\n" if failures else "")
    return bool(failures)


if __name__ == "__main__":
    main()
