"""Say what of a ledger does not add up, as `billfold reconcile` does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.ledger.acknowledgements import quieten
from billfold.ledger.query import LedgerFilter, RoundedBill
from billfold.ledger.store import OpenLedger
from billfold.ledger.verify import find_archive_damage
from billfold.model.bill import merge_estimate_parts
from billfold.model.finding import AccountFinding
from billfold.model.payment import NO_EVIDENCE, PaymentEvidence
from billfold.model.period import Month
from billfold.report.balances import find_balance_mismatches
from billfold.report.document_check import check_documents
from billfold.report.payables import Payables, find_payables
from billfold.report.reconcile import EstimateDrift, compare_estimates, describe_nothing, find_mismatches
from billfold.tasks.access import build_filter, open_workspace
from billfold.tasks.accounts import Accounts, list_account_names, load_accounts, map_payment_terms
from billfold.tasks.filter_options import make_filter_options
from billfold.tasks.gaps import find_gaps


class Reconciliation(NamedTuple):
    """What does not add up in a part of a ledger, and what only does by estimate or by rounding.

    ``findings`` that are not wrong tell of months that may still change. ``drifts`` hold the last estimates against what was
    invoiced; ``rounded_bills`` add up by a charge of ours. ``bill_count`` bills were checked, and their ``payables`` found.
    """

    findings: list[AccountFinding]
    drifts: list[EstimateDrift]
    rounded_bills: list[RoundedBill]
    bill_count: int
    payables: Payables

    @property
    def adds_up(self) -> bool:
        """Whether nothing is wrong or missing."""
        return not any(located.finding.is_wrong for located in self.findings)


def reconcile(
    ledger: Path | str,
    *,
    accounts: Accounts = (),
    provider: str | None = None,
    account: str | None = None,
    first_month: Month | date | str | None = None,
    last_month: Month | date | str | None = None,
    as_of: date | None = None,
) -> Reconciliation:
    """Check that the archive is sound, lines = invoice = what the vendor says elsewhere = FOCUS sums, and no month is missing.

    ``accounts`` are those that are expected in the ledger, as ``sync`` takes them: without any, none is missed. The other arguments
    narrow what is checked; a day ``as_of`` is its end. Raises ``InvalidArgument``, ``ConfigurationError`` where there is no
    ledger, ``LedgerError`` and ``MissingExtra``.
    """
    filter_options = make_filter_options(provider, account, first_month, last_month, as_of)
    account_configs = load_accounts(accounts)
    configured, evidence = list_account_names(account_configs), PaymentEvidence(map_payment_terms(account_configs))
    with open_workspace(Path(ledger)) as workspace, workspace.open_ledger() as db:
        filters = build_filter(workspace, filter_options, configured)
        return reconcile_ledger(workspace, db, filters, configured, evidence)


def reconcile_ledger(
    workspace: Workspace,
    db: OpenLedger,
    filters: LedgerFilter,
    configured: Collection[tuple[str, str]],
    evidence: PaymentEvidence = NO_EVIDENCE,
) -> Reconciliation:
    """Check an open ledger; ``configured`` are provider and name of the expected accounts, ``evidence`` tells of payments."""
    payables = find_payables(db, filters, evidence)
    findings = [
        *catalog.find_new_damage(db, find_archive_damage(workspace.archive), filters),
        *find_gaps(workspace, db, filters, configured),
        *check_documents(workspace.archive, db, filters),
        *find_mismatches(db, filters),
        *find_balance_mismatches(db, filters, evidence),
        *payables.findings,
    ]
    findings = quieten(findings, filters.acknowledged_ids)
    bill_count = len(merge_estimate_parts(query.list_invoices(db, filters)))
    if not bill_count and not any(located.finding.is_wrong for located in findings):
        findings.append(describe_nothing(db, filters))
    drifts, rounded_bills = compare_estimates(db, filters), query.list_rounded_bills(db, filters)
    return Reconciliation(findings, drifts, rounded_bills, bill_count, payables)
