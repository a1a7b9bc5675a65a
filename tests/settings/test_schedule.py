"""``[schedule]``: spans and times are read, an account differs in what it states, and what nobody means is refused."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from billfold.model.errors import ConfigurationError
from billfold.settings.schedule import (
    ScheduleSettings,
    SyncSchedule,
    describe_span,
    read_schedule_settings,
    require_scheduled_names,
)


def read(text: str) -> ScheduleSettings:
    """Read what stands in a configuration."""
    return read_schedule_settings(tomllib.loads(text).get("schedule"), "billfold.toml")


def test_nothing_runs_by_itself_unless_it_is_said() -> None:
    assert not read("").enabled
    assert not read("[schedule]\nevery = '1h'").enabled
    assert read("[schedule]\nenabled = true").enabled


def test_an_account_differs_in_what_it_states() -> None:
    settings = read(
        "[schedule]\nenabled = true\nevery = '12h'\nat = '22:15'\n"
        "[schedule.accounts.cdn]\nevery = '30m'\n[schedule.accounts.old]\nenabled = false"
    )
    usual = SyncSchedule(every=timedelta(hours=12), at=timedelta(hours=22, minutes=15))
    assert settings.find_schedule("other") == usual
    cdn = settings.find_schedule("cdn")
    assert (cdn.every, cdn.near_invoice, cdn.at) == (timedelta(minutes=30), timedelta(minutes=30), usual.at)
    assert settings.find_schedule("old") == usual._replace(enabled=False)


def test_a_schedule_of_no_account_is_told() -> None:
    settings = read("[schedule.accounts.cnd]\nevery = '1h'")
    require_scheduled_names(settings, ["cnd"], "billfold.toml")
    with pytest.raises(ConfigurationError, match=r"schedule\.accounts\.cnd.*there are cdn"):
        require_scheduled_names(settings, ["cdn"], "billfold.toml")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("schedule = 'often'", "as a table"),
        ("[schedule]\nevery = '1m'", 'from 15 min to 31 d, as "30m"'),
        ("[schedule]\nevery = 6", "every is 6; write a span"),
        ("[schedule]\nevery = '99999d'", "write a span"),
        ("[schedule]\nspread = '2d'", "from 0 min to 1 d"),
        ("[schedule]\nat = '24:00'", "time of the day"),
        ("[schedule]\nat = 05:00:00", "time of the day"),
        ("[schedule]\nenabled = 'yes'", "true or false"),
        ("[schedule]\nhourly = true", "hourly is not known"),
        ("[schedule]\naccounts = ['cdn']", "schedule.accounts.NAME"),
        ("[schedule.accounts]\ncdn = '6h'", "schedule.accounts.cdn"),
        ("[schedule.accounts.cdn]\nwhen = '6h'", "when is not known"),
    ],
)
def test_what_nobody_means_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read(text)
    assert sentence in str(refusal.value)


def test_spans_are_written_in_whole_units() -> None:
    spans = [timedelta(), timedelta(minutes=90), timedelta(hours=6), timedelta(days=2)]
    assert [describe_span(span) for span in spans] == ["0 min", "90 min", "6 h", "2 d"]


def test_the_documented_schedule_is_the_usual_one() -> None:
    """The example on the page is read as it stands, and its values are the defaults."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "desk-schedule.md").read_text(encoding="utf-8")
    settings = read(page.partition("```toml\n")[2].partition("```")[0])
    assert (settings.enabled, settings.usual) == (True, SyncSchedule())
    assert settings.by_account == {
        "cdn": SyncSchedule(every=timedelta(hours=1)),
        "old": SyncSchedule(enabled=False),
    }
