"""Accept findings that are known: by their ids, with a reason, under a name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from billfold.collect.workspace import Workspace
from billfold.ledger.acknowledgements import add_acknowledgement
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.errors import InvalidArgument
from billfold.model.finding import BUDGET_CODES, AccountFinding
from billfold.model.payment import PaymentEvidence
from billfold.report.allocation_rules import AllocationRules
from billfold.report.budget import Budget
from billfold.tasks.budgets import find_cost_findings
from billfold.tasks.changes import find_all_changes
from billfold.tasks.close import find_possible_findings
from billfold.tasks.reconcile import reconcile_ledger

LoadBudgets = Callable[[], tuple[Sequence[Budget], AllocationRules | None]]


def list_acceptable(
    workspace: Workspace,
    db: OpenLedger,
    filters: LedgerFilter,
    configured: Collection[tuple[str, str]],
    evidence: PaymentEvidence,
    load_budgets: LoadBudgets,
    finding_ids: Collection[str],
) -> dict[str, AccountFinding]:
    """Return what can be accepted by its id; what only closing a month finds is looked for where an id is not known yet."""
    result = reconcile_ledger(workspace, db, filters, configured, evidence)
    by_id = {located.id: located for located in result.findings}
    for find_more in (find_all_changes, find_possible_findings):
        if not by_id.keys() >= set(finding_ids):
            by_id = {located.id: located for located in find_more(workspace, db, filters)} | by_id
    missing_ids = set(finding_ids) - by_id.keys()
    if missing_ids:
        by_id |= find_cost_findings(db, filters, *load_budgets(), missing_ids)
    return by_id


def require_acceptable(findings: Mapping[str, AccountFinding], finding_ids: Sequence[str]) -> list[AccountFinding]:
    """Return the findings of some ids; raises ``InvalidArgument`` for one that there is not, or that cannot be accepted."""
    for finding_id in finding_ids:
        located = findings.get(finding_id)
        if located is None:
            raise InvalidArgument(
                f"nothing is found now that has the id {finding_id!r}: `billfold reconcile`, `close`, `changes` and `budget` print them"
            )
        if not located.account and located.finding.code not in BUDGET_CODES:
            raise InvalidArgument(f"{finding_id} is not of an account: it has to be mended, and cannot be accepted")
    return [findings[finding_id] for finding_id in finding_ids]


def acknowledge_findings(
    workspace: Workspace, accepted: Sequence[AccountFinding], reason: str, by: str, now: datetime
) -> None:
    """Note in the archive that findings are accepted."""
    with workspace.lock_writers():  # a merge puts another file in the archive's place
        for located in accepted:
            add_acknowledgement(workspace.archive, located, reason, by, now)
