"""How a resource of the API is declared: what can be asked, what a row is, and the function that answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from billfold.serve.questions import Question


class Parameter(NamedTuple):
    """A word of a query, and what it means; ``choices`` are all that it may be, and a flag is "1" or left out."""

    name: str
    meaning: str
    is_required: bool = False
    choices: tuple[str, ...] = ()


class Resource(NamedTuple):
    """A question that the API answers; the ``decimals`` of its rows are money that the ledger has as text."""

    name: str
    summary: str
    row_type: type
    read: Callable[[Question], object]
    parameters: tuple[Parameter, ...] = ()
    has_month: bool = False
    is_single: bool = False
    is_streamed: bool = False
    has_keys: bool = False
    """Whether its rows have more fields than their type: what they are grouped by."""
    is_live: bool = False
    """Whether its answer is another as time passes: it is made each time."""
    decimals: tuple[str, ...] = ()
    file_types: Mapping[str, str] = {}
    """Other endings than .json and .csv, with the media types of the files that ``write`` makes of them."""
    write: Callable[[Question, str], bytes] | None = None
    stream: Callable[[Question, str], Iterator[bytes]] | None = None
    """Yields a file of ``file_types`` piece by piece, where the resource is streamed."""


def make_flag(name: str, meaning: str) -> Parameter:
    """Return a parameter that is 1 or left out."""
    return Parameter(name, f"1: {meaning}", choices=("1",))
