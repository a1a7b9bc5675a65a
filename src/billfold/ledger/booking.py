"""A run on its way into the ledger: its bills, what they take the place of, and how it ended.

A bill is never changed: it is believed from one archive number on, and until another (or still).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import duckdb
import pyarrow as pa

from billfold.ledger.batch import make_exact_array, to_naive_utc, to_stored_value
from billfold.ledger.bill_values import (
    BillValues,
    build_bill_values,
    check_total,
    encode_replaced_estimates,
    read_bill_values,
    require_storable,
)
from billfold.ledger.booked_inputs import BookedInputs
from billfold.ledger.catalog import FindingStage, add_bill_findings, add_findings
from billfold.ledger.charge_writer import ChargeWriter
from billfold.ledger.columns import BILL_COLUMN_TYPES, COMMITMENT_COLUMN_TYPES
from billfold.ledger.derived_taxes import list_derived_taxes
from billfold.ledger.digest import CONTENT_SQL, STATED_COLUMNS, ContentHash
from billfold.ledger.identities import AccountIdentity
from billfold.ledger.store import ROWS_PER_FETCH, OpenLedger
from billfold.model.bill import Bill, BillSource, DerivedTax, State
from billfold.model.finding import Finding, drop_repeated, limit_findings, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.focus import ContractCommitment
from billfold.model.money import format_decimal
from billfold.model.period import parse_instant

COMPARED_COLUMNS = ("mark", "lines", "parked", "settles", "grade", *STATED_COLUMNS)
"""What a bill must say again, beside its charges, to be the one that is known already."""


def preload_duckdb() -> None:
    """Have DuckDB do what it does once in a process, so that the ledger opens sooner."""
    duckdb.connect().close()


@contextmanager
def open_booking(db: OpenLedger, account_identity: AccountIdentity) -> Iterator[Booking]:
    """Book what a run brought; all of it is in the ledger's tables when this ends without an error."""
    with ChargeWriter(db) as writer:
        booking = Booking(db, account_identity, writer)
        yield booking
        booking.flush()


class Booking:
    """A run's bills, booked one by one over what its account was believed to owe before."""

    def __init__(self, db: OpenLedger, account_identity: AccountIdentity, writer: ChargeWriter) -> None:
        self._db, self._account_identity, self._writer = db, account_identity, writer
        self._current: dict[str, BillValues] = {}
        self._replacement_index: defaultdict[object, dict[str, BillValues]] = defaultdict(dict)
        self._new_rows, self._superseded_rows = list[BillValues](), list[BillValues]()
        self._findings: dict[int, list[Finding]] = {}
        self._commitment_rows = list[Sequence[object]]()
        self._inputs = BookedInputs()
        self._last_id = db.last_bill_id
        query = "SELECT * FROM bills WHERE provider=? AND account=? AND until_seq IS NULL"
        for row in db.catalog.select(query, [account_identity.provider, account_identity.account]):
            self._add_current(read_bill_values(row))
        self._inputs.index_rows(self._current.values())

    def check_agreement(self, bill: Bill) -> Finding | None:
        """Hold a bill against what is believed of the same invoice and stays; None where there is no such, or it agrees."""
        superseding_row = self.superseded_by(bill)
        return _compare_with_booked(bill, superseding_row) if superseding_row else None

    def book_bill(self, bill: Bill, *, may_replace: bool = True) -> bool:
        """Book a bill unless it is known already or something higher is; returns whether it says anything new.

        Without ``may_replace`` what is booked of it stays, whatever the bill says.
        """
        if self.superseded_by(bill):
            return False
        current_row = self._current.get(bill.key)
        candidate: BillValues = {"state": bill.state, "bill_key": bill.key, "settles": encode_replaced_estimates(bill)}
        candidate |= {"currency": bill.currency, "period_start": to_naive_utc(bill.period.start)}
        competing_rows = {
            key: row
            for index_key in _find_index_keys(candidate)
            for key, row in self._replacement_index[index_key].items()
        }
        if bill.state is State.ESTIMATE and any(row["state"] != State.ESTIMATE for row in competing_rows.values()):
            return False
        self._last_id += 1
        row = self._write_bill(self._last_id, bill)
        if current_row:
            previous_content = current_row["content"] or self._hash_content(current_row["id"])
            row["content"] = row["content"] or self._hash_content(row["id"])
            if previous_content == row["content"] and all(
                current_row[column] == row[column] for column in COMPARED_COLUMNS
            ):
                self._delete_bill(row["id"])
                return False
            current_row["content"] = previous_content
            if not may_replace:
                self._delete_bill(row["id"])
                return True
            self._supersede_row(current_row)
        if bill.state is not State.ESTIMATE:
            for estimate in [row for row in competing_rows.values() if row["state"] == State.ESTIMATE]:
                self._supersede_row(estimate)
        self._add_current(row)
        self._new_rows.append(row)
        return True

    def superseded_by(self, bill: Bill) -> BillValues | None:
        """Return what is believed of the same invoice and stays: of a higher state, or by a source that says more."""
        if bill.invoice_id is None or (bill.source is BillSource.FULL and bill.state is State.ISSUED):
            return None
        invoice_rows = [row for row in self._current.values() if row["invoice_id"] == bill.invoice_id]
        rank_differences = [State(row["state"]).rank - bill.state.rank for row in invoice_rows]
        superseding_rows = (
            row
            for row, rank_difference in zip(invoice_rows, rank_differences, strict=True)
            if rank_difference > 0 or (not rank_difference and row["grade"] > bill.source.rank)
        )
        return next(superseding_rows, None)

    def find_current(self, bill_key: str) -> BillValues | None:
        """Return what is believed of a bill."""
        return self._current.get(bill_key)

    def find_bills_of(self, inputs_hash: str) -> list[BillValues]:
        """Return the bills that are made of these inputs, if all of them are believed; none where they must be made."""
        return self._inputs.find_rows(inputs_hash, self._current)

    def list_derived_taxes(self) -> list[DerivedTax]:
        """Return the taxes that were derived for invoices which earlier runs booked, and which are trusted."""
        trusted_rows = (row for row in self._current.values() if row["state"] == State.ISSUED and not row["parked"])
        return list_derived_taxes(
            self._db, [row["id"] for row in trusted_rows if row["run"] != self._account_identity.run]
        )

    def note_inputs(self, bill: Bill, *, is_booked: bool) -> None:
        """Note what a bill of this run was made of, and whether the ledger has it so."""
        self._inputs.note_bill(bill.inputs_hash, self._current.get(bill.key) if is_booked else None)

    def supersede_missing(self, currencies_by_invoice: Mapping[str, set[str]], estimate_keys: Sequence[str]) -> None:
        """Stop believing what an invoice was said to be in a currency that it is no longer told in, and older estimates.

        A run that tells an estimate tells all there are: an estimate of a period that it does not tell is no longer one.
        Estimates that an invoice has ended do not count: they are told for some time after it.
        """
        has_estimates = any(key in self._current for key in estimate_keys)
        for row in list(self._current.values()):
            if row["state"] == State.ESTIMATE:
                is_missing = has_estimates and row["bill_key"] not in estimate_keys
            else:
                is_missing = row["currency"] not in currencies_by_invoice.get(row["invoice_id"], {row["currency"]})
            if is_missing:
                self._supersede_row(row)

    def flush(self) -> None:
        """Bring all that was booked into the tables; its charges share a part with those of the transaction's other runs."""
        self._writer.flush()
        for row in self._inputs.mark_rows():
            self._db.catalog.execute("UPDATE bills SET inputs=? WHERE id=?", [row["inputs"], row["id"]])
        for row in self._superseded_rows:
            update_values = [row["content"], row["until_seq"], row["id"]]
            self._db.catalog.execute("UPDATE bills SET content=?, until_seq=? WHERE id=?", update_values)
        self._db.catalog.insert_rows(
            "bills", [tuple(row[name] for name in BILL_COLUMN_TYPES) for row in self._new_rows]
        )
        self._db.catalog.insert_rows("commitments", self._commitment_rows)
        self._db.note_last_bill(self._last_id)
        add_bill_findings(self._db, self._account_identity.run, self._findings)
        self._findings = {}
        self._new_rows, self._superseded_rows, self._commitment_rows = [], [], []

    def _add_current(self, row: BillValues) -> None:
        for index in (self._current, *(self._replacement_index[index_key] for index_key in _find_index_keys(row))):
            index[row["bill_key"]] = row

    def _supersede_row(self, row: BillValues) -> None:
        row["until_seq"] = self._account_identity.seq
        for index in (self._current, *(self._replacement_index[index_key] for index_key in _find_index_keys(row))):
            del index[row["bill_key"]]
        if not any(row is new_row for new_row in self._new_rows):
            self._superseded_rows.append(row)

    def _write_bill(self, bill_id: int, bill: Bill) -> BillValues:
        try:
            is_told_again = bill.state is not State.ISSUED or bill.key in self._current
            written_bill = self._writer.write_bill(bill_id, bill, with_content=is_told_again)
            findings = limit_findings(
                drop_repeated([*bill.findings, *written_bill.findings, *check_total(bill, written_bill)])
            )
            row = build_bill_values(bill_id, bill, written_bill, findings, self._account_identity)
            require_storable(row)  # what cannot be kept is this bill's error, not the run's
            self._write_commitments(bill_id, bill.commitments)
        except BaseException:
            self._delete_bill(bill_id)
            raise
        name = bill.invoice_id or "estimate"
        self._findings[bill_id] = [replace(finding, subject=finding.subject or name) for finding in findings]
        return row

    def _delete_bill(self, bill_id: int) -> None:
        """Forget a bill; charges of it that are in a part already are nobody's, as its number is given to no other."""
        self._findings.pop(bill_id, None)
        self._writer.discard_bill(bill_id)
        self._commitment_rows = [row for row in self._commitment_rows if row[0] != bill_id]

    def _write_commitments(self, bill_id: int, commitments: tuple[ContractCommitment, ...]) -> None:
        for commitment in commitments:
            for name, value in commitment._asdict().items():
                if isinstance(value, Decimal):
                    make_exact_array([value], COMMITMENT_COLUMN_TYPES[name][1])  # DuckDB would round what is too long
            self._commitment_rows.append([bill_id, *map(to_stored_value, commitment)])

    def _hash_content(self, bill_id: int) -> str:
        """Return a fingerprint of a bill's charges, whatever their order, that leaves out where they came from.

        Taken only where a bill is told again: the first one needs none.
        """
        if self._writer.holds_bill(bill_id):
            self._writer.flush()
        self._db.close_part_of(bill_id)
        content_hash = ContentHash()
        query = f"SELECT {CONTENT_SQL} FROM ({self._db.build_bill_sql(bill_id)}) c"
        for batch in self._db.connection.sql(query).to_arrow_reader(ROWS_PER_FETCH):
            content_hash.add_rows(pa.Table.from_batches([batch]))
        return content_hash.read_hash()


def _compare_with_booked(bill: Bill, superseding_row: BillValues) -> Finding | None:
    """Say where a lower bill has another state or total than the one that is booked."""
    if superseding_row["state"] != bill.state:
        text = f"is told as {bill.state} again, after it was {superseding_row['state']}: kept as it was"
        return make_finding(FindingCode.STATE_REVERSED, text, bill.key)
    if (
        bill.total is not None
        and superseding_row["total"] is not None
        and bill.total != Decimal(superseding_row["total"])
    ):
        new_amount = f"{format_decimal(bill.total)} {bill.currency}"
        booked_amount = f"{superseding_row['total']} {superseding_row['currency']}"
        text = (
            f"is told as {new_amount} by a source that says less than the one booked, {booked_amount}: kept as it was"
        )
        return make_finding(FindingCode.SOURCES_DISAGREE, text, bill.key)
    return None


def _find_index_keys(row: BillValues) -> list[object]:
    """Return where a bill meets the estimates that it ends, or those that end it: its period, or one estimate by its key."""
    period_key = row["currency"], row["period_start"]
    if row["state"] == State.ESTIMATE:
        return [period_key, row["bill_key"]]
    return [period_key] if row["settles"] is None else json.loads(row["settles"])


def close_run(
    db: OpenLedger,
    account_identity: AccountIdentity,
    ended_at: str,
    outcome: str,
    *,
    booking_findings: Sequence[Finding],
    check_findings: Sequence[Finding],
    listing: str | None,
    chain_hash: str,
) -> None:
    """Note that a run is booked: how it ended, what could not be read, what its list of invoices said.

    ``chain_hash`` is the hash of the archive's entry that it was booked up to: it ties the ledger to its archive.
    """
    end_time = to_naive_utc(parse_instant(ended_at))
    row = [
        account_identity.run,
        account_identity.provider,
        account_identity.account,
        end_time,
        account_identity.seq,
        outcome,
        listing,
        chain_hash,
    ]
    db.catalog.insert_rows("runs", [row])
    add_findings(db, account_identity.run, FindingStage.BOOKING, booking_findings)
    add_findings(db, account_identity.run, FindingStage.CHECK, limit_findings(check_findings))
