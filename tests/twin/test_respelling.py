"""Currencies and empty values are written in another way wherever they stand, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from billfold.providers.twin_api import FieldMap
from billfold.twin.respelling import respell_currency, respell_empty

MAP = FieldMap("data", currency="money.code")


def test_a_currency_is_respelled_in_all_of_its_item() -> None:
    tree: dict[str, Any] = {"data": [{"money": {"code": "USD"}, "lines": [{"code": "USD", "text": "USD 5"}]}, {}, 5]}
    respell_currency(str.lower)(tree, MAP)
    assert tree == {"data": [{"money": {"code": "usd"}, "lines": [{"code": "usd", "text": "USD 5"}]}, {}, 5]}


@pytest.mark.parametrize(("spelling", "empty"), [(lambda: None, None), (list, []), (str, "")])
def test_all_that_is_empty_is_written_in_one_way(spelling: Any, empty: Any) -> None:
    tree = {"a": [], "b": {}, "c": "", "d": None, "e": [{}, 0, False], "f": {"g": "x"}}
    respell_empty(spelling)(tree, MAP)
    assert tree == {"a": empty, "b": empty, "c": empty, "d": empty, "e": [empty, 0, False], "f": {"g": "x"}}
