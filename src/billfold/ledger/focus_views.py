"""The four FOCUS datasets out of a ledger, as SQL views under their FOCUS names.

``CostAndUsage`` is the ledger's own charges; ``InvoiceDetail`` has one row for each charge on an issued or draft bill;
``BillingPeriod`` and ``ContractCommitment`` are derived. Amounts in a currency that ISO 4217 does not know are moved to
``x_VirtualCurrency`` columns: FOCUS 1.4 has no other place for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import duckdb

from billfold.ledger.allocated_charges import KEY_COLUMN, ChargeShares, build_split_sql, load_shares
from billfold.ledger.batch import to_naive_utc
from billfold.ledger.bill_changes import keep_changed_bills
from billfold.ledger.catalog import list_bills, list_last_runs, list_parked_bills
from billfold.ledger.columns import (
    CHARGE_COLUMNS,
    COMMITMENT_COLUMN_TYPES,
    MONEY_DECIMAL,
    RATE_DECIMAL,
    TIME_FORMAT,
    build_column_sql,
)
from billfold.ledger.expectation import describe_due, find_expectation, read_estimates
from billfold.ledger.query import STANDING_CONDITION, LedgerFilter, build_current_condition
from billfold.ledger.store import MEMORY_LIMIT, OpenLedger
from billfold.model.errors import InvalidArgument
from billfold.model.focus import COMMITMENT, COST, INVOICE, PERIOD
from billfold.model.money import NATIONAL_CURRENCIES
from billfold.model.payment_terms import NOT_STATED, read_net_days
from billfold.model.period import Month

GRAIN_COLUMNS = ("RegionId", "ResourceId", "ServiceName", "SkuId", "SkuPriceId", "SubAccountId")
_RATE_QUANTUM = Decimal("0.000001")
_MAX_RATE = Decimal(1000)


class Selection(NamedTuple):
    """Which part of a ledger is wanted as FOCUS rows.

    ``rates`` say what one unit of a virtual currency cost in BillingCurrency (below 1000, at most six decimals);
    ``payment_terms`` are those of accounts, by provider and name, whose vendor states none. ``shares`` split charges by whose
    cost they are. Of bills only those are wanted that changed after ``since_seq`` (None: all).
    """

    filters: LedgerFilter = LedgerFilter()
    include_parked: bool = False
    rates: Mapping[str, Decimal] = {}
    payment_terms: Mapping[tuple[str, str], str] = {}
    shares: ChargeShares | None = None
    since_seq: int | None = None


class FocusViews:
    """The datasets of an open ledger, by their FOCUS names, and the bills that are left out of them."""

    def __init__(self, ledger: OpenLedger, selection: Selection) -> None:
        self.ledger, self.selection = ledger, selection
        parked_bills = list_parked_bills(ledger, selection.filters)
        self.left_out = [bill for bill in parked_bills if bill.is_disputing or not selection.include_parked]
        _select_bills(ledger, selection)
        keep_changed_bills(ledger, "picked", selection.since_seq, selection.filters.seq)
        _note_awaited_periods(ledger, selection.filters)
        virtual = bool(ledger.execute("SELECT 1 FROM picked WHERE virtual LIMIT 1").fetchone())
        for name, select_sql in (
            (COST, self._build_charges_sql(virtual=virtual)),
            (INVOICE, _invoice_details(virtual=virtual)),
            (PERIOD, _periods_sql(selection.filters.seq)),
            (COMMITMENT, _commitments_sql()),
        ):
            ledger.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {select_sql}')

    def _build_charges_sql(self, *, virtual: bool) -> str:
        shares = self.selection.shares
        key_columns = {KEY_COLUMN: shares.build_key_sql()} if shares else {}
        charges_sql = _charges_sql(key_columns, virtual=virtual, parked=self.selection.include_parked)
        if not shares:
            return charges_sql
        load_shares(self.ledger, shares)
        described = self.ledger.execute(f"DESCRIBE {charges_sql}").fetchall()
        return build_split_sql(charges_sql, {name: column_type for name, column_type, *_ in described})

    def read_column_types(self, dataset: str) -> dict[str, str]:
        """Return a dataset's columns with their SQL types."""
        return {name: column_type for name, column_type, *_ in self.ledger.execute(f'DESCRIBE "{dataset}"').fetchall()}

    def list_months(self) -> list[Month]:
        """Return the months in which the selected bills begin."""
        query = "SELECT DISTINCT date_trunc('month', period_start)::TIMESTAMP FROM picked ORDER BY 1"
        return [Month.of(start.date()) for (start,) in self.ledger.execute(query).fetchall()]

    def read_last_update(self) -> datetime:
        """Return when the youngest of the selected bills came; without any the beginning of 1970."""
        (last_update,) = self.ledger.execute("SELECT max(updated) FROM picked").fetchall()[0]
        return (last_update or datetime.fromtimestamp(0, UTC)).replace(tzinfo=UTC)

    def measure_text(self, dataset: str, expression: str) -> int:
        """Return the length of the longest text that an expression makes of a dataset's rows."""
        return self.ledger.execute(f'SELECT max(length({expression})) FROM "{dataset}"').fetchall()[0][0] or 0

    @contextmanager
    def open_writing(self) -> Iterator[None]:
        """Let files keep the rows' order and take little memory, whatever their number; raises ``OSError`` for a full disk."""
        execute = self.ledger.execute
        execute(
            "SET threads = 1; SET memory_limit = '200MB'; SET preserve_insertion_order = true; SET TimeZone = 'UTC'"
        )
        try:
            yield
        except duckdb.IOException as error:
            raise OSError(str(error)) from error
        finally:
            execute(f"RESET threads; SET memory_limit = '{MEMORY_LIMIT}'; SET preserve_insertion_order = false")

    def write_file(self, path: Path, dataset: str, cells: Mapping[str, str], month: Month | None = None) -> int:
        """Write a dataset, or a billing month of it, as Parquet or CSV, as the path ends; returns the number of rows.

        ``cells`` are the file's columns, each with the expression that makes it of the dataset's.
        """
        condition = "true"
        if month:
            start, end = map(to_naive_utc, month.period)
            condition = f"BillingPeriodStart >= '{start}' AND BillingPeriodStart < '{end}'"
        path.parent.mkdir(parents=True, exist_ok=True)
        query, target = f"{select_cells(dataset, cells)} WHERE {condition}", str(path).replace("'", "''")
        count = self.ledger.execute(f"COPY ({query}) TO '{target}' ({_COPY_OPTIONS[path.suffix]})").fetchone()
        return int(count[0]) if count else 0


def select_cells(dataset: str, cells: Mapping[str, str]) -> str:
    """Return the SQL of a dataset's rows as cells, each with the expression that makes it of the dataset's columns."""
    select_list = ", ".join(f'{expression} AS "{name}"' for name, expression in cells.items())
    return f'SELECT {select_list} FROM "{dataset}"'


_COPY_OPTIONS = {
    ".csv": f"FORMAT csv, HEADER, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '', TIMESTAMPFORMAT '{TIME_FORMAT}'",
    ".parquet": "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 20000, DICTIONARY_SIZE_LIMIT 1000, WRITE_BLOOM_FILTER false",
}


def _select_bills(ledger: OpenLedger, selection: Selection) -> None:
    """Note the wanted bills with when each was first and last seen, whether its currency is one, and its rate."""
    national = ", ".join(f"'{code}'" for code in sorted(NATIONAL_CURRENCIES))
    condition, values = build_current_condition(selection.filters)
    ledger.execute(
        f"""CREATE OR REPLACE TEMP TABLE picked AS
            WITH first AS (SELECT b.provider, b.account, b.bill_key, min(r.ended) AS created
                           FROM bills b JOIN runs r ON r.run = b.run WHERE b.from_seq <= $seq GROUP BY ALL)
            SELECT b.* REPLACE ({_terms_sql(selection.payment_terms)}), a.name AS called, date_trunc('second', f.created) AS created,
                   date_trunc('second', r.ended) AS updated, b.currency NOT IN ({national}) AS virtual,
                   (CASE WHEN false THEN 0 {_rates_sql(selection.rates)} ELSE 0 END)::DECIMAL(9,6) AS rate
            FROM bills b JOIN accounts a ON a.provider = b.provider AND a.account = b.account
                 JOIN runs r ON r.run = b.run
                 JOIN first f ON f.provider = b.provider AND f.account = b.account AND f.bill_key = b.bill_key
            WHERE {condition} AND {STANDING_CONDITION if selection.include_parked else "b.parked IS NULL"}
            ORDER BY b.provider, a.name, b.period_start, b.bill_key""",
        values,
    )


def _note_awaited_periods(ledger: OpenLedger, filters: LedgerFilter) -> None:
    """Note the months in which an invoice of an issuer is still to come, or is late: they are open."""
    all_filters = LedgerFilter(seq=filters.seq)
    expectation = find_expectation(
        list_bills(ledger, all_filters),
        list_last_runs(ledger, filters.seq),
        *read_estimates(ledger, all_filters),
    )
    ledger.execute("CREATE OR REPLACE TEMP TABLE awaited (issuer VARCHAR, month TIMESTAMP)")
    for due in expectation.due_invoices:
        if describe_due(due).id not in filters.acknowledged_ids:
            ledger.execute("INSERT INTO awaited VALUES (?, ?)", [due.issuer, to_naive_utc(due.month.start)])


def _terms_sql(terms_by_account: Mapping[tuple[str, str], str]) -> str:
    """Write the terms of a bill, those of its account where its vendor states none, and when it is due by them."""
    terms_cases, days_cases = "WHEN false THEN NULL", "WHEN false THEN 0"
    for (provider, account), terms in terms_by_account.items():
        condition = f"b.provider = {_quote(provider)} AND a.name = {_quote(account)}"
        terms_cases += f" WHEN {condition} THEN {_quote(terms)}"
        if (net_days := read_net_days(terms)) is not None:
            days_cases += f" WHEN b.terms IS NULL AND {condition} THEN {net_days}"
    return f"""coalesce(b.terms, CASE {terms_cases} END) AS terms,
               coalesce(b.due_on, b.issued_on + to_days((CASE {days_cases} END)::INTEGER)) AS due_on"""


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _rates_sql(rates: Mapping[str, Decimal]) -> str:
    for currency, rate in rates.items():
        if not 0 < rate < _MAX_RATE or rate != rate.quantize(_RATE_QUANTUM):
            raise InvalidArgument(f"the rate of {currency} must be above 0, below 1000 and have at most six decimals")
        if "'" in currency or currency in NATIONAL_CURRENCIES:
            raise InvalidArgument(f"{currency} is no virtual currency: it needs no rate")
    return " ".join(f"WHEN b.currency = '{name}' THEN {rate}" for name, rate in rates.items())


_PRICE_COLUMNS = ("ContractedUnitPrice", "EffectiveCost", "ListUnitPrice")


def _charges_sql(key_columns: Mapping[str, str], *, virtual: bool, parked: bool) -> str:
    columns = {name: build_column_sql(name, "p.called", "p.account") for name in CHARGE_COLUMNS}
    for name in _PRICE_COLUMNS:
        columns[f"PricingCurrency{name}"] = f'coalesce(c."PricingCurrency{name}", c."{name}")'
    if virtual:
        columns.update(_virtual_columns())
    if parked:
        columns["x_Parked"] = "p.parked"
    columns |= key_columns
    ordered_names = sorted(columns, key=lambda name: (name.startswith("x_"), name))
    select_list = ", ".join(f'{columns[name]} AS "{name}"' for name in ordered_names)
    return f"SELECT {select_list} FROM charges c JOIN picked p ON c.bill = p.id"


def _virtual_columns() -> dict[str, str]:
    """Return the columns of charges in a virtual currency: money at the configured rate, or none; amounts kept aside."""
    spent_column, no_incentive = "c.PricingCurrencyEffectiveCost", "c.ChargeCategory NOT IN ('Tax', 'Credit')"
    cost = f"CASE WHEN p.virtual AND {no_incentive} THEN ({spent_column} * p.rate)::DECIMAL{MONEY_DECIMAL} ELSE"
    column_expressions = {name: f'{cost} c."{name}" END' for name in ("ContractedCost", "EffectiveCost", "ListCost")}
    for name in ("ContractedUnitPrice", "ListUnitPrice"):
        rated = f'(c."PricingCurrency{name}" * p.rate)::DECIMAL{RATE_DECIMAL}'
        column_expressions[name] = f'CASE WHEN p.virtual AND c."{name}" IS NOT NULL THEN {rated} ELSE c."{name}" END'
    for name in _PRICE_COLUMNS:
        vendors = f'c."PricingCurrency{name}"'
        column_expressions[f"x_VirtualCurrency{name}"] = f"CASE WHEN p.virtual THEN {vendors} END"
        column_expressions[f"PricingCurrency{name}"] = (
            f'CASE WHEN p.virtual THEN {column_expressions[name]} ELSE coalesce({vendors}, c."{name}") END'
        )
    column_expressions["PricingCurrency"] = "CASE WHEN p.virtual THEN c.BillingCurrency ELSE c.PricingCurrency END"
    column_expressions["x_VirtualCurrency"] = "CASE WHEN p.virtual THEN p.currency END"
    return column_expressions


def _invoice_details(*, virtual: bool) -> str:
    extra = (
        ', CASE WHEN p.virtual THEN p.currency END AS "x_VirtualCurrency"'
        ', CASE WHEN p.virtual THEN c.PricingCurrencyEffectiveCost END AS "x_VirtualCurrencyCost"'
    )
    return f"""
        SELECT c.BilledCost, {build_column_sql("BillingAccountId", "p.called", "p.account")} AS BillingAccountId, c.BillingCurrency, c.BillingPeriodEnd, c.BillingPeriodStart,
               c.ChargeCategory, p.created AS InvoiceDetailCreated, c.ChargeDescription AS InvoiceDetailDescription,
               {_grain_sql()} AS InvoiceDetailGrain, c.InvoiceDetailId, p.updated AS InvoiceDetailLastUpdated, c.InvoiceId,
               CASE WHEN p.state = 'issued' THEN date_trunc('second', p.issued_on) END AS InvoiceIssueDate,
               CASE WHEN p.state = 'issued' THEN 'Issued' ELSE 'Open' END AS InvoiceIssueStatus, c.InvoiceIssuerName,
               c.BillingCurrency AS PaymentCurrency, c.BilledCost AS PaymentCurrencyBilledCost,
               c.InvoiceDetailId AS PaymentCurrencyInvoiceDetailId, p.due_on AS PaymentDueDate,
               coalesce(p.terms, '{NOT_STATED}') AS PaymentTerms, p.purchase_order AS PurchaseOrderNumber,
               coalesce(p.corrects, c.InvoiceId) AS ReferenceInvoiceId{extra if virtual else ""}
        FROM charges c JOIN picked p ON c.bill = p.id WHERE p.state <> 'estimate'"""


def _grain_sql() -> str:
    """Write what tells a line from the others as flat JSON, nulls left out."""
    pairs = (f"""'"{name}":' || to_json(c."{name}")::VARCHAR""" for name in GRAIN_COLUMNS)
    return f"'{{' || concat_ws(',', {', '.join(pairs)}) || '}}'"


def _periods_sql(seq: int) -> str:
    """Each issuer's billing periods: closed where all its bills are issued and trusted, and the period has ended.

    FOCUS reopens no period: an issued bill that was trusted closes its own, whatever it is restated to; and one that is
    not trusted yet, and never was, only keeps a period open that was still open when it came.
    """
    return f"""
        WITH told AS (
            SELECT b.issuer, b.period_start, b.period_end, r.ended, b.from_seq, b.until_seq,
                   b.until_seq IS NULL OR b.until_seq > {seq} AS believed,
                   min(b.from_seq) FILTER (WHERE b.state = 'issued' AND b.parked IS NULL) OVER same AS settled,
                   b.state = 'issued' AND settled IS NOT NULL AS done,
                   b.state <> 'issued' OR bool_or(b.parked IS NULL) OVER same AS heard
            FROM bills b JOIN runs r ON r.run = b.run WHERE b.from_seq <= {seq}
            WINDOW same AS (PARTITION BY b.provider, b.account, b.bill_key, b.issuer, b.period_start, b.period_end)),
        late AS (SELECT issuer, period_start, period_end, min(from_seq) FILTER (WHERE NOT heard) AS came FROM told GROUP BY ALL),
        slot AS (
            SELECT issuer, period_start, period_end, came, coalesce(min(ended) FILTER (WHERE heard), min(ended)) AS created,
                   coalesce(max(ended) FILTER (WHERE heard), max(ended)) AS updated,
                   bool_and(done) FILTER (WHERE believed AND heard) AS done,
                   bool_and(coalesce(settled < came, false)) FILTER (
                       WHERE heard AND from_seq < came AND (until_seq IS NULL OR until_seq >= came)) AS done_before
            FROM told JOIN late USING (issuer, period_start, period_end) GROUP BY ALL),
        over AS (
            SELECT s.*, (SELECT min(r.ended) FROM runs r WHERE r.seq <= {seq} AND r.ended >= s.period_end) AS ended,
                   came IS NULL OR done_before
                       AND EXISTS (FROM runs r WHERE r.seq < came AND r.ended >= s.period_end) AS undisturbed
            FROM slot s SEMI JOIN picked p ON s.issuer = p.issuer AND s.period_start = p.period_start
                 AND s.period_end = p.period_end)
        SELECT date_trunc('second', created) AS BillingPeriodCreated, period_end AS BillingPeriodEnd,
               date_trunc('second', CASE WHEN done THEN greatest(updated, coalesce(ended, updated)) ELSE updated END)
                   AS BillingPeriodLastUpdated,
               period_start AS BillingPeriodStart,
               CASE WHEN done AND undisturbed AND ended IS NOT NULL AND NOT EXISTS (
                   FROM awaited a WHERE a.issuer = over.issuer AND a.month = date_trunc('month', over.period_start)) THEN 'Closed' ELSE 'Open' END AS BillingPeriodStatus,
               issuer AS InvoiceIssuerName
        FROM over ORDER BY issuer, period_start"""


def _commitments_sql() -> str:
    """Each commitment once, as the latest bill that tells of it has it."""
    columns = ", ".join(
        f'coalesce(m."{name}", p.{when}) AS "{name}"' if (when := _DEFAULT_TIME_COLUMNS.get(name)) else f'm."{name}"'
        for name in COMMITMENT_COLUMN_TYPES
    )
    return f"""
        SELECT {columns} FROM commitments m JOIN picked p ON m.bill = p.id
        QUALIFY row_number() OVER (PARTITION BY m.ServiceProviderName, m.ContractCommitmentId
                                   ORDER BY p.period_start DESC, p.from_seq DESC, p.id DESC) = 1
        ORDER BY m.ServiceProviderName, m.ContractCommitmentId"""


_DEFAULT_TIME_COLUMNS = {"ContractCommitmentCreated": "created", "ContractCommitmentLastUpdated": "updated"}
