"""Kill, lie to and interleave syncs, resume them, and compare what the ledger says with the truth.

    python -m tests.rig.rig kill  [--story NAME] [--point N] [--every K]    SIGKILL at write points
    python -m tests.rig.rig fault [--provider P] [--fault F] [--at N]       every fault at every request
    python -m tests.rig.rig lasting [--provider P] [--fault F]              every fault for a whole collection
    python -m tests.rig.rig family [--provider P] [--fault F]               what is said of late, doubled, respelled invoices
    python -m tests.rig.rig live  [--seeds N] [--days M]                    random days with random faults
    python -m tests.rig.rig together [--seeds N]                            three syncs, a rebuild and a reader in random turns, one killed
    python -m tests.rig.rig mixed [--seconds S]                             ten syncs, ten readers, merges, rebuilds
    python -m tests.rig.rig crowd [--seconds S]                             twelve processes, all commands, one ledger, some killed
    python -m tests.rig.rig random [--kills N] [--seed S] [--story COMMAND] [--at MS]  SIGKILL at random instants of commands
    python -m tests.rig.rig flip  [--stride B] [--file NAME] [--at N]       a flipped bit in every so-many-th byte
                                  [--provider P|all] [--months M]           (every 16th of all twelve months: --stride 16 ...)

A failing case prints the one command that repeats it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.twin.faults import FAULTS, RESTATEMENTS, Fault
from tests import stage
from tests.rig import families, lasting
from tests.rig.crowd import run_crowd
from tests.rig.deaths import DEEDS, Doom, kill_deeds
from tests.rig.flips import VENDOR, flip_bytes
from tests.rig.killing import kill, list_points, play_whole
from tests.rig.mixed import run_mixed
from tests.rig.stories import KILLABLE_STORIES, MONTHS, list_truth, read_view
from tests.rig.together import together


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
            host.set_fault(Fault(provider, fault, at=at, operation=None, days=60))
            stage.collected(host, books, provider, workers=1)
            with books.open_ledger() as db:
                during = [bill._asdict() for bill in query.list_invoices(db, query.LedgerFilter())]
                parked = {str(bill.invoice_id) for bill in catalog.list_parked_bills(db, query.LedgerFilter())}
            truth = [bill for bill in list_truth(host) if f"'provider': '{provider}'" in bill]
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
            after = read_view(books)
        finally:
            books.close()
        if wrong and fault not in lasting.LIES:
            return f"believed during the fault, but not true: {wrong[0]}"
        missing, copied = set(truth) - set(after.bills), set(after.bills) - set(truth)
        wrong = sorted(missing if fault in lasting.COPIES else missing | copied)
        return f"after the fault: {wrong[:2]}" if wrong else ""


TOLERATED = {
    "total-off-by-a-cent",
    "invoice-vanishing",
    "two-currencies",
    "new-enum",
    "number-tiny",
    "number-negative-zero",
    "total-and-lines-shifted",
    "odd-currency",
    "lowercase-currency",
    "spaced-currency",
    "wrong-date-header",
    "wrong-date-header-ahead",
    *lasting.COPIES,
}
"""Faults that make a bill say something else while they last, within what a vendor may say."""


UNLISTED = {"short-page", "item-moved", "invoice-late", "newest-invoice-missing"}
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
                fault = dice.choice(
                    [name for name in [*FAULTS, *RESTATEMENTS] if name not in lasting.LIES | lasting.COPIES]
                )
                host.set_fault(Fault(dice.choice(names), fault, at=dice.randint(1, 12), times=dice.randint(1, 3)))
            stage.collected(host, books, workers=1, recheck_months=dice.choice([0, 0, 2]))
        host.clear_faults()
        host.clock.advance(timedelta(days=1))
        stage.collected(host, books, workers=1, recheck_months=24)
        view = read_view(books)
        wrong = "" if view.bills == list_truth(host) else f"{sorted(set(view.bills) ^ set(list_truth(host)))[:2]}"
        books.drop_ledger()
        wrong = wrong or ("" if read_view(books) == view else "the rebuilt ledger has another hash")
    finally:
        books.close()
        shutil.rmtree(home)
    return lived * len(names), wrong


def main() -> None:
    """Run the rig from the command line."""
    parser = argparse.ArgumentParser(
        prog="rig", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    jobs: dict[str, Callable[[argparse.Namespace], bool]] = {
        "kill": _kill_all,
        "fault": _fault_all,
        "lasting": _lasting_all,
        "family": _family_all,
        "live": _live_all,
        "together": _together_all,
        "mixed": _mix_all,
        "crowd": _crowd_all,
        "random": _kill_at_random,
        "flip": _flip_all,
    }
    parser.add_argument("what", choices=[*jobs, "all"])
    for name, default in (("--story", None), ("--provider", None), ("--fault", None), ("--file", "")):
        parser.add_argument(name, default=default)
    for name, number in (("--seed", 1), ("--point", 0), ("--every", 1), ("--at", 0), ("--seeds", 10), ("--days", 60)):
        parser.add_argument(name, type=int, default=number)
    for name, number in (("--seconds", 600), ("--stride", 64), ("--months", 2), ("--kills", 500), ("--processes", 2)):
        parser.add_argument(name, type=int, default=number)
    arguments = parser.parse_args()
    failures = [job(arguments) for name, job in jobs.items() if arguments.what in {name, "all"}]
    sys.exit(any(failures))


def _mix_all(arguments: argparse.Namespace) -> bool:
    counts, failures = run_mixed(arguments.seconds, arguments.seed)
    tally = ", ".join(f"{count} {name}" for name, count in counts.items())
    print(f"mixed: {tally} in {arguments.seconds} s, {len(failures)} wrong")
    print("\n".join(failures), end="\n" if failures else "")
    return bool(failures)


def _crowd_all(arguments: argparse.Namespace) -> bool:
    counts, failures = run_crowd(arguments.seconds, arguments.seed)
    tally = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    print(f"crowd: {counts.total()} commands in {arguments.seconds} s ({tally}), {len(failures)} wrong")
    print("\n".join(failures), end="\n" if failures else "")
    return bool(failures)


def _kill_at_random(arguments: argparse.Namespace) -> bool:
    names = [arguments.story] if arguments.story else list(DEEDS)
    process_count = min(arguments.processes, arguments.kills)
    shares = [len(range(first, arguments.kills, process_count)) for first in range(process_count)]
    dooms = [Doom(arguments.seed, first, arguments.at) for first in range(process_count)]
    with multiprocessing.Pool(process_count) as pool:
        orders = [(names, doom, share, process_count) for doom, share in zip(dooms, shares, strict=True)]
        parts = pool.starmap(kill_deeds, orders)
    kill_counts = sum((counts for counts, _ in parts), Counter[str]())
    failures = [failure for _, part in parts for failure in part]
    tally = ", ".join(f"{count} {name}" for name, count in sorted(kill_counts.items()))
    print(f"random: {kill_counts.total()} killed ({tally}), {len(failures)} wrong")
    print("\n".join(failures), end="\n" if failures else "")
    return bool(failures)


def _flip_all(arguments: argparse.Namespace) -> bool:
    is_whole = arguments.provider == "all"
    vendors = [vendor.name for vendor in stage.list_providers()] if is_whole else [arguments.provider or VENDOR]
    every, start = (10**9, arguments.at) if arguments.at else (arguments.stride, 1)
    results = list(flip_bytes(every, start, arguments.file, vendors, arguments.months))
    world = f"--provider {'all' if is_whole else vendors[0]} --months {arguments.months}"
    repeat = f"python -m tests.rig.rig flip {world} --file"
    for folder in sorted({result.file.split("/")[0] for result in results}):
        own_results = [result for result in results if result.file.split("/")[0] == folder]
        failures = [
            f"{result.wrong}\n  repeat: {repeat} {folder} --at {result.at}" for result in own_results if result.wrong
        ]
        named_count = sum(result.is_named for result in own_results)
        changed_count = sum(result.is_changed for result in own_results)
        tally = f"{len(own_results)} bytes, {named_count} named by verify, {changed_count} change a rebuild"
        print(f"flip {folder}: {tally}, {len(failures)} wrong")
        print("\n".join(failures), end="\n" if failures else "")
    return any(result.wrong for result in results)


def _kill_all(arguments: argparse.Namespace) -> bool:
    failed, total = False, 0
    for story in [arguments.story] if arguments.story else KILLABLE_STORIES:
        kill_points = list_points(story, arguments.seed)
        numbers = (
            range(arguments.point, arguments.point + 1)
            if arguments.point
            else range(1, len(kill_points) + 1, arguments.every)
        )
        with multiprocessing.Pool(2) as pool:
            parts = pool.starmap(kill, [(story, arguments.seed, numbers[half::2]) for half in (0, 1)])
        failures = [failure for part in parts for failure in part]
        failed, total = failed or bool(failures), total + len(numbers)
        print(
            f"kill {story}: {len(numbers)} of {len(kill_points)} write points ({len(set(kill_points))} kinds), {len(failures)} wrong"
        )
        print("\n".join(failures), end="\n" if failures else "")
    print(f"kill: {total} write points in all")
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


def _family_all(arguments: argparse.Namespace) -> bool:
    failed = False
    repeat = f"python -m tests.rig.rig family --seed {arguments.seed} --provider"
    for provider in (
        [arguments.provider] if arguments.provider else [provider.name for provider in stage.list_providers()]
    ):
        results = list(families.every_family(provider, arguments.seed, arguments.fault))
        silent = [fault for fault, wrong in results if wrong and families.is_untold(provider, fault, wrong)]
        failures = [
            f"{fault}: {wrong}\n  repeat: {repeat} {provider} --fault {fault}"
            for fault, wrong in results
            if wrong and fault not in silent
        ]
        failed |= bool(failures)
        print(f"family {provider}: {len(results)} cases, {len(silent)} not told yet, {len(failures)} wrong")
        print("\n".join(failures), end="\n" if failures else "")
    return failed


def _live_all(arguments: argparse.Namespace) -> bool:
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    day_count, failures = 0, list[str]()
    with multiprocessing.Pool(2) as pool:
        lives = pool.imap(partial(live, days=arguments.days), seeds)
        for seed, (vendor_days, wrong) in zip(seeds, lives, strict=True):
            day_count += vendor_days
            if wrong:
                repeat = f"python -m tests.rig.rig live --seed {seed} --seeds 1 --days {arguments.days}"
                failures.append(f"{wrong}\n  repeat: {repeat}")
            print(
                f"live seed {seed}: {day_count} vendor-days so far, {len(failures)} wrong", file=sys.stderr, flush=True
            )
    print(f"live: {day_count} vendor-days over {arguments.seeds} seeds, {len(failures)} wrong")
    print("\n".join(failures), end="\n" if failures else "")
    return bool(failures)


def _together_all(arguments: argparse.Namespace) -> bool:
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    failure_by_seed = {seed: together(seed, MONTHS, play_whole("first", seed)) for seed in seeds}
    repeat = "python -m tests.rig.rig together --seeds 1 --seed"
    failures = [f"{wrong}\n  repeat: {repeat} {seed}" for seed, wrong in failure_by_seed.items() if wrong]
    print(f"together: {arguments.seeds} seeds, {len(failures)} wrong")
    print("\n".join(failures), end="\n" if failures else "")
    return bool(failures)


if __name__ == "__main__":
    main()
