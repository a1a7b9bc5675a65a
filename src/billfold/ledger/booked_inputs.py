"""What the bills of an account were made of: those of inputs that come again need not be made again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from billfold.ledger.bill_values import BillValues


class BookedInputs:
    """Which bills were made of which inputs, as the ledger knew it before a run and as the run tells it.

    A bill's column ``inputs`` holds the hash of its inputs and how many bills were made of them: where one of these is not in
    the ledger, or believed no more, all of them must be made again.
    """

    def __init__(self) -> None:
        self._known_rows = defaultdict[str, list[BillValues]](list)
        self._rows_of_run = defaultdict[str, list[BillValues | None]](list)

    def index_rows(self, rows: Iterable[BillValues]) -> None:
        """Take in the bills that are believed."""
        for row in rows:
            if row["inputs"]:
                self._known_rows[row["inputs"].split()[0]].append(row)

    def find_rows(self, inputs_hash: str) -> list[BillValues]:
        """Return the bills that are made of inputs; none where one of them is not believed any more."""
        rows = [row for row in self._known_rows.get(inputs_hash, ()) if row["until_seq"] is None]
        return rows if all(row["inputs"] == f"{inputs_hash} {len(rows)}" for row in rows) else []

    def note_bill(self, inputs_hash: str, row: BillValues | None) -> None:
        """Note a bill of the run; None for one that the ledger does not have as it was made."""
        if inputs_hash:
            self._rows_of_run[inputs_hash].append(row)

    def mark_rows(self) -> Iterator[BillValues]:
        """Write down what the run's bills were made of; yields those of which it was not known so."""
        for inputs_hash, rows in self._rows_of_run.items():
            booked_rows = [row for row in rows if row is not None]
            inputs = f"{inputs_hash} {len(rows)}" if len(booked_rows) == len(rows) else None
            for row in booked_rows:
                if row["inputs"] != inputs:
                    row["inputs"] = inputs
                    yield row
        self._rows_of_run.clear()
