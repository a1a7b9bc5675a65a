"""What faults do to an answer's bytes: after encoding, so that they are not polite.

A vendor's twin names the places of each operation's answer (``PLACES``): where its list is, which field of an item is its
money, its id, its state. Paths are written as ``meta.total`` or ``totals[0].amount``.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from billfold.providers.twin_api import Places
from billfold.wire.message import Response

Change = Callable[[Any, Places], None]
BOMB = 1 << 30
"""Bytes that a small compressed body unfolds to."""


def steps(path: str) -> list[str | int]:
    """Return a path's steps."""
    return [int(index) if index else name for name, index in re.findall(r"(\w+)|\[(\d+)\]", path)]


def at(tree: Any, path: str) -> Any:
    """Return what stands at a path; None where there is no such place."""
    for step in steps(path) if path else []:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def put(tree: Any, path: str, value: Any) -> None:
    """Write a value to a path, where its parent is there; the empty path is nowhere."""
    if not path:
        return
    *above, last = steps(path)
    for step in above:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(tree, dict):
        tree[last] = value


def _items(tree: Any, places: Places) -> list[Any]:
    found = at(tree, places.items)
    return found if isinstance(found, list) else []


def short_page(tree: Any, places: Places) -> None:
    """Leave the second half of a page out; its next link stays."""
    items = _items(tree, places)
    del items[(len(items) + 1) // 2 :]


def total_moving(tree: Any, places: Places) -> None:
    """Say that the list is longer than it was."""
    count = at(tree, places.size) if places.size else None
    if isinstance(count, int):
        put(tree, places.size, count + 1)


def item_moved(tree: Any, places: Places) -> None:
    """Give the page's last item twice and its first not at all, as when a list shifts while it is read."""
    items = _items(tree, places)
    if len(items) > 1:
        items[0] = items[-1]


def line_ids_changing(tree: Any, places: Places) -> None:
    """Give every line an id that it did not have before; an invoice of another id would be another invoice."""
    for number, item in enumerate([] if places.state or places.currency else _items(tree, places)):
        if places.id and isinstance(at(item, places.id), str):
            put(item, places.id, f"{at(item, places.id)}-{number}")


def invoice_vanishing(tree: Any, places: Places) -> None:
    """Leave the item in the list's middle out, and count as if it had never been."""
    items = _items(tree, places)
    if items:
        items.pop(len(items) // 2)
    count = at(tree, places.size) if places.size else None
    if isinstance(count, int):
        put(tree, places.size, count - 1)


def off_by(amount: str) -> Change:
    """State the total of the last item off by an amount."""

    def change(tree: Any, places: Places) -> None:
        for item in _items(tree, places)[-1:] if places.items else [tree]:
            value = at(item, places.money)
            if isinstance(value, (int, Decimal)):
                put(item, places.money, Decimal(value) + Decimal(amount))
            elif isinstance(value, str):
                put(item, places.money, str(Decimal(value) + Decimal(amount)))

    return change


def amount(make: Callable[[Any], Any]) -> Change:
    """Write the money of the last item in another way."""

    def change(tree: Any, places: Places) -> None:
        for item in _items(tree, places)[-1:] if places.items else [tree]:
            if places.money and at(item, places.money) is not None:
                put(item, places.money, make(at(item, places.money)))

    return change


def draft_finalized(tree: Any, places: Places) -> None:
    """Call every draft final."""
    for item in _items(tree, places):
        if places.draft and at(item, places.state) == places.draft:
            put(item, places.state, places.final)


def new_enum(tree: Any, places: Places) -> None:
    """Use a state word that no document knows."""
    for item in _items(tree, places)[:1]:
        if places.state:
            put(item, places.state, "BILLFOLD_NEW_WORD")


def renamed_field(tree: Any, places: Places) -> None:
    """Send the money of the last item under another name."""
    for item in _items(tree, places)[-1:] if places.money else []:
        *above, last = steps(places.money)
        parent = item
        for step in above:
            parent = parent[step]
        if isinstance(parent, dict) and last in parent:
            parent[f"new_{last}"] = parent.pop(last)


def two_currencies(tree: Any, places: Places) -> None:
    """Send the last item in another currency."""
    for item in _items(tree, places)[-1:]:
        if places.currency:
            put(item, places.currency, "EUR")


def identical_lines(tree: Any, places: Places) -> None:
    """Send the first item twice: two legitimate lines that are equal in every word."""
    items = _items(tree, places)
    if items:
        items.insert(0, items[0])


def without_periods(tree: Any, places: Places) -> None:
    """Send contracts that have no billing periods."""
    for item in _items(tree, places) if places.items else [tree]:
        if places.periods and at(item, places.periods):
            put(item, places.periods, [])


def negative_wallet(tree: Any, places: Places) -> None:
    """Send a wallet whose balance is below zero."""
    if at(tree, places.balance) is not None:
        put(tree, places.balance, Decimal(-1))


def other_digits(body: bytes) -> bytes:
    """Change the last digit in a body."""
    found = list(re.finditer(rb"\d", body))
    if not found:
        return body
    last = found[-1].start()
    return body[:last] + (b"1" if body[last : last + 1] != b"1" else b"2") + body[last + 1 :]


def bomb() -> Response:
    """Return a small body that unfolds to a gigabyte."""
    packed = gzip.compress(bytes(1 << 20), 9) * (BOMB >> 20)
    return Response(200, {"content-type": "application/json", "content-encoding": "gzip"}, packed)
