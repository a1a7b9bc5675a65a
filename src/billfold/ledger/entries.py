"""What an archive holds, as values: runs, entries of its chains, answers as they came, bodies as they are stored."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from billfold.model.errors import LedgerError
from billfold.model.period import parse_instant

GENESIS_HASH = "0" * 64
"""What stands before the first entry of a chain."""
RUN_START, RUN_END = ":start", ":end"
"""The operations of the entries that begin and end a run."""
REDACTION, MERGE, ACKNOWLEDGEMENT, CLOSING = ":redact", ":merge", ":acknowledge", ":close"
"""The operations of entries of no run, all JSON: which bodies were redacted, whose chains became one, which finding is accepted,
which month was signed."""
REFUSED_PREFIX = "refused:"
"""How the outcome of a run begins that is kept but never booked."""
UNREADABLE_SUFFIX = ":unreadable"
"""Marks the operation of an answer that could not be read: it is kept beside the others, and never booked."""
_ROW_TYPES = (int, int, str, str, str, str, int, str, str, str, str)
"""What the values of an entry's row are, where it is not damaged."""
TWIN_DATE_HEADER = "x-billfold-twin-date"
"""The header by which a twin says what its clock is at."""
ARCHIVED_HEADERS = (
    "content-type",
    "content-disposition",
    "date",
    "etag",
    "last-modified",
    "retry-after",
    TWIN_DATE_HEADER,
)


class Run(NamedTuple):
    """One collection (or import) of one account; ``ended_at`` is None while it is still open."""

    id: int
    provider: str
    account: str
    run_type: str
    started_at: str
    ended_at: str | None
    outcome: str | None


class Entry(NamedTuple):
    """An entry as it is kept; the body is fetched by its hash. ``question`` is JSON, or words for a start or an end."""

    seq: int
    run: int
    provider: str
    account: str
    operation: str
    question: str
    status: int
    headers: str
    body: str
    fetched_at: str
    hash: str

    @property
    def chain_key(self) -> tuple[str, str]:
        """Whose chain it is in: the provider and the account."""
        return self.provider, self.account

    @property
    def is_marker(self) -> bool:
        """Whether it is no answer, but a note of ours."""
        return self.operation.startswith(":")

    @property
    def is_settling(self) -> bool:
        """Whether an account's head is this entry: one that ends a run, or is of none."""
        return self.is_marker and self.operation != RUN_START

    @property
    def response_headers(self) -> dict[str, str]:
        """The headers that were kept of it; none where they are damaged."""
        return {name: str(value) for name, value in _read_object(self.headers).items()}

    @property
    def question_fields(self) -> dict[str, object]:
        """What was asked, by name; nothing where that is damaged."""
        return _read_object(self.question)

    def compute_hash(self, previous_hash: str, start_hash: str) -> str:
        """Return the hash that this entry must have after the one before it in its account's chain.

        ``start_hash`` is that of the entry that began its run ("" for that one itself, and for an entry of no run). Numbers
        are left out: an account's chain is the same beside whichever others it is kept.
        """
        return _hash_fields(self, [previous_hash, start_hash, *map(str, self[2:-1])])

    def compute_earlier_hash(self, previous_hash: str) -> str:
        """Return the hash that this entry must have in an archive of format 1, where all accounts shared one chain."""
        return _hash_fields(self, [previous_hash, *map(str, self[:-1])])

    @property
    def fetch_time(self) -> datetime:
        """When it was fetched; raises ``ValueError`` where its time is damaged."""
        return parse_instant(self.fetched_at)


def read_row(row: Sequence[object]) -> Entry:
    """Return an entry as it is stored; a value that is damaged so that it is of another kind is told by its hash."""
    if tuple(map(type, row)) == _ROW_TYPES:
        return Entry._make(row)
    seq, run, provider, account, operation, question, status, *texts = row
    seq, run, status = (value if isinstance(value, int) else -1 for value in (seq, run, status))
    return Entry(seq, run, str(provider), str(account), str(operation), str(question), status, *map(str, texts))


def _read_object(text: str) -> dict[str, object]:
    try:
        values = json.loads(text)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _hash_fields(entry: Entry, fields: list[str]) -> str:
    if any("\x1e" in field or "\x1f" in field for field in fields):
        raise LedgerError(f"entry {entry.seq} holds a separator: it could be taken for another one")
    return hashlib.sha256("\x1f".join(fields).encode()).hexdigest()


class ArchivedResponse(NamedTuple):
    """An answer as it came: to which question, and when."""

    operation: str
    question: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class StoredBody(NamedTuple):
    """A body as it is stored: ``tombstone`` is the hash of its redacted form, if it has one."""

    hash: str
    size: int
    packed: bytes
    tombstone: str | None


def build_entry(run: Run, response: ArchivedResponse) -> tuple[Entry, StoredBody]:
    """Return an answer as an entry of a run that has no number yet, and its body."""
    headers = json.dumps(
        {name: response.headers[name] for name in ARCHIVED_HEADERS if name in response.headers}, sort_keys=True
    )
    fields = response.operation, response.question, response.status, headers, "", format_time(response.received_at), ""
    return Entry(0, run.id, run.provider, run.account, *fields), pack_body(response.body)


def build_run_marker(
    run_id: int, provider: str, account: str, operation: str, text: str, now: datetime
) -> tuple[Entry, StoredBody]:
    """Return the entry that begins a run (0: a new one), ends it, or is of none, and its empty body."""
    return Entry(0, run_id, provider, account, operation, text, 0, "{}", "", format_time(now), ""), pack_body(b"")


def pack_body(body: bytes) -> StoredBody:
    """Return a body as it is stored."""
    return StoredBody(hashlib.sha256(body).hexdigest(), len(body), zlib.compress(body, 1), None)


def format_time(instant: datetime) -> str:
    """Write a time so that texts sort as times do: UTC, always with microseconds."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
