"""A run on its way into the ledger: its bills, what they take the place of, and how it ended.

A bill is never changed: it is believed from one archive number on, and until another (or still).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from billfold.ledger.batch import make_exact_array, to_naive_utc, to_stored_value
from billfold.ledger.catalog import FindingStage, add_findings
from billfold.ledger.charge_writer import ChargeWriter, WrittenBill
from billfold.ledger.columns import BILL_COLUMN_TYPES, COMMITMENT_COLUMN_TYPES
from billfold.ledger.digest import CONTENT_SQL, STATED_COLUMNS
from billfold.ledger.identities import AccountIdentity
from billfold.ledger.store import OpenLedger
from billfold.model.bill import Bill, BillSource, State
from billfold.model.finding import Finding, describe_finding, limit_findings, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.focus import ContractCommitment
from billfold.model.money import format_decimal, format_trimmed
from billfold.model.period import parse_instant

_ARROW_TYPES = {"INTEGER": pa.int32(), "BIGINT": pa.int64(), "VARCHAR": pa.string(), "TIMESTAMP": pa.timestamp("us")}
_BILL_SCHEMA = pa.schema([(name, _ARROW_TYPES[column_type]) for name, column_type in BILL_COLUMN_TYPES.items()])
COMPARED_COLUMNS = ("mark", "lines", "parked", "settles", "grade", *STATED_COLUMNS)
"""What a bill must say again, beside its charges, to be the one that is known already."""
BillValues = dict[str, Any]


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
        self._last_id: int = db.execute("SELECT coalesce(max(id), 0) FROM bills").fetchone()[0]  # type: ignore[index]
        query = "SELECT * FROM bills WHERE provider=? AND account=? AND until_seq IS NULL"
        for row in db.execute(query, [account_identity.provider, account_identity.account]).fetchall():
            self._add_current(dict(zip(BILL_COLUMN_TYPES, row, strict=True)))

    def check_agreement(self, bill: Bill) -> Finding | None:
        """Hold a bill against what is believed of the same invoice and stays; None where there is no such, or it agrees."""
        superseding_row = self.superseded_by(bill)
        return _compare_with_booked(bill, superseding_row) if superseding_row else None

    def book_bill(self, bill: Bill) -> bool:
        """Book a bill unless it is known already or something higher is; returns whether the ledger changed."""
        if self.superseded_by(bill):
            return False
        current_row = self._current.get(bill.key)
        candidate: BillValues = {"state": bill.state, "bill_key": bill.key, "settles": _encode_replaced_estimates(bill)}
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
            previous_content, row["content"] = (
                current_row["content"] or self._hash_content(current_row["id"]),
                self._hash_content(row["id"]),
            )
            if previous_content == row["content"] and all(
                current_row[column] == row[column] for column in COMPARED_COLUMNS
            ):
                self._delete_bill(row["id"])
                return False
            current_row["content"] = previous_content
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
        """Bring all that was booked into the tables."""
        self._writer.flush()
        for row in self._superseded_rows:
            update_values = [row["content"], row["until_seq"], row["id"]]
            self._db.execute("UPDATE bills SET content=?, until_seq=? WHERE id=?", update_values)
        if self._new_rows:
            lines = pa.Table.from_pylist(self._new_rows, _BILL_SCHEMA)  # noqa: F841 - read by name in the SQL below
            self._db.execute("INSERT INTO bills SELECT * FROM lines")
        for bill_id, findings in self._findings.items():
            add_findings(self._db, self._account_identity.run, FindingStage.BILL, findings, bill_id)
        self._findings = {}
        self._new_rows, self._superseded_rows = [], []

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
            written_bill = self._writer.write_bill(bill_id, bill)
            findings = limit_findings([*bill.findings, *written_bill.findings, *_check_total(bill, written_bill)])
            row = _build_row(bill_id, bill, written_bill, findings, self._account_identity)
            pa.Table.from_pylist([row], _BILL_SCHEMA)  # what cannot be kept is this bill's error, not the run's
            self._write_commitments(bill_id, bill.commitments)
        except BaseException:
            with suppress(duckdb.Error):  # a full disk has ended the transaction already
                self._delete_bill(bill_id)
            raise
        name = bill.invoice_id or "estimate"
        self._findings[bill_id] = [replace(finding, subject=finding.subject or name) for finding in findings]
        return row

    def _delete_bill(self, bill_id: int) -> None:
        self._findings.pop(bill_id, None)
        self._writer.flush()
        for table in ("charges", "commitments"):
            self._db.execute(f"DELETE FROM {table} WHERE bill=?", [bill_id])

    def _write_commitments(self, bill_id: int, commitments: tuple[ContractCommitment, ...]) -> None:
        for commitment in commitments:
            for name, value in commitment._asdict().items():
                if isinstance(value, Decimal):
                    make_exact_array([value], COMMITMENT_COLUMN_TYPES[name][1])  # DuckDB would round what is too long
            self._writer.wait_for_insert()
            row = [bill_id, *map(to_stored_value, commitment)]
            self._db.execute(f"INSERT INTO commitments VALUES ({', '.join('?' * len(row))})", row)

    def _hash_content(self, bill_id: int) -> str:
        """Return a fingerprint of a bill's charges, whatever their order, that leaves out where they came from.

        Taken only where a bill is told again: the first one needs none.
        """
        self._writer.flush()
        query = f"SELECT count(*) || '/' || sum(hash({CONTENT_SQL})) FROM charges c WHERE bill=?"
        return str(self._db.execute(query, [bill_id]).fetchone()[0])  # type: ignore[index]


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


def _encode_replaced_estimates(bill: Bill) -> str | None:
    return None if bill.replaces_estimates is None else json.dumps(bill.replaces_estimates)


def _check_total(bill: Bill, written_bill: WrittenBill) -> Iterator[Finding]:
    if bill.total is not None and written_bill.charge_sum != bill.total and written_bill.is_complete:
        amounts = {"sum": format_decimal(written_bill.charge_sum), "stated": format_decimal(bill.total)}
        text = f"its charges sum to {amounts['sum']} {bill.currency}, the vendor states {amounts['stated']}"
        yield make_finding(FindingCode.TOTAL_MISMATCH, text, **amounts, currency=bill.currency)


def _build_row(
    bill_id: int, bill: Bill, written_bill: WrittenBill, findings: Sequence[Finding], account_identity: AccountIdentity
) -> BillValues:
    charge_sum, wrong_findings = written_bill.charge_sum, [finding for finding in findings if finding.is_wrong]
    return {
        "id": bill_id,
        "provider": account_identity.provider,
        "account": account_identity.account,
        "bill_key": bill.key,
        "state": str(bill.state),
        "invoice_id": bill.invoice_id,
        "period_start": to_naive_utc(bill.period.start),
        "period_end": to_naive_utc(bill.period.end),
        "currency": bill.currency,
        "total": _choose_total(bill, charge_sum, is_trusted=not wrong_findings),
        "lines": written_bill.line_count if bill.line_count is None else bill.line_count,
        "charges": written_bill.charge_count,
        "summed": format_decimal(charge_sum),
        "parked": "; ".join(map(describe_finding, wrong_findings)) or None,
        "mark": bill.fingerprint,
        "issuer": bill.issuer,
        "issued_on": to_naive_utc(bill.issued_on),
        "due_on": to_naive_utc(bill.due_on),
        "terms": bill.terms,
        "purchase_order": bill.purchase_order,
        "corrects": bill.corrects,
        "settles": _encode_replaced_estimates(bill),
        "grade": bill.source.rank,
        "content": None,
        "run": account_identity.run,
        "from_seq": account_identity.seq,
        "until_seq": None,
    }


def _choose_total(bill: Bill, charge_sum: Decimal, *, is_trusted: bool) -> str | None:
    """Return what the vendor states; of a bill without a word on it, what its charges sum to, if they can be trusted."""
    if bill.total is not None:
        return format_decimal(bill.total)
    return format_trimmed(charge_sum) if is_trusted else None


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
    db.execute(f"INSERT INTO runs VALUES ({', '.join('?' * len(row))})", row)
    add_findings(db, account_identity.run, FindingStage.BOOKING, booking_findings)
    add_findings(db, account_identity.run, FindingStage.CHECK, limit_findings(check_findings))
