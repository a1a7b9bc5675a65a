"""What was known at a time is told by the twin's clock in a rehearsal, and by this machine's otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from billfold.ledger.archive import Archive
from billfold.ledger.as_of import resolve_as_of
from billfold.ledger.entries import ArchivedResponse
from billfold.ledger.query import MAX_SEQ

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def collect(archive: Archive, date: str, *, is_twin: bool) -> None:
    """Archive a run of one answer, at the same hour of this machine whatever the answer's date is."""
    headers = {"date": date} | ({"x-billfold-twin-date": date} if is_twin else {})
    run = archive.start_run("vultr", "a", "sync", NOW)
    archive.add_responses(run, ArchivedResponse("list_invoices", "{}", 200, headers, b"{}", NOW))
    archive.end_run(run, "complete", NOW)


def test_a_rehearsal_is_told_apart_by_the_clock_of_the_twin(tmp_path: Path) -> None:
    """Also where the clock was set back: what came after is no older than what came before."""
    with Archive(tmp_path / "archive.sqlite") as archive:
        for date in ("Thu, 01 Oct 2026 00:00:00 GMT", "Sun, 01 Nov 2026 00:00:00 GMT", "Tue, 01 Sep 2026 00:00:00 GMT"):
            collect(archive, date, is_twin=True)
        october, november = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
        assert resolve_as_of(archive, october - timedelta(seconds=1)) < 2
        assert 3 <= resolve_as_of(archive, october) < 5
        assert resolve_as_of(archive, november - timedelta(seconds=1)) == resolve_as_of(archive, october)
        assert resolve_as_of(archive, november) == MAX_SEQ


def test_times_of_a_vendor_are_those_of_this_machine(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.sqlite") as archive:
        collect(archive, "Thu, 01 Oct 2026 00:00:00 GMT", is_twin=False)
        assert resolve_as_of(archive, NOW - timedelta(seconds=1)) == 0
        assert resolve_as_of(archive, NOW) == MAX_SEQ
