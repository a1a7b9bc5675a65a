"""Take personal data out of stored answers: a tombstone stands where they were, and `verify` stays green."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from billfold.collect.workspace import Workspace
from billfold.ledger.archive import Archive
from billfold.ledger.archive_redaction import redact_bodies
from billfold.ledger.layout import DOCUMENT_TEXTS_FILE, SIDE_ARCHIVE_PATTERNS
from billfold.model.errors import InvalidResponse
from billfold.providers import provider
from billfold.wire import codec

log = logging.getLogger("billfold.redact")
REDACTED_VALUE = "redacted"


def redact_workspace(workspace: Workspace, provider_name: str | None = None) -> int:
    """Redact every stored body of an operation that holds personal data; returns how many were changed.

    The archives that a merge or a conversion left beside this one hold the same bodies, and are redacted too. Of a provider that is not
    installed nobody knows which data are personal: its answers are left as they are, and a warning says so.
    """
    with workspace.lock_writers():
        return _redact_archives(workspace, provider_name)


def _redact_archives(workspace: Workspace, provider_name: str | None) -> int:
    changed_hashes = _redact_archive(workspace.archive, provider_name)
    (workspace.directory / DOCUMENT_TEXTS_FILE).unlink(missing_ok=True)  # it may hold what stood there
    for path in sorted(path for pattern in SIDE_ARCHIVE_PATTERNS for path in workspace.directory.glob(pattern)):
        if not path.samefile(workspace.archive.path):  # one file under two names until a merge is done
            with Archive(path, as_it_is=True) as side_archive:
                changed_hashes |= _redact_archive(side_archive, provider_name)
    return len(changed_hashes)


def _redact_archive(archive: Archive, provider_name: str | None) -> set[str]:
    return redact_bodies(archive, _find_redactions(archive, provider_name), datetime.now(UTC))


def _find_redactions(archive: Archive, provider_name: str | None) -> Iterator[tuple[str, bytes]]:
    """Yield the hashes of the bodies that hold personal data, each with what is to stand there."""
    provider_names = provider.provider_names()
    entries = [entry for entry in archive.iter_answers() if provider_name in {None, entry.provider}]
    for name in sorted({entry.provider for entry in entries}.difference(provider_names)):
        log.warning("%s is not installed: its answers are not redacted", name)
    for entry in entries:
        operation = entry.operation.partition(":")[0]  # an answer that could not be read is kept under a mark
        paths = (
            provider.find_provider(entry.provider).personal_fields.get(operation, ())
            if entry.provider in provider_names
            else ()
        )
        body = archive.read_body(entry.body) if paths else b""
        if paths and (redacted_body := redact_body(body, paths)) != body:
            yield entry.body, redacted_body


def redact_body(body: bytes, paths: tuple[str, ...]) -> bytes:
    """Return a JSON body with the named fields replaced; the body itself where none of them is in it.

    Of a body that is no JSON nobody knows where the fields are: all of it is replaced.
    """
    try:
        tree = codec.parse_json(body)
    except InvalidResponse:
        return REDACTED_VALUE.encode()
    changes = [_redact_field(tree, re.findall(r"\w+|\[\]", path)) for path in paths]
    return codec.encode_json(tree) if any(changes) else body


def _redact_field(tree: Any, path: list[str]) -> bool:
    step, remaining_path = path[0], path[1:]
    if step == "[]":
        return isinstance(tree, list) and sum(_redact_field(item, remaining_path) for item in tree) > 0
    if not isinstance(tree, dict) or step not in tree:
        return False
    if remaining_path:
        return _redact_field(tree[step], remaining_path)
    old_value, tree[step] = tree[step], REDACTED_VALUE
    return bool(old_value != REDACTED_VALUE)
