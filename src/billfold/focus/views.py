"""The four FOCUS datasets out of a ledger, as SQL views under their FOCUS names.

``CostAndUsage`` is the ledger's own charges; ``InvoiceDetail`` has one row for each charge on an issued or draft bill;
``BillingPeriod`` and ``ContractCommitment`` are derived. Amounts in a currency that ISO 4217 does not know are moved to
``x_VirtualCurrency`` columns: FOCUS 1.4 has no other place for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from billfold.focus.versions import COMMITMENT, COST, INVOICE, PERIOD
from billfold.ledger import catalog
from billfold.ledger.catalog import BillRow
from billfold.ledger.columns import (
    CHARGE_COLUMNS,
    COMMITMENT_COLUMN_TYPES,
    MONEY_DECIMAL,
    RATE_DECIMAL,
    build_column_sql,
)
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.errors import InvalidArgument
from billfold.model.money import NATIONAL_CURRENCIES

DEFAULT_PAYMENT_TERMS = "Due on receipt"
"""PaymentTerms where neither the vendor nor the configuration names any; FOCUS has no null there."""
GRAIN_COLUMNS = ("RegionId", "ResourceId", "ServiceName", "SkuId", "SkuPriceId", "SubAccountId")
_RATE_QUANTUM = Decimal("0.000001")
_MAX_RATE = Decimal(1000)


class Selection(NamedTuple):
    """Which part of a ledger is wanted as FOCUS rows.

    ``rates`` say what one unit of a virtual currency cost in BillingCurrency (below 1000, at most six decimals).
    """

    filters: LedgerFilter = LedgerFilter()
    include_parked: bool = False
    rates: Mapping[str, Decimal] = {}


def create_views(db: OpenLedger, selection: Selection) -> list[BillRow]:
    """Make the four views on an open ledger, and return the bills that are left out because they are parked."""
    bills = catalog.list_bills(db, selection.filters)
    parked_bills = [] if selection.include_parked else [bill for bill in bills if bill.parked]
    _select_bills(db, [bill.id for bill in bills if selection.include_parked or not bill.parked], selection)
    virtual = bool(_fetch_rows(db, "SELECT 1 FROM picked WHERE virtual LIMIT 1"))
    _create_view(db, COST, _charges_sql(virtual=virtual, parked=selection.include_parked))
    _create_view(db, INVOICE, _invoice_details(virtual=virtual))
    _create_view(db, PERIOD, _periods_sql(selection.filters.seq))
    _create_view(db, COMMITMENT, _commitments_sql())
    return parked_bills


def _create_view(db: OpenLedger, name: str, select_sql: str) -> None:
    db.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {select_sql}')


def _fetch_rows(db: OpenLedger, select_sql: str) -> list[tuple[Any, ...]]:
    return db.execute(select_sql).fetchall()


def _select_bills(db: OpenLedger, bill_ids: Iterable[int], selection: Selection) -> None:
    """Note the wanted bills with when each was first and last seen, whether its currency is one, and its rate."""
    national = ", ".join(f"'{code}'" for code in sorted(NATIONAL_CURRENCIES))
    db.execute(
        f"""CREATE OR REPLACE TEMP TABLE picked AS
            WITH first AS (SELECT b.provider, b.account, b.bill_key, min(r.ended) AS created
                           FROM bills b JOIN runs r ON r.run = b.run WHERE b.from_seq <= $seq GROUP BY ALL)
            SELECT b.*, a.name AS called, date_trunc('second', f.created) AS created,
                   date_trunc('second', r.ended) AS updated, b.currency NOT IN ({national}) AS virtual,
                   (CASE WHEN false THEN 0 {_rates_sql(selection.rates)} ELSE 0 END)::DECIMAL(9,6) AS rate
            FROM bills b JOIN accounts a ON a.provider = b.provider AND a.account = b.account
                 JOIN runs r ON r.run = b.run
                 JOIN first f ON f.provider = b.provider AND f.account = b.account AND f.bill_key = b.bill_key
            WHERE b.id IN (SELECT unnest($ids)) ORDER BY b.provider, a.name, b.period_start, b.bill_key""",
        {"ids": list(bill_ids), "seq": selection.filters.seq},
    )


def _rates_sql(rates: Mapping[str, Decimal]) -> str:
    for currency, rate in rates.items():
        if not 0 < rate < _MAX_RATE or rate != rate.quantize(_RATE_QUANTUM):
            raise InvalidArgument(f"the rate of {currency} must be above 0, below 1000 and have at most six decimals")
        if "'" in currency or currency in NATIONAL_CURRENCIES:
            raise InvalidArgument(f"{currency} is no virtual currency: it needs no rate")
    return " ".join(f"WHEN b.currency = '{name}' THEN {rate}" for name, rate in rates.items())


_PRICE_COLUMNS = ("ContractedUnitPrice", "EffectiveCost", "ListUnitPrice")


def _charges_sql(*, virtual: bool, parked: bool) -> str:
    columns = {name: build_column_sql(name, "p.called") for name in CHARGE_COLUMNS}
    for name in _PRICE_COLUMNS:
        columns[f"PricingCurrency{name}"] = f'coalesce(c."PricingCurrency{name}", c."{name}")'
    if virtual:
        columns.update(_virtual_columns())
    if parked:
        columns["x_Parked"] = "p.parked"
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
        SELECT c.BilledCost, {build_column_sql("BillingAccountId", "p.called")} AS BillingAccountId, c.BillingCurrency, c.BillingPeriodEnd, c.BillingPeriodStart,
               c.ChargeCategory, p.created AS InvoiceDetailCreated, c.ChargeDescription AS InvoiceDetailDescription,
               {_grain_sql()} AS InvoiceDetailGrain, c.InvoiceDetailId, p.updated AS InvoiceDetailLastUpdated, c.InvoiceId,
               CASE WHEN p.state = 'issued' THEN date_trunc('second', p.issued_on) END AS InvoiceIssueDate,
               CASE WHEN p.state = 'issued' THEN 'Issued' ELSE 'Open' END AS InvoiceIssueStatus, c.InvoiceIssuerName,
               c.BillingCurrency AS PaymentCurrency, c.BilledCost AS PaymentCurrencyBilledCost,
               c.InvoiceDetailId AS PaymentCurrencyInvoiceDetailId, p.due_on AS PaymentDueDate,
               coalesce(p.terms, '{DEFAULT_PAYMENT_TERMS}') AS PaymentTerms, p.purchase_order AS PurchaseOrderNumber,
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
               CASE WHEN done AND undisturbed AND ended IS NOT NULL THEN 'Closed' ELSE 'Open' END AS BillingPeriodStatus,
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
