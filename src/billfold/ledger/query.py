"""Questions to the ledger: bills, charges and sums as they are, or as they were known at an archive number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.batch import to_naive_utc
from billfold.ledger.columns import CHARGE_COLUMNS, build_column_sql
from billfold.ledger.store import OpenLedger, make_aware
from billfold.model.bill import StatedBill
from billfold.model.finding_codes import FindingCode
from billfold.model.focus import CostAndUsage
from billfold.model.period import Month, format_instant

MAX_SEQ = 2**62
BILLS_JOIN = "bills b JOIN accounts a USING (provider, account)"
AMOUNT_SQL = "CASE WHEN b.currency = c.BillingCurrency THEN c.BilledCost ELSE c.PricingCurrencyEffectiveCost END"
"""What a charge comes to in its bill's currency."""
SERVICE_SQL = """CASE WHEN c.ChargeCategory IN ('Usage', 'Purchase') OR contains(lower(c.ServiceName), lower(c.ChargeCategory))
                 THEN c.ServiceName ELSE c.ServiceName || ': ' || lower(c.ChargeCategory) END"""
"""What a charge is for: its service; of a tax, a credit or an adjustment also that it is one."""
STANDING_CONDITION = "b.disputes IS NULL"
"""Leaves out later versions that dispute a trusted one: that one stands."""
CHARGES_JOIN = "charges c JOIN bills b ON c.bill = b.id JOIN accounts a USING (provider, account)"

_BILL_ORDER = "b.provider, a.name, b.period_start, b.bill_key, b.id"
CHARGES_PER_SORT = 50_000
"""Charges with all their columns that are sorted at once: a fraction of what the engine may hold."""
COLLECTED_CONDITION = "outcome <> 'imported'"
LISTED_CONDITION = f"{COLLECTED_CONDITION} AND listing IS NOT NULL"
"""Sorts of runs: those that asked the vendor, and those of them that listed invoices."""


class LedgerFilter(NamedTuple):
    """Which part of the ledger is wanted; ``seq`` is the archive number up to which it is believed.

    ``acknowledged_ids`` are those of findings that are accepted: they are told without alarm.
    """

    provider: str | None = None
    account: str | None = None
    first_month: Month | None = None
    last_month: Month | None = None
    seq: int = MAX_SEQ
    acknowledged_ids: frozenset[str] = frozenset()

    def includes_month(self, month: Month) -> bool:
        """Tell whether a month is wanted."""
        return (self.first_month is None or self.first_month <= month) and (
            self.last_month is None or month <= self.last_month
        )

    def includes_account(self, provider: str, account: str) -> bool:
        """Tell whether an account of a provider is wanted."""
        return self.provider in {None, provider} and self.account in {None, account}


def build_current_condition(filters: LedgerFilter) -> tuple[str, dict[str, object]]:
    """Return the condition for the bills ``b`` of accounts ``a`` that are wanted and believed, and its values."""
    condition, values = build_filter_condition(filters)
    return f"b.from_seq <= $seq AND (b.until_seq IS NULL OR b.until_seq > $seq) AND {condition}", values


def build_filter_condition(filters: LedgerFilter) -> tuple[str, dict[str, object]]:
    """Return the condition for the bills ``b`` of accounts ``a`` that are wanted, of whatever time; its values with ``seq``."""
    clauses = ["true"]
    values: dict[str, object] = {"seq": filters.seq}
    if filters.provider:
        clauses.append("b.provider = $provider")
        values["provider"] = filters.provider
    if filters.account:
        clauses.append("a.name = $account")
        values["account"] = filters.account
    if filters.first_month:
        clauses.append("b.period_start >= $first")
        values["first"] = to_naive_utc(filters.first_month.start)
    if filters.last_month:
        clauses.append("b.period_start < $last")
        values["last"] = to_naive_utc(filters.last_month.end)
    return " AND ".join(clauses), values


class LedgerBill(NamedTuple):
    """An invoice, a draft or an estimate in one currency, as the ledger has it.

    ``state`` is ``issued``, ``draft`` or ``estimate``; ``total`` is what the vendor states (None: nothing), ``line_count`` how many
    lines it has, and ``parked`` why it is not counted (None: it is). The period is half-open.
    """

    provider: str
    account: str
    invoice_id: str | None
    state: str
    period_start: datetime
    period_end: datetime
    currency: str
    total: Decimal | None
    line_count: int
    parked: str | None
    issued_on: datetime | None
    due_on: datetime | None


def list_ledger_bills(ledger: OpenLedger, filters: LedgerFilter) -> list[LedgerBill]:
    """Return the bills that are wanted and believed, parked ones too, by account and period."""
    condition, values = build_current_condition(filters)
    rows = ledger.execute(
        f"""SELECT b.provider, a.name, invoice_id, state, period_start, period_end, currency, total, lines, parked,
                   issued_on, due_on
            FROM {BILLS_JOIN} WHERE {condition} AND {STANDING_CONDITION}
            ORDER BY b.provider, a.name, period_start, invoice_id, currency, bill_key""",
        values,
    ).fetchall()
    bills = (LedgerBill(*map(make_aware, row)) for row in rows)
    return [bill._replace(total=None if bill.total is None else Decimal(bill.total)) for bill in bills]


def list_invoices(ledger: OpenLedger, filters: LedgerFilter) -> list[StatedBill]:
    """Return the bills as the vendors state them, the same objects as in the twin's truth."""
    condition, values = build_current_condition(filters)
    columns = "b.provider, a.name, invoice_id, state, period_start, period_end, currency, total, lines"
    rows = ledger.execute(
        f"SELECT {columns} FROM {BILLS_JOIN} WHERE {condition} AND {STANDING_CONDITION} "
        "ORDER BY b.provider, a.name, period_start, invoice_id, currency, bill_key",
        values,
    ).fetchall()
    return [
        StatedBill(*row[:4], *(format_instant(make_aware(instant)) for instant in row[4:6]), *row[6:]) for row in rows
    ]


def iter_charges(ledger: OpenLedger, filters: LedgerFilter) -> Iterator[CostAndUsage]:
    """Yield the charges of all bills that are not parked, with every FOCUS column, by account, period and bill."""
    for query in build_charge_queries(ledger, filters):
        yield from ledger.iter_rows(CostAndUsage, query)


def build_charge_queries(
    ledger: OpenLedger, filters: LedgerFilter, cells: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Yield the queries whose rows one after another are the charges of all bills that are not parked.

    They are sorted some bills at a time: a month of many accounts is more than may be held at once. ``cells`` are expressions
    in place of some columns.
    """
    condition, values = build_current_condition(filters)
    bills = ledger.execute(
        f"SELECT b.id, b.charges FROM {BILLS_JOIN} WHERE {condition} AND b.parked IS NULL ORDER BY {_BILL_ORDER}",
        values,
    ).fetchall()
    expressions = {name: build_column_sql(name, "a.name", "b.account") for name in CHARGE_COLUMNS}
    columns = ", ".join(f'{(cells or {}).get(name, sql)} AS "{name}"' for name, sql in expressions.items())
    for bill_ids in _group_bills(bills):
        yield (
            f"SELECT {columns} FROM {CHARGES_JOIN} WHERE c.bill IN ({', '.join(map(str, bill_ids))}) "
            f"AND c.bill BETWEEN {min(bill_ids)} AND {max(bill_ids)} ORDER BY {_BILL_ORDER}, c.x_JsonPath, c.InvoiceDetailId"
        )


def _group_bills(bills: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Yield the numbers of bills in their order, together as many as have no more charges than are sorted at once."""
    group, charge_count = list[int](), 0
    for bill_id, bill_charges in bills:
        if group and charge_count + bill_charges > CHARGES_PER_SORT:
            yield group
            group, charge_count = [], 0
        group.append(bill_id)
        charge_count += bill_charges
    if group:
        yield group


class ChargeSum(NamedTuple):
    """What was charged for a service in a month (its start), in a state and currency."""

    provider: str
    account: str
    service: str
    month: datetime
    state: str
    currency: str
    cost: Decimal
    charges: int


def sum_charges(ledger: OpenLedger, filters: LedgerFilter) -> list[ChargeSum]:
    """Return what was charged by provider, account, service, month, state and currency."""
    condition, values = build_current_condition(filters)
    return ledger.select(
        ChargeSum,
        f"""SELECT b.provider, a.name AS account, {SERVICE_SQL} AS service, b.period_start AS month, b.state, b.currency,
                   sum({AMOUNT_SQL}) AS cost, count(*) AS charges
            FROM {CHARGES_JOIN} WHERE {condition} AND b.parked IS NULL
            GROUP BY ALL ORDER BY ALL""",
        values,
    )


def read_account_names(db: OpenLedger) -> dict[tuple[str, str], str]:
    """Return the accounts' identities at their vendors, and what each was last called."""
    return {(row[0], row[1]): row[2] for row in db.execute("SELECT provider, account, name FROM accounts").fetchall()}


def list_known_accounts(db: OpenLedger) -> list[tuple[str, str]]:
    """Return provider and name of the accounts that are in the ledger."""
    return [(provider, name) for (provider, _), name in read_account_names(db).items()]


def read_names_by_run(db: OpenLedger, seq: int = MAX_SEQ) -> dict[int, str]:
    """Return what the account of each run that is booked is called now."""
    query = "SELECT r.run, a.name FROM runs r JOIN accounts a USING (provider, account) WHERE r.seq <= ?"
    return dict(db.execute(query, [seq]).fetchall())


def issued_fingerprints(
    db: OpenLedger, provider: str, account: str, before_month: Month | None = None
) -> dict[str, str]:
    """Return the issued bills that are booked and trusted, of periods before a month: id and mark of their listing."""
    query = f"""SELECT invoice_id, any_value(mark) FROM {BILLS_JOIN} WHERE b.provider=? AND a.name=? AND until_seq IS NULL
                AND state='issued' AND period_start < ? GROUP BY invoice_id HAVING count(parked) = 0"""
    limit = to_naive_utc(before_month.start) if before_month else datetime.max  # noqa: DTZ901 - as the ledger stores times
    return {row[0]: row[1] for row in db.execute(query, [provider, account, limit]).fetchall()}


class BillSum(NamedTuple):
    """A trusted bill, the total that its vendor states, and what its charges add up to."""

    provider: str
    account: str
    period_start: datetime
    invoice_id: str | None
    currency: str
    total: str
    cost: Decimal


def sum_by_bill(ledger: OpenLedger, filters: LedgerFilter) -> list[BillSum]:
    """Return each trusted bill with what its charges add up to."""
    condition, values = build_current_condition(filters)
    return ledger.select(
        BillSum,
        f"""SELECT b.provider, a.name AS account, b.period_start, b.invoice_id, b.currency, b.total,
                   coalesce(sum({AMOUNT_SQL}), 0)::DECIMAL(38,12) AS cost
            FROM {BILLS_JOIN} LEFT JOIN charges c ON c.bill = b.id WHERE {condition} AND b.parked IS NULL GROUP BY ALL ORDER BY ALL""",
        values,
    )


class RoundedBill(NamedTuple):
    """A trusted bill whose lines add up by a rounding charge of ours only, and what that comes to."""

    provider: str
    account: str
    period_start: datetime
    invoice_id: str | None
    currency: str
    cost: Decimal


def list_rounded_bills(ledger: OpenLedger, filters: LedgerFilter) -> list[RoundedBill]:
    """Return the trusted bills whose lines add up by a rounding charge of ours only."""
    condition, values = build_current_condition(filters)
    return ledger.select(
        RoundedBill,
        f"""SELECT b.provider, a.name AS account, b.period_start, b.invoice_id, b.currency,
                   sum((f.data->>'amount')::DECIMAL(38,12)) AS cost
            FROM {BILLS_JOIN} JOIN findings f ON f.bill = b.id
            WHERE {condition} AND b.parked IS NULL AND f.code = '{FindingCode.ROUNDED}'
            GROUP BY ALL ORDER BY ALL""",
        values,
    )
