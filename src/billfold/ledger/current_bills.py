"""The bills of an account that are believed while a run is booked: those that stand, and later versions that dispute one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from billfold.ledger.bill_values import BillValues
from billfold.model.bill import State


def is_trusted(row: BillValues) -> bool:
    """Tell whether a bill adds up: it is counted then, and only another that does takes its place."""
    return row["parked"] is None


class CurrentBills:
    """Believed bills by their keys, and which estimates an invoice puts an end to.

    A version that does not add up never takes the place of one that did: it stands beside it, and disputes it.
    """

    def __init__(self, seq: int) -> None:
        self._seq = seq
        self._rows: dict[str, BillValues] = {}
        self._disputing_rows: dict[str, BillValues] = {}
        self._replacement_index: defaultdict[object, dict[str, BillValues]] = defaultdict(dict)
        self.superseded_rows = list[BillValues]()

    def add_row(self, row: BillValues) -> None:
        """Believe a bill from now on."""
        if row["disputes"] is not None:
            self._disputing_rows[row["bill_key"]] = row
            return
        for index in self._find_indexes(row):
            index[row["bill_key"]] = row

    def find_row(self, bill_key: str) -> BillValues | None:
        """Return the version of a bill that stands."""
        return self._rows.get(bill_key)

    def find_versions(self, bill_key: str) -> list[BillValues]:
        """Return the version of a bill that stands, and the one that disputes it."""
        return [rows[bill_key] for rows in (self._rows, self._disputing_rows) if bill_key in rows]

    def list_rows(self) -> list[BillValues]:
        """Return all versions that stand."""
        return list(self._rows.values())

    def supersede_row(self, row: BillValues) -> None:
        """Believe a bill no longer, nor what disputes it."""
        row["until_seq"] = self._seq
        self.superseded_rows.append(row)
        if row["disputes"] is not None:
            del self._disputing_rows[row["bill_key"]]
            return
        for index in self._find_indexes(row):
            del index[row["bill_key"]]
        self.settle_dispute(row["bill_key"])

    def settle_dispute(self, bill_key: str) -> bool:
        """Believe no longer what disputes a bill; returns whether anything did."""
        disputing_row = self._disputing_rows.get(bill_key)
        if disputing_row:
            self.supersede_row(disputing_row)
        return disputing_row is not None

    def find_competing(self, row: BillValues) -> list[BillValues]:
        """Return the bills that a bill ends if they are estimates, or that end it if it is one."""
        competing_rows = {
            key: competing_row
            for index_key in _find_index_keys(row)
            for key, competing_row in self._replacement_index[index_key].items()
        }
        return list(competing_rows.values())

    def supersede_missing(
        self, told_keys: Collection[str], told_currencies: Mapping[str, set[str]], estimate_keys: Iterable[str]
    ) -> None:
        """Stop believing what a run could tell and does not: an invoice in a currency, and older estimates.

        ``told_currencies`` are those in which trusted bills of an invoice were told. A run that tells an estimate tells all
        there are; one whose invoice does not add up stays, as nothing else is known of its period.
        """
        wanted_estimates = {key for key in estimate_keys if key in self._rows}
        unreplaced_estimates = set(self._iter_unreplaced_estimates()) if wanted_estimates else set[str]()
        for row in self.list_rows():
            bill_key = row["bill_key"]
            if row["state"] == State.ESTIMATE:
                is_missing = bool(wanted_estimates) and bill_key not in wanted_estimates | unreplaced_estimates
            else:
                currencies = told_currencies.get(row["invoice_id"], {row["currency"]})
                is_missing = bill_key not in told_keys and row["currency"] not in currencies
            if is_missing:
                self.supersede_row(row)

    def _iter_unreplaced_estimates(self) -> Iterator[str]:
        """Yield the estimates whose invoice is parked."""
        for row in self._rows.values():
            if row["state"] != State.ESTIMATE and not is_trusted(row):
                yield from (other["bill_key"] for other in self.find_competing(row))

    def _find_indexes(self, row: BillValues) -> list[dict[str, BillValues]]:
        return [self._rows, *(self._replacement_index[index_key] for index_key in _find_index_keys(row))]


def _find_index_keys(row: BillValues) -> list[object]:
    """Return where a bill meets the estimates that it ends, or those that end it: its period, or one estimate by its key."""
    period_key = row["currency"], row["period_start"]
    if row["state"] == State.ESTIMATE:
        return [period_key, row["bill_key"]]
    return [period_key] if row["settles"] is None else json.loads(row["settles"])
