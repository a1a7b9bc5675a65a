"""Measure an export: ``python -m tests.focus.speed 1000000`` books so many charges and writes them, each way alone."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from billfold.focus import check
from billfold.focus.export import ExportSpec, export_focus
from billfold.focus.replacement import FORMATS
from billfold.ledger import store
from billfold.ledger.focus_views import Selection
from tests.focus import sample


def measured(ledger: Path, file_format: str, out: Path) -> str:
    """Export once in this process; returns what it took."""
    began, spent = time.monotonic(), time.process_time()
    with store.open_ledger(ledger) as db:
        written = export_focus(db, ExportSpec(out, file_format), Selection(), sample.NOW)
    spent, wall = time.process_time() - spent, time.monotonic() - began
    rows, charges = sum(written.rows.values()), written.rows["CostAndUsage"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        f"{file_format}: {charges} charges, {rows} rows in {spent:.1f} s of CPU ({wall:.1f} s): "
        f"{rows / spent:.0f} rows/s, {charges / spent:.0f} charges/s with their invoice lines; {memory} MB"
    )


def checked(out: Path) -> str:
    """Check an export in this process; returns what it took."""
    spent = time.process_time()
    findings = check.check_directory(out)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return f"check of {out.name}: {len(findings)} findings in {time.process_time() - spent:.1f} s of CPU; {memory} MB"


def main(count: int) -> None:
    """Book so many charges, then export and check them, each in a process of its own."""
    with tempfile.TemporaryDirectory() as room:
        for arguments in [
            ("book", str(count)),
            *((work, file_format) for file_format in FORMATS for work in ("export", "check")),
        ]:
            subprocess.run([sys.executable, "-m", "tests.focus.speed", room, *arguments], check=True)


def part(room: Path, work: str, argument: str) -> str:
    """Do one part of the measurement, in a process that does nothing else: peak memory is its own."""
    if work == "book":
        sample.booked(room, sample.many(int(argument)))
        return f"{argument} charges booked"
    return measured(room / sample.LEDGER, argument, room / argument) if work == "export" else checked(room / argument)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(int(sys.argv[1]))
    else:
        _, place, work, argument = sys.argv
        sys.stdout.write(part(Path(place), work, argument) + "\n")
        sys.stdout.flush()
