"""Documents as files: what lies in their directory already is never overwritten, and no link is followed."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePath
from uuid import uuid4

from billfold.ledger.account_lock import try_file_lock
from billfold.ledger.documents import UNKNOWN_VALUE, find_suffix
from billfold.ledger.entries import Entry
from billfold.model.errors import ConfigurationError

MAX_NAME_BYTES = 160
"""Bytes of a name before it is cut: its hash, a date and an ending still fit behind it."""
DRAFT_NAME = re.compile(r"\.[0-9a-f]{32}\.billfold")
"""How a document is called until it is whole."""
NAME_HASH_LENGTH, BODY_HASH_LENGTH = 12, 8


def build_file_name(entry: Entry) -> str:
    """Call a document by its account and by what was asked for it, as far as that is known; without its ending."""
    argument_values = [str(value) for value in entry.question_fields.values() if value != UNKNOWN_VALUE]
    name = re.sub(r"[^\w.-]+", "-", "_".join((entry.account, entry.operation, *argument_values)))
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:NAME_HASH_LENGTH]
    return f"{name.encode()[:MAX_NAME_BYTES].decode(errors='ignore')}_{digest}"


def store_document(directory: Path, entry: Entry, body: bytes, *, is_shared: bool) -> tuple[Path, bool]:
    """Write a document beside what is there, and return where it is and whether it is new.

    Where its name ``is_shared`` by unlike documents, or taken by other bytes, the name goes on with its date and hash. Raises
    ``OSError``, and ``ConfigurationError`` where all its names are taken.
    """
    suffix = find_suffix(entry)
    for name in _iter_names(entry, hashlib.sha256(body).hexdigest(), is_shared=is_shared):
        path = directory / f"{name}{suffix}"
        if _has_content(path, body):
            return path, False
        if _write_new(path, body):
            return path, True
    raise ConfigurationError(f"{path} is there with other bytes, and is not overwritten: name another directory")


def name_document(entry: Entry) -> str:
    """Return the name of a document's file, with its ending, in letters that every header takes."""
    name = f"{PurePath(build_file_name(entry)).name}{find_suffix(entry)}"
    return name.encode("ascii", "replace").decode().replace('"', "_")


def _iter_names(entry: Entry, digest: str, *, is_shared: bool) -> Iterator[str]:
    name = build_file_name(entry)
    yield f"{name}_{digest[:BODY_HASH_LENGTH]}" if is_shared else name
    day = re.sub(r"[^\d-]", "-", entry.fetched_at[:10])
    for length in (BODY_HASH_LENGTH, len(digest)):
        yield f"{name}_{day}_{digest[:length]}"[: MAX_NAME_BYTES + len(digest)]


def _has_content(path: Path, body: bytes) -> bool:
    """Tell whether a file, and no link to one, holds exactly these bytes."""
    try:
        status = path.lstat()
        return stat.S_ISREG(status.st_mode) and status.st_size == len(body) and path.read_bytes() == body
    except FileNotFoundError:
        return False


def remove_drafts(directory: Path) -> None:
    """Remove the drafts that killed processes left: whoever is writing one holds its lock."""
    for path in directory.glob(".*.billfold"):
        if DRAFT_NAME.fullmatch(path.name) and stat.S_ISREG(path.lstat().st_mode):
            with suppress(OSError), path.open("rb") as draft:
                if try_file_lock(draft.fileno()):
                    path.unlink()


def _write_new(path: Path, body: bytes) -> bool:
    """Write a file whole or not at all, unless anything has its name; returns whether it was written."""
    if os.path.lexists(path):
        return False
    draft_path = path.with_name(f".{uuid4().hex}.billfold")
    number = os.open(draft_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(number, "wb") as draft:
            try_file_lock(number)
            draft.write(body)
            draft.flush()
            os.fsync(number)
            return _give_name(draft_path, path)
    finally:
        with suppress(FileNotFoundError):
            draft_path.unlink()


def _give_name(draft_path: Path, path: Path) -> bool:
    """Give a file its name unless anything got it meanwhile; where there are no hard links, that is not proven."""
    try:
        path.hardlink_to(draft_path)
    except FileExistsError:
        return False
    except OSError:
        draft_path.rename(path)
    return True
