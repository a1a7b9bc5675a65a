"""Charts as SVG in the page: drawn here without a script, colored by the style sheet, each shape with its exact amount as its title."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from billfold.model.money import ZERO, exact_sum
from billfold.report.chart import choose_step

WIDTH, HEIGHT = 480, 236
LEFT, RIGHT, TOP, BOTTOM = 74, 26, 12, 26
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
ROW_HEIGHT, ROW_LEFT, ROW_RIGHT = 22, 82, 112
TICKS = 4
MIN_LABEL_WIDTH = 54
"""Units of the drawing that a label under the axis needs: where they are nearer, some are left out."""


class ColumnValue(NamedTuple):
    """A column: the label under it, its height, the exact text of its amount, and the class of its color."""

    label: str
    value: Decimal
    text: str
    style: str = "c1"


class PlotPoint(NamedTuple):
    """A point of a line: where it is on the axis, how high, and its exact text ("": it needs none)."""

    at: Decimal
    value: Decimal
    text: str = ""


class PlotLine(NamedTuple):
    """A line with its name in the legend, and the class of its color."""

    name: str
    style: str
    points: Sequence[PlotPoint]


class BandEdge(NamedTuple):
    """The two ends of an interval at a place of the axis."""

    at: Decimal
    low: Decimal
    high: Decimal


class Chart(NamedTuple):
    """A drawing, and its legend: the class of each color and what it stands for."""

    drawing: Markup
    legend: Sequence[tuple[str, str]]


def draw_bars(columns: Sequence[ColumnValue], title: str, limit: ColumnValue | None = None) -> Chart:
    """Draw a column for each value, from zero; a ``limit`` is a line across all of them."""
    values = [column.value for column in columns] + ([limit.value] if limit else [])
    scale = ValueScale(values)
    parts = [*scale.draw_ticks(), *_draw_labels([column.label for column in columns])]
    for index, column in enumerate(columns):
        parts.append(_draw_column(scale, _find_slot(index, len(columns)), ZERO, column.value, column))
    if limit:
        parts.append(_draw_limit(scale, limit))
    return Chart(_wrap(title, parts), [(limit.style, limit.label)] if limit else [])


def draw_steps(first: ColumnValue, steps: Sequence[ColumnValue], last: ColumnValue, title: str) -> Chart:
    """Draw how the first amount becomes the last, a row for each step: it begins where the one above it ends."""
    levels = [first.value]
    for step in steps:
        levels.append(exact_sum((levels[-1], step.value)))
    scale = ValueScale([*levels, last.value, _find_floor([*levels, last.value])], has_zero=False)
    spans = [(scale.low, first.value), *pairwise(levels), (scale.low, last.value)]
    rows = zip(spans, (first, *steps, last), strict=True)
    parts = [part for index, (span, row) in enumerate(rows) for part in _draw_row(scale, index, span, row)]
    return Chart(_wrap(title, parts, (len(steps) + 2) * ROW_HEIGHT), [])


def _find_floor(values: Sequence[Decimal]) -> Decimal:
    """Return a value some way below all others, from which the first and last bar begin; 0 is low enough for what is above it."""
    low = min(values)
    floor = low - (max(values) - low) / 5
    return max(floor, ZERO) if low >= 0 else floor


def _draw_row(scale: ValueScale, index: int, span: tuple[Decimal, Decimal], row: ColumnValue) -> Iterator[Markup]:
    """Draw a row: its label, a bar between two values, and its exact amount."""
    bottom, room = Decimal(index * ROW_HEIGHT), Decimal(WIDTH - ROW_LEFT - ROW_RIGHT)
    left, right = (ROW_LEFT + room * (value - scale.low) / (scale.high - scale.low) for value in sorted(span))
    yield _draw_text(Decimal(ROW_LEFT - 8), bottom + 15, row.label, "end")
    box = (_number(left), _number(bottom + 4), _number(max(right - left, Decimal("0.8"))), ROW_HEIGHT - 8)
    yield Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
        row.style, *box, f"{row.label}: {row.text}"
    )
    yield _draw_text(Decimal(WIDTH), bottom + 15, row.text, "end")


def draw_plot(
    lines: Sequence[PlotLine],
    title: str,
    labels: Sequence[tuple[Decimal, str]],
    band: tuple[str, Sequence[BandEdge]] | None = None,
    limit: ColumnValue | None = None,
) -> Chart:
    """Draw lines over an axis with ``labels``, an interval as a band behind them, and a ``limit`` across."""
    edges = band[1] if band else ()
    values = [point.value for line in lines for point in line.points]
    values += [end for edge in edges for end in edge[1:]] + ([limit.value] if limit else [])
    positions = [at for at, _ in labels] + [point.at for line in lines for point in line.points]
    positions += [edge.at for edge in edges]
    frame = _Frame(ValueScale(values), min(positions), max(positions))
    parts = [*frame.scale.draw_ticks(), *_draw_axis(frame, labels)]
    if band and len(edges) > 1:
        parts.append(_draw_band(frame, edges))
    if limit:
        parts.append(_draw_limit(frame.scale, limit))
    for line in lines:
        parts += _draw_line(frame, line)
    legend = [(line.style, line.name) for line in lines] + ([("band", band[0])] if band else [])
    return Chart(_wrap(title, parts), legend + ([(limit.style, limit.label)] if limit else []))


class ValueScale:
    """How values become heights: between round ticks below the lowest and above the highest."""

    def __init__(self, values: Iterable[Decimal], *, has_zero: bool = True) -> None:
        wide = [*values, ZERO] if has_zero else list(values)
        low, high = min(wide), max(wide)
        self._step = choose_step((high - low) / TICKS or abs(high) / TICKS)
        self.low = (low / self._step).to_integral_value(ROUND_FLOOR) * self._step
        self.high = max((high / self._step).to_integral_value(ROUND_CEILING) * self._step, self.low + self._step)

    def place(self, value: Decimal) -> Decimal:
        """Return how far below the top of the drawing a value is."""
        return TOP + PLOT_HEIGHT * (1 - (value - self.low) / (self.high - self.low))

    def draw_ticks(self) -> Iterator[Markup]:
        """Draw the lines of the round values, each with its number."""
        tick = self.low
        while tick <= self.high:
            y = _number(self.place(tick))
            style = "axis" if not tick else "grid"
            yield Markup('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(style, LEFT, WIDTH - RIGHT, y, y)
            yield _draw_text(Decimal(LEFT - 8), self.place(tick) + 4, f"{tick:,f}", "end")
            tick += self._step


class _Frame(NamedTuple):
    """A scale of values, and the part of the axis that is shown."""

    scale: ValueScale
    first: Decimal
    last: Decimal

    def place(self, at: Decimal) -> Decimal:
        span = self.last - self.first or Decimal(1)
        return LEFT + PLOT_WIDTH * (at - self.first) / span


def _find_slot(index: int, count: int) -> tuple[Decimal, Decimal]:
    """Return where a column begins, and how wide it is."""
    room = Decimal(PLOT_WIDTH) / count
    return LEFT + room * index + room / 6, room * 2 / 3


def _draw_column(
    scale: ValueScale, slot: tuple[Decimal, Decimal], start: Decimal, end: Decimal, column: ColumnValue
) -> Markup:
    top, bottom = sorted((scale.place(start), scale.place(end)))
    box = (_number(slot[0]), _number(top), _number(slot[1]), _number(max(bottom - top, Decimal("0.8"))))
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
        column.style, *box, f"{column.label}: {column.text}"
    )


def _draw_labels(labels: Sequence[str]) -> Iterator[Markup]:
    every = -(-len(labels) * MIN_LABEL_WIDTH // PLOT_WIDTH) or 1
    for index, label in enumerate(labels):
        if (len(labels) - 1 - index) % every == 0:
            left, width = _find_slot(index, len(labels))
            yield _draw_text(left + width / 2, Decimal(HEIGHT - 8), label)


def _draw_axis(frame: _Frame, labels: Sequence[tuple[Decimal, str]]) -> Iterator[Markup]:
    every = -(-len(labels) * MIN_LABEL_WIDTH // PLOT_WIDTH) or 1
    for index, (at, label) in enumerate(labels):
        if index % every == 0:
            yield _draw_text(frame.place(at), Decimal(HEIGHT - 8), label)


def _draw_limit(scale: ValueScale, limit: ColumnValue) -> Markup:
    y = _number(scale.place(limit.value))
    return Markup('<line class="limit {}" x1="{}" x2="{}" y1="{}" y2="{}"><title>{}</title></line>').format(
        limit.style, LEFT, WIDTH - RIGHT, y, y, f"{limit.label}: {limit.text}"
    )


def _draw_band(frame: _Frame, edges: Sequence[BandEdge]) -> Markup:
    corners = [(edge.at, edge.high) for edge in edges] + [(edge.at, edge.low) for edge in reversed(edges)]
    return Markup('<polygon class="band" points="{}"/>').format(_join_points(frame, corners))


def _draw_line(frame: _Frame, line: PlotLine) -> Iterator[Markup]:
    points = _join_points(frame, [(point.at, point.value) for point in line.points])
    yield Markup('<polyline class="line {}" points="{}"/>').format(line.style, points)
    for point in line.points:
        if point.text:
            x, y = _number(frame.place(point.at)), _number(frame.scale.place(point.value))
            yield Markup('<circle class="dot {}" cx="{}" cy="{}" r="3"><title>{}</title></circle>').format(
                line.style, x, y, point.text
            )


def _join_points(frame: _Frame, points: Iterable[tuple[Decimal, Decimal]]) -> str:
    return " ".join(f"{_number(frame.place(at))},{_number(frame.scale.place(value))}" for at, value in points)


def _draw_text(left: Decimal, bottom: Decimal, text: str, anchor: str = "middle") -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(_number(left), _number(bottom), anchor, text)


def _number(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.1'), ROUND_HALF_EVEN):f}"


def _wrap(title: str, parts: Sequence[Markup], height: int = HEIGHT) -> Markup:
    head = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img"><title>{}</title><desc>{}</desc>').format(
        WIDTH, height, title, "The table beside it has the same figures."
    )
    return head + Markup("").join(parts) + Markup("</svg>")
