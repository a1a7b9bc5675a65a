"""How commitments run down: by the forecast with its interval, by the rate without one, and never beyond their end."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billfold.model.period import Month
from billfold.report.burn_down import BurnDown, burn_down
from billfold.report.commitment_uses import CommitmentUse
from billfold.report.forecast import ForecastMethod, ForecastRow

NOW = datetime(2026, 11, 15, tzinfo=UTC)
PLACE = ("cockroach", "database")


def _use(month: str, used: str, left: str, kind: str = "prepaid-credits", ends_on: str = "") -> CommitmentUse:
    amounts = (Decimal(1000), Decimal(used), Decimal(left))
    return CommitmentUse(*PLACE, "c1", "USD", *amounts, ends_on, "Credits", kind, month, "balance", rate=Decimal(300))


USES = [_use("2026-10", "500", "500"), _use("2026-11", "600", "400")]


def _forecast(month: str, so_far: str, expected: str, low: str | None = None, high: str | None = None) -> ForecastRow:
    return ForecastRow(
        *PLACE,
        Month.parse(month),
        "USD",
        Decimal(so_far),
        Decimal(0),
        Decimal(expected),
        _read(low),
        _read(high),
        24,
        ForecastMethod.INVOICES,
    )


def _read(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _list_left(burn: BurnDown) -> list[tuple[str, Decimal]]:
    return [(point.month, point.left) for point in burn.points]


def test_the_forecast_is_taken_off_month_by_month() -> None:
    """Of the running month only what is still to come; after the last forecast month it goes on as that one."""
    burn = burn_down(USES, [_forecast("2026-12", "0", "100"), _forecast("2026-11", "100", "200")], NOW)
    expected = [("2026-11", 300), ("2026-12", 200), ("2027-01", 100), ("2027-02", 0)]
    assert _list_left(burn) == [("2026-10", Decimal(500)), ("2026-11", Decimal(400)), *expected]
    assert [point.is_expected for point in burn.points] == [False, False, True, True, True, True]
    assert burn.used_up_on == "2027-03-01"
    assert (burn.earliest_on, burn.latest_on) == ("", "")


def test_the_interval_gives_an_earliest_and_a_latest_day() -> None:
    burn = burn_down(
        USES, [_forecast("2026-11", "0", "100", "50", "400"), _forecast("2026-12", "0", "200", "100", "300")], NOW
    )
    assert burn.earliest_on <= burn.used_up_on <= burn.latest_on
    assert (burn.earliest_on, burn.used_up_on, burn.latest_on) == ("2026-12-01", "2027-01-16", "2027-03-16")
    for point in burn.points:
        assert not point.is_expected or (point.low is not None and point.high is not None)
        assert point.low is None or point.high is None or point.low <= point.left <= point.high


def test_without_a_forecast_the_rate_goes_on() -> None:
    burn = burn_down(USES, [_forecast("2026-11", "0", "100")._replace(currency="EUR")], NOW)
    assert _list_left(burn)[2:] == [("2026-11", Decimal(240)), ("2026-12", Decimal(0))]
    assert burn.used_up_on == "2026-12-25"


def test_nothing_is_expected_after_its_end() -> None:
    uses = [_use("2026-11", "600", "400", ends_on="2026-12-31")]
    burn = burn_down(uses, [_forecast("2026-11", "0", "10")], NOW)
    assert [point.month for point in burn.points if point.is_expected] == ["2026-11", "2026-12"]
    assert burn.used_up_on == ""


@pytest.mark.parametrize("use", [_use("2026-11", "5", "995", kind="seats"), _use("2026-11", "1000", "0")])
def test_what_begins_anew_or_is_gone_has_no_end(use: CommitmentUse) -> None:
    burn = burn_down([use], [_forecast("2026-11", "0", "100")], NOW)
    assert (len(burn.points), burn.used_up_on) == (1, "")


def test_what_nothing_is_used_of_lasts() -> None:
    burn = burn_down([USES[0]._replace(rate=None)], [], NOW)
    assert (len(burn.points), burn.used_up_on) == (1, "")
