"""What of a ledger is worth telling: computed from the ledger and the configuration alone, the same facts each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from billfold.collect.outcome import describe_change
from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.ledger.acknowledgements import list_acknowledged_ids
from billfold.ledger.catalog import BillRow
from billfold.ledger.first_bills import FirstBill, list_first_bills
from billfold.ledger.month_costs import read_last_asked
from billfold.ledger.query import LedgerFilter
from billfold.ledger.restatements import list_changes_since
from billfold.ledger.store import OpenLedger
from billfold.model.fact import Fact, FactKey, FactKind
from billfold.model.finding import AccountFinding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import exact_sum, format_amount
from billfold.model.period import Month
from billfold.report.completeness import find_doubtful_months
from billfold.report.render import counted
from billfold.tasks.configured import list_configured_accounts
from billfold.tasks.cost_facts import CostFact, list_cost_facts
from billfold.tasks.run_facts import list_failing_accounts, list_missing_documents

RECENT_DAYS = 62
"""How long after its period an invoice that comes is news by itself; older ones of one run are told together."""


class _FactMaker(NamedTuple):
    """Makes facts: knows under which name each account was first archived, and when each was last collected."""

    first_names: Mapping[tuple[str, str], str]
    asked_times: Mapping[tuple[str, str], datetime]
    asked_at: datetime

    def make(
        self,
        kind: FactKind,
        place: tuple[str, str, str],
        parts: tuple[str, ...],
        text: str,
        *,
        subject: str = "",
        money: tuple[str | None, str] = (None, ""),
        code: str = "",
        at: datetime | None = None,
        can_recur: bool = False,
    ) -> Fact:
        """Make a fact of a provider, account and month; ``parts`` tell it from others of its kind."""
        account_key = place[:2]
        key = FactKey(kind, place[0], self.first_names.get(account_key, place[1]), parts)
        amount = None if money[0] is None else Decimal(money[0])
        since = at or self.asked_times.get(account_key, self.asked_at)
        return Fact(
            key.id, kind, *place, subject, money[1] if amount is not None else "", amount, text, code, since, can_recur
        )

    def make_found(self, kind: FactKind, located: AccountFinding, *parts: str) -> Fact:
        """Make a fact of a finding, which holds as long as it is found."""
        finding = located.finding
        money = finding.data.get("total"), finding.data.get("currency", "")
        return self.make(
            kind,
            located[:3],
            parts,
            finding.text,
            subject=finding.subject,
            money=money,
            code=str(finding.code.value),
            can_recur=True,
        )


def list_facts(workspace: Workspace, db: OpenLedger, config_path: Path) -> list[Fact]:
    """Return what is worth telling of a ledger now, each fact once, the oldest first; nothing of what somebody accepted.

    Raises ``ConfigurationError``.
    """
    filters = LedgerFilter(acknowledged_ids=list_acknowledged_ids(workspace.archive))
    asked_at = read_last_asked(db, filters)
    if asked_at is None:
        return []
    configured, maker = list_configured_accounts(config_path), _make_fact_maker(workspace, db, asked_at)
    bills = catalog.list_bills(db, filters)
    facts = [
        *_list_invoice_facts(maker, list_first_bills(db, filters)),
        *_list_restated(maker, db),
        *_list_bill_facts(maker, bills),
        *_list_late(maker, db, filters, configured),
        *(_build_cost_fact(maker, fact) for fact in list_cost_facts(db, filters, config_path, Month.of(asked_at))),
        *_list_failing(maker, workspace, db, filters, configured),
        *(
            maker.make_found(FactKind.DOCUMENT_MISSING, located, located.finding.subject)
            for located in list_missing_documents(workspace, db, bills, filters, Month.of(asked_at))
        ),
    ]
    first_facts = {fact.id: fact for fact in reversed(facts)}
    return sorted(first_facts.values(), key=lambda fact: (fact.at, fact.provider, fact.account, fact.month, fact.id))


def _make_fact_maker(workspace: Workspace, db: OpenLedger, asked_at: datetime) -> _FactMaker:
    names, first_names = query.read_names_by_run(db), dict[tuple[str, str], str]()
    for run in workspace.archive.list_runs():
        if run.id in names:
            first_names.setdefault((run.provider, names[run.id]), run.account)
    runs = catalog.list_last_runs(db, condition=query.COLLECTED_CONDITION)
    return _FactMaker(first_names, {(run.provider, run.account): run.asked_at for run in runs}, asked_at)


def _list_invoice_facts(maker: _FactMaker, bills: Sequence[FirstBill]) -> Iterator[Fact]:
    """Yield the invoices that came, each by itself; those that were old when they came together, by account, currency and run."""
    older_bills = defaultdict[tuple[str, str, str, datetime], list[FirstBill]](list)
    for bill in bills:
        if bill.asked_at - bill.period_end > timedelta(days=RECENT_DAYS):
            older_bills[bill.provider, bill.account, bill.currency, bill.asked_at].append(bill)
        else:
            yield _build_invoice_fact(maker, bill)
    for (provider, account, currency, asked_at), members in older_bills.items():
        total = exact_sum(Decimal(bill.total) for bill in members if bill.total)
        months = sorted(Month.of(bill.period_start) for bill in members)
        span = str(months[0]) if months[0] == months[-1] else f"{months[0]} to {months[-1]}"
        text = f"{counted(len(members), 'older invoice')} came, of {span}: {format_amount(total)} {currency} in all"
        yield maker.make(
            FactKind.NEW_INVOICE,
            (provider, account, ""),
            ("older", currency, asked_at.isoformat()),
            text,
            money=(str(total), currency),
            at=asked_at,
        )


def _build_invoice_fact(maker: _FactMaker, bill: FirstBill) -> Fact:
    amount = f"{format_amount(bill.total)} {bill.currency}" if bill.total else "no total is stated"
    due = f", due on {bill.due_on.date()}" if bill.due_on else ""
    text = f"{amount}, corrects {bill.corrects}" if bill.corrects else f"{amount}{due}"
    return maker.make(
        FactKind.NEW_INVOICE,
        (bill.provider, bill.account, str(Month.of(bill.period_start))),
        (bill.invoice_id, bill.currency),
        text,
        subject=bill.invoice_id,
        money=(bill.total, bill.currency),
        at=bill.asked_at,
    )


def _list_restated(maker: _FactMaker, db: OpenLedger) -> Iterator[Fact]:
    for change in list_changes_since(db, 0):
        finding = describe_change(change)
        yield maker.make(
            FactKind.RESTATED,
            (change.provider, change.account, str(Month.of(change.period_start))),
            (change.invoice_id, change.currency, change.seen_at.isoformat()),
            finding.text,
            subject=change.invoice_id,
            money=(change.new_total, change.new_currency),
            code=str(finding.code.value),
            at=change.seen_at,
        )


def _list_bill_facts(maker: _FactMaker, bills: Sequence[BillRow]) -> Iterator[Fact]:
    """Yield the bills that are not counted, and the later versions that dispute one that is."""
    for bill in bills:
        if bill.is_acknowledged or not bill.parked:
            continue
        place, parts = (bill.provider, bill.account, str(bill.month)), (bill.name, bill.currency, str(bill.month))
        money = bill.total, bill.currency
        if bill.is_parked:
            yield maker.make_found(FactKind.PARKED, catalog.describe_parked(bill), *parts)
            continue
        text = f"a later version does not add up, the earlier one stays counted: {bill.parked}"
        code = str(FindingCode.INVOICE_DISPUTED.value)
        yield maker.make(
            FactKind.DISPUTED, place, parts, text, subject=bill.name, money=money, code=code, can_recur=True
        )


def _list_late(
    maker: _FactMaker, db: OpenLedger, filters: LedgerFilter, configured: Collection[tuple[str, str]]
) -> Iterator[Fact]:
    """Yield the invoices that are late: one fact until the next one comes, however many months are missing by then."""
    for located in find_doubtful_months(db, filters):
        finding = located.finding
        is_expected = not configured or located[:2] in configured
        if finding.code is FindingCode.INVOICE_LATE and finding.is_wrong and is_expected:
            yield maker.make_found(FactKind.LATE, located, finding.subject, finding.data.get("last_month", ""))


def _build_cost_fact(maker: _FactMaker, fact: CostFact) -> Fact:
    return maker.make(
        fact.kind,
        fact.place,
        fact.parts,
        fact.text,
        subject=fact.subject,
        money=(None if fact.amount is None else str(fact.amount), fact.currency),
        code=fact.code,
        can_recur=fact.can_recur,
    )


def _list_failing(
    maker: _FactMaker,
    workspace: Workspace,
    db: OpenLedger,
    filters: LedgerFilter,
    configured: Collection[tuple[str, str]],
) -> Iterator[Fact]:
    for failing in list_failing_accounts(workspace.archive.list_runs(), db, filters, configured):
        place, code = (failing.provider, failing.account, ""), str(FindingCode.ACCOUNT_FAILED.value)
        parts = (failing.began_at,)
        yield maker.make(FactKind.SYNC_FAILING, place, parts, failing.text, code=code, at=failing.failed_at)
