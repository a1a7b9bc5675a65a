"""Tells which of millions of digests came before: in a set as long as that is small, then in a tenth of its memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

MAX_SET_SIZE = 131_072
"""Digests that are held in a set: it is four times as fast as the table, and takes a hundred bytes for each."""
FIRST_CELL_COUNT = 4 * MAX_SET_SIZE
"""A power of two, as every later number of cells: a digest's first bits are its place."""
MAX_LOAD = 2, 3
"""Numerator and denominator of the cells that are taken before there are twice as many."""


class DigestSet:
    """Digests that were added; beyond ``MAX_SET_SIZE`` by their first eight bytes, in one array with open addressing."""

    def __init__(self) -> None:
        self._digests, self._cells, self._cell_count = set[bytes](), array("Q"), 0

    def add_digests(self, digests: Sequence[bytes]) -> list[int]:
        """Add digests, and return the positions among them of those that came before."""
        if self._cells:
            return self._add_numbers(array("Q", b"".join([digest[:8] for digest in digests])))
        repeated_positions, known_digests = list[int](), self._digests
        for position, digest in enumerate(digests):
            if digest in known_digests:
                repeated_positions.append(position)
            else:
                known_digests.add(digest)
        if len(known_digests) > MAX_SET_SIZE:
            self._cells = _make_cells(FIRST_CELL_COUNT)
            self._add_numbers(array("Q", b"".join([digest[:8] for digest in known_digests])))
            self._digests = set()
        return repeated_positions

    def _add_numbers(self, numbers: Iterable[int]) -> list[int]:
        cells, mask, repeated_positions = self._cells, len(self._cells) - 1, list[int]()
        added_count = 0
        for position, number in enumerate(numbers):
            cell = number & mask
            while stored_number := cells[cell]:
                if stored_number == number:
                    repeated_positions.append(position)
                    break
                cell = cell + 1 & mask
            else:
                cells[cell] = number
                added_count += 1
        self._cell_count += added_count
        if self._cell_count * MAX_LOAD[1] > len(cells) * MAX_LOAD[0]:
            self._cells, self._cell_count = _make_cells(2 * len(cells)), 0
            self._add_numbers(filter(None, cells))
        return repeated_positions


def _make_cells(count: int) -> array[int]:
    return array("Q", bytes(8)) * count
