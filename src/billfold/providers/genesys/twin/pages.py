"""Pages of the twin: cursors that nobody can read, and links that keep the question's filters."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from billfold.providers.genesys.api import CursorPagedOperation
from billfold.providers.genesys.twin.errors import format_invalid_value
from billfold.providers.twin_api import AccessDenied, ApiFault
from billfold.wire.message import Request

START_CURSOR = "start"
"""What a cursor says that stands before the first item."""
DEFAULT_PAGE_SIZE = 25
"""GUESS: the platform's habit on its other lists; the documents name no default."""


class PageLinks(NamedTuple):
    """The three links of a page; None where there is no such page."""

    this: str
    next: str | None
    previous: str | None


def cut_page(
    entities: Sequence[Any], op: CursorPagedOperation[Any, Any], request: Request, max_size: int
) -> tuple[Sequence[Any], PageLinks]:
    """Cut one page out of a list; raises ``AccessDenied`` for a page size or a cursor that cannot be."""
    size = op.page_size if op.page_size is not None else min(DEFAULT_PAGE_SIZE, max_size)
    if not 1 <= size <= max_size:
        raise AccessDenied(
            ApiFault.BAD_REQUEST,
            format_invalid_value(size, "pageSize", f"1 to {max_size}"),  # GUESS: the words
        )
    start = _find_start(entities, op, size)
    end = min(start + size, len(entities))
    if op.before is not None:
        end = _find_cursor_index(entities, op.before)
    last_id = entities[end - 1].id if end else START_CURSOR
    links = PageLinks(
        _make_link(request, None),
        _make_link(request, ("after", last_id)) if end < len(entities) else None,
        _make_link(request, ("before", entities[start].id)) if start else None,
    )
    return entities[start:end], links


def _find_start(entities: Sequence[Any], op: CursorPagedOperation[Any, Any], size: int) -> int:
    if op.before is not None and op.after is not None:
        raise AccessDenied(ApiFault.BAD_REQUEST)  # GUESS: which of the two would win is not documented
    if op.after is not None:
        return _find_cursor_index(entities, op.after) + 1
    return max(_find_cursor_index(entities, op.before) - size, 0) if op.before is not None else 0


def _find_cursor_index(entities: Sequence[Any], cursor: str) -> int:
    try:
        entity_id = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except ValueError:
        entity_id = ""
    if entity_id == START_CURSOR:
        return -1
    for index, entity in enumerate(entities):
        if entity.id == entity_id:
            return index
    raise AccessDenied(ApiFault.BAD_REQUEST)  # GUESS: how the vendor answers a cursor that it did not give


def _make_link(request: Request, cursor: tuple[str, object] | None) -> str:
    query_params = [(key, value) for key, value in request.query if cursor is None or key not in {"before", "after"}]
    if cursor:
        query_params.append((cursor[0], base64.b64encode(str(cursor[1]).encode()).decode()))
    return request.path + (f"?{urlencode(query_params, quote_via=quote)}" if query_params else "")
