"""What an archive holds, as values: runs, entries of its chain, answers as they came, bodies as they are stored."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from billfold.model.errors import LedgerError
from billfold.model.period import instant

GENESIS = "0" * 64
"""What stands before the first entry."""
START, END = ":start", ":end"
"""The operations of the entries that begin and end a run."""
REFUSED = "refused:"
"""How the outcome of a run begins that is kept but never booked."""
DAMAGED = "is missing or damaged"
"""What is said of a body that is not as it was written: whatever was made of it is lost until a backup is in its place."""
UNREADABLE = ":unreadable"
"""Marks the operation of an answer that could not be read: it is kept beside the others, and never booked."""
KEPT_HEADERS = ("content-type", "content-disposition", "date", "etag", "last-modified", "retry-after")


class Run(NamedTuple):
    """One collection (or import) of one account; ``ended`` is None while it is still open."""

    id: int
    provider: str
    account: str
    kind: str
    started: str
    ended: str | None
    outcome: str | None


class Kept(NamedTuple):
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

    def chained(self, before: str) -> str:
        """Return the hash that this entry must have after the one before it."""
        fields = [before, *map(str, self[:-1])]
        if any("\x1e" in field or "\x1f" in field for field in fields):
            raise LedgerError(f"entry {self.seq} holds a separator: it could be taken for another one")
        return hashlib.sha256("\x1f".join(fields).encode()).hexdigest()

    @property
    def when(self) -> datetime:
        """When it was fetched."""
        return instant(self.fetched_at)


class Heard(NamedTuple):
    """An answer as it came: to which question, and when."""

    operation: str
    question: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    at: datetime


class Packed(NamedTuple):
    """A body as it is stored: ``tombstone`` is the hash of its redacted form, if it has one."""

    hash: str
    size: int
    packed: bytes
    tombstone: str | None


def entry(run: Run, one: Heard) -> tuple[Kept, Packed]:
    """Return an answer as an entry of a run that has no number yet, and its body."""
    headers = json.dumps({k: one.headers[k] for k in KEPT_HEADERS if k in one.headers}, sort_keys=True)
    said = one.operation, one.question, one.status, headers, "", moment(one.at), ""
    return Kept(0, run.id, run.provider, run.account, *said), packed(one.body)


def bound(run: int, provider: str, account: str, operation: str, words: str, now: datetime) -> tuple[Kept, Packed]:
    """Return the entry that begins a run (0: a new one) or ends it, and its empty body."""
    return Kept(0, run, provider, account, operation, words, 0, "{}", "", moment(now), ""), packed(b"")


def packed(body: bytes) -> Packed:
    """Return a body as it is stored."""
    return Packed(hashlib.sha256(body).hexdigest(), len(body), zlib.compress(body, 1), None)


def moment(when: datetime) -> str:
    """Write a time so that texts sort as times do: UTC, always with microseconds."""
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
