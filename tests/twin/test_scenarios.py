"""The company is what it says, whatever the seed; a scenario is a name, ACCOUNT:KIND, or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from billfold.model.errors import InvalidArgument
from billfold.model.finding_codes import CODES_BY_NAME
from billfold.twin.control import handle_control
from billfold.twin.host import TwinHost
from billfold.twin.scenarios import COMPANY, EVENT_NOTES, SHORT_NAMES, parse_scenario
from billfold.twin.world import World
from billfold.wire import codec
from billfold.wire.message import Request
from tests import stage


def play(scenario: str, *, seed: int = 1, months: int | None = None) -> TwinHost:
    """Return a twin that plays a scenario, with a clock that stands still."""
    world = World(seed=seed, start_time=stage.AT, scenario=scenario, months=months)
    return TwinHost(world, stage.Still(stage.AT), limits=False)


def read_control(host: TwinHost, endpoint: str) -> Any:
    return codec.parse_json(handle_control(host, Request("GET", f"/_twin/{endpoint}"), stage.ROOT).body)


@pytest.mark.parametrize("seed", [1, 7, 20260802])
def test_the_company_is_what_it_says(seed: int) -> None:
    """Three organizations, six accounts of four vendors, a partner of fifty, one account in euros, one that pays in credits."""
    accounts = read_control(play("company", seed=seed), "accounts")
    assert len({account["name"] for account in accounts}) == 6
    assert len({account["provider"] for account in accounts}) == 4
    assert len({account["organization"] for account in accounts}) == 3
    assert {account["first_month"] for account in accounts} == {"2024-11"}
    assert {account["last_closed_month"] for account in accounts} == {"2026-10"}
    partner = next(account for account in accounts if account["name"] == "contact-center")
    assert len(set(partner["trustor_org_ids"])) == 50
    ids = [account["customer_id"] for account in accounts if account["provider"] == "fastly"]
    assert len(set(ids)) == 2


def test_half_of_the_company_months_are_clean() -> None:
    """Twelve of twenty-four months have no event; what has a finding has the finding's code."""
    host = play("company")
    events = read_control(host, "events")
    lasting = {"cost-centers"}
    eventful_months = {event["month"] for event in events if event["kind"] not in lasting}
    all_months = {str(month) for month in host.world.first_month.iter_until(host.world.first_month.add_months(23))}
    assert len(all_months - eventful_months) == 12
    assert eventful_months <= all_months
    codes = {code for event in events for code in event["findings"]}
    assert codes <= CODES_BY_NAME.keys()
    assert {event.kind for event in COMPANY.events} <= EVENT_NOTES.keys()


def test_the_company_tells_the_same_twice() -> None:
    first, second = (read_control(play("company", seed=7), "truth") for _ in range(2))
    assert first == second
    currencies = {invoice["currency"] for invoice in first["invoices"]}
    assert currencies == {"USD", "EUR", "CRDB_CLOUD_CREDITS"}


@pytest.mark.parametrize("name", SHORT_NAMES)
def test_a_story_is_played_by_its_name(name: str) -> None:
    """Each name is a scenario, in which something happens to one account, or one account is of another kind."""
    world = World(seed=1, start_time=stage.AT, scenario=name, months=4)
    account, _, kind = SHORT_NAMES[name].partition(":")
    kinds_played = {(event.account, event.kind) for event in world.events}
    types_played = {(player.name, player.account_type) for vendor in world.vendors for player in vendor.accounts}
    assert (account, kind) in kinds_played | types_played


def test_a_file_names_accounts_and_events(tmp_path: Path) -> None:
    """A file has accounts, events in a month that is counted from 1 or in their own, and how many months there are."""
    path = tmp_path / "story.toml"
    path.write_text(
        'months = 5\n[accounts]\ngenesys = "euro"\n[[events]]\naccount = "vultr"\nkind = "spike"\nmonth = 2\n'
        '[[events]]\naccount = "fastly"\nkind = "late-invoice"\n'
    )
    world = World(seed=1, start_time=stage.AT, scenario=str(path))
    assert [(event.account, event.kind, str(event.month)) for event in world.events] == [
        ("vultr", "spike", "2026-07"),
        ("fastly", "late-invoice", "2026-11"),
    ]
    assert str(world.first_month) == "2026-06"


def test_a_name_wins_over_a_file_or_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("spike", "vultr:spike"):
        Path(name).mkdir()
    Path("renewal").write_text("[accounts]\n")
    by_name = {name: parse_scenario(name).accounts[0] for name in ("spike", "renewal", "vultr:spike")}
    monkeypatch.chdir("/")
    assert by_name == {name: parse_scenario(name).accounts[0] for name in by_name}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "months = 3",
        '[[events]]\nkind = "spike"',
        '[[events]]\naccount = "vultr"\nkind = "late-memo"',
        '[[events]]\naccount = "nobody"\nkind = "spike"',
        '[[events]]\naccount = "vultr"\nkind = "spike"\nmonth = "x"',
    ],
)
def test_a_file_that_is_no_scenario_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "story.toml"
    path.write_text(text)
    with pytest.raises(InvalidArgument):
        World(seed=1, start_time=stage.AT, scenario=str(path))


def test_a_name_that_is_none_tells_those_there_are() -> None:
    with pytest.raises(InvalidArgument, match="company"):
        parse_scenario("compny")
