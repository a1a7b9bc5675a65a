"""Which chart shows which rows: commitments, movements, estimates and forecasts; every text in it is the row's exact amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from billfold.model.money import exact_sum
from billfold.report.burn_down import RUNNING_KINDS, BurnDown
from billfold.report.forecast import ForecastMethod, ForecastRow
from billfold.report.track_record import Accuracy
from billfold.serve.charts import BandEdge, Chart, ColumnValue, PlotLine, PlotPoint, draw_bars, draw_plot, draw_steps
from billfold.serve.templating import format_percent, write_amount, write_units

INTERVAL = "nine of ten"
"""What a band is called: that many invoices lay in it, whatever they are of."""
MAX_DAYS_SHOWN = 31


def draw_burn_down(burn: BurnDown) -> Chart | None:
    """Draw what is left of a commitment and what will be; of one that begins anew each month what each month used. None without months."""
    if not burn.points:
        return None
    if burn.use.kind not in RUNNING_KINDS:
        return _draw_allowance(burn)
    points = [
        PlotPoint(Decimal(index), point.left, f"{point.month or 'now'}: {write_units(point.left)} left")
        for index, point in enumerate(burn.points)
    ]
    count = sum(not point.is_expected for point in burn.points)
    edges = [
        BandEdge(Decimal(index), point.low, point.high)
        for index, point in enumerate(burn.points)
        if point.low is not None and point.high is not None
    ]
    start = BandEdge(Decimal(count - 1), burn.points[count - 1].left, burn.points[count - 1].left)
    lines = [PlotLine("left", "c1", points[:count])]
    lines += [PlotLine("expected", "c2", points[count - 1 :])] if count < len(points) else []
    labels = [(Decimal(index), point.month) for index, point in enumerate(burn.points)]
    lines.append(PlotLine("committed", "c4", _list_committed(burn)))
    band = (INTERVAL, [start, *edges]) if edges else None
    return draw_plot(lines, f"What is left of {burn.use.name}, in {burn.use.unit}", labels, band)


def _list_committed(burn: BurnDown) -> list[PlotPoint]:
    return [PlotPoint(Decimal(index), point.committed) for index, point in enumerate(burn.points)]


def _draw_allowance(burn: BurnDown) -> Chart:
    columns = [
        ColumnValue(
            point.month or "now",
            point.used or Decimal(0),
            f"{write_units(point.used or Decimal(0))} used",
            "c1" if point.used is None or point.used <= point.committed else "c3",
        )
        for point in burn.points
    ]
    limit = ColumnValue("committed", burn.use.committed, write_units(burn.use.committed), "c4")
    chart = draw_bars(columns, f"What was used of {burn.use.name}, in {burn.use.unit}", limit)
    return chart._replace(legend=[("c1", "used"), ("c3", "more than committed"), *chart.legend])


def draw_movement(
    currency: str, before: tuple[str, Decimal], amounts: Mapping[str, Decimal], after: tuple[str, Decimal]
) -> Chart:
    """Draw how a month's total became another's, by kinds."""
    steps = [
        ColumnValue(kind, amount, ("+" if amount > 0 else "") + write_amount(amount), "c3" if amount > 0 else "c2")
        for kind, amount in amounts.items()
    ]
    ends = [ColumnValue(month, total, write_amount(total), "c1") for month, total in (before, after)]
    chart = draw_steps(ends[0], steps, ends[1], f"From {before[0]} to {after[0]}, in {currency}")
    return chart._replace(legend=[("c1", "issued"), ("c3", "more"), ("c2", "less")])


def draw_track_record(provider: str, rows: Sequence[Accuracy]) -> Chart | None:
    """Draw how much of a vendor's invoices its estimates had on each day of the month; None of fewer than two days."""
    days = [row for row in rows if row.day <= MAX_DAYS_SHOWN]
    if len(days) < 2:
        return None
    line = [
        PlotPoint(Decimal(row.day), row.stood_at * 100, f"day {row.day}: {format_percent(row.stood_at)} of the invoice")
        for row in days
    ]
    edges = [
        BandEdge(Decimal(row.day), row.low * 100, row.high * 100)
        for row in days
        if row.low is not None and row.high is not None
    ]
    limit = ColumnValue("the invoice", Decimal(100), "100 %", "c4")
    labels = [(Decimal(day), f"day {day}") for day in (0, 10, 20, 30)]
    band = (f"{INTERVAL}, by the forecast", edges) if len(edges) > 1 else None
    return draw_plot(
        [PlotLine("the estimate", "c1", line)], f"{provider}: the estimate in % of the invoice", labels, band, limit
    )


def draw_cone(currency: str, issued: Mapping[str, Decimal], rows: Sequence[ForecastRow]) -> Chart | None:
    """Draw the issued months, and where the next ones end; None without a month ahead. Intervals add up as if all missed alike."""
    months = sorted({str(row.month) for row in rows if row.method is not ForecastMethod.ISSUED})
    past = [month for month in sorted(issued) if not months or month < months[0]][-12:]
    if not months:
        return None
    names = [*past, *months]
    solid = [
        PlotPoint(Decimal(index), issued[month], f"{month}: {write_amount(issued[month])} {currency}")
        for index, month in enumerate(past)
    ]
    ahead, edges = solid[-1:], [BandEdge(point.at, point.value, point.value) for point in solid[-1:]]
    for index, month in enumerate(months, len(past)):
        members = [row for row in rows if str(row.month) == month]
        total = exact_sum(row.forecast for row in members)
        ahead.append(PlotPoint(Decimal(index), total, f"{month}: {write_amount(total)} {currency} expected"))
        lows, highs = [_low(row) for row in members], [_high(row) for row in members]
        if None not in lows and None not in highs:
            edges.append(BandEdge(Decimal(index), exact_sum(filter(None, lows)), exact_sum(filter(None, highs))))
    lines = [PlotLine("issued", "c1", solid)] if solid else []
    lines.append(PlotLine("expected", "c2", ahead))
    band = (INTERVAL, edges) if len(edges) > len(solid[-1:]) else None
    labels = [(Decimal(index), name) for index, name in enumerate(names)]
    return draw_plot(lines, f"Months issued and expected, in {currency}", labels, band)


def _low(row: ForecastRow) -> Decimal | None:
    return row.forecast if row.method is ForecastMethod.ISSUED else row.low


def _high(row: ForecastRow) -> Decimal | None:
    return row.forecast if row.method is ForecastMethod.ISSUED else row.high
