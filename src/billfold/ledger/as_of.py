"""What was known at a time: by this machine's clock, or by a twin's where the archive is of a rehearsal.

An entry's number is the true order. A twin says with each answer what its clock is at: months that are rehearsed in an hour are
told apart by that, as those of a vendor are by the times of this machine.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from billfold.ledger.archive import Archive
from billfold.ledger.entries import TWIN_DATE_HEADER, Entry
from billfold.ledger.query import MAX_SEQ


def resolve_as_of(archive: Archive, instant: datetime) -> int:
    """Return the archive number of what was known at a time: 0 for nothing yet, ``MAX_SEQ`` where nothing came since."""
    seq = find_seq_as_of(archive, instant)
    return MAX_SEQ if seq and seq == archive.read_last_seq() else seq


def find_seq_as_of(archive: Archive, instant: datetime) -> int:
    """Return the number of the last entry before the first answer that was given after a time; 0 for none.

    Of an archive whose first answer is a twin's, answers are of the twin's time, and what is no answer is of that of the one before.
    """
    first_answer = next((entry for entry in archive.iter_entries() if not entry.is_marker), None)
    if first_answer is None or _read_twin_time(first_answer) is None:
        return archive.find_seq_at(instant)
    last_seq, has_answer = 0, False
    for entry in archive.iter_entries():
        if not entry.is_marker:
            if (_read_twin_time(entry) or entry.fetch_time) > instant:
                return last_seq if has_answer else 0
            has_answer = True
        last_seq = entry.seq
    return last_seq


def _read_twin_time(entry: Entry) -> datetime | None:
    """Return what a twin's clock was at when it answered; None where it was no twin, or none that can be read."""
    try:
        return parsedate_to_datetime(entry.response_headers.get(TWIN_DATE_HEADER, "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
