"""Which chart shows which rows: with the exact amounts as titles, and none where there is nothing to draw."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from decimal import Decimal

from billfold.model.period import Month
from billfold.report.burn_down import BurnDown, BurnPoint
from billfold.report.commitment_uses import CommitmentUse
from billfold.report.forecast import ForecastMethod, ForecastRow
from billfold.report.track_record import Accuracy
from billfold.serve.charts import Chart
from billfold.serve.figures import draw_burn_down, draw_cone, draw_movement, draw_track_record


def _list_titles(chart: Chart | None) -> list[str | None]:
    assert chart is not None
    return [title.text for title in ET.fromstring(chart.drawing).iter("title")][1:]


def _use(kind: str) -> CommitmentUse:
    amounts = (Decimal(100), Decimal(60), Decimal(40))
    return CommitmentUse("fastly", "cdn", "c1", "USD", *amounts, "", "Credits", kind, "2026-11", "balance")


def _forecast(month: str, amount: str, low: str | None = None) -> ForecastRow:
    low_amount = None if low is None else Decimal(low)
    high_amount = None if low is None else Decimal(amount) * 2
    amounts = (Decimal(0), Decimal(0), Decimal(amount), low_amount, high_amount)
    return ForecastRow("fastly", "cdn", Month.parse(month), "USD", *amounts, 24, ForecastMethod.INVOICES)


def test_a_burn_down_has_what_is_left_and_what_is_expected() -> None:
    points = [
        BurnPoint("2026-10", Decimal(100), Decimal(40), Decimal("60.123456789")),
        BurnPoint("2026-11", Decimal(100), Decimal(60), Decimal(40)),
        BurnPoint("2026-12", Decimal(100), None, Decimal(20), Decimal(10), Decimal(30), is_expected=True),
    ]
    chart = draw_burn_down(BurnDown(_use("prepaid-credits"), points))
    assert _list_titles(chart)[0] == "2026-10: 60.123456789 left"
    assert chart is not None
    assert [name for _, name in chart.legend] == ["left", "expected", "committed", "nine of ten"]
    assert draw_burn_down(BurnDown(_use("prepaid-credits"), [])) is None


def test_seats_are_columns_beside_what_is_committed() -> None:
    points = [
        BurnPoint(f"2026-{month}", Decimal(100), Decimal(used), Decimal(0)) for month, used in ((10, 90), (11, 120))
    ]
    chart = draw_burn_down(BurnDown(_use("seats"), points))
    assert chart is not None
    assert _list_titles(chart) == ["2026-10: 90 used", "2026-11: 120 used", "committed: 100"]
    assert [box.get("class") for box in ET.fromstring(chart.drawing).iter("rect")] == ["c1", "c3"]


def test_a_movement_says_each_kind() -> None:
    chart = draw_movement(
        "USD", ("2026-09", Decimal(100)), {"rate": Decimal("20.5"), "gone": Decimal(-3)}, ("2026-10", Decimal("117.5"))
    )
    assert _list_titles(chart) == ["2026-09: 100.00", "rate: +20.50", "gone: -3.00", "2026-10: 117.50"]


def test_a_track_record_needs_two_days() -> None:
    rows = [Accuracy("fastly", day, 20, Decimal(day) / 30, None, Decimal("0.9"), Decimal("1.1")) for day in (3, 30)]
    chart = draw_track_record("fastly", rows)
    assert _list_titles(chart)[1:] == ["day 3: 10.0 % of the invoice", "day 30: 100.0 % of the invoice"]
    assert draw_track_record("fastly", rows[:1]) is None


def test_a_cone_opens_only_where_all_intervals_are_known() -> None:
    """Intervals of accounts add up; where one is unknown there is none."""
    issued = {"2026-10": Decimal(100)}
    wide = draw_cone("USD", issued, [_forecast("2026-11", "90", "80"), _forecast("2026-12", "95", "70")])
    assert wide is not None
    assert ("band", "nine of ten") in wide.legend
    narrow = draw_cone("USD", issued, [_forecast("2026-11", "90")])
    assert narrow is not None
    assert "nine of ten" not in dict(narrow.legend).values()
    assert _list_titles(narrow)[-1] == "2026-11: 90.00 USD expected"
    assert draw_cone("USD", issued, []) is None
