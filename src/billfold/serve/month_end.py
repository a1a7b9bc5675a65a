"""Budgets, anomalies, balances, bridges, allocations and journal entries as typed rows: what the month-end commands answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from billfold.ledger.grouping import find_last_month, group_charges
from billfold.ledger.movements import GROUP_NAMES
from billfold.ledger.usages import list_usages
from billfold.model.bill import State
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.report import costs, why
from billfold.report.accrual_bridge import BridgeRow
from billfold.report.allocate import Allocation, allocate_charges, list_group_keys
from billfold.report.allocation_rows import (
    STATEMENT_KEYS,
    AllocationRow,
    Coverage,
    OwnerRow,
    StatementLine,
    build_statement,
    measure_coverage,
    sum_allocations,
    sum_by_owner,
)
from billfold.report.allocation_rules import AllocationRules
from billfold.report.anomalies import Thresholds
from billfold.report.balances import BalanceMonth, roll_forward
from billfold.report.journal.accrued import build_accrual_journal
from billfold.report.journal.entries import JournalEntry
from billfold.serve import outlooks, rows
from billfold.serve.listings import explain_groups
from billfold.serve.questions import Question, read_month, remember_rows
from billfold.tasks.accruals import choose_accrual_filters, compare_accruals, list_accruals
from billfold.tasks.budgets import check_budgets, find_this_month, search_anomalies
from billfold.tasks.configured import (
    load_allocation_rules,
    load_payment_terms,
    load_virtual_rates,
)
from billfold.tasks.configured_budgets import load_ruled_budgets
from billfold.tasks.journal import load_journal_mapping, make_journal

OWNER_FIELDS = {"team": "team", "customer": "customer", "cost-center": "cost_center"}
MIN_AMOUNT, MIN_PERCENT = Decimal(100), Decimal(30)
SHARE_QUANTUM = Decimal("0.0001")


def list_movements(question: Question) -> list[Mapping[str, object]]:
    """Split what moved since the month before, or ``against``, into kinds, told apart ``by`` account or another key."""
    by = question.values.get("by") or "account"
    if by not in GROUP_NAMES:
        raise InvalidArgument(f"by is one of {', '.join(GROUP_NAMES)}, and not {by[:40]!r}")
    return [why.build_cells(part, by) for part in explain_groups(question, by)]


def list_budgets(question: Question) -> list[rows.BudgetCheckRow]:
    """Return where each budget stands in the current month, or in ``month``."""
    db, filters, path = question.view.db, question.filters, question.view.config_path
    budgets, rules = load_ruled_budgets(path)
    month = _read_month(question) or find_this_month(db, filters)
    checked = check_budgets(db, filters, budgets, month, rules) if budgets and month else []
    return [
        rows.BudgetCheckRow(
            row.budget, str(row.month), *row[2:8], str(row.state), row.used_share.quantize(SHARE_QUANTUM)
        )
        for row in checked
    ]


def list_anomalies(question: Question) -> list[rows.AnomalyRow]:
    """Return the services that are odd in the last invoiced month, or in ``month``."""
    db, filters, values = question.view.db, question.filters, question.values
    month = _read_month(question) or find_last_month(db, filters, State.ISSUED)
    percent = _read_amount(values, "min_percent", MIN_PERCENT)
    thresholds = Thresholds(_read_amount(values, "min_amount", MIN_AMOUNT), percent / 100)
    if month is None:
        return []
    search = search_anomalies(db, filters, month, thresholds, is_whole=values.get("all_categories") == "1")
    return [
        rows.AnomalyRow(
            *(row.provider, row.account, row.service, str(row.month), row.currency, row.cost, row.usual, row.impact),
            None if row.share is None else row.share.quantize(SHARE_QUANTUM),
        )
        for row in search.anomalies
    ]


def _read_month(question: Question) -> Month | None:
    text = question.values.get("month")
    return read_month(text) if text else None


def _read_amount(values: Mapping[str, str], name: str, default: Decimal) -> Decimal:
    """Read an amount of 0 or more; raises ``InvalidArgument``."""
    text = values.get(name)
    try:
        amount = Decimal(text) if text else default
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise InvalidArgument(f"{name} is an amount of 0 or more, as 100 or 99.50, and not {str(text)[:40]!r}")
    return amount


def list_balances(question: Question) -> Sequence[BalanceMonth]:
    """Return credits and wallets by month: opening, bought, used, closing."""
    return roll_forward(question.view.db, question.filters, question.payment_evidence)


def list_bridge(question: Question) -> Sequence[BridgeRow]:
    """Return what lies between what was accrued at a month's end (or ``as_of`` a time) and its invoices."""
    db, month = question.view.db, question.the_month
    accrual_filters, invoice_filters = choose_accrual_filters(db, question.month_filters, month, question.as_of)
    return compare_accruals(db, accrual_filters, invoice_filters, month, question.commitments)


def list_track_record(question: Question) -> list[rows.AccuracyRow]:
    """Return how well each vendor's months could be told, by day of the month."""
    return [rows.AccuracyRow(*row) for row in outlooks.list_track_record(question)]


@remember_rows("state")
def list_shared_costs(question: Question) -> list[rows.SharedCostRow]:
    """Return whose cost a month is, by the rules of the configuration; of issued invoices, or of another ``state``."""
    return [rows.SharedCostRow(*row[:9], "; ".join(row.rules)) for row in _sum_allocated(question)]


def _sum_allocated(question: Question) -> list[AllocationRow]:
    return sum_allocations(_allocate(question))


def _allocate(question: Question, more_keys: Sequence[str] = ()) -> list[Allocation]:
    state = question.values.get("state") or State.ISSUED
    if state not in costs.STATES:
        raise InvalidArgument(f"state is one of {', '.join(costs.STATES)}, and not {state[:40]!r}")
    rules = load_allocation_rules(question.view.config_path) or AllocationRules()
    keys = list_group_keys(rules, more_keys)
    groups = group_charges(question.view.db, question.month_filters, keys, (State(state),))
    return list(allocate_charges(groups, keys, rules, list_usages(question.view.db, question.month_filters)))


def list_owners(question: Question) -> list[OwnerRow]:
    """Return what of a month is the cost of each team, customer or cost center, as ``by`` says."""
    by = question.values.get("by") or "team"
    if by not in OWNER_FIELDS:
        raise InvalidArgument(f"by is one of {', '.join(OWNER_FIELDS)}, and not {by[:40]!r}")
    return sum_by_owner(_sum_allocated(question), OWNER_FIELDS[by])


def list_coverage(question: Question) -> list[Coverage]:
    """Return how much of each account's month is somebody's."""
    return measure_coverage(_sum_allocated(question))


def list_shares(question: Question) -> list[StatementLine]:
    """Return what one team, cost center or customer bears of a month, line by line."""
    owner = question.values.get("owner")
    if not owner:
        raise InvalidArgument("say whose: ?owner=NAME of a team, a cost center or a customer")
    return build_statement(_allocate(question, STATEMENT_KEYS), owner)


def list_journal(question: Question) -> list[JournalEntry]:
    """Return issued invoices as journal entries, or a month's accruals and their reversals."""
    db, path = question.view.db, question.view.config_path
    mapping, accrued = load_journal_mapping(path), question.values.get("accruals")
    if accrued:
        accruals = list_accruals(db, question.filters, read_month(accrued), question.commitments)
        return build_accrual_journal(accruals, mapping).entries
    return make_journal(db, question.filters, mapping, load_virtual_rates(path), load_payment_terms(path)).entries
