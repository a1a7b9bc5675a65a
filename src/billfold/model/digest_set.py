"""Tells which of millions of digests came before: in a set as long as that is small, then in a tenth of its memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

MAX_SET_SIZE = 131_072
"""Digests that are held in a set: it is four times as fast as the table, and takes a hundred bytes for each."""
TABLE_BITS = 6
"""Bits of a digest that choose its table: each of many grows by itself, so that never all of them lie there twice."""
FIRST_CELL_COUNT = 4096
"""Cells of a table; a power of two, as every later number of them: a digest's first bits are its place."""
MAX_LOAD = 2, 3
"""Numerator and denominator of the cells that are taken before there are twice as many."""


class DigestSet:
    """Digests that were added; beyond ``MAX_SET_SIZE`` by their first eight bytes, in arrays with open addressing."""

    def __init__(self) -> None:
        self._digests = set[bytes]()
        self._tables: list[array[int]] = []
        self._free_counts: list[int] = []

    def add_digests(self, digests: Sequence[bytes]) -> list[int]:
        """Add digests, and return the positions among them of those that came before."""
        if self._tables:
            return self._add_numbers(digests)
        repeated_positions, known_digests = list[int](), self._digests
        for position, digest in enumerate(digests):
            if digest in known_digests:
                repeated_positions.append(position)
            else:
                known_digests.add(digest)
        if len(known_digests) > MAX_SET_SIZE:
            self._tables = [_make_cells(FIRST_CELL_COUNT) for _ in range(1 << TABLE_BITS)]
            self._free_counts = [_count_free_cells(FIRST_CELL_COUNT)] * len(self._tables)
            self._add_numbers(known_digests)
            self._digests = set()
        return repeated_positions

    def _add_numbers(self, digests: Iterable[bytes]) -> list[int]:
        tables, free_counts, shift = self._tables, self._free_counts, 64 - TABLE_BITS
        repeated_positions = list[int]()
        for position, number in enumerate(array("Q", b"".join([digest[:8] for digest in digests]))):
            table_index = number >> shift
            if _place_number(number, cells := tables[table_index]):
                repeated_positions.append(position)
                continue
            free_counts[table_index] -= 1
            if not free_counts[table_index]:
                tables[table_index] = _copy_to_larger(cells)
                free_counts[table_index] = _count_free_cells(2 * len(cells)) - _count_free_cells(len(cells))
        return repeated_positions


def _place_number(number: int, cells: array[int]) -> int:
    """Put a number into the cell that its last bits say, or the next one that is free; returns it if it was there."""
    mask = len(cells) - 1
    cell = number & mask
    while (stored_number := cells[cell]) and stored_number != number:
        cell = cell + 1 & mask
    cells[cell] = number
    return stored_number


def _copy_to_larger(cells: array[int]) -> array[int]:
    larger_cells = _make_cells(2 * len(cells))
    for number in filter(None, cells):
        _place_number(number, larger_cells)
    return larger_cells


def _make_cells(count: int) -> array[int]:
    """Return cells that are free, which is 0."""
    return array("Q", bytes(8)) * count


def _count_free_cells(cell_count: int) -> int:
    """Return how many cells may be taken before there are twice as many."""
    return cell_count * MAX_LOAD[0] // MAX_LOAD[1]
