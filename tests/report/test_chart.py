"""A chart is the same bytes for the same rows, has room for what is below zero, and is well-formed whatever a vendor calls things."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billfold.report.chart import PLOT_HEIGHT, TOP, ChartSeries, draw_bars, draw_columns

AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, places=6)
SVG = "{http://www.w3.org/2000/svg}"


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=12), st.text("<&\"'a"))
def test_columns_stay_within_the_plot(stacks: list[tuple[Decimal, Decimal]], name: str) -> None:
    first, second = zip(*stacks, strict=True)
    chart = draw_columns(
        [str(number) for number in range(len(stacks))], [ChartSeries(name, first), ChartSeries("b", second)], name
    )
    boxes = [box for box in ET.fromstring(chart).iter(f"{SVG}rect") if box.get("height") != "10.0"]
    for box in boxes:
        top, height = Decimal(box.get("y", "")), Decimal(box.get("height", ""))
        assert Decimal("-0.1") <= height
        assert top >= TOP - Decimal("0.1")
        assert top + height <= TOP + PLOT_HEIGHT + Decimal("0.2")


@given(st.lists(st.tuples(st.text("<&\"'ab"), AMOUNTS), max_size=12))
def test_bars_are_well_formed(rows: list[tuple[str, Decimal]]) -> None:
    assert len(list(ET.fromstring(draw_bars(rows, "Cost")).iter(f"{SVG}rect"))) == len(rows)
