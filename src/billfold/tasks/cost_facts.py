"""What costs are worth telling of: budgets that are over or at risk, services that are odd, commitments that stay unused."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.acknowledgements import quieten
from billfold.ledger.grouping import find_last_month
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State
from billfold.model.fact import FactKind
from billfold.model.finding import BUDGET_CODES
from billfold.model.finding_codes import FindingCode
from billfold.model.money import CURRENCY_PATTERN, format_trimmed
from billfold.model.period import Month
from billfold.report.anomalies import USUAL_MONTHS, Thresholds, find_anomalies, list_anomaly_findings
from billfold.report.budget import list_budget_findings
from billfold.report.commitment_uses import CommitmentUse
from billfold.report.commitments import find_commitments
from billfold.report.team_costs import TEAM_KEY
from billfold.tasks.budgets import check_budgets, read_services
from billfold.tasks.configured import load_allocation_rules, load_payment_evidence
from billfold.tasks.configured_budgets import load_budgets

TOLD_MONTHS = 2
"""In how many months, the latest among them, budgets are held and oddities looked for: some invoices come late."""
ODD_FROM = Thresholds(Decimal(100), Decimal("0.3"))
"""As far as `billfold budget --anomalies` looks for by itself."""

MIN_SHORTFALL_SHARE = Decimal("0.1")
"""Of what is committed, how much is expected to stay unused at least: one free seat of many is no news."""


class CostFact(NamedTuple):
    """A fact about costs, of a provider, account and month; ``parts`` tell it from others of its kind."""

    kind: FactKind
    place: tuple[str, str, str]
    parts: tuple[str, ...]
    text: str
    subject: str
    amount: Decimal | None
    currency: str
    code: str
    can_recur: bool


def list_cost_facts(db: OpenLedger, filters: LedgerFilter, config_path: Path, this_month: Month) -> Iterator[CostFact]:
    """Yield what is worth telling about costs now, and is not accepted; raises ``ConfigurationError``."""
    yield from _list_budget_facts(db, filters, config_path, this_month)
    yield from _list_anomaly_facts(db, filters)
    for use in find_commitments(db, filters, load_payment_evidence(config_path)):
        if use.expected_shortfall and use.expected_shortfall >= MIN_SHORTFALL_SHARE * use.committed:
            yield _build_shortfall(use, use.expected_shortfall)


def _list_budget_facts(
    db: OpenLedger, filters: LedgerFilter, config_path: Path, this_month: Month
) -> Iterator[CostFact]:
    """Yield the budgets that are over, and those that are expected to be: that is told once a month, whatever the forecast does."""
    budgets = load_budgets(config_path)
    needs_rules = any(key == TEAM_KEY for budget in budgets for key, _ in budget.scope)
    rules = load_allocation_rules(config_path) if needs_rules else None
    for month in (this_month.add_months(-number) for number in range(TOLD_MONTHS if budgets else 0)):
        for row in check_budgets(db, filters, budgets, month, rules):
            for located in quieten(list_budget_findings([row]), filters.acknowledged_ids):
                finding, is_over = located.finding, located.finding.code is FindingCode.BUDGET_EXCEEDED
                if finding.code in BUDGET_CODES and finding.is_wrong:
                    yield CostFact(
                        FactKind.BUDGET,
                        ("", "", located.month),
                        (located.id,),
                        finding.text,
                        finding.subject,
                        row.billed if is_over else row.expected,
                        row.currency,
                        str(finding.code.value),
                        is_over,
                    )


def _list_anomaly_facts(db: OpenLedger, filters: LedgerFilter) -> Iterator[CostFact]:
    last_month = find_last_month(db, filters, State.ISSUED)
    months = [last_month.add_months(-number) for number in range(TOLD_MONTHS)] if last_month else []
    first_month = months[-1].add_months(-2 * USUAL_MONTHS) if months else None
    rows = read_services(db, filters._replace(first_month=first_month), is_whole=False) if months else []
    for month in months:
        anomalies = find_anomalies(rows, month, ODD_FROM).anomalies
        findings = quieten(list_anomaly_findings(anomalies), filters.acknowledged_ids)
        for anomaly, located in zip(anomalies, findings, strict=True):
            if located.finding.is_wrong:
                yield CostFact(
                    FactKind.ANOMALY,
                    located[:3],
                    (anomaly.service, anomaly.currency, located.month),
                    located.finding.text,
                    anomaly.service,
                    anomaly.impact,
                    anomaly.currency,
                    str(located.finding.code.value),
                    can_recur=False,
                )


def _build_shortfall(use: CommitmentUse, shortfall: Decimal) -> CostFact:
    is_money = bool(CURRENCY_PATTERN.fullmatch(use.unit))
    unused, committed = (f"{format_trimmed(amount)} {use.unit}" for amount in (shortfall, use.committed))
    text = f"{unused} of {committed} are expected to stay unused by {use.expected_on}, at the rate of the last months"
    return CostFact(
        FactKind.SHORTFALL,
        (use.provider, use.account, use.month),
        (use.commitment_id, use.unit, use.kind, use.month or use.ends_on),
        text,
        use.name,
        shortfall if is_money else None,
        use.unit if is_money else "",
        "",
        can_recur=False,
    )
