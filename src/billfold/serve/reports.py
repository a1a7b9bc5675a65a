"""The report of the API: what is paid by any keys, and the charges behind it, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from billfold.focus.dataset_stream import iter_dataset, iter_dataset_rows
from billfold.ledger import query
from billfold.ledger.focus_views import Selection
from billfold.model.errors import InvalidArgument
from billfold.model.focus import CostAndUsage
from billfold.report import costs
from billfold.report.daily import DAY_KEY, check_day_keys
from billfold.report.team_costs import TEAM_KEY
from billfold.serve.questions import Question, read_count
from billfold.tasks import report
from billfold.tasks.configured import load_payment_terms, load_team_rules, load_virtual_rates
from billfold.tasks.report import JSON_KEYS, CostFormat, CostQuestion, load_reporting

MAX_MONTHS = 120


def list_report(question: Question) -> list[Mapping[str, object]]:
    """Return what is charged to each group, ``by`` its keys (comma between), month, state and currency."""
    keys, cost_format = _read_keys(question), _read_format(question)
    count = read_count(question.values, "months", 1, MAX_MONTHS) if question.values.get("months") else None
    count = count or (1 if DAY_KEY in keys else None)
    rules = load_team_rules(question.view.config_path) if TEAM_KEY in keys else None
    db = question.view.db
    filters = report.narrow_months(db, question.filters, count)
    changes = report.list_changes(db, filters, CostQuestion(keys, _read_states(question), rules))
    return report.build_cells(changes, keys, cost_format)


def _read_keys(question: Question) -> list[str]:
    text = question.values.get("by", "")
    keys = costs.read_keys([text]) if text else list(JSON_KEYS)
    check_day_keys(keys)
    return keys


def _read_format(question: Question) -> CostFormat:
    reporting = load_reporting(question.view.config_path)
    target = question.values.get("in", "").upper() or None
    return CostFormat(question.values.get("compare") == "1", target, reporting.rates)


def _read_states(question: Question) -> list[str]:
    states = [state for state in question.values.get("state", "").split(",") if state]
    if unknown := [state for state in states if state not in costs.STATES]:
        raise InvalidArgument(
            f"state is one of {', '.join(costs.STATES)}, or more with commas between; not {unknown[0]!r}"
        )
    return states


def iter_charges(question: Question) -> Iterator[CostAndUsage]:
    """Yield the charges of all bills that are not parked, by account, period and bill."""
    return query.iter_charges(question.view.db, question.filters)


def iter_focus_rows(question: Question, dataset: str) -> Iterator[Mapping[str, object]]:
    """Yield the rows of a FOCUS dataset as an export has them."""
    return iter_dataset_rows(question.view.db, _select(question), dataset)


def iter_focus_file(question: Question, dataset: str, format_name: str) -> Iterator[bytes]:
    """Yield a FOCUS dataset as a file of an export, or as an Arrow stream."""
    return iter_dataset(question.view.db, _select(question), dataset, format_name)


def _select(question: Question) -> Selection:
    path = question.view.config_path
    return Selection(question.filters, rates=load_virtual_rates(path), payment_terms=load_payment_terms(path))
