"""What accruals are made of: the lines of estimates, what earlier invoices had of each kind, and commitments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.catalog import find_scope
from billfold.ledger.query import AMOUNT_SQL, CHARGES_JOIN, MAX_SEQ, LedgerFilter, build_current_condition
from billfold.ledger.store import OpenLedger, make_aware
from billfold.model.bill import State

UNIT_PRICE_SQL = "coalesce(c.x_UnitPrice, c.ListUnitPrice)"
"""What a unit costs by the vendor's own rate."""
_NUMBER = "DECIMAL(28,18)"
_BILLS_SQL = "charges c JOIN bills b ON c.bill = b.id WHERE b.id IN (SELECT unnest($ids))"
_APPLIED_ID_SQL = "json_extract_string(c.ContractApplied, '$.Elements[0].ContractCommitmentId')"

POSITION_SQL = r"coalesce(TRY_CAST(regexp_extract(c.x_JsonPath, '(\d+)\]?$', 1) AS BIGINT), 0)"
"""Where a line stands among its like."""


def _read_detail_sql(*names: str) -> str:
    """Write the sum of numbers in the details of a charge, those after a minus subtracted; null where the first is not there."""
    numbers = [f"TRY_CAST(json_extract_string(c.x_Details, '$.{name.lstrip('-')}') AS {_NUMBER})" for name in names]
    signs = ["-" if name.startswith("-") else "+" for name in names]
    others = (f"{sign} coalesce({number}, 0)" for sign, number in zip(signs[1:], numbers[1:], strict=True))
    return f"({numbers[0]} {' '.join(others)})"


_INCLUDED_SQL = f"""CASE WHEN contains(c.x_Details, 'PrepaidQuantity') THEN {_read_detail_sql("PrepaidQuantity", "FairUseQuantity")}
                         WHEN contains(c.x_Details, 'StartingBalance')
                         THEN {_read_detail_sql("StartingBalance", "BalanceIncrease", "-BalanceDecrease")} END"""


class EstimateLine(NamedTuple):
    """What an estimate or a draft has of one price: ``cost`` is in its currency, the time half-open.

    ``included`` is how many units cost nothing because they were bought beforehand or are free (None: it does not say).
    ``description`` is empty of what was used. ``position`` is the place of the first such line in its bill. ``has_resource`` tells
    that it is of resources, each priced apart: lines of several prices without one are the steps of one price list.
    """

    bill: int
    category: str
    frequency: str
    service: str
    description: str
    sku: str
    region: str
    unit: str
    has_resource: bool
    price: Decimal | None
    start: datetime
    end: datetime
    included: Decimal | None
    quantity: Decimal | None
    consumed: Decimal | None
    cost: Decimal
    position: int
    charges: int


def list_estimate_lines(ledger: OpenLedger, bill_ids: Iterable[int]) -> list[EstimateLine]:
    """Return what estimates and drafts have, by price and time, in the order of their lines."""
    return ledger.select(
        EstimateLine,
        f"""WITH lines AS (
                SELECT c.bill, c.ChargeCategory AS category, coalesce(c.ChargeFrequency, '') AS frequency,
                       coalesce(c.ServiceName, '') AS service,
                       CASE WHEN category = 'Usage' THEN '' ELSE coalesce(c.ChargeDescription, '') END AS description,
                       coalesce(c.SkuId, '') AS sku, coalesce(c.RegionName, c.RegionId, '') AS region,
                       coalesce(c.PricingUnit, '') AS unit, c.ResourceId IS NOT NULL AS has_resource, {UNIT_PRICE_SQL} AS price,
                       coalesce(c.ChargePeriodStart, b.period_start) AS start,
                       coalesce(c.ChargePeriodEnd, b.period_end) AS end, {_INCLUDED_SQL} AS included,
                       CASE WHEN included IS NOT NULL THEN c.x_JsonPath END AS place,
                       c.PricingQuantity, c.ConsumedQuantity, {AMOUNT_SQL} AS amount,
                       {POSITION_SQL} AS position
                FROM {_BILLS_SQL})
            SELECT bill, category, frequency, service, description, sku, region, unit, has_resource, price, start, "end", included,
                   sum(PricingQuantity) AS quantity, sum(ConsumedQuantity) AS consumed, sum(amount) AS cost,
                   min(position) AS position, count(*) AS charges
            FROM lines GROUP BY bill, category, frequency, service, description, sku, region, unit, has_resource, price, start, "end",
                 included, place
            ORDER BY bill, position, sku, region, price, start, "end" """,
        {"ids": list(bill_ids)},
    )


class BilledLine(NamedTuple):
    """What an issued bill has of one kind, in its currency; ``description`` is empty of what was used.

    ``is_contract`` tells that it was bought under a contract's commitment.
    """

    bill: int
    category: str
    frequency: str
    service: str
    description: str
    is_contract: bool
    cost: Decimal


def list_invoice_lines(ledger: OpenLedger, bill_ids: Iterable[int]) -> list[BilledLine]:
    """Return what issued bills have of each kind; corrections of earlier months and roundings of ours are left out."""
    rows = ledger.execute(
        f"""SELECT c.bill, c.ChargeCategory AS category, coalesce(c.ChargeFrequency, '') AS frequency,
                   coalesce(c.ServiceName, '') AS service,
                   CASE WHEN c.ChargeCategory = 'Usage' THEN '' ELSE coalesce(c.ChargeDescription, '') END AS description,
                   c.ChargeCategory = 'Purchase' AND c.ContractApplied IS NOT NULL AS is_contract,
                   sum({AMOUNT_SQL}) AS cost
            FROM {_BILLS_SQL} AND c.ChargeClass IS NULL
                 AND NOT (c.ChargeCategory = 'Adjustment' AND coalesce(c.x_Synthetic, false))
            GROUP BY ALL ORDER BY ALL""",
        {"ids": list(bill_ids)},
    ).fetchall()
    return [BilledLine._make(row) for row in rows]  # PERF: there are many, and no times among them


class BilledKind(NamedTuple):
    """What the issued bills of an account come to for one kind of thing; corrections are of earlier months."""

    provider: str
    account: str
    currency: str
    category: str
    service: str
    description: str
    is_correction: bool
    cost: Decimal


def sum_billed_kinds(ledger: OpenLedger, filters: LedgerFilter) -> list[BilledKind]:
    """Return what the trusted issued bills that are wanted have, by account, currency and kind; all of it."""
    condition, values = build_current_condition(filters)
    return ledger.select(
        BilledKind,
        f"""SELECT b.provider, a.name AS account, b.currency, c.ChargeCategory AS category,
                   CASE WHEN c.ChargeCategory = 'Usage' THEN '' ELSE coalesce(c.ServiceName, '') END AS service,
                   CASE WHEN c.ChargeCategory = 'Usage' THEN '' ELSE coalesce(c.ChargeDescription, '') END AS description,
                   c.ChargeClass IS NOT NULL AS is_correction, sum({AMOUNT_SQL}) AS cost
            FROM {CHARGES_JOIN} WHERE {condition} AND b.state = 'issued' AND b.parked IS NULL GROUP BY ALL ORDER BY ALL""",
        values,
    )


class PriceStep(NamedTuple):
    """What a bill has of one step of a price list: the quantity that costs ``price`` each; steps come in their order."""

    bill: int
    sku: str
    region: str
    unit: str
    price: Decimal
    quantity: Decimal
    position: int


def list_price_steps(ledger: OpenLedger, bill_ids: Iterable[int]) -> list[PriceStep]:
    """Return the steps of what has several prices in one issued bill, and no resources that could be priced apart."""
    return ledger.select(
        PriceStep,
        f"""SELECT c.bill, c.SkuId AS sku, coalesce(c.RegionName, c.RegionId, '') AS region, c.PricingUnit AS unit,
                   {UNIT_PRICE_SQL} AS price, sum(c.PricingQuantity) AS quantity, min({POSITION_SQL}) AS position
            FROM {_BILLS_SQL} AND c.ChargeCategory = 'Usage' AND c.ResourceId IS NULL AND c.PricingQuantity > 0
                 AND {UNIT_PRICE_SQL} IS NOT NULL
            GROUP BY c.bill, sku, region, unit, price
            QUALIFY count(*) OVER (PARTITION BY c.bill, sku, region, unit) > 1
            ORDER BY bill, sku, region, unit, position""",
        {"ids": list(bill_ids)},
    )


class CommittedPurchase(NamedTuple):
    """What an invoice sold under a commitment for a half-open time, at the vendor's rate ``unit_price``."""

    bill: int
    commitment_id: str
    start: datetime
    end: datetime
    quantity: Decimal | None
    unit_price: Decimal | None
    cost: Decimal


def list_committed_purchases(ledger: OpenLedger, bill_ids: Iterable[int]) -> list[CommittedPurchase]:
    """Return what issued bills sold under contracts' commitments."""
    return ledger.select(
        CommittedPurchase,
        f"""SELECT c.bill, {_APPLIED_ID_SQL} AS commitment_id, coalesce(c.ChargePeriodStart, b.period_start) AS start,
                   coalesce(c.ChargePeriodEnd, b.period_end) AS end,
                   sum(c.PricingQuantity) AS quantity, max({UNIT_PRICE_SQL}) AS unit_price, sum({AMOUNT_SQL}) AS cost
            FROM {_BILLS_SQL} AND c.ChargeCategory = 'Purchase' AND c.ContractApplied IS NOT NULL
            GROUP BY ALL ORDER BY ALL""",
        {"ids": list(bill_ids)},
    )


class CommitmentTerm(NamedTuple):
    """A quantity that a contract sells each month of a half-open time; ``unit_price`` is None where no price is stated."""

    provider: str
    account: str
    contract: str
    commitment_id: str
    description: str
    currency: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    start: datetime
    end: datetime


def list_commitment_terms(ledger: OpenLedger, seq: int = MAX_SEQ) -> list[CommitmentTerm]:
    """Return what contracts commit to, each as the latest bill that tells of it has it."""
    rows = ledger.execute(
        """SELECT b.provider, a.name, coalesce(m.ContractId, ''), m.ContractCommitmentId,
                  coalesce(m.ContractCommitmentDescription, ''), coalesce(m.BillingCurrency, b.currency),
                  m.ContractCommitmentQuantity, coalesce(m.ContractCommitmentUnit, ''), m.x_UnitPrice,
                  m.ContractCommitmentPeriodStart, m.ContractCommitmentPeriodEnd
           FROM commitments m JOIN bills b ON m.bill = b.id JOIN accounts a USING (provider, account)
           WHERE b.from_seq <= $seq AND b.parked IS NULL
           QUALIFY row_number() OVER (PARTITION BY b.provider, b.account, m.ContractCommitmentId
                                      ORDER BY b.period_start DESC, b.from_seq DESC, b.id DESC) = 1
           ORDER BY ALL""",
        {"seq": seq},
    ).fetchall()
    return [CommitmentTerm(*map(make_aware, row)) for row in rows]


def read_asked_times(ledger: OpenLedger, seq: int = MAX_SEQ) -> dict[tuple[str, str], datetime]:
    """Return by provider and account when each was last collected completely, else at all, by the vendor's own time."""
    rows = ledger.execute(
        """SELECT r.provider, a.name, coalesce(max(asked) FILTER (outcome = 'complete'), max(asked))
           FROM runs r JOIN accounts a USING (provider, account) WHERE r.seq <= $seq GROUP BY ALL""",
        {"seq": seq},
    ).fetchall()
    return {(provider, account): make_aware(asked_at) for provider, account, asked_at in rows}


class EstimateOrigin(NamedTuple):
    """When an estimate or a draft was collected, by the vendor's own time, and of which contract it is ("": of all)."""

    asked_at: datetime
    scope: str


def read_estimate_origins(ledger: OpenLedger, bill_ids: Iterable[int]) -> dict[int, EstimateOrigin]:
    """Return where estimates and drafts are from, by the number of their bill."""
    rows = ledger.execute(
        "SELECT b.id, r.asked, b.bill_key, b.state FROM bills b JOIN runs r USING (run) WHERE b.id IN (SELECT unnest($ids))",
        {"ids": list(bill_ids)},
    ).fetchall()
    return {
        bill_id: EstimateOrigin(make_aware(asked_at), find_scope(bill_key) if state == State.ESTIMATE else "")
        for bill_id, asked_at, bill_key, state in rows
    }


def find_seq_before(ledger: OpenLedger, instant: datetime) -> int:
    """Return the archive number of the last collection before a time, by the vendors' own time; 0 for none."""
    query = "SELECT coalesce(max(seq), 0) FROM runs WHERE asked < $instant"
    ((seq,),) = ledger.execute(query, {"instant": instant.replace(tzinfo=None)}).fetchall()
    return int(seq)
