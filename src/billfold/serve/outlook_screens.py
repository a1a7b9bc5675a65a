"""What the screens about what lies ahead show: commitments, one of them, and estimates with their track record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from billfold.ledger.measures import sum_month_amounts
from billfold.model.bill import State
from billfold.model.errors import InvalidArgument
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month
from billfold.report.burn_down import BurnDown
from billfold.report.forecast import ForecastRow
from billfold.report.track_record import MIN_RESIDUALS
from billfold.serve import listings, outlooks
from billfold.serve.figures import draw_burn_down, draw_cone, draw_track_record
from billfold.serve.questions import Question

MAX_FIGURES = 3
"""Burn-downs that the screen of all commitments draws: those that are over, or used up, first."""
MAX_ROWS = 500
Values = dict[str, object]


def show_commitments(question: Question) -> Values:
    """Show what is committed, used and left, and how the most urgent ones run down."""
    commitments = listings.list_commitments(question)
    burns = sorted(outlooks.follow_uses(question, ([use] for use in commitments)), key=_rank_burn)
    urgent = [burn for burn in burns if _is_urgent(burn)][:MAX_FIGURES]
    return {
        "commitments": commitments[:MAX_ROWS],
        "left_out": max(0, len(commitments) - MAX_ROWS),
        "urgent": [(burn, draw_burn_down(burn)) for burn in (_add_history(question, burn) for burn in urgent)],
    }


def _add_history(question: Question, burn: BurnDown) -> BurnDown:
    """Return a commitment with the months before its latest."""
    filters = question.filters._replace(provider=burn.use.provider, account=burn.use.account)
    values = {**question.values, "id": burn.use.commitment_id, "unit": burn.use.unit}
    burns = outlooks.list_burn_downs(question._replace(filters=filters, values=values))
    return next((other for other in burns if other.use.kind == burn.use.kind), burn)


def _is_urgent(burn: BurnDown) -> bool:
    return bool(burn.use.runway_on or burn.used_up_on or burn.use.expected_overage or burn.use.overage)


def _rank_burn(burn: BurnDown) -> tuple[str, ...]:
    """Order by the day on which nothing is left; what is only too much this month comes after."""
    return (burn.earliest_on or burn.used_up_on or burn.use.runway_on or "9999", *burn.use[:4])


def show_commitment(question: Question) -> Values:
    """Show one commitment through time; raises ``InvalidArgument`` where there is none."""
    burns = outlooks.list_burn_downs(question)
    if not burns or not question.values.get("id"):
        raise InvalidArgument(
            f"no commitment is called {question.values.get('id', '')[:60]!r} there, or was known then"
        )
    return {"burn": burns[0], "chart": draw_burn_down(burns[0]), "min_residuals": MIN_RESIDUALS}


def show_estimates(question: Question) -> Values:
    """Show where months will end, and how well the vendors' estimates told it before."""
    rows = outlooks.forecast_months(question)
    records = outlooks.list_estimates(question)
    accuracy = outlooks.list_track_record(question)
    by_provider = groupby(accuracy, key=lambda row: row.provider)
    charts = [(name, draw_track_record(name, list(members))) for name, members in by_provider]
    return {
        "cones": [(currency, chart) for currency, chart in _draw_cones(question, rows) if chart],
        "expected": listings.list_expected(question)[:MAX_ROWS],
        "accuracy": accuracy,
        "track_records": [(name, chart) for name, chart in charts if chart],
        "records": records[::-1][:MAX_ROWS],
        "record_count": len(records),
        "min_residuals": MIN_RESIDUALS,
    }


def _draw_cones(question: Question, rows: Iterable[ForecastRow]) -> Iterable[tuple[str, object]]:
    issued = defaultdict[str, dict[str, Decimal]](dict)
    filters = question.filters._replace(first_month=None, last_month=None)
    for row in sum_month_amounts(question.view.db, filters):
        if row.state == State.ISSUED:
            months, month = issued[row.currency], str(Month.of(row.month))
            months[month] = exact_sum((months.get(month, ZERO), row.amount))
    by_currency = defaultdict[str, list[ForecastRow]](list)
    for forecast in rows:
        by_currency[forecast.currency].append(forecast)
    for currency, members in sorted(by_currency.items()):
        yield currency, draw_cone(currency, issued[currency], members)
