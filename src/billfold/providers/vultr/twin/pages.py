"""Cuts lists into pages as Vultr does: cursors are base64 of ``next__`` or ``prev__`` and an id."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from billfold.providers.twin_api import AccessDenied, ApiFault
from billfold.providers.vultr.api import MOST
from billfold.providers.vultr.records import Links, Meta

I = TypeVar("I")  # noqa: E741 - an item
USUAL = 100


class Cut(NamedTuple, Generic[I]):
    """A page of a list, and what is said of the rest."""

    items: Sequence[I]
    meta: Meta


def cut(
    items: Sequence[I],
    per_page: int | None,
    cursor: str | None,
    place: Callable[[str], int | None],
    name: Callable[[int], str],
) -> Cut[I]:
    """Cut the page that a cursor asks for; ``place`` finds an id in the list, ``name`` gives the id at an index."""
    size = USUAL if per_page is None else per_page
    if not 1 <= size <= MOST:
        raise AccessDenied(
            ApiFault.BAD_REQUEST, f"per_page must be between 1 and {MOST}"
        )  # GUESS: that it is refused, the text
    start = _start(cursor, size, place) if cursor else 0  # GUESS: an empty cursor is the first page
    end = min(start + size, len(items))
    links = Links(
        # GUESS: that the id is the last one served; prev by analogy, no sample of it was found
        next=token("next", name(end - 1)) if end < len(items) else "",
        prev=token("prev", name(start)) if start else "",
    )
    return Cut(items[start:end], Meta(total=len(items), links=links))


def token(way: str, about: str) -> str:
    """Write a cursor."""
    return base64.b64encode(f"{way}__{about}".encode()).decode()


def _start(cursor: str, size: int, place: Callable[[str], int | None]) -> int:
    way, about = _read(cursor)
    found = place(about)
    if found is None or way not in {"next", "prev"}:
        raise AccessDenied(ApiFault.BAD_REQUEST, "Invalid cursor")  # GUESS: that it is refused, and the text
    return found + 1 if way == "next" else max(found - size, 0)


def _read(cursor: str) -> tuple[str, str]:
    try:
        way, _, about = base64.b64decode(cursor, validate=True).decode().partition("__")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    return way, about
