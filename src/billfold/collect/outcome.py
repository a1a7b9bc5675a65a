"""How one account's collection went, and what the ledger makes of what it brought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from billfold.ledger.acknowledgements import accept_finding, quieten
from billfold.model.errors import ApiError, BillfoldError, ConfigurationError
from billfold.model.finding import AccountFinding, Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import format_amount
from billfold.providers import provider

if TYPE_CHECKING:
    from billfold.ledger.restatements import Change
    from billfold.ledger.store import OpenLedger


@dataclass
class CollectOutcome:
    """How one account's collection went; ``missing`` is what the vendor refused, ``error`` what ended it.

    ``findings`` are what the ledger makes of it: its bills that are parked or no longer listed, what could not be booked, what its
    lists say against each other, the invoices that were told otherwise than before, and those beyond its reach. ``head`` is the
    archive's head after it and all that were collected with it.
    """

    account: str
    provider: str
    answers: int = 0
    missing: list[Finding] = field(default_factory=list)
    error: BillfoldError | None = None
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    head: str = ""

    @property
    def all_findings(self) -> list[Finding]:
        """What ended it, what is missing, then what the ledger makes of the rest."""
        return [*self._describe_failure(), *self.missing, *self.findings]

    def _describe_failure(self) -> Iterator[Finding]:
        if self.error:
            fields = (
                {"operation": self.error.operation, "status": str(self.error.status or "")}
                if isinstance(self.error, ApiError)
                else {}
            )
            yield make_finding(FindingCode.ACCOUNT_FAILED, str(self.error), error=type(self.error).__name__, **fields)


def fill_outcomes(
    db: OpenLedger, outcomes: Iterable[CollectOutcome], last_seq: int, acknowledged_ids: frozenset[str] = frozenset()
) -> None:
    """Note in each outcome what the ledger makes of its account; ``last_seq`` is the archive's last number before it."""
    findings_by_account = defaultdict[tuple[str, str], list[Finding]](list)
    for located in quieten(_find_all(db, last_seq, acknowledged_ids), acknowledged_ids):
        findings_by_account[located.provider, located.account].append(_name_month(located))
    accepted_accounts = _list_accepted_runs(db, acknowledged_ids) if acknowledged_ids else set()
    for outcome in outcomes:
        outcome.findings = findings_by_account[outcome.provider, outcome.account]
        if (outcome.provider, outcome.account) in accepted_accounts:
            outcome.missing = [accept_finding(finding) for finding in outcome.missing]


def _list_accepted_runs(db: OpenLedger, acknowledged_ids: frozenset[str]) -> set[tuple[str, str]]:
    """Return the accounts of which it is accepted what their last collection did not bring."""
    from billfold.ledger.query import LedgerFilter
    from billfold.report.gaps import find_failed_runs

    return {gap[:2] for gap in find_failed_runs(db, LedgerFilter()) if gap.id in acknowledged_ids}


def _name_month(located: AccountFinding) -> Finding:
    """Return a finding that can be read without its month beside it."""
    finding = located.finding
    return replace(finding, text=finding.text.replace("this month", located.month)) if located.month else finding


def _find_all(db: OpenLedger, last_seq: int, acknowledged_ids: frozenset[str]) -> Iterator[AccountFinding]:
    from billfold.ledger import catalog, query, restatements
    from billfold.ledger.late_posts import find_late_posts
    from billfold.report.completeness import find_doubtful_months, find_vanished_invoices
    from billfold.report.gaps import find_skipped_invoices

    filters = query.LedgerFilter(acknowledged_ids=acknowledged_ids)
    bills, last_runs = catalog.list_bills(db, filters), catalog.list_last_runs(db)
    for bill in bills:
        for finding in bill.findings if bill.parked else ():
            yield AccountFinding(bill.provider, bill.account, str(bill.month), finding)
    yield from catalog.list_unbooked(db)
    skipped_findings = list(find_skipped_invoices(bills, last_runs, filters))
    yield from (located for located in skipped_findings if located.finding.is_wrong)
    bills_by_account = catalog.group_by_account(bills)
    for run in last_runs:
        account_bills = bills_by_account.get((run.provider, run.account), [])
        for finding in (*find_vanished_invoices(account_bills, run), *run.check_findings):
            yield AccountFinding(run.provider, run.account, "", finding)
    for located in find_doubtful_months(db, filters):
        if located.finding.code is not FindingCode.INVOICE_VANISHED:  # told of the account as a whole
            yield located
    yield from find_late_posts(db, last_seq)
    for change in restatements.list_changes_since(db, last_seq):
        yield AccountFinding(change.provider, change.account, "", describe_change(change))
    yield from (located for located in skipped_findings if not located.finding.is_wrong)


def describe_change(change: Change) -> Finding:
    """Return that an issued invoice changed, as a finding: what it was, and what it is."""
    old_amount = f"{format_amount(change.old_total)} {change.currency}"
    if change.incomparable:
        text = f"was {old_amount}, {change.incomparable}"
    elif change.old_total == change.new_total:
        text = f"its lines or its period changed, its total is still {old_amount}"
    else:
        text = f"was {format_amount(change.old_total)}, is {format_amount(change.new_total)} {change.currency}"
    totals = {"before": change.old_total, "after": change.new_total, "currency": change.currency}
    return make_finding(FindingCode.INVOICE_RESTATED, text, change.invoice_id, **totals)


def fail_unknown_providers(accounts: Iterable[tuple[str, str]]) -> list[CollectOutcome]:
    """Return how it went with the accounts (name and provider) of providers that there are not: nothing of them is kept."""
    advice = "correct the name, or update billfold or that provider's package"
    return [
        CollectOutcome(account_name, provider_name, error=ConfigurationError(f"{absence}: {advice}"))
        for account_name, provider_name in accounts
        if (absence := provider.describe_absence(provider_name))
    ]
