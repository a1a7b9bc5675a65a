"""One run of the fuzz: a seed chooses a world, how it lies and what is done with it; what comes out is held against the oracle."""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from random import Random
from types import FrameType
from typing import NamedTuple

from tests.fuzz.mutate import Mutation
from tests.fuzz.oracle import Lines, find_faults, list_truth
from tests.fuzz.play import Played, play_collection
from tests.fuzz.resync import find_resync_faults
from tests.fuzz.statements import read_statements
from tests.fuzz.vendors import RecordedVendor, World, list_worlds

MAX_CPU_S = 20
"""Seconds of the processor that a run may take; the longest clean one takes a fiftieth."""
MAX_MEMORY_KIB = 1 << 20
"""Memory that the whole process may ever take."""

RUNS_PER_RESYNC = 40
"""Of so many runs one also collects the changed answers over sound books."""
SHARES = {"cockroach": 1, "fastly": 4, "genesys": 2, "vultr": 8}
"""How often each vendor is played."""


class EndlessRun(BaseException):
    """A run that takes more of the processor than any should."""


class CleanVendor(NamedTuple):
    """A vendor with what it states where nothing is changed."""

    vendor: RecordedVendor
    truth: dict[tuple[str, str], Lines]
    played: Played


class RunResult(NamedTuple):
    """What a run came to: answers that were changed, bills that were read and that would be counted, what is wrong."""

    mutated_answers: int
    bills: int
    trusted_bills: int
    faults: tuple[str, ...]


@lru_cache(maxsize=64)
def record_world(world: World) -> CleanVendor:
    """Record a world without any lie; all its bills must be true."""
    vendor = RecordedVendor(world)
    played = play_collection(vendor)
    vendor.is_recording = False
    statements = read_statements(world.provider, played.archive)
    truth = list_truth(statements)
    faults = [*played.crashes, *find_faults(played, statements, truth)]
    assert not faults, f"{world}: {faults}"
    assert played.trusted_bills or world.is_import, f"{world}: nothing is trusted"
    return CleanVendor(vendor, truth, played)


@contextmanager
def limit_cpu(seconds: float) -> Iterator[None]:
    """Raise ``EndlessRun`` in this thread once it has used so much of the processor."""

    def stop(_: int, frame: FrameType | None) -> None:
        raise EndlessRun(f"still at {frame.f_code.co_filename}:{frame.f_lineno}" if frame else "")

    previous_handler = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous_handler)


def choose_provider(seed: int) -> str:
    """Return the vendor of a seed: the more often the more answers a run of it takes."""
    return Random(seed).choices(list(SHARES), list(SHARES.values()))[0]


def _read_peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run_seed(provider: str, seed: int) -> RunResult:
    """Run one seed at a vendor."""
    worlds, dice = list_worlds(provider), Random(f"{provider}/{seed}")
    clean, is_resynced = record_world(dice.choice(worlds)), dice.randrange(RUNS_PER_RESYNC) == 0
    mutation, start_time, faults = (
        Mutation(f"{provider}/{seed}", clean.vendor.responses),
        time.process_time(),
        list[str](),
    )
    played, earlier_peak = None, _read_peak_memory()
    try:
        with limit_cpu(MAX_CPU_S):
            played = play_collection(clean.vendor, mutation.change_response)
            faults += played.crashes
            faults += find_faults(played, read_statements(provider, played.archive), clean.truth)
            if is_resynced and not clean.vendor.world.is_import:
                faults += find_resync_faults(clean.vendor, mutation.change_response)
    except EndlessRun as error:
        faults.append(f"it takes more than {MAX_CPU_S} s of the processor: {error}")
    if (seconds := time.process_time() - start_time) > MAX_CPU_S:
        faults.append(f"it took {seconds:.0f} s of the processor")
    if (memory := _read_peak_memory()) > max(MAX_MEMORY_KIB, earlier_peak):
        faults.append(f"the process took {memory} KiB")
    trusted_count = len(played.trusted_bills) if played else 0
    return RunResult(len(mutation.changed_keys), played.bill_count if played else 0, trusted_count, tuple(faults))
