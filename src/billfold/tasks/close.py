"""Check whether a month is whole, and sign it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.ledger.acknowledgements import add_acknowledgement, quieten
from billfold.ledger.catalog import group_by_account
from billfold.ledger.chain import ChainKey
from billfold.ledger.closings import Closing, RegisterLine, add_closing, find_last_closings
from billfold.ledger.digest import compute_digest
from billfold.ledger.documents import list_documented_values
from billfold.ledger.issued_bills import list_issued_bills, read_vendor_time
from billfold.ledger.mapping_versions import read_booking_code
from billfold.ledger.month_sums import list_month_sums
from billfold.ledger.payments import BalanceRow, PaymentRow, list_balances, list_payments
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.errors import InvalidArgument
from billfold.model.finding import AccountFinding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import ZERO
from billfold.model.payment import NO_EVIDENCE, PaymentEvidence
from billfold.model.period import Month, format_instant
from billfold.providers import provider as providers
from billfold.report.close import (
    ACKNOWLEDGED,
    CloseEvidence,
    MonthCheck,
    check_month,
    find_early_runs,
    find_missing_documents,
    is_ready,
    merge_parked,
)
from billfold.report.month_jumps import COMPARED_MONTHS, JumpLimits, find_jumps, find_missing_taxes, list_totals
from billfold.tasks.changes import find_changes, find_closed_baseline, load_closings
from billfold.tasks.reconcile import reconcile_ledger


class CloseSettings(NamedTuple):
    """What a month is checked by beside its ledger: the expected accounts, what is a jump, and what tells of payments."""

    configured: Collection[ChainKey] = ()
    limits: JumpLimits = JumpLimits()
    payments: PaymentEvidence = NO_EVIDENCE


class MonthVerdict(NamedTuple):
    """A month with all its checks, its hash, and the head of the archive that it was checked in."""

    month: Month
    checks: list[MonthCheck]
    hash: str
    head: str
    findings: list[AccountFinding]

    @property
    def ready(self) -> bool:
        """Whether it can be signed."""
        return is_ready(self.checks)

    def accept(self, accepted_ids: Collection[str]) -> MonthVerdict:
        """Return the verdict where these findings are accepted."""
        checks = [
            check._replace(state=ACKNOWLEDGED) if check.id and check.id in accepted_ids else check
            for check in self.checks
        ]
        return self._replace(checks=checks)


def judge_month(
    workspace: Workspace,
    db: OpenLedger,
    month: Month,
    filters: LedgerFilter,
    settings: CloseSettings,
) -> MonthVerdict:
    """Check a month of the wanted accounts, as of the filter's archive number."""
    filters = filters._replace(first_month=month, last_month=month)
    evidence = _collect_evidence(workspace, db, month, filters, settings)
    checks = check_month(month, evidence)
    return MonthVerdict(
        month, checks, compute_digest(db, filters), workspace.archive.read_head(), list(evidence.findings)
    )


def _collect_evidence(
    workspace: Workspace,
    db: OpenLedger,
    month: Month,
    filters: LedgerFilter,
    settings: CloseSettings,
) -> CloseEvidence:
    bills = catalog.list_bills(db, filters._replace(first_month=None, last_month=None))
    runs = [run for run in catalog.list_last_runs(db, filters.seq) if filters.includes_account(*run[1:3])]
    names = query.read_names_by_run(db, filters.seq)
    documented = list_documented_values(workspace.archive, filters.seq, names)
    sums = list_month_sums(db, filters._replace(first_month=month.add_months(-COMPARED_MONTHS)))
    all_bills, balances = group_by_account(bills), list_balances(db, filters)
    signed, change_findings = _find_signed_changes(workspace, db, month, filters)
    findings = [
        *_reconcile_month(workspace, db, filters, settings),
        *find_early_runs(month, runs),
        *find_missing_documents(month, bills, documented),
        *find_missing_taxes(sums, month),
        *find_jumps(sums, month, settings.limits),
        *change_findings,
    ]
    return CloseEvidence(
        list(
            merge_parked(quieten(findings, filters.acknowledged_ids), (bill for bill in bills if bill.month == month))
        ),
        all_bills,
        {(run.provider, run.account): run for run in runs},
        _describe_balance_sources(all_bills, balances),
        documented,
        list_totals(sums, month),
        signed,
        _find_paid_accounts(all_bills, list_payments(db, filters), balances, settings.payments),
    )


def _reconcile_month(
    workspace: Workspace, db: OpenLedger, filters: LedgerFilter, settings: CloseSettings
) -> Iterable[AccountFinding]:
    findings = reconcile_ledger(workspace, db, filters, settings.configured, settings.payments).findings
    return [located for located in findings if located.finding.code is not FindingCode.INVOICE_OLDER]


def _describe_balance_sources(accounts: Iterable[ChainKey], balances: Iterable[BalanceRow]) -> dict[ChainKey, str]:
    """Say of each account what its invoices are held against: what its vendor says elsewhere, or its balances."""
    names = providers.provider_names()
    sources = {name: providers.find_provider(name).checked_against for name in names}
    with_balance = {(row.provider, row.account): "the balances that the vendor states" for row in balances}
    return {key: sources.get(key[0]) or with_balance.get(key, "") for key in accounts}


def _find_paid_accounts(
    bills: Mapping[ChainKey, object],
    payments: Iterable[PaymentRow],
    balances: Iterable[BalanceRow],
    evidence: PaymentEvidence,
) -> set[ChainKey]:
    """Return the accounts of which anything tells what was paid; a bank does so of all."""
    if evidence.bank_entries:
        return set(bills)
    return {(row.provider, row.account) for row in payments} | {(row.provider, row.account) for row in balances}


def _find_signed_changes(
    workspace: Workspace, db: OpenLedger, month: Month, filters: LedgerFilter
) -> tuple[dict[ChainKey, str], list[AccountFinding]]:
    """Return who signed a month before, by account, and what of it has changed since."""
    closings = load_closings(workspace, db, filters.seq)
    last_closings = find_last_closings(closings, month)
    if not last_closings:
        return {}, []
    changes = find_changes(db, find_closed_baseline(closings, month), filters)
    signed = {
        key: f"{closing.signed_by} signed it on {closing.signed_at[:10]}" for key, closing in last_closings.items()
    }
    return signed, [change.located for change in changes]


class Signature(NamedTuple):
    """Who signs (None: nobody), and what he accepts with it, and why."""

    name: str | None
    accepted_ids: tuple[str, ...] = ()
    reason: str = ""


@contextmanager
def hold_writers(workspace: Workspace, signature: Signature) -> Iterator[None]:
    """Let nobody archive anything between what is checked and what is signed, where anybody signs."""
    if signature.name is None:
        yield
        return
    with workspace.lock_writers(alone=True):
        yield


def close_month(
    workspace: Workspace,
    db: OpenLedger,
    month: Month,
    filters: LedgerFilter,
    settings: CloseSettings,
    signature: Signature,
) -> tuple[MonthVerdict, bool]:
    """Check a month, and sign it if that is wanted and it is ready with what is accepted; returns whether it was signed."""
    verdict = judge_month(workspace, db, month, filters, settings)
    name, accepted_ids, reason = signature
    if name is None:
        return verdict, False
    require_found(verdict, accepted_ids)
    accepted = verdict.accept(accepted_ids)
    if not accepted.ready:
        return verdict, False
    now = datetime.now(UTC)
    with workspace.archive.open_transaction():
        accept_findings(workspace, verdict, accepted_ids, name, reason, now)
        sign_month(workspace, db, accepted, filters, name, now)
    return accepted._replace(head=workspace.archive.read_head()), True


def find_possible_findings(workspace: Workspace, db: OpenLedger, filters: LedgerFilter) -> list[AccountFinding]:
    """Return what closing any month may find beyond what `billfold reconcile` does, whatever the limits of a jump are."""
    bills, runs = catalog.list_bills(db, filters), catalog.list_last_runs(db, filters.seq)
    names = query.read_names_by_run(db, filters.seq)
    documented = list_documented_values(workspace.archive, filters.seq, names)
    sums, limits = list_month_sums(db, filters), JumpLimits(ZERO, ZERO)
    return [catalog.describe_parked(bill) for bill in bills if bill.is_parked] + [
        located
        for month in sorted({bill.month for bill in bills})
        for located in (
            *find_early_runs(month, runs),
            *find_missing_documents(month, bills, documented),
            *find_missing_taxes(sums, month),
            *find_jumps(sums, month, limits),
        )
    ]


def accept_findings(
    workspace: Workspace, verdict: MonthVerdict, accepted_ids: Sequence[str], name: str, reason: str, now: datetime
) -> None:
    """Accept what was found of a month with its signature."""
    findings = {located.id: located for located in verdict.findings}
    for finding_id in accepted_ids:
        text = reason or f"accepted at the close of {verdict.month}"
        add_acknowledgement(workspace.archive, findings[finding_id], text, name, now)


def require_found(verdict: MonthVerdict, accepted_ids: Iterable[str]) -> None:
    """Raise ``InvalidArgument`` for an id that no check of a month has, or that cannot be accepted."""
    findings = {located.id: located for located in verdict.findings}
    for finding_id in accepted_ids:
        if finding_id not in findings:
            raise InvalidArgument(
                f"no check of {verdict.month} has the id {finding_id!r}: `billfold close` prints them"
            )
        if not findings[finding_id].account:
            raise InvalidArgument(f"{finding_id} is not of an account: it has to be mended, and cannot be accepted")


def sign_month(
    workspace: Workspace,
    db: OpenLedger,
    verdict: MonthVerdict,
    filters: LedgerFilter,
    name: str,
    now: datetime | None = None,
) -> Closing:
    """Write that a month is signed into the chain of each of its accounts; the writers' lock must be held."""
    now = now or datetime.now(UTC)
    month_filters = filters._replace(first_month=verdict.month, last_month=verdict.month)
    vendor_time = read_vendor_time(db, query.MAX_SEQ)
    closing = Closing(
        verdict.month,
        name,
        "",
        format_instant(vendor_time) if vendor_time else "",
        verdict.hash,
        verdict.head,
        read_booking_code(db),
        tuple(sorted({check.id for check in verdict.checks if check.state == ACKNOWLEDGED})),
        (filters.provider or "", filters.account or ""),
        0,
        _build_registers(db, verdict, month_filters),
    )
    add_closing(workspace.archive, closing, now)
    return closing


def _build_registers(
    db: OpenLedger, verdict: MonthVerdict, filters: LedgerFilter
) -> dict[ChainKey, tuple[RegisterLine, ...]]:
    """Return what is counted of a month, for each of its accounts that is in the ledger."""
    names = {(provider, name) for (provider, _), name in query.read_account_names(db).items()}
    accounts = {(check.provider, check.account) for check in verdict.checks} & names
    lines = dict[ChainKey, list[RegisterLine]]((account_key, []) for account_key in accounts)
    for bill in list_issued_bills(db, filters):
        if not bill.parked and bill.account_key in lines:
            lines[bill.account_key].append(RegisterLine(bill.invoice_id or "", bill.currency, bill.total or ""))
    return {account_key: tuple(sorted(account_lines)) for account_key, account_lines in lines.items()}
