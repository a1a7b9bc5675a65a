"""The report of the API: what is paid by any keys, and the charges behind it, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from billfold.ledger import query
from billfold.ledger.estimate_history import list_estimate_records
from billfold.ledger.month_costs import list_month_costs
from billfold.model.bill import State
from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.model.focus import CostAndUsage
from billfold.report import costs
from billfold.report.costs import GROUP_KEYS, CostChange, CostRow
from billfold.report.daily import DAY_KEY, check_day_keys, list_daily_costs
from billfold.report.team_costs import TEAM_KEY
from billfold.serve.questions import Question
from billfold.tasks.configured import load_allocation_rules
from billfold.tasks.costs import list_costs

DEFAULT_KEYS = ("provider", "account", "service")


def list_report(question: Question) -> list[Mapping[str, object]]:
    """Return what is charged to each group, ``by`` its keys (comma between), month, state and currency."""
    text = question.values.get("by", "")
    keys = costs.read_keys([text]) if text else list(DEFAULT_KEYS)
    check_day_keys(keys)
    names = [key if key.startswith("tag:") else key.replace("-", "_") for key in keys]
    cells = (
        dict(zip(names, row.values, strict=True))
        | {"month": str(row.month), "state": row.state, "currency": row.currency}
        | {"cost": row.cost, "charges": row.charges}
        for row in _read_rows(question, keys)
        if row.charges
    )
    return list(cells)


def _read_rows(question: Question, keys: list[str]) -> list[CostRow]:
    db, filters, states = question.view.db, question.filters, _read_states(question)
    if DAY_KEY in keys:
        rows = list_daily_costs(list_month_costs(db, filters), list_estimate_records(db, filters), keys)
        return [row for row in rows if row.state in states]
    rules = load_allocation_rules(question.view.config_path) if TEAM_KEY in keys else None
    if TEAM_KEY in keys and rules is None:
        raise ConfigurationError("teams come from the rules of [allocation]; the configuration names none")
    steady_keys = [key for key in keys if key != "month"]
    groups = list_costs(db, filters, (*steady_keys, *GROUP_KEYS), states, rules)
    changes = [CostChange(row, None) for row in sorted(costs.read_rows(groups))]
    return [
        change.row for change in (costs.insert_months(changes, keys.index("month")) if "month" in keys else changes)
    ]


def _read_states(question: Question) -> tuple[State, ...]:
    text = question.values.get("state")
    if text and text not in costs.STATES:
        raise InvalidArgument(f"state is one of {', '.join(costs.STATES)}, and not {text!r}")
    return (State(text),) if text else tuple(State)


def iter_charges(question: Question) -> Iterator[CostAndUsage]:
    """Yield the charges of all bills that are not parked, by account, period and bill."""
    return query.iter_charges(question.view.db, question.filters)
