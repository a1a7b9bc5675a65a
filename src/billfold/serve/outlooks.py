"""What lies ahead, as typed rows: how commitments run down, where months end, and how well estimates told it before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from billfold.ledger.estimate_history import EstimateRecord, list_estimate_records
from billfold.ledger.month_costs import read_last_asked
from billfold.ledger.query import LedgerFilter
from billfold.model.period import Month
from billfold.report.burn_down import RUNNING_KINDS, BurnDown, burn_down
from billfold.report.commitment_uses import CommitmentUse
from billfold.report.commitments import find_commitments
from billfold.report.forecast import Forecaster, ForecastRow
from billfold.report.track_record import Accuracy, list_accuracy, round_accuracy
from billfold.serve.questions import Question, remember_rows
from billfold.serve.screen_rows import BurnRow, EstimateRow
from billfold.tasks.forecast import make_forecaster

FIRST_MONTH = Month(1, 1)
"""Before anything that can be billed: with it a filter is of all months, and not of the latest."""


@remember_rows()
def _find_forecaster(question: Question) -> Forecaster | None:
    return make_forecaster(question.view.db, question.filters)


def find_forecaster(question: Question) -> Forecaster | None:
    """Return what forecasts the months of the question's accounts, whatever else it is narrowed to."""
    filters = LedgerFilter(provider=question.filters.provider, seq=question.filters.seq)
    return _find_forecaster(Question(question.view, filters))


def forecast_months(question: Question, month: Month | None = None) -> list[ForecastRow]:
    """Return where a month will end, or open ones and the next three, of the accounts that are asked about."""
    forecaster = find_forecaster(question)
    if forecaster is None:
        return []
    return [
        row
        for one_month in ([month] if month else forecaster.list_months())
        for row in forecaster.forecast_month(one_month)
        if question.filters.includes_account(row.provider, row.account)
    ]


def list_burn_downs(question: Question) -> list[BurnDown]:
    """Return each commitment with its months; of a URL's words ``id`` and ``unit`` name one."""
    evidence = question.payment_evidence
    filters = question.filters._replace(first_month=FIRST_MONTH, last_month=None)
    members = defaultdict[tuple[str, ...], list[CommitmentUse]](list)
    for use in find_commitments(question.view.db, filters, evidence):
        if _is_named(use, question.values):
            members[*use[:4], use.kind].append(use)
    return follow_uses(question, members.values())


def follow_uses(question: Question, members: Iterable[Sequence[CommitmentUse]]) -> list[BurnDown]:
    """Return how commitments run down, of each its uses, the latest last."""
    now, commitments = find_now(question), list(members)
    has_money = any(uses[-1].kind in RUNNING_KINDS for uses in commitments)
    forecasts = forecast_months(question) if has_money else []
    return [burn_down(uses, forecasts, now) for uses in commitments] if now else []


def _is_named(use: CommitmentUse, values: Mapping[str, str]) -> bool:
    return values.get("id", use.commitment_id) == use.commitment_id and values.get("unit", use.unit) == use.unit


def find_now(question: Question) -> datetime | None:
    """Return the vendors' time of the last collection that the question is about; None before the first."""
    return read_last_asked(question.view.db, LedgerFilter(seq=question.filters.seq))


def list_burn_rows(question: Question) -> list[BurnRow]:
    """Return the months of each commitment, those that are expected last."""
    return [
        BurnRow(*(*burn.use[:4], point.month, point.committed, point.used, point.left), *point[4:])
        for burn in list_burn_downs(question)
        for point in burn.points
    ]


def list_track_record(question: Question) -> list[Accuracy]:
    """Return how well each vendor's months could be told by their estimates, by day of the month."""
    forecaster = find_forecaster(question)
    return list(map(round_accuracy, list_accuracy(forecaster.list_residuals()))) if forecaster else []


def list_estimates(question: Question) -> Sequence[EstimateRow]:
    """Return what was estimated of each month on each day that it was collected, and what was invoiced."""
    return list(map(_build_estimate, list_estimate_records(question.view.db, question.filters)))


def _build_estimate(record: EstimateRecord) -> EstimateRow:
    place = (record.provider, record.account, str(record.month), record.currency, record.state)
    return EstimateRow(*place, record.asked_at, record.days_over, record.estimated, record.invoiced)
