"""Take personal data out of stored answers: a tombstone stands where they were, and `verify` stays green."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from billfold.collect.workspace import BEFORE_MERGE, MERGING, Books
from billfold.ledger.archive import Archive
from billfold.model.errors import Unreadable
from billfold.providers import provider
from billfold.wire import codec

log = logging.getLogger("billfold.redact")
TOMBSTONE = "redacted"


def redact(books: Books, only: str | None = None) -> int:
    """Redact every stored body of an operation that holds personal data; returns how many were changed.

    The archives that a merge left beside this one hold the same bodies, and are redacted too. Of a provider that is not
    installed nobody knows which data are personal: its answers are left as they are, and a warning says so.
    """
    changed = books.archive.redact(_changes(books.archive, only))
    for path in (books.directory / name for name in (BEFORE_MERGE, MERGING)):
        if path.exists() and not path.samefile(books.archive.path):  # one file under two names until a merge is done
            with Archive(path) as beside:
                changed |= beside.redact(_changes(beside, only))
    return len(changed)


def _changes(archive: Archive, only: str | None) -> Iterator[tuple[str, bytes]]:
    """Yield the hashes of the bodies that hold personal data, each with what is to stand there."""
    known = provider.names()
    answers = [kept for kept in archive.answers() if only in {None, kept.provider}]
    for name in sorted({kept.provider for kept in answers}.difference(known)):
        log.warning("%s is not installed: its answers are not redacted", name)
    for kept in answers:
        operation = kept.operation.partition(":")[0]  # an answer that could not be read is kept under a mark
        paths = provider.find(kept.provider).personal.get(operation, ()) if kept.provider in known else ()
        body = archive.body(kept.body) if paths else b""
        if paths and (clean := cleaned(body, paths)) != body:
            yield kept.body, clean


def cleaned(body: bytes, paths: tuple[str, ...]) -> bytes:
    """Return a JSON body with the named fields replaced; the body itself where none of them is in it.

    Of a body that is no JSON nobody knows where the fields are: all of it is replaced.
    """
    try:
        tree = codec.tree(body)
    except Unreadable:
        return TOMBSTONE.encode()
    found = [_clean(tree, re.findall(r"\w+|\[\]", path)) for path in paths]
    return codec.encode(tree) if any(found) else body


def _clean(tree: Any, path: list[str]) -> bool:
    step, rest = path[0], path[1:]
    if step == "[]":
        return isinstance(tree, list) and sum(_clean(item, rest) for item in tree) > 0
    if not isinstance(tree, dict) or step not in tree:
        return False
    if rest:
        return _clean(tree[step], rest)
    was, tree[step] = tree[step], TOMBSTONE
    return bool(was != TOMBSTONE)
