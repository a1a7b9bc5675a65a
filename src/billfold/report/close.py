"""Is a month whole: a checklist of what is expected of each account, made of what was found and of what there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from billfold.ledger.acknowledgements import is_accepted
from billfold.ledger.catalog import BillRow, RunRow, describe_parked
from billfold.ledger.chain import ChainKey
from billfold.ledger.expectation import group_series
from billfold.model.finding import AccountFinding, describe_finding, make_finding
from billfold.model.finding_codes import FindingCode, Severity
from billfold.model.period import Month
from billfold.report.month_jumps import MonthHistory
from billfold.report.render import counted

OK, NOTICE, OPEN, WRONG, ACKNOWLEDGED, NOT_CHECKED = "ok", "notice", "open", "wrong", "acknowledged", "not-checked"
"""What can come of a check: a month is ready where none is open or wrong."""
COLLECTED, INVOICE, TOTAL, PARKED, DISPUTED = "collected", "invoice", "total", "parked", "disputed"
DOCUMENT, TAX, BALANCE, DUPLICATE = "document", "tax", "balance", "duplicate"
JUMP, PAID, CHANGES = "jump", "paid", "changes"
CHECKS = (COLLECTED, INVOICE, TOTAL, PARKED, DISPUTED, DOCUMENT, TAX, BALANCE, DUPLICATE, JUMP, PAID, CHANGES)
"""The checks of each account, in the order that they are told."""
_CODES_BY_CHECK = {
    INVOICE: "month-empty month-open invoice-late invoice-vanished invoice-unbooked",
    TOTAL: "total-mismatch total-missing total-repeated amount-missing amount-mismatch lines-incomplete line-repeated "
    "sum-changed sum-mismatch rounded",
    PARKED: "bill-parked value-unusable date-unreadable id-missing currency-unknown status-unknown sign-unclear invoice-unread "
    "bill-unreadable",
    DISPUTED: "invoice-disputed",
    DOCUMENT: "document-unreadable document-mismatch document-missing",
    TAX: "tax-missing",
    BALANCE: "history-mismatch balance-mismatch wallet-mismatch count-mismatch",
    DUPLICATE: "duplicate-suspected periods-overlap",
    JUMP: "amount-jump",
    PAID: "payment-overdue payment-doubled payment-unbilled",
    CHANGES: "month-changed",
}
"""Which findings are of which check; any other is of what was collected."""
_CHECKS_BY_CODE = {code: check for check, codes in _CODES_BY_CHECK.items() for code in codes.split()}


class MonthCheck(NamedTuple):
    """What came of one check of an account; ``id`` is what it is accepted by, "" where there is nothing to accept."""

    provider: str
    account: str
    check: str
    state: str
    text: str
    subject: str = ""
    id: str = ""
    code: str = ""

    @property
    def keeps_open(self) -> bool:
        """Whether the month cannot be signed as it is."""
        return self.state in {OPEN, WRONG}


class CloseEvidence(NamedTuple):
    """What a month is judged by: what was found, its accounts' bills of all months and last collections, and what else there is.

    ``balance_sources`` say of accounts what their invoices are held against; ``documented`` are provider, account and id of
    invoices that have a document. Of ``paid_accounts`` something tells what was paid.
    """

    findings: Sequence[AccountFinding]
    bills: Mapping[ChainKey, Sequence[BillRow]]
    runs: Mapping[ChainKey, RunRow]
    balance_sources: Mapping[ChainKey, str]
    documented: Collection[tuple[str, str, str]]
    histories: Sequence[MonthHistory]
    signed_accounts: Mapping[ChainKey, str]
    paid_accounts: Collection[ChainKey]


def check_month(month: Month, evidence: CloseEvidence) -> list[MonthCheck]:
    """Return all checks of a month, by account: one for each thing that was found, and one where a check found nothing."""
    findings = [located for located in evidence.findings if not _is_of_other_month(located, month, evidence.bills)]
    accounts = _list_accounts(month, evidence, findings)
    by_check = defaultdict[tuple[ChainKey, str], list[MonthCheck]](list)
    month_bills = {key: [bill for bill in bills if bill.month == month] for key, bills in evidence.bills.items()}
    for located in findings:
        check = build_check(located)
        by_check[(located.provider, located.account), check.check].append(check)
    return [
        check
        for account_key in accounts
        for name in CHECKS
        for check in by_check.get((account_key, name))
        or (
            _describe_clean(account_key, name, month, month_bills.get(account_key, []), evidence)
            if account_key[0]
            else ()
        )
    ]


def build_check(located: AccountFinding) -> MonthCheck:
    """Return what was found of an account as what came of a check."""
    finding = located.finding
    states = {Severity.WRONG: WRONG, Severity.OPEN: OPEN, Severity.NOTICE: NOTICE}
    state = ACKNOWLEDGED if is_accepted(finding) else states[finding.severity]
    name = _CHECKS_BY_CODE.get(finding.code, COLLECTED)
    place = located.provider, located.account, name, state
    return MonthCheck(*place, describe_finding(finding), finding.subject, located.id, str(finding.code.value))


def _list_accounts(month: Month, evidence: CloseEvidence, findings: Iterable[AccountFinding]) -> list[ChainKey]:
    """Return the accounts that a month is expected of: those with a bill up to it, and those that something was found of."""
    billed = {key for key, bills in evidence.bills.items() if any(bill.month <= month for bill in bills)}
    reported = {(located.provider, located.account) for located in findings}
    return sorted(billed | reported | {key for key in evidence.runs if key not in evidence.bills})


def _is_of_other_month(located: AccountFinding, month: Month, bills: Mapping[ChainKey, Sequence[BillRow]]) -> bool:
    """Tell what was found of an account as a whole, and is about an invoice of another month."""
    named_month = located.month or str(located.finding.data.get("month", ""))
    if named_month or not located.finding.subject:
        return bool(named_month) and named_month != str(month)
    account_bills = bills.get((located.provider, located.account), ())
    months = {bill.month for bill in account_bills if bill.invoice_id == located.finding.subject}
    return bool(months) and month not in months


def find_early_runs(month: Month, runs: Iterable[RunRow]) -> Iterator[AccountFinding]:
    """Yield the accounts that were last collected before a month ended."""
    for run in runs:
        if run.asked_at < month.end:
            text = f"was last collected on {run.asked_at.date()}, before {month} ended: run `billfold sync`"
            yield AccountFinding(run.provider, run.account, "", make_finding(FindingCode.RUN_EARLY, text))


def merge_parked(findings: Iterable[AccountFinding], bills: Iterable[BillRow]) -> Iterator[AccountFinding]:
    """Yield findings, all that are of a parked bill as the one that it is parked: that is what somebody accepts."""
    parked_bills = [bill for bill in bills if bill.is_parked]
    merged_keys = {
        (bill.provider, bill.account, finding.code, finding.subject, finding.text)
        for bill in parked_bills
        for finding in bill.findings
    }
    for located in findings:
        finding = located.finding
        if (located.provider, located.account, finding.code, finding.subject, finding.text) not in merged_keys:
            yield located
    yield from map(describe_parked, parked_bills)


def find_missing_documents(
    month: Month, bills: Iterable[BillRow], documented: Collection[tuple[str, str, str]]
) -> Iterator[AccountFinding]:
    """Yield the invoices of a month that have no document, where earlier ones of their account have."""
    issued_bills = [bill for bill in bills if bill.state == "issued" and not bill.is_disputing and bill.invoice_id]
    used = {bill[1:3] for bill in issued_bills if bill.month < month and bill[1:4] in documented}
    for bill in issued_bills:
        if bill.month == month and bill[1:3] in used and bill[1:4] not in documented:
            text = "has no document, as earlier ones have"
            finding = make_finding(FindingCode.DOCUMENT_MISSING, text, bill.name)
            yield AccountFinding(bill.provider, bill.account, str(month), finding)


def _describe_clean(
    account_key: ChainKey, name: str, month: Month, month_bills: Iterable[BillRow], evidence: CloseEvidence
) -> Iterator[MonthCheck]:
    """Yield what to say of a check that found nothing: what was looked at, or why there was nothing to look at."""
    bills = [bill for bill in month_bills if bill.state == "issued" and not bill.is_parked]
    if name == INVOICE:
        yield from _describe_invoices(account_key, month, evidence)
    elif name == COLLECTED:
        run = evidence.runs.get(account_key)
        text = (
            f"collected on {run.asked_at.date()}: {run.outcome}" if run else "nothing of it was collected, but imported"
        )
        yield MonthCheck(*account_key, name, OK if run else NOT_CHECKED, text)
    elif name == CHANGES:
        signed = evidence.signed_accounts.get(account_key)
        text = f"nothing has changed since {signed}" if signed else "the month was not signed before"
        yield MonthCheck(*account_key, name, OK if signed else NOT_CHECKED, text)
    elif name == BALANCE:
        source = evidence.balance_sources.get(account_key, "")
        text = f"{source} agree with the invoices" if source else "the vendor has nothing to hold them against"
        yield MonthCheck(*account_key, name, OK if source else NOT_CHECKED, text)
    elif name == PAID:
        is_known = account_key in evidence.paid_accounts
        text = "nothing is overdue, paid twice or paid and not billed" if is_known else "nothing tells what was paid"
        yield MonthCheck(*account_key, name, OK if is_known else NOT_CHECKED, text)
    elif not bills:
        yield MonthCheck(*account_key, name, NOT_CHECKED, "there is no invoice to check")
    else:
        yield from _describe_bills(account_key, name, bills, evidence)


def _describe_bills(
    account_key: ChainKey, name: str, bills: Sequence[BillRow], evidence: CloseEvidence
) -> Iterator[MonthCheck]:
    number = counted(len(bills), "invoice")
    if name == DOCUMENT:
        documents = sum(bill[1:4] in evidence.documented for bill in bills)
        text = f"{number} with a document that states the total" if documents else "none of its invoices has a document"
        yield MonthCheck(*account_key, name, OK if documents else NOT_CHECKED, text)
    elif name == JUMP:
        yield from _describe_histories(account_key, evidence.histories)
    else:
        texts = {
            TOTAL: f"{number}: lines = total",
            PARKED: f"{number}, none is parked",
            DISPUTED: f"{number}, none is disputed",
            TAX: f"{number} taxed as before",
            DUPLICATE: f"{number}, no two alike",
        }
        yield MonthCheck(*account_key, name, OK, texts[name])


def _describe_histories(account_key: ChainKey, histories: Iterable[MonthHistory]) -> Iterator[MonthCheck]:
    """Say whether an account's sums are like those before."""
    own = [history for history in histories if (history.provider, history.account) == account_key and history.current]
    is_known = any(history.is_known for history in own)
    text = "like the months before" if is_known else "there are too few months before to say what is usual"
    yield MonthCheck(*account_key, JUMP, OK if is_known else NOT_CHECKED, text)


def _describe_invoices(account_key: ChainKey, month: Month, evidence: CloseEvidence) -> Iterator[MonthCheck]:
    """Say of each contract or order of an account when its invoice came, and when it does usually."""
    is_expected = False
    for series in group_series(evidence.bills.get(account_key, ())):
        for bill in series.months.get(month, ()):
            is_expected = True
            usual_days = {
                _count_days(other)
                for other_month, others in series.months.items()
                for other in others
                if other_month < month and other.issued_on
            } - {None}
            yield MonthCheck(*account_key, INVOICE, OK, _describe_arrival(bill, series.name, usual_days), bill.name)
    if not is_expected:
        yield MonthCheck(*account_key, INVOICE, NOT_CHECKED, "there is no invoice, and none is expected")


def _count_days(bill: BillRow) -> int | None:
    return (bill.issued_on - bill.period_end).days if bill.issued_on else None


def _describe_arrival(bill: BillRow, series_name: str, usual_days: Collection[int | None]) -> str:
    name = f"{bill.name} of {series_name}" if series_name else bill.name
    if bill.issued_on is None:
        return f"{name} is there"
    days = [day for day in usual_days if day is not None]
    came = f"{name} came on {bill.issued_on.date()}"
    if not days or _count_days(bill) in days:
        return f"{came}, as those before" if days else came
    return f"{came}, those before came {min(days)} to {max(days)} days after their period"


def count_states(checks: Iterable[MonthCheck]) -> dict[str, int]:
    """Return how many checks came to each state."""
    counts = dict.fromkeys((WRONG, OPEN, ACKNOWLEDGED, NOTICE, OK, NOT_CHECKED), 0)
    for check in checks:
        counts[check.state] += 1
    return counts


def is_ready(checks: Iterable[MonthCheck]) -> bool:
    """Tell whether a month can be signed: something was checked and fine or accepted, and nothing is open or wrong."""
    counts = count_states(checks)
    return not counts[OPEN] and not counts[WRONG] and bool(counts[OK] or counts[ACKNOWLEDGED])
