"""Measures: CPU seconds of a call, CPU and memory of a process, and what many of them come to."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

BILLFOLD = (sys.executable, "-m", "billfold")
ENVIRON = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
"""What every measured process gets: compiled modules are kept, as they are where billfold is installed."""


class Spread(NamedTuple):
    """A median of several measurements, with the least and the most of them."""

    least: float
    middle: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        samples = list(values)
        return cls(min(samples), median(samples), max(samples))

    def times(self, factor: float) -> Spread:
        return Spread(self.least * factor, self.middle * factor, self.most * factor)

    def under(self, amount: float) -> Spread:
        """So much per second, where these are seconds."""
        return Spread(amount / self.most, amount / self.middle, amount / self.least)


class Spent(NamedTuple):
    """What a process took: CPU seconds (user and system), seconds by the clock, and its largest memory in bytes."""

    cpu: float
    wall: float
    memory: int
    output: str


class FailedError(RuntimeError):
    """A process that was to be measured failed; the message ends with what it said last."""


def cpu(call: Callable[[], object]) -> float:
    """Return the CPU seconds of one call; what it makes is given back before the next one is measured."""
    gc.collect()
    began = time.process_time()
    result = call()
    spent = time.process_time() - began
    del result
    return spent


def interleaved(calls: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Spread]:
    """Measure all in turn, round after round, after one round that does not count."""
    for call in calls.values():
        call()
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            samples[name].append(call())
    return {name: Spread.of(values) for name, values in samples.items()}


def spend(
    command: Sequence[str], source: Path | None = None, cwd: Path | None = None, codes: Container[int] = (0,)
) -> Spent:
    """Run a command to its end and say what it took, its own children included; ``source`` is where it finds billfold.

    It fails where it ends with none of the exit ``codes``.
    """
    environ = ENVIRON | ({"PYTHONPATH": str(source)} if source else {})
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as wrong:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=wrong, env=environ, cwd=cwd)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        wrong.seek(0)
        if process.returncode not in codes:
            raise FailedError(f"{' '.join(command)} ended with {process.returncode}\n{wrong.read()[-3000:]}")
        unit = 1 if sys.platform == "darwin" else 1024
        return Spent(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * unit, output.read())


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that a running process has taken so far; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
