"""Cuts lists into pages as Vultr does: cursors are base64 of ``next__`` or ``prev__`` and an id."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from billfold.providers.twin_api import AccessDenied, ApiFault
from billfold.providers.vultr.api import MAX_PAGE_SIZE
from billfold.providers.vultr.records import Links, Meta

I = TypeVar("I")  # noqa: E741 - an item
DEFAULT_PAGE_SIZE = 100


class PageSlice(NamedTuple, Generic[I]):
    """A page of a list, and what is said of the rest."""

    items: Sequence[I]
    meta: Meta


def slice_page(
    items: Sequence[I],
    per_page: int | None,
    cursor: str | None,
    find_position: Callable[[str], int | None],
    get_id: Callable[[int], str],
) -> PageSlice[I]:
    """Cut the page that a cursor asks for; ``find_position`` finds an id in it, ``get_id`` gives that at an index."""
    page_size = DEFAULT_PAGE_SIZE if per_page is None else per_page
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise AccessDenied(
            ApiFault.BAD_REQUEST, f"per_page must be between 1 and {MAX_PAGE_SIZE}"
        )  # GUESS: that it is refused, the text
    start = _find_start(cursor, page_size, find_position) if cursor else 0  # GUESS: an empty cursor is the first page
    end = min(start + page_size, len(items))
    links = Links(
        # GUESS: that the id is the last one served; prev by analogy, no sample of it was found
        next=make_cursor("next", get_id(end - 1)) if end < len(items) else "",
        prev=make_cursor("prev", get_id(start)) if start else "",
    )
    return PageSlice(items[start:end], Meta(total=len(items), links=links))


def make_cursor(direction: str, item_id: str) -> str:
    """Write a cursor."""
    return base64.b64encode(f"{direction}__{item_id}".encode()).decode()


def _find_start(cursor: str, page_size: int, find_position: Callable[[str], int | None]) -> int:
    direction, item_id = _parse_cursor(cursor)
    position = find_position(item_id)
    if position is None or direction not in {"next", "prev"}:
        raise AccessDenied(ApiFault.BAD_REQUEST, "Invalid cursor")  # GUESS: that it is refused, and the text
    return position + 1 if direction == "next" else max(position - page_size, 0)


def _parse_cursor(cursor: str) -> tuple[str, str]:
    try:
        direction, _, item_id = base64.b64decode(cursor, validate=True).decode().partition("__")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    return direction, item_id
