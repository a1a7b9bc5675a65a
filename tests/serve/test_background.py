"""A week of the schedule on the twin's clock: all is collected as planned, failures and kills lose nothing, hooks are called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from unittest import mock

import pytest

from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig, load_accounts
from billfold.ledger.account_lock import account_lock, is_locked
from billfold.ledger.layout import LOCKS_FOLDER
from billfold.ledger.server_schedule import list_sync_records
from billfold.model.errors import ConfigurationError, InvalidArgument, Unreachable
from billfold.model.period import Month, parse_instant
from billfold.serve.background import BackgroundSyncs, group_due
from billfold.serve.rounds import DueSync
from billfold.serve.views import ViewPool
from billfold.transport.loop import InProcessTransport
from billfold.twin.faults import Fault
from billfold.twin.host import TwinHost
from billfold.twin.invoices import LASTING
from tests import stage
from tests.tasks.kit import connect_twin

HOUR = timedelta(hours=1)
START = parse_instant("2026-11-28T06:00:00Z")
VULTR, COCKROACH = "vultr", "cockroach"
NOVEMBER = Month(2026, 11)
SCHEDULE = '[schedule]\nevery = "1d"\nat = "06:00"\nspread = "0m"\nnear_invoice = "6h"\n'


class Killed(BaseException):
    """What ends a process where it stands."""


@dataclass
class Stage:
    """A twin with one account of two vendors, a configuration of them, and what was begun when."""

    home: Path
    host: TwinHost
    pool: ViewPool
    begun: list[tuple[str, datetime]] = field(default_factory=list)
    away: tuple[datetime, datetime] = (START, START)
    kills: int = 0
    remaining: int | None = None

    def connect(self, account: AccountConfig) -> InProcessTransport:
        """Connect to the twin, and note that an account is begun: never twice at a time."""
        self.begun.append((account.name, self.host.clock.now()))
        assert is_locked(self.home / "ledger" / LOCKS_FOLDER, account.provider.name, account.name)
        if account.name == VULTR and self.away[0] <= self.host.clock.now() < self.away[1]:
            raise Unreachable("no answer came")
        accounts = {row.name: row for vendor in self.host.world.vendors for row in vendor.accounts}
        return stage.connection(self.host, accounts[account.name], retries=0)

    def open_background(self) -> BackgroundSyncs:
        """Return what a server would begin, whose rounds run at once."""
        self.pool.activity.note_answer = self.note_answer  # type: ignore[assignment,method-assign]
        return BackgroundSyncs(self.pool, clock=self.host.clock.now, spawn=lambda work: work())

    def die_after(self, answers: int | None) -> None:
        """Let the process die once so many answers came; None: let it live."""
        self.remaining = answers

    def note_answer(self, *_: object) -> None:
        if self.remaining is not None:
            self.remaining -= 1
            if self.remaining <= 0:
                raise Killed


def open_stage(home: Path) -> Stage:
    """Return a stage of a week in which a month ends; its time stands at six in the morning of the first day."""
    host = stage.twin(START, months=3)
    host.world.vendors[:] = [
        vendor._replace(accounts=vendor.accounts[:1])
        for vendor in host.world.vendors
        if vendor.provider.name in {VULTR, COCKROACH}
    ]
    blocks = [f'[[accounts]]\nname = "{name}"\nprovider = "{name}"\nrate = "off"\n' for name in (VULTR, COCKROACH)]
    (home / "billfold.toml").write_text("\n".join([*blocks, SCHEDULE]), encoding="utf-8")
    return Stage(home, host, ViewPool(home / "ledger", home / "billfold.toml"))


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return a stage after a week: a vendor was away for six hours, the other's invoice came a day late, three kills."""
    staged = open_stage(tmp_path_factory.mktemp("week"))
    staged.host.set_fault(Fault(COCKROACH, "invoice-late", times=LASTING, days=1, month=NOVEMBER))
    staged.away = (START + 24 * HOUR, START + 30 * HOUR)
    deaths = {START + 48 * HOUR: 2, START + 96 * HOUR: 1, START + 144 * HOUR: 5}
    rare_looks = mock.patch("billfold.serve.background.LOOK_INTERVAL", 24 * HOUR)  # nothing else happens in between
    rare_readings = mock.patch("billfold.serve.background.AWAITED_INTERVAL", 3 * HOUR)
    with closing(staged.pool), connect_twin(staged.host, staged.connect), rare_looks, rare_readings:
        background = staged.open_background()
        for hour in range(7 * 24):
            staged.die_after(deaths.get(START + hour * HOUR))
            try:
                background.run_due()
            except Killed:
                staged.kills += 1
                background = staged.open_background()
            staged.host.clock.advance(HOUR)
        staged.die_after(None)
        assert int(background.start_sync(cause="test")) > 0
        yield staged


def fail(_: object) -> None:
    raise ValueError("a hook's own fault")


def list_times(staged: Stage, account: str) -> list[str]:
    return [f"{begun:%d.%H}" for name, begun in staged.begun[:-2] if name == account]


def test_a_week_is_collected_as_planned(week: Stage) -> None:
    """Once a day, a vendor that is away ever later, an invoice that is due every six hours, and the killed an hour later."""
    assert list_times(week, VULTR) == [
        *("28.06", "29.06", "29.07", "29.08", "29.09", "29.10", "29.12"),
        *("30.06", "30.07", "01.06", "02.06", "02.07", "03.06", "04.06", "04.07"),
    ]
    assert list_times(week, COCKROACH) == [
        *("28.06", "29.06", "30.07", "01.06", "01.12", "01.18", "02.00", "03.06", "04.07"),
    ]


def test_failures_and_kills_lose_nothing(week: Stage) -> None:
    """In the end the ledger is the one of a week without any of it, no run is open, and none was begun twice at a time."""
    assert week.kills == 3
    with closing(Workspace(week.home / "ledger")) as workspace, closing(Workspace(week.home / "calm")) as calm:
        stage.collected(week.host, calm)
        assert stage.list_invoices(workspace) == stage.list_invoices(calm)
        assert [run for run in workspace.archive.list_runs() if run.ended_at is None] == []
    records = list_sync_records(week.home / "ledger")
    assert [(record.state, record.failures) for record in records.values()] == [("complete", 0)] * 2


def test_who_asks_for_a_sync_has_it_at_once(week: Stage) -> None:
    """Of one account or all; a name that no account has is told, and hooks are called, one that fails too."""
    background, outcomes = week.open_background(), list[str]()
    background.after_sync(fail)
    background.after_sync(lambda rows: outcomes.extend(row.account for row in rows))
    assert int(background.start_sync([VULTR])) < int(background.start_sync())
    assert outcomes == [VULTR, VULTR, COCKROACH]
    with pytest.raises(ConfigurationError, match="no account is called 'nobody'"):
        background.start_sync(["nobody"])


def test_what_is_being_collected_is_not_begun_again(week: Stage) -> None:
    """Neither by this process nor by another: each has the account's lock while it collects it."""
    locks = week.home / "ledger" / LOCKS_FOLDER
    with account_lock(locks, VULTR, VULTR), pytest.raises(InvalidArgument, match="being collected already"):
        week.open_background().start_sync([VULTR])


def test_the_loop_looks_and_ends(week: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Hooks are called at once, a configuration that cannot be read ends nothing, and what is stopped begins nothing."""
    called = Event()
    background = BackgroundSyncs(week.pool, clock=week.host.clock.now)
    background.call_regularly(fail)
    background.call_regularly(lambda _: called.set())
    config_text = week.pool.config_path.read_text(encoding="utf-8")
    week.pool.config_path.write_text("[schedule]\nhourly = true", encoding="utf-8")
    background.start(is_scheduled=True)
    assert called.wait(20)
    background.close()
    week.pool.config_path.write_text(config_text, encoding="utf-8")
    assert "hourly is not known" in caplog.text
    begun = len(week.begun)
    with pytest.raises(InvalidArgument):
        background.start_sync()
    assert len(week.begun) == begun


def test_the_troubled_are_collected_apart(week: Stage) -> None:
    """Each vendor's accounts are a round, and each that failed is one, after the healthy."""
    accounts = load_accounts(week.pool.config_path)
    vultr, cockroach = (DueSync(account) for account in sorted(accounts, key=lambda row: row.name, reverse=True))
    failing = vultr._replace(failures=2)
    assert group_due([failing, cockroach, failing, vultr, vultr]) == [[cockroach], [vultr, vultr], [failing], [failing]]
