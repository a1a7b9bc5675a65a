"""What faults do to an answer's bytes: after encoding, so that they are not polite.

A vendor's twin names the places of each operation's answer (``field_maps``): where its list is, which field of an item is its
money, its id, its state. Paths are written as ``meta.total`` or ``totals[0].amount``.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from billfold.providers.twin_api import FieldMap
from billfold.wire.message import Response

JsonChange = Callable[[Any, FieldMap], None]
GZIP_BOMB_BYTES = 1 << 30
"""Bytes that a small compressed body unfolds to."""


def parse_path(path: str) -> list[str | int]:
    """Return a path's steps."""
    return [int(index) if index else name for name, index in re.findall(r"(\w+)|\[(\d+)\]", path)]


def get_value(tree: Any, path: str) -> Any:
    """Return what stands at a path; None where there is no such place."""
    for step in parse_path(path) if path else []:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def set_value(tree: Any, path: str, value: Any) -> None:
    """Write a value to a path, where its parent is there; the empty path is nowhere."""
    if not path:
        return
    *parent_steps, last_step = parse_path(path)
    for step in parent_steps:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(tree, dict):
        tree[last_step] = value


def list_items(tree: Any, field_map: FieldMap) -> list[Any]:
    """Return an answer's list itself; an empty one where it has none."""
    items = get_value(tree, field_map.items)
    return items if isinstance(items, list) else []


def adjust_count(tree: Any, field_map: FieldMap, difference: int) -> None:
    """Say that the list is longer or shorter by so many, where it says how long it is."""
    count = get_value(tree, field_map.size) if field_map.size else None
    if isinstance(count, int):
        set_value(tree, field_map.size, count + difference)


def change_amount(tree: Any, path: str, change: Callable[[Decimal], Decimal]) -> None:
    """Change the amount at a path; one that is a text stays a text."""
    value = get_value(tree, path) if path else None
    if isinstance(value, str):
        set_value(tree, path, str(change(Decimal(value))))
    elif isinstance(value, (int, Decimal)):
        set_value(tree, path, change(Decimal(value)))


def halve_page(tree: Any, field_map: FieldMap) -> None:
    """Leave the second half of a page out; its next link stays."""
    items = list_items(tree, field_map)
    del items[(len(items) + 1) // 2 :]


def raise_count(tree: Any, field_map: FieldMap) -> None:
    """Say that the list is longer than it was."""
    adjust_count(tree, field_map, 1)


def shift_items(tree: Any, field_map: FieldMap) -> None:
    """Give the page's last item twice and its first not at all, as when a list shifts while it is read."""
    items = list_items(tree, field_map)
    if len(items) > 1:
        items[0] = items[-1]


def change_line_ids(tree: Any, field_map: FieldMap) -> None:
    """Give every line an id that it did not have before; an invoice of another id would be another invoice."""
    for index, item in enumerate([] if field_map.state or field_map.currency else list_items(tree, field_map)):
        if field_map.id and isinstance(get_value(item, field_map.id), str):
            set_value(item, field_map.id, f"{get_value(item, field_map.id)}-{index}")


def remove_invoice(tree: Any, field_map: FieldMap) -> None:
    """Leave the item in the list's middle out, and count as if it had never been."""
    items = list_items(tree, field_map)
    if items:
        items.pop(len(items) // 2)
    adjust_count(tree, field_map, -1)


def shift_total(amount: str) -> JsonChange:
    """State the total of the last item off by an amount."""

    def add_amount(tree: Any, field_map: FieldMap) -> None:
        for item in list_items(tree, field_map)[-1:] if field_map.items else [tree]:
            change_amount(item, field_map.money, lambda value: value + Decimal(amount))

    return add_amount


def rewrite_amount(convert: Callable[[Any], Any]) -> JsonChange:
    """Write the money of the last item in another way."""

    def convert_amount(tree: Any, field_map: FieldMap) -> None:
        for item in list_items(tree, field_map)[-1:] if field_map.items else [tree]:
            if field_map.money and get_value(item, field_map.money) is not None:
                set_value(item, field_map.money, convert(get_value(item, field_map.money)))

    return convert_amount


def finalize_drafts(tree: Any, field_map: FieldMap) -> None:
    """Call every draft final."""
    for item in list_items(tree, field_map):
        if field_map.draft and get_value(item, field_map.state) == field_map.draft:
            set_value(item, field_map.state, field_map.final)


def invent_state(tree: Any, field_map: FieldMap) -> None:
    """Use a state word that no document knows."""
    for item in list_items(tree, field_map)[:1]:
        if field_map.state:
            set_value(item, field_map.state, "BILLFOLD_NEW_WORD")


def leave_unpaid(tree: Any, field_map: FieldMap) -> None:
    """Call every invoice unpaid, however old it is."""
    for item in list_items(tree, field_map) if field_map.unpaid else ():
        set_value(item, field_map.state, field_map.unpaid)


def rename_amount(tree: Any, field_map: FieldMap) -> None:
    """Send the money of the last item under another name."""
    for item in list_items(tree, field_map)[-1:] if field_map.money else []:
        *parent_steps, last_step = parse_path(field_map.money)
        parent = item
        for step in parent_steps:
            parent = parent[step]
        if isinstance(parent, dict) and last_step in parent:
            parent[f"new_{last_step}"] = parent.pop(last_step)


def change_currency(tree: Any, field_map: FieldMap) -> None:
    """Send the last item in another currency."""
    for item in list_items(tree, field_map)[-1:]:
        if field_map.currency:
            set_value(item, field_map.currency, "EUR")


def duplicate_line(tree: Any, field_map: FieldMap) -> None:
    """Send the first item twice: two legitimate lines that are equal in every word."""
    items = list_items(tree, field_map)
    if items:
        items.insert(0, items[0])


def remove_periods(tree: Any, field_map: FieldMap) -> None:
    """Send contracts that have no billing periods."""
    for item in list_items(tree, field_map) if field_map.items else [tree]:
        if field_map.periods and get_value(item, field_map.periods):
            set_value(item, field_map.periods, [])


def overdraw_wallet(tree: Any, field_map: FieldMap) -> None:
    """Send a wallet whose balance is below zero."""
    if get_value(tree, field_map.balance) is not None:
        set_value(tree, field_map.balance, Decimal(-1))


def change_last_digit(body: bytes) -> bytes:
    """Change the last digit in a body."""
    digits = list(re.finditer(rb"\d", body))
    if not digits:
        return body
    offset = digits[-1].start()
    return body[:offset] + (b"1" if body[offset : offset + 1] != b"1" else b"2") + body[offset + 1 :]


def make_gzip_bomb() -> Response:
    """Return a small body that unfolds to a gigabyte."""
    body = gzip.compress(bytes(1 << 20), 9) * (GZIP_BOMB_BYTES >> 20)
    return Response(200, {"content-type": "application/json", "content-encoding": "gzip"}, body)
