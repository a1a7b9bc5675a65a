"""Measure an export: ``python -m tests.focus.speed 1000000`` books so many charges and writes them, each way alone."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from billfold.focus import check
from billfold.focus.export import FORMATS, ExportSpec, export_focus
from billfold.ledger import store
from billfold.ledger.focus_views import Selection
from tests.focus import sample


def measured(ledger: Path, form: str, out: Path) -> str:
    """Export once in this process; returns what it took."""
    began, spent = time.monotonic(), time.process_time()
    with store.open_ledger(ledger) as db:
        written = export_focus(db, ExportSpec(out, form), Selection(), sample.NOW)
    spent, wall = time.process_time() - spent, time.monotonic() - began
    rows, charges = sum(written.rows.values()), written.rows["CostAndUsage"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        f"{form}: {charges} charges, {rows} rows in {spent:.1f} s of CPU ({wall:.1f} s): "
        f"{rows / spent:.0f} rows/s, {charges / spent:.0f} charges/s with their invoice lines; {memory} MB"
    )


def checked(out: Path) -> str:
    """Check an export in this process; returns what it took."""
    spent = time.process_time()
    found = check.check_directory(out)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return f"check of {out.name}: {len(found)} findings in {time.process_time() - spent:.1f} s of CPU; {memory} MB"


def main(count: int) -> None:
    """Book so many charges, then export and check them, each in a process of its own."""
    with tempfile.TemporaryDirectory() as room:
        for words in [("book", str(count)), *((work, form) for form in FORMATS for work in ("export", "check"))]:
            subprocess.run([sys.executable, "-m", "tests.focus.speed", room, *words], check=True)


def part(room: Path, work: str, said: str) -> str:
    """Do one part of the measurement, in a process that does nothing else: peak memory is its own."""
    if work == "book":
        sample.booked(room, sample.many(int(said)))
        return f"{said} charges booked"
    return measured(room / sample.LEDGER, said, room / said) if work == "export" else checked(room / said)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(int(sys.argv[1]))
    else:
        _, place, work, said = sys.argv
        sys.stdout.write(part(Path(place), work, said) + "\n")
        sys.stdout.flush()
