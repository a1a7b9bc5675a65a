"""Charts as SVG: columns that are stacked by series, and bars; the same bytes for the same rows, on paper and on a page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from html import escape
from typing import NamedTuple

from billfold.model.money import ZERO, exact_sum

COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999")
"""Told apart by people who see no red or green, and in print."""
FONT = "Libertinus Serif, Georgia, serif"
INK, GRID = "#333333", "#dddddd"
WIDTH, LEFT, RIGHT = 640, 72, 8
PLOT_HEIGHT, TOP, AXIS_HEIGHT, LEGEND_HEIGHT = 170, 10, 22, 20
BAR_HEIGHT, BAR_GAP, BAR_LEFT, BAR_RIGHT = 15, 6, 190, 90
TICKS = 4
MAX_LABEL_CHARS = 32


class ChartSeries(NamedTuple):
    """The values of one series, one for each label of the chart."""

    name: str
    values: Sequence[Decimal]


def draw_columns(labels: Sequence[str], all_series: Sequence[ChartSeries], title: str) -> str:
    """Draw a column for each label, stacked by series: what is below zero hangs from the axis. ``title`` is for who cannot see it."""
    stacks = list(zip(*(series.values for series in all_series), strict=True))
    high = max((exact_sum(value for value in stack if value > 0) for stack in stacks), default=ZERO)
    low = min((exact_sum(value for value in stack if value < 0) for stack in stacks), default=ZERO)
    scale = _Scale(low, high)
    room = Decimal(WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    parts = [_draw_tick(scale, tick) for tick in scale.ticks]
    for number, (label, stack) in enumerate(zip(labels, stacks, strict=True)):
        left = LEFT + room * number + room / 6
        parts += _draw_stack(scale, left, room * 2 / 3, stack)
        parts.append(_text(left + room / 3, TOP + PLOT_HEIGHT + 15, label, "middle"))
    parts += _draw_legend([series.name for series in all_series], TOP + PLOT_HEIGHT + AXIS_HEIGHT)
    return _wrap(TOP + PLOT_HEIGHT + AXIS_HEIGHT + LEGEND_HEIGHT, title, parts)


def draw_bars(rows: Sequence[tuple[str, Decimal]], title: str) -> str:
    """Draw a bar for each name and value; a value below zero is drawn in another color."""
    longest = max((abs(value) for _, value in rows), default=ZERO) or Decimal(1)
    room, parts = WIDTH - BAR_LEFT - BAR_RIGHT, list[str]()
    for number, (name, value) in enumerate(rows):
        top = Decimal(number * (BAR_HEIGHT + BAR_GAP))
        length = abs(value) / longest * room
        parts.append(_text(BAR_LEFT - 8, top + 12, _shorten(name), "end"))
        parts.append(_box(Decimal(BAR_LEFT), top, length, Decimal(BAR_HEIGHT), COLORS[0] if value >= 0 else COLORS[5]))
        parts.append(_text(BAR_LEFT + length + 6, top + 12, format_short(value), "start"))
    return _wrap(len(rows) * (BAR_HEIGHT + BAR_GAP), title, parts)


def format_short(value: Decimal) -> str:
    """Write a value without decimals, with separators of thousands: for a chart, where no cent can be seen."""
    return f"{value.quantize(Decimal(1), ROUND_HALF_EVEN):,}"


class _Scale:
    """How values become heights: round ticks from the lowest to the highest value."""

    def __init__(self, low: Decimal, high: Decimal) -> None:
        step = choose_step((high - low) / TICKS)
        first, last = -(-low / step).to_integral_value(ROUND_CEILING), (high / step).to_integral_value(ROUND_CEILING)
        self.ticks = [step * number for number in range(int(first), int(max(last, first + 1)) + 1)]
        self._low, self._span = self.ticks[0], self.ticks[-1] - self.ticks[0]

    def place(self, value: Decimal) -> Decimal:
        """Return how far below the top a value is."""
        return TOP + PLOT_HEIGHT * (1 - (value - self._low) / self._span)


def choose_step(least: Decimal) -> Decimal:
    """Return the next of 1, 2 and 5 times a power of ten."""
    if least <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(least.adjusted())
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)


def _draw_tick(scale: _Scale, tick: Decimal) -> str:
    height = scale.place(tick)
    color = INK if not tick else GRID
    line = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_number(height)}" y2="{_number(height)}" stroke="{color}"/>'
    return line + _text(
        LEFT - 6, height + 4, format_short(tick) if tick == tick.to_integral_value() else str(tick), "end"
    )


def _draw_stack(scale: _Scale, left: Decimal, width: Decimal, stack: Sequence[Decimal]) -> list[str]:
    tops, boxes = {True: ZERO, False: ZERO}, list[str]()
    for number, value in enumerate(stack):
        if value:
            is_up = value > 0
            start, tops[is_up] = tops[is_up], tops[is_up] + value
            top, bottom = sorted((scale.place(start), scale.place(tops[is_up])))
            boxes.append(_box(left, top, width, bottom - top, COLORS[number % len(COLORS)]))
    return boxes


def _draw_legend(names: Sequence[str], top: int) -> list[str]:
    parts, left = list[str](), Decimal(LEFT)
    for number, name in enumerate(names):
        parts.append(_box(left, Decimal(top + 5), Decimal(10), Decimal(10), COLORS[number % len(COLORS)]))
        parts.append(_text(left + 15, Decimal(top + 14), name, "start"))
        left += 30 + 7 * len(name)
    return parts


def _shorten(name: str) -> str:
    return name if len(name) <= MAX_LABEL_CHARS else f"{name[: MAX_LABEL_CHARS - 1]}…"


def _box(left: Decimal, top: Decimal, width: Decimal, height: Decimal, color: str) -> str:
    x, y, w, h = map(_number, (left, top, width, height))
    return f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{color}"/>'


def _text(left: Decimal | int, bottom: Decimal | int, text: str, anchor: str) -> str:
    x, y = _number(Decimal(left)), _number(Decimal(bottom))
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _number(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.1'), ROUND_HALF_EVEN):f}"


def _wrap(height: int, title: str, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    style = f'role="img" font-family="{FONT}" font-size="11" fill="{INK}"'
    return f"{head} {style}><title>{escape(title)}</title>{''.join(parts)}</svg>"
