"""What the ledger notes beside its charges, as values: bills, runs, and what was found of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from billfold.ledger.acknowledgements import accept_finding, quieten
from billfold.ledger.finding_rows import FindingStage, add_findings
from billfold.ledger.query import (
    BILLS_JOIN,
    COLLECTED_CONDITION,
    LISTED_CONDITION,
    MAX_SEQ,
    LedgerFilter,
    build_current_condition,
)
from billfold.ledger.store import OpenLedger, make_aware
from billfold.ledger.verify import limit_damage
from billfold.model.finding import AccountFinding, Finding, make_finding
from billfold.model.finding_codes import CODES_BY_NAME, FindingCode, Severity
from billfold.model.money import format_amount
from billfold.model.period import Month, parse_instant


class BillRow(NamedTuple):
    """A bill as the ledger notes it; ``account`` is what its account is called now, ``parked`` why it is not counted.

    ``is_imported`` tells that it came from files, ``is_disputing`` that it is beside an earlier version, which is counted;
    ``total`` is what the vendor states (None: nothing), as text.
    """

    id: int
    provider: str
    account: str
    invoice_id: str | None
    state: str
    period_start: datetime
    currency: str
    total: str | None
    parked: str | None
    issued_on: datetime | None
    due_on: datetime | None
    is_imported: bool
    is_disputing: bool
    period_end: datetime
    issuer: str
    purchase_order: str | None
    corrects: str | None
    ended_estimates: str | None
    charges: int
    terms: str | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        """The invoice's id, or the word estimate."""
        return self.invoice_id or "estimate"

    @property
    def scopes(self) -> set[str]:
        """The ids of the contracts that it is of, where it says which: those whose estimates it ends."""
        keys = json.loads(self.ended_estimates) if self.ended_estimates else []
        return set(map(find_scope, keys)) - {""}

    @property
    def is_parked(self) -> bool:
        """Whether it is not counted, and no earlier version is in its place."""
        return bool(self.parked) and not self.is_disputing

    @property
    def is_acknowledged(self) -> bool:
        """Whether all that is wrong with it is accepted."""
        return not any(finding.is_wrong for finding in self.findings)

    @property
    def exclusion(self) -> str:
        """Why it is not counted, where it is not."""
        label = f"{'disputed' if self.is_disputing else 'parked'}{', acknowledged' if self.is_acknowledged else ''}"
        return f"{label}, not counted: {self.provider} {self.account} {self.name}: {self.parked}"

    @property
    def month(self) -> Month:
        """The month in which its billing period begins."""
        return Month.of(self.period_start)


def find_scope(estimate_key: str) -> str:
    """Return the id of the contract that an estimate is of, by its key; "" where it is of all of an account."""
    parts = estimate_key.split()
    return parts[2] if len(parts) == 4 else ""


class ListingRow(NamedTuple):
    """What a run's list of invoices said: ids, whether it came to its end, since when it reaches, months of old ones.

    ``quiet_months`` are those in which nothing was billed, as the vendor's own history of the account shows.
    """

    ids: frozenset[str]
    has_end_mark: bool
    since: datetime | None
    months: Mapping[str, Month]
    quiet_months: frozenset[Month] = frozenset()


class RunRow(NamedTuple):
    """A booked run; ``account`` is what its account is called now, ``outcome`` is "complete", "imported" or why not.

    ``asked_at`` is the vendor's time when it was made.

    ``booking_findings`` say what could not be booked of it, ``check_findings`` what its answers say against each other.
    """

    id: int
    provider: str
    account: str
    outcome: str
    listing: ListingRow | None
    asked_at: datetime
    booking_findings: tuple[Finding, ...] = ()
    check_findings: tuple[Finding, ...] = ()


def list_bills(db: OpenLedger, filters: LedgerFilter, *, is_parked: bool = False) -> list[BillRow]:
    """Return the bills that are wanted and believed, by account and period; those that are parked only, if that is wanted."""
    key = "bills", filters, is_parked
    if key not in db.cache:
        db.cache[key] = _read_bills(db, filters, is_parked=is_parked)
    return list(db.cache[key])


def _read_bills(db: OpenLedger, filters: LedgerFilter, *, is_parked: bool) -> list[BillRow]:
    condition, values = build_current_condition(filters)
    condition += " AND b.parked IS NOT NULL" if is_parked else ""
    rows = db.execute(
        f"""SELECT b.id, b.provider, a.name, invoice_id, state, period_start, currency, total, parked, issued_on, due_on,
                   b.run IN (SELECT run FROM runs WHERE NOT {COLLECTED_CONDITION}), b.disputes IS NOT NULL,
                   period_end, issuer, purchase_order, corrects, settles, charges, terms
            FROM {BILLS_JOIN} WHERE {condition} ORDER BY b.provider, a.name, period_start, bill_key, b.id""",
        values,
    ).fetchall()
    findings_by_bill = defaultdict[int, list[Finding]](list)
    query = f"SELECT f.bill, {_FINDING_COLUMNS} FROM findings f JOIN {BILLS_JOIN.replace('bills b', 'bills b ON f.bill = b.id')}"
    for bill_id, *columns in db.execute(f"{query} WHERE {condition} ORDER BY f.rowid", values).fetchall():
        findings_by_bill[bill_id].append(_read_finding(columns))
    return [
        _add_bill_findings(BillRow(*map(make_aware, row)), findings_by_bill[row[0]], filters.acknowledged_ids)
        for row in rows
    ]


def _add_bill_findings(bill: BillRow, findings: Sequence[Finding], acknowledged_ids: Collection[str]) -> BillRow:
    if acknowledged_ids and bill.is_parked and describe_parked(bill).id in acknowledged_ids:
        return bill._replace(findings=tuple(map(accept_finding, findings)))
    located_findings = (AccountFinding(bill.provider, bill.account, str(bill.month), finding) for finding in findings)
    return bill._replace(
        findings=tuple(located.finding for located in quieten(located_findings, acknowledged_ids))
        if acknowledged_ids
        else tuple(findings)
    )


def describe_parked(bill: BillRow) -> AccountFinding:
    """Return that a bill is parked as one finding: what of its month is missing, and all that is wrong with it."""
    amount = (
        f"{format_amount(bill.total)} {bill.currency}" if bill.total is not None else "its amount, which is not stated,"
    )
    text = f"is parked: {amount} is missing from the month: {bill.parked}"
    finding = make_finding(FindingCode.BILL_PARKED, text, bill.name, total=bill.total, currency=bill.currency)
    accepted = accept_finding(finding) if bill.findings and bill.is_acknowledged else finding
    return AccountFinding(bill.provider, bill.account, str(bill.month), accepted)


def list_parked_bills(db: OpenLedger, filters: LedgerFilter) -> list[BillRow]:
    """Return the bills that cannot be trusted as they are, and why."""
    return [bill for bill in list_bills(db, filters, is_parked=True) if bill.parked]


def list_last_runs(db: OpenLedger, seq: int = MAX_SEQ, condition: str = LISTED_CONDITION) -> list[RunRow]:
    """Return each account's last run of a sort; one that was imported says nothing of what is not in it."""
    query = f"""SELECT r.run, r.provider, a.name, outcome, listing, asked FROM runs r JOIN accounts a USING (provider, account)
                WHERE r.seq <= $seq AND {condition}
                QUALIFY row_number() OVER (PARTITION BY r.provider, r.account ORDER BY r.run DESC) = 1
                ORDER BY r.provider, a.name"""
    rows = db.execute(query, {"seq": seq}).fetchall()
    findings = _read_findings_by_run(db, [row[0] for row in rows])
    return [
        RunRow(
            run_id,
            provider,
            account,
            outcome,
            _read_listing(listing) if listing else None,
            make_aware(asked_at),
            tuple(findings[run_id, FindingStage.BOOKING]),
            tuple(findings[run_id, FindingStage.CHECK]),
        )
        for run_id, provider, account, outcome, listing, asked_at in rows
    ]


def _read_findings_by_run(db: OpenLedger, run_ids: Sequence[int]) -> Mapping[tuple[int, str], list[Finding]]:
    """Return what was found of some runs themselves, by run and stage: one question for all accounts."""
    query = f"""SELECT f.run, f.stage, {_FINDING_COLUMNS} FROM findings f
                WHERE bill IS NULL AND run IN (SELECT unnest(?)) ORDER BY f.rowid"""
    findings = defaultdict[tuple[int, str], list[Finding]](list)
    for run_id, stage, *columns in db.execute(query, [run_ids]).fetchall() if run_ids else ():
        findings[run_id, stage].append(_read_finding(columns))
    return findings


def group_by_account(bills: Iterable[BillRow]) -> Mapping[tuple[str, str], list[BillRow]]:
    """Return bills by provider and account, each in the order that they come; none for an account without any."""
    bills_by_account = defaultdict[tuple[str, str], list[BillRow]](list)
    for bill in bills:
        bills_by_account[bill.provider, bill.account].append(bill)
    return bills_by_account


def _read_listing(text: str) -> ListingRow:
    fields = json.loads(text)
    months = {invoice_id: Month.parse(month) for invoice_id, month in fields["months"].items()}
    since = parse_instant(fields["since"]) if fields["since"] else None
    quiet_months = frozenset(map(Month.parse, fields.get("quiet", ())))
    return ListingRow(frozenset(fields["ids"]), fields["proven"], since, months, quiet_months)


def read_run_findings(db: OpenLedger, run_id: int, stage: FindingStage) -> tuple[Finding, ...]:
    """Return what was found of a run at one stage."""
    return tuple(_read_findings_by_run(db, [run_id])[run_id, stage])


def list_unbooked(db: OpenLedger, seq: int = MAX_SEQ) -> list[AccountFinding]:
    """Return what each account's last collection, and the imports since, brought that could not be booked.

    Of earlier ones only what is damaged in the archive: all else was asked for again by the next collection. What is damaged
    without a run is told too; without an account it is the whole archive's.
    """
    query = f"""SELECT DISTINCT r.provider, a.name, {_FINDING_COLUMNS}
                FROM findings f JOIN runs r USING (run) JOIN accounts a USING (provider, account)
                WHERE r.seq <= $seq AND stage = '{FindingStage.BOOKING}' AND (
                      code = '{FindingCode.ARCHIVE_DAMAGED}' OR r.run >= (SELECT coalesce(max(c.run), 0) FROM runs c
                      WHERE c.provider = r.provider AND c.account = r.account AND c.seq <= $seq AND c.{COLLECTED_CONDITION}))
                ORDER BY ALL"""
    rows = db.execute(query, {"seq": seq}).fetchall()
    unbooked = [AccountFinding(provider, account, "", _read_finding(columns)) for provider, account, *columns in rows]
    texts = {located.finding.text for located in unbooked}
    return [*unbooked, *(located for located in _list_damage(db) if located.finding.text not in texts)]


def _list_damage(db: OpenLedger) -> Iterator[AccountFinding]:
    """Yield what was damaged in the archive when it was booked, under the present names of its accounts."""
    names = {(provider, account): name for provider, account, name in db.execute(_NAMES_SQL).fetchall()}
    query = f"SELECT {_FINDING_COLUMNS} FROM findings f WHERE stage = '{FindingStage.ARCHIVE}' ORDER BY f.rowid"
    for columns in db.execute(query).fetchall():
        finding = _read_finding(columns)
        chain_key = finding.data["provider"], finding.data["account"]
        yield AccountFinding(chain_key[0], names.get(chain_key, chain_key[1]), "", finding)


def note_damage(db: OpenLedger, damage: Iterable[AccountFinding]) -> None:
    """Note what is damaged in the archive that is being booked, of each account the first few things."""
    damage_rows = (
        replace(located.finding, data={"provider": located.provider, "account": located.account})
        for located in limit_damage(damage)
    )
    add_findings(db, NO_RUN, FindingStage.ARCHIVE, damage_rows)


def find_new_damage(db: OpenLedger, damage: Iterable[AccountFinding], filters: LedgerFilter) -> list[AccountFinding]:
    """Return what is damaged of the wanted accounts, or of the whole archive, and is not noted in the ledger."""
    texts = {located.finding.text for located in list_unbooked(db, filters.seq)}
    return [
        located
        for located in limit_damage(damage)
        if located.finding.text not in texts
        and (not located.provider or filters.includes_account(located.provider, located.account))
    ]


NO_RUN = 0
"""The number of the run that damage is noted of which is of none."""
_NAMES_SQL = "SELECT provider, account, name FROM accounts"
_FINDING_COLUMNS = "f.code, f.severity, f.subject, f.count, f.text, f.data"


def _read_finding(columns: Sequence[str]) -> Finding:
    code, severity, subject, count, text, data = columns
    return Finding(CODES_BY_NAME[code], text, subject, Severity(severity), int(count), json.loads(data))
