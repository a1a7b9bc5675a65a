"""Times are aware UTC instants, periods are half-open, and months follow each other without a gap."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.period import Month, end_of_day, format_instant, parse_instant

MONTHS = st.builds(Month, st.integers(1, 9998), st.integers(1, 12))
TIMES = st.datetimes(timezones=st.just(UTC))
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MONTHS)
def test_a_month_is_read_as_it_is_written(month: Month) -> None:
    assert Month.parse(str(month)) == month


@given(MONTHS)
def test_a_month_ends_where_the_next_begins(month: Month) -> None:
    assert month.end == month.add_months(1).start
    assert month.period == (month.start, month.end)
    assert Month.of(month.end - timedelta(microseconds=1)) == month != Month.of(month.end)


@given(MONTHS, st.integers(-500, 500))
def test_going_forth_and_back_is_staying(month: Month, months: int) -> None:
    assert month.add_months(months).add_months(-months) == month


@given(MONTHS, st.integers(0, 60))
def test_months_from_one_until_another_are_all_of_them(month: Month, months: int) -> None:
    month_list = list(month.iter_until(month.add_months(months)))
    assert month_list == [month.add_months(number) for number in range(months + 1)]


def test_there_are_no_months_backwards() -> None:
    assert list(Month(2026, 5).iter_until(Month(2026, 4))) == []


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-5", "2026-13", "2026-00", "2026-05-01", " 2026-05", "x", "2026-05\n"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month"):
        Month.parse(text)


def test_a_month_that_is_read_has_a_first_instant() -> None:
    with pytest.raises(ValueError, match="is not a month"):
        Month.parse("0000-01")


def test_a_month_that_is_read_has_an_end() -> None:
    assert Month.parse("9998-12").end == Month(9999, 1).start
    for month in ("9999-01", "9999-12"):
        with pytest.raises(ValueError, match="is not a month"):
            Month.parse(month)


@given(TIMES)
def test_a_time_is_read_as_it_is_written(when: datetime) -> None:
    assert parse_instant(format_instant(when)) == when
    assert parse_instant(format_instant(when)).tzinfo is UTC


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES))  # noqa: DTZ001 - bounds carry no zone
def test_a_zone_moves_the_time_to_utc(when: datetime) -> None:
    assert parse_instant(when.isoformat()) == when
    assert parse_instant(format_instant(when)) == when


@pytest.mark.parametrize(
    ("text", "stands_for"),
    [
        ("2026-05-01", "2026-05-01T00:00:00Z"),
        ("2026-05-01T10:20", "2026-05-01T10:20:00Z"),
        ("2026-05-01 10:20:30", "2026-05-01T10:20:30Z"),
        ("2026-05-01T10:20:30.123456789Z", "2026-05-01T10:20:30.123456Z"),
        ("2026-05-01T10:20:30.5+0230", "2026-05-01T07:50:30.500000Z"),
        ("  2026-05-01z ", "2026-05-01T00:00:00Z"),
    ],
)
def test_the_spellings_of_vendors_are_read(text: str, stands_for: str) -> None:
    assert format_instant(parse_instant(text)) == stands_for


@pytest.mark.parametrize(
    "text", ["", "now", "2026-5-1", "2026-02-30", "2026-05-01T24:00", "1777777777", "2026-05-01T1", "\0"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time|must be in|out of range"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_beyond_the_calendar_is_refused_as_any_other(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        parse_instant(text)


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a time"):
        parse_instant("2026-05-01T00:00:00+99:99")


@given(st.dates(max_value=date(9999, 12, 30)))
def test_the_end_of_a_day_is_the_start_of_the_next(day: date) -> None:
    assert end_of_day(day) - timedelta(days=1) == parse_instant(day.isoformat())
    assert Month.of(day) == Month.of(parse_instant(day.isoformat()))
