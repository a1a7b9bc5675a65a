"""Questions about commitments: what contracts commit to, as bills tell of it, and what was spent by month and service."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.query import AMOUNT_SQL, BILLS_JOIN, CHARGES_JOIN, LedgerFilter, build_current_condition
from billfold.ledger.store import OpenLedger


class CommitmentTerms(NamedTuple):
    """What a contract commits to, as the latest bill that tells of it has it; ``quantity`` is that of each month, in ``unit``."""

    provider: str
    account: str
    commitment_id: str
    name: str | None
    unit: str
    quantity: Decimal
    period_start: datetime
    period_end: datetime
    contract: str = ""


class ServiceUse(NamedTuple):
    """What was used of a service in a month (its start): its cost in a currency, or its quantity in a unit."""

    provider: str
    account: str
    month: datetime
    service: str
    unit: str
    amount: Decimal


_SHORTFALL_SQL = r"regexp_matches(coalesce(c.ChargeDescription, ''), 'shortfall|\bminimum\b|true-?\s?up', 'i')"
"""What is charged because too little was used: no use itself."""
_USED_SQL = f"b.parked IS NULL AND c.ChargeCategory IN ('Usage', 'Purchase') AND NOT {_SHORTFALL_SQL}"
_UNIT_SQL = "coalesce(c.ConsumedUnit, c.PricingUnit)"


def list_terms(db: OpenLedger, filters: LedgerFilter) -> list[CommitmentTerms]:
    """Return what contracts commit to, each once, by account and id."""
    condition, values = build_current_condition(filters._replace(first_month=None, last_month=None))
    return db.select(
        CommitmentTerms,
        f"""SELECT b.provider, a.name AS account, m.ContractCommitmentId AS commitment_id,
                   m.ContractCommitmentDescription AS name, m.ContractCommitmentUnit AS unit,
                   m.ContractCommitmentQuantity AS quantity, m.ContractCommitmentPeriodStart AS period_start,
                   m.ContractCommitmentPeriodEnd AS period_end, coalesce(m.ContractId, '') AS contract
            FROM commitments m JOIN {BILLS_JOIN.replace("bills b", "bills b ON m.bill = b.id")}
            WHERE {condition} AND m.ContractCommitmentQuantity IS NOT NULL AND m.ContractCommitmentUnit IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY b.provider, b.account, m.ContractCommitmentId
                                       ORDER BY b.period_start DESC, b.from_seq DESC, b.id DESC) = 1
            ORDER BY b.provider, a.name, m.ContractCommitmentId""",
        values,
    )


def sum_spend(db: OpenLedger, filters: LedgerFilter, accounts: Collection[str]) -> list[ServiceUse]:
    """Return what accounts spent on what they used or bought by month, service and currency, without taxes and shortfalls."""
    return _sum_use(db, filters, accounts, "b.currency", AMOUNT_SQL)


def sum_quantities(db: OpenLedger, filters: LedgerFilter, accounts: Collection[str]) -> list[ServiceUse]:
    """Return how much of each service accounts used by month and unit."""
    return _sum_use(db, filters, accounts, _UNIT_SQL, "coalesce(c.ConsumedQuantity, c.PricingQuantity, 0)")


def _sum_use(
    db: OpenLedger, filters: LedgerFilter, accounts: Collection[str], unit_sql: str, amount_sql: str
) -> list[ServiceUse]:
    if not accounts:
        return []
    condition, values = build_current_condition(filters._replace(first_month=None, last_month=None))
    return db.select(
        ServiceUse,
        f"""SELECT b.provider, a.name AS account, date_trunc('month', b.period_start) AS month, c.ServiceName AS service,
                   coalesce({unit_sql}, '') AS unit, sum({amount_sql}) AS amount
            FROM {CHARGES_JOIN} WHERE {condition} AND {_USED_SQL} AND a.name IN (SELECT unnest($accounts))
            GROUP BY ALL ORDER BY ALL""",
        values | {"accounts": list(accounts)},
    )
