"""A run on its way into the ledger: its bills, what they take the place of, and how it ended.

A bill is never changed: it is believed from one archive number on, and until another (or still).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import duckdb
import pyarrow as pa

from billfold.ledger.batch import make_exact_array, to_naive_utc, to_stored_value
from billfold.ledger.bill_values import (
    BillValues,
    build_bill_values,
    check_total,
    describe_dispute,
    encode_replaced_estimates,
    read_bill_values,
    require_storable,
)
from billfold.ledger.booked_inputs import BookedInputs
from billfold.ledger.charge_writer import ChargeWriter
from billfold.ledger.columns import BILL_COLUMN_TYPES, COMMITMENT_COLUMN_TYPES
from billfold.ledger.current_bills import CurrentBills, is_trusted
from billfold.ledger.derived_taxes import list_derived_taxes
from billfold.ledger.digest import CONTENT_SQL, STATED_COLUMNS, ContentHash
from billfold.ledger.finding_rows import FindingStage, add_bill_findings, add_findings
from billfold.ledger.identities import AccountIdentity
from billfold.ledger.store import ROWS_PER_FETCH, OpenLedger
from billfold.model.bill import Bill, BillSource, DerivedTax, State
from billfold.model.finding import Finding, drop_repeated, limit_findings, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.focus import ContractCommitment
from billfold.model.money import format_decimal
from billfold.model.payment_terms import find_due_date
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
        self._bills = CurrentBills(account_identity.seq)
        self._told_rows: dict[str, BillValues] = {}
        self._new_rows = list[BillValues]()
        self._findings: dict[int, list[Finding]] = {}
        self._commitment_rows = list[Sequence[object]]()
        self._inputs = BookedInputs()
        self._last_id = db.last_bill_id
        query = "SELECT * FROM bills WHERE provider=? AND account=? AND until_seq IS NULL"
        rows = [read_bill_values(row) for row in db.catalog.select(query, list(account_identity[:2]))]
        for row in rows:
            self._bills.add_row(row)
        self._inputs.index_rows(rows)

    def check_agreement(self, bill: Bill) -> Finding | None:
        """Hold a bill against what is believed of the same invoice and stays; None where there is no such, or it agrees."""
        superseding_row = self.superseded_by(bill)
        return _compare_with_booked(bill, superseding_row) if superseding_row else None

    def book_bill(self, bill: Bill, *, may_replace: bool = True) -> bool:
        """Book a bill unless it is known already or something higher is; returns whether it says anything new.

        One that does not add up disputes what is trusted, and takes its place never. Without ``may_replace`` what is booked of
        it stays, whatever the bill says.
        """
        self._told_rows.pop(bill.key, None)
        if superseding_row := self.superseded_by(bill):
            self._take_terms(superseding_row, bill)
        if superseding_row or self._is_ended_estimate(bill):
            return False
        if bill.terms is None and (standing_row := self._bills.find_row(bill.key)):
            bill = bill._replace(terms=standing_row["terms"])
        self._last_id += 1
        row = self._write_bill(self._last_id, bill)
        known_row = next(
            (version for version in self._bills.find_versions(bill.key) if self._is_same(version, row)), None
        )
        if known_row or not may_replace:
            self._delete_bill(row["id"])
        if known_row:
            self._told_rows[bill.key] = known_row
            return known_row["disputes"] is None and self._bills.settle_dispute(bill.key)
        if may_replace:
            self._add_version(row)
        return True

    def _is_ended_estimate(self, bill: Bill) -> bool:
        """Tell an estimate of what is invoiced or drafted already, by a bill that adds up."""
        if bill.state is not State.ESTIMATE:
            return False
        candidate: BillValues = {"state": bill.state, "bill_key": bill.key, "settles": encode_replaced_estimates(bill)}
        candidate |= {"currency": bill.currency, "period_start": to_naive_utc(bill.period.start)}
        competing_rows = self._bills.find_competing(candidate)
        return any(row["state"] != State.ESTIMATE and is_trusted(row) for row in competing_rows)

    def _is_same(self, known_row: BillValues, row: BillValues) -> bool:
        """Tell whether a bill says what is known of it already; notes the content of both."""
        known_row["content"] = known_row["content"] or self._hash_content(known_row["id"])
        row["content"] = row["content"] or self._hash_content(row["id"])
        return all(known_row[column] == row[column] for column in ("content", *COMPARED_COLUMNS))

    def _add_version(self, row: BillValues) -> None:
        """Put a bill in the place of the version that stands, or beside it where only that one adds up."""
        current_row = self._bills.find_row(row["bill_key"])
        if current_row and is_trusted(current_row) and not is_trusted(row):
            self._bills.settle_dispute(row["bill_key"])
            row["disputes"] = current_row["id"]
            self._findings[row["id"]] = describe_dispute(self._findings[row["id"]])
        elif current_row:
            self._bills.supersede_row(current_row)
        if is_trusted(row) and row["state"] != State.ESTIMATE:
            for estimate in [other for other in self._bills.find_competing(row) if other["state"] == State.ESTIMATE]:
                self._bills.supersede_row(estimate)
        self._bills.add_row(row)
        self._new_rows.append(row)
        self._told_rows[row["bill_key"]] = row

    def _take_terms(self, row: BillValues, bill: Bill) -> None:
        """Note the terms of payment that only a source states which says less than the one booked."""
        if row["terms"] is None and bill.terms and bill.key == row["bill_key"]:
            row["terms"], row["due_on"] = bill.terms, find_due_date(row["issued_on"], bill.terms)
            update_values = [row["terms"], row["due_on"], row["id"]]
            self._db.catalog.execute("UPDATE bills SET terms=?, due_on=? WHERE id=?", update_values)

    def superseded_by(self, bill: Bill) -> BillValues | None:
        """Return what is trusted of the same invoice and stays: of a higher state, or by a source that says more."""
        if bill.invoice_id is None or (bill.source is BillSource.FULL and bill.state is State.ISSUED):
            return None
        for row in self._bills.list_rows():
            if row["invoice_id"] == bill.invoice_id and is_trusted(row):
                rank_difference = State(row["state"]).rank - bill.state.rank
                if rank_difference > 0 or (not rank_difference and row["grade"] > bill.source.rank):
                    return row
        return None

    def find_current(self, bill_key: str) -> BillValues | None:
        """Return what is believed of a bill."""
        return self._bills.find_row(bill_key)

    def find_bills_of(self, inputs_hash: str) -> list[BillValues]:
        """Return the bills that are made of these inputs, if all of them are believed; none where they must be made.

        What is told again is no longer disputed by what was told since.
        """
        rows = self._inputs.find_rows(inputs_hash)
        for row in rows:
            if row["disputes"] is None:
                self._bills.settle_dispute(row["bill_key"])
        return rows

    def find_told_row(self, bill: Bill) -> BillValues | None:
        """Return what the ledger has of a bill as this run told it; None where it has another version, or none."""
        return self._told_rows.get(bill.key)

    def list_derived_taxes(self) -> list[DerivedTax]:
        """Return the taxes that were derived for invoices which earlier runs booked, and which are trusted."""
        trusted_rows = (row for row in self._bills.list_rows() if row["state"] == State.ISSUED and not row["parked"])
        return list_derived_taxes(
            self._db, [row["id"] for row in trusted_rows if row["run"] != self._account_identity.run]
        )

    def note_inputs(self, bill: Bill, *, is_booked: bool) -> None:
        """Note what a bill of this run was made of, and whether the ledger has it so."""
        self._inputs.note_bill(bill.inputs_hash, self.find_told_row(bill) if is_booked else None)

    def supersede_missing(
        self, told_keys: Collection[str], told_currencies: Mapping[str, set[str]], estimate_keys: Iterable[str]
    ) -> None:
        """Stop believing what the run could tell and does not, as ``CurrentBills`` has it."""
        self._bills.supersede_missing(told_keys, told_currencies, estimate_keys)

    def flush(self) -> None:
        """Bring all that was booked into the tables; its charges share a part with those of the transaction's other runs."""
        self._writer.flush()
        for row in self._inputs.mark_rows():
            self._db.catalog.execute("UPDATE bills SET inputs=? WHERE id=?", [row["inputs"], row["id"]])
        new_ids = {row["id"] for row in self._new_rows}
        for row in [row for row in self._bills.superseded_rows if row["id"] not in new_ids]:
            update_values = [row["content"], row["until_seq"], row["id"]]
            self._db.catalog.execute("UPDATE bills SET content=?, until_seq=? WHERE id=?", update_values)
        self._db.catalog.insert_rows(
            "bills", [tuple(row[name] for name in BILL_COLUMN_TYPES) for row in self._new_rows]
        )
        self._db.catalog.insert_rows("commitments", self._commitment_rows)
        self._db.note_last_bill(self._last_id)
        add_bill_findings(self._db, self._account_identity.run, self._findings)
        self._findings = {}
        self._new_rows, self._commitment_rows = [], []
        self._bills.superseded_rows.clear()

    def _write_bill(self, bill_id: int, bill: Bill) -> BillValues:
        try:
            is_told_again = bill.state is not State.ISSUED or self._bills.find_row(bill.key) is not None
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


def close_run(
    db: OpenLedger,
    account_identity: AccountIdentity,
    ended_at: str,
    outcome: str,
    *,
    asked_at: datetime | None = None,
    booking_findings: Sequence[Finding],
    check_findings: Sequence[Finding],
    listing: str | None,
    chain_hash: str,
) -> None:
    """Note that a run is booked: how it ended, what could not be read, what its list of invoices said.

    ``asked_at`` is the vendor's time when it was made, where that is known. ``chain_hash`` is the hash of the archive's entry that it was booked up to: it ties the ledger to its archive.
    """
    end_time = to_naive_utc(parse_instant(ended_at))
    asked_time = to_naive_utc(asked_at) if asked_at else end_time
    row = [
        account_identity.run,
        account_identity.provider,
        account_identity.account,
        end_time,
        asked_time,
        account_identity.seq,
        outcome,
        listing,
        chain_hash,
    ]
    db.catalog.insert_rows("runs", [row])
    add_findings(db, account_identity.run, FindingStage.BOOKING, booking_findings)
    add_findings(db, account_identity.run, FindingStage.CHECK, limit_findings(check_findings))
