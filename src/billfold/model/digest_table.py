"""Tells which of millions of digests came before, in some ten bytes for each: a set of them takes ten times as much."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

FIRST_CELL_COUNT = 1024
"""A power of two, as every later number of cells: a digest's last bits are its place."""
MAX_LOAD = 2, 3
"""Numerator and denominator of the cells that are taken before there are twice as many."""


class DigestTable:
    """Digests by their first eight bytes: open addressing in one array."""

    def __init__(self) -> None:
        self._cells, self._digest_count = _make_cells(FIRST_CELL_COUNT), 0

    def add_digests(self, digests: Iterable[bytes]) -> list[int]:
        """Add digests, and return the places among them of those that came before."""
        cells, mask, repeated_places = self._cells, len(self._cells) - 1, list[int]()
        read_number = int.from_bytes
        for place, digest in enumerate(digests):
            number = read_number(digest[:8], "little") or 1  # 0 is an empty cell
            position = number & mask
            while (stored_number := cells[position]) and stored_number != number:
                position = position + 1 & mask
            if stored_number:
                repeated_places.append(place)
                continue
            cells[position] = number
            self._digest_count += 1
            if self._digest_count * MAX_LOAD[1] > len(cells) * MAX_LOAD[0]:
                self._double_cells()
                cells, mask = self._cells, len(self._cells) - 1
        return repeated_places

    def _double_cells(self) -> None:
        cells, mask = _make_cells(2 * len(self._cells)), 2 * len(self._cells) - 1
        for number in filter(None, self._cells):
            position = number & mask
            while cells[position]:
                position = position + 1 & mask
            cells[position] = number
        self._cells = cells


def _make_cells(count: int) -> array[int]:
    return array("Q", bytes(8)) * count
