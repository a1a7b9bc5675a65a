"""Another spelling of what an answer says: currencies, empty values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from billfold.providers.twin_api import FieldMap
from billfold.twin.damage import JsonChange, get_value, list_items


def replace_values(tree: Any, convert: Callable[[Any], Any]) -> Any:
    """Return a tree in which each value that is no container with something in it is converted."""
    if isinstance(tree, dict) and tree:
        return {name: replace_values(value, convert) for name, value in tree.items()}
    if isinstance(tree, list) and tree:
        return [replace_values(value, convert) for value in tree]
    return convert(tree)


def update_tree(tree: Any, convert: Callable[[Any], Any]) -> None:
    """Convert the values of a tree in place."""
    new_tree = replace_values(tree, convert)
    if isinstance(tree, dict):
        tree.update(new_tree)
    elif isinstance(tree, list):
        tree[:] = new_tree


def respell_currency(respell: Callable[[str], str]) -> JsonChange:
    """Write the currency of every item in another way, wherever it stands in the item."""

    def respell_items(tree: Any, field_map: FieldMap) -> None:
        for item in list_items(tree, field_map) if field_map.items else [tree]:
            code = get_value(item, field_map.currency) if field_map.currency else None
            if isinstance(code, str):
                update_tree(item, partial(_replace_text, code, respell(code)))

    return respell_items


def _replace_text(old_text: str, new_text: str, value: Any) -> Any:
    return new_text if value == old_text else value


def respell_empty(spelling: Callable[[], Any]) -> JsonChange:
    """Write everything that is empty (null, an empty list, object or text) in one way."""

    def respell_tree(tree: Any, _: FieldMap) -> None:
        update_tree(tree, lambda value: spelling() if value is None or value in ([], {}, "") else value)

    return respell_tree
