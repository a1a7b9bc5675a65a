"""The ledger as metrics, in Prometheus's text format: amounts with all their digits, of which Prometheus keeps a float's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.entries import Run
from billfold.ledger.grouping import find_last_month
from billfold.ledger.measures import measure_accounts, sum_month_amounts
from billfold.ledger.query import MAX_SEQ, LedgerFilter
from billfold.model.money import format_trimmed
from billfold.model.period import Month, is_instant, parse_instant
from billfold.serve.views import LedgerView
from billfold.version import __version__

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MONTH_COUNT = 3
"""Months whose amounts are told: each is a time series of every account."""


RECENT_RUNS_PER_ACCOUNT = 10
MILLISECOND = timedelta(milliseconds=1)
GAUGE, COUNTER = "gauge", "counter"


class Metric(NamedTuple):
    """A gauge or a counter with what it means, and a value for each set of labels."""

    name: str
    meaning: str
    values: Sequence[tuple[dict[str, str], Decimal | int]]
    kind: str = GAUGE


def list_metrics(view: LedgerView, now: datetime) -> list[Metric]:
    """Return the metrics of a ledger; ages are those at ``now``."""
    accounts = measure_accounts(view.db, MAX_SEQ)
    labels = {row: {"provider": row.provider, "account": row.account} for row in accounts}
    return [
        Metric("billfold_build_info", "The version that answers.", [({"version": __version__}, 1)]),
        Metric(
            "billfold_invoice_amount",
            "What the vendors state, in the currency's units, with all digits; Prometheus keeps about 15 of them "
            f"(a float), so take it for alarms, never for books. The last {MONTH_COUNT} months.",
            list(_list_amounts(view)),
        ),
        Metric(
            "billfold_sync_last_success_timestamp_seconds",
            "When the last complete collection of an account ended.",
            [(labels[row], _count_seconds(row.synced_at)) for row in accounts if row.synced_at],
        ),
        Metric("billfold_parked_bills", "Bills that are not counted.", [(labels[row], row.parked) for row in accounts]),
        Metric(
            "billfold_estimate_age_seconds",
            "How long ago the newest estimate of an account was collected.",
            [(labels[row], _count_age(row.estimated_at, now)) for row in accounts if row.estimated_at],
        ),
        Metric(
            "billfold_sync_last_end_timestamp_seconds",
            "When the last collection of an account ended, complete or not.",
            [(labels[row], _count_seconds(row.ended_at)) for row in accounts if row.ended_at],
        ),
        Metric(
            "billfold_sync_failing",
            "1 where the last collection of an account was not complete.",
            [(labels[row], int(row.outcome != "complete")) for row in accounts if row.ended_at],
        ),
        measure_durations(_list_recent_runs(view, len(accounts))),
        Metric("billfold_archive_entries", "Entries in the archive.", [({}, view.workspace.archive.read_last_seq())]),
    ]


def measure_durations(runs: Iterable[Run]) -> Metric:
    """Return how long the last ended collection of each account took."""
    last_runs = {
        (run.provider, run.account): (parse_instant(run.started_at), parse_instant(run.ended_at or ""))
        for run in runs
        if run.run_type == "sync" and is_instant(run.started_at) and is_instant(run.ended_at or "")
    }
    return Metric(
        "billfold_sync_duration_seconds",
        "How long the last collection of an account took.",
        [
            ({"provider": key[0], "account": key[1]}, Decimal((end - start) // MILLISECOND).scaleb(-3))
            for key, (start, end) in sorted(last_runs.items())
        ],
    )


def _list_recent_runs(view: LedgerView, account_count: int) -> list[Run]:
    """Return the last runs, so many that each account that is still collected has one: an archive of years has very many."""
    archive = view.workspace.archive
    last_run = archive.read_entry(last_seq).run if (last_seq := archive.read_last_seq()) else 0
    return archive.list_runs(max(1, last_run - RECENT_RUNS_PER_ACCOUNT * max(account_count, 1)))


def _list_amounts(view: LedgerView) -> Iterator[tuple[dict[str, str], Decimal | int]]:
    last_month = find_last_month(view.db, LedgerFilter())
    if last_month is None:
        return
    for row in sum_month_amounts(view.db, LedgerFilter(first_month=last_month.add_months(1 - MONTH_COUNT))):
        labels = {name: str(getattr(row, name)) for name in ("provider", "account", "currency", "state")}
        yield labels | {"month": str(Month.of(row.month))}, row.amount


def _count_seconds(instant: datetime) -> int:
    return int(instant.timestamp())


def _count_age(instant: datetime, now: datetime) -> int:
    return max(0, _count_seconds(now.astimezone(UTC)) - _count_seconds(instant))


def write_metrics(metrics: Iterable[Metric]) -> str:
    """Write metrics in the text format of Prometheus."""
    return "".join(line + "\n" for metric in metrics for line in _write_metric(metric))


def _write_metric(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escape(metric.meaning)}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for labels, value in metric.values:
        text = ",".join(f'{name}="{_escape(label, quotes=True)}"' for name, label in labels.items())
        number = format_trimmed(value) if isinstance(value, Decimal) else str(value)
        yield f"{metric.name}{{{text}}} {number}" if text else f"{metric.name} {number}"


def _escape(text: str, *, quotes: bool = False) -> str:
    escaped = text.replace("\\", r"\\").replace("\n", r"\n")
    return escaped.replace('"', r"\"") if quotes else escaped
