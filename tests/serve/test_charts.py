"""Charts are well-formed SVG without style or script, to scale, and say the exact amounts."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest

from billfold.serve.charts import (
    BandEdge,
    Chart,
    ColumnValue,
    PlotLine,
    PlotPoint,
    draw_bars,
    draw_plot,
    draw_steps,
)


def _column(label: str, value: str, style: str = "c1") -> ColumnValue:
    return ColumnValue(label, Decimal(value), f"{value} USD", style)


def _parse(chart: Chart) -> ET.Element:
    root = ET.fromstring(chart.drawing)
    assert root.get("role") == "img"
    assert [root[0].tag, root[1].tag] == ["title", "desc"]
    assert all(not {"style", "onclick"} & set(element.keys()) for element in root.iter())
    return root


def _list_titles(root: ET.Element) -> list[str | None]:
    return [title.text for title in root.iter("title")][1:]


def test_bars_are_to_scale_and_hang_from_zero() -> None:
    root = _parse(draw_bars([_column("a", "100"), _column("b", "50"), _column("c", "-50")], "Three"))
    heights = [float(str(box.get("height"))) for box in root.iter("rect")]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.2)
    assert heights[1] == pytest.approx(heights[2], abs=0.2)
    tops = [float(str(box.get("y"))) for box in root.iter("rect")]
    assert tops[2] == pytest.approx(tops[0] + heights[0], abs=0.2)
    assert _list_titles(root) == ["a: 100 USD", "b: 50 USD", "c: -50 USD"]


def test_a_limit_goes_across() -> None:
    chart = draw_bars([_column("a", "10")], "One", _column("committed", "40", "c4"))
    line = next(line for line in _parse(chart).iter("line") if line.get("class") == "limit c4")
    assert line.get("y1") == line.get("y2")
    assert chart.legend == [("c4", "committed")]


def test_each_step_begins_where_the_last_ended() -> None:
    chart = draw_steps(
        _column("2026-09", "100"), [_column("rate", "30"), _column("gone", "-10")], _column("2026-10", "120"), "Steps"
    )
    root = _parse(chart)
    spans = [(float(str(box.get("x"))), float(str(box.get("width")))) for box in root.iter("rect")]
    ends = [round(left + width, 1) for left, width in spans]
    assert spans[1][0] == pytest.approx(ends[0], abs=0.2)
    assert ends[2] == pytest.approx(ends[1], abs=0.2)
    assert spans[2][0] == pytest.approx(ends[3], abs=0.2)
    texts = [text.text for text in root.iter("text")]
    assert texts == ["2026-09", "100 USD", "rate", "30 USD", "gone", "-10 USD", "2026-10", "120 USD"]


def test_lines_and_bands_lie_in_the_drawing() -> None:
    points = [PlotPoint(Decimal(at), Decimal(at * at), f"{at * at} left") for at in range(4)]
    band = ("nine of ten", [BandEdge(Decimal(at), Decimal(0), Decimal(20)) for at in range(2, 4)])
    chart = draw_plot([PlotLine("left", "c1", points)], "Plot", [(Decimal(0), "a"), (Decimal(3), "b")], band)
    root = _parse(chart)
    _, _, width, height = map(float, str(root.get("viewBox")).split())
    for element in (*root.iter("polyline"), *root.iter("polygon")):
        for pair in str(element.get("points")).split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height
    assert len(list(root.iter("circle"))) == 4
    assert chart.legend == [("c1", "left"), ("band", "nine of ten")]


def test_labels_that_are_too_near_are_left_out() -> None:
    root = _parse(draw_bars([_column(f"2026-{number:02}", "1") for number in range(1, 25)], "Many"))
    labels = [text.text for text in root.iter("text") if str(text.text).startswith("2026")]
    assert len(labels) < 9
    assert labels[-1] == "2026-24"


@pytest.mark.parametrize("values", [["0"], ["0", "0"], ["-5"], ["0.000001"], ["99999999999999.99", "1"]])
def test_any_values_can_be_drawn(values: list[str]) -> None:
    _parse(draw_bars([_column("a", value) for value in values], "Any"))
    _parse(draw_steps(_column("a", values[0]), [], _column("b", values[0]), "Any"))
    points = [PlotPoint(Decimal(0), Decimal(value)) for value in values]
    _parse(draw_plot([PlotLine("a", "c1", points)], "Any", [(Decimal(0), "x")]))


def test_names_are_text() -> None:
    root = _parse(draw_bars([_column('<script>"', "1")], '<script>alert("1")</script>'))
    assert root[0].text == '<script>alert("1")</script>'
    assert _list_titles(root) == ['<script>": 1 USD']
