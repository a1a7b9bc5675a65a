"""Options that several commands share, and what they come to."""

from __future__ import annotations

import functools
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from billfold.model.period import Month, end_of_day, parse_instant

if TYPE_CHECKING:
    import duckdb

    from billfold.collect.workspace import Workspace
    from billfold.config import AccountConfig
    from billfold.ledger.query import LedgerFilter
    from billfold.report.gaps import Gap
    from billfold.report.table import TableForm

F = TypeVar("F", bound=Callable[..., Any])


class TimeType(click.ParamType[datetime]):
    """A time on the command line, as ``2026-05-01T00:00:00Z`` or ``2026-05-01``."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the time, or fail with a sentence."""
        try:
            return value if isinstance(value, datetime) else self.parse_time(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        except OverflowError:
            self.fail(f"{value!r} is the calendar's last day: it has no end to look back to", param, ctx)

    def parse_time(self, text: str) -> datetime:
        """Return the time that a text names."""
        return parse_instant(text)


class AsOfType(TimeType):
    """A time to look back to; a day alone is its end."""

    def parse_time(self, text: str) -> datetime:
        """Return the time that a text names, or the end of the day."""
        return end_of_day(parse_instant(text)) if len(text.strip()) == len("2026-05-01") else parse_instant(text)


class MonthType(click.ParamType[Month]):
    """A month on the command line, as ``2026-05``."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        """Read the month, or fail with a sentence."""
        try:
            return value if isinstance(value, Month) else Month.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


WIDE_KEY = "billfold.wide"
"""Where a command's context keeps that its table may be wider than the terminal."""

AS_OF_OPTION = click.option(
    "--as-of",
    type=AsOfType(),
    metavar="TIME",
    help="As the ledger was known at this time (UTC), or at the end of this day.",
)

PROVIDER_OPTION = click.option("--provider", metavar="NAME", help="Only this provider.")
ACCOUNT_OPTION = click.option("--account", metavar="NAME", help="Only this account.")
FORMAT_OPTION = click.option(
    "--format", "output_format", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True
)
WIDE_OPTION = click.option(
    "--wide",
    is_flag=True,
    expose_value=False,
    callback=lambda ctx, _, is_wide: ctx.meta.update({WIDE_KEY: is_wide}),
    help="The whole table, however wide; a file or a pipe gets it anyway.",
)


def add_location_options(command: F) -> F:
    """Accept ``--config`` and ``--ledger`` after the command too."""
    for name, metavar in (("--ledger", "DIR"), ("--config", "FILE")):
        command = click.option(
            name, metavar=metavar, default=None, hidden=True, expose_value=False, callback=_store_location
        )(command)
    return command


def _store_location(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.find_root().obj[str(param.name)] = value


class FilterOptions(NamedTuple):
    """What a command is narrowed to, as it was asked."""

    provider: str | None = None
    account: str | None = None
    first_month: Month | None = None
    last_month: Month | None = None
    as_of: datetime | None = None


def add_filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Accept what narrows a command, and hand it over as one ``filter_options``."""

    @functools.wraps(command)
    def run_filtered(*args: Any, **arguments: Any) -> Any:
        filter_options = FilterOptions(**{name: arguments.pop(name) for name in FilterOptions._fields})
        return command(*args, filter_options=filter_options, **arguments)

    for option in (
        click.option("--to", "last_month", type=MonthType(), metavar="MONTH", help="Up to this month, included."),
        click.option("--from", "first_month", type=MonthType(), metavar="MONTH", help="From this month on."),
        ACCOUNT_OPTION,
        PROVIDER_OPTION,
        AS_OF_OPTION,
    ):
        option(run_filtered)
    return add_location_options(run_filtered)


def add_listing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Accept what narrows a listing, its format, and whether its table may be wider than the terminal."""
    return FORMAT_OPTION(WIDE_OPTION(add_filter_options(command)))


def print_rows(
    output_format: str,
    rows: Iterable[dict[str, Any]],
    columns: Sequence[str],
    default: Callable[[Any], str] | None = None,
) -> None:
    """Print a listing as JSON or CSV, row by row."""
    from billfold.report import render

    for chunk in render.json_lines(rows, default) if output_format == "json" else render.csv_lines(rows, columns):
        click.echo(chunk, nl=False)
    if output_format == "json":
        click.echo()


def print_table(rows: Sequence[dict[str, Any]], form: TableForm, width: int | None = None) -> list[str]:
    """Print rows as a table as wide as the terminal, or ``width``; returns the columns that it had no room for."""
    from billfold.report.table import format_drop_note, format_table

    width = width or read_width()
    (heading, *lines), dropped = format_table(rows, form, width)
    encoding = sys.stdout.encoding or "utf-8"
    for line in (click.style(heading, bold=True), *lines):
        click.echo(line.encode(encoding, "replace").decode(encoding))
    if dropped:
        click.echo(format_drop_note(dropped, width or 0))
    return dropped


def read_width() -> int | None:
    """Return the terminal's width, or $COLUMNS; None with --wide, and for a file or a pipe: they get everything."""
    if click.get_current_context().meta.get(WIDE_KEY) or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def load_accounts(ctx: click.Context) -> list[AccountConfig]:
    """Load the configured accounts."""
    from billfold import config

    return config.load_accounts(config.find_config(ctx.find_root().obj["config"]))


def select_accounts(
    ctx: click.Context, provider: str | None, account: str | None
) -> tuple[list[AccountConfig], list[AccountConfig]]:
    """Return the configured accounts, and those of them that are wanted; raises ``ConfigurationError`` where there are none."""
    from billfold.model.errors import ConfigurationError

    configured = load_accounts(ctx)
    selected = [
        candidate
        for candidate in configured
        if provider in {None, candidate.provider.name} and account in {None, candidate.name}
    ]
    if not selected:
        account_list = ", ".join(f"{candidate.name} ({candidate.provider.name})" for candidate in configured)
        raise ConfigurationError(
            f"no account of the configuration fits; there are {account_list or 'none: see `billfold connect`'}"
        )
    return configured, selected


@contextmanager
def open_workspace(ctx: click.Context, *, new: bool = False) -> Iterator[Workspace]:
    """Open archive and ledger; raises ``ConfigurationError`` where there are none, unless a ``new`` one may be made.

    A configuration that is named must be there, and one that is there must be right, also for a command that could do
    without.
    """
    from billfold import config
    from billfold.collect.workspace import Workspace
    from billfold.model.errors import ConfigurationError

    config.check_config(ctx.find_root().obj["config"])
    directory = Path(config.find_ledger_directory(ctx.find_root().obj["ledger"]))
    if not new and not directory.is_file() and not (directory / "archive.sqlite").exists():
        raise ConfigurationError(
            f"there is no ledger in {directory}: `billfold sync` makes one; --ledger names another place"
        )
    workspace = Workspace(directory)
    try:
        yield workspace
    finally:
        workspace.close()


def build_filter(workspace: Workspace, filter_options: FilterOptions) -> LedgerFilter:
    """Turn what was asked into a filter; raises ``InvalidArgument`` where it names what there is not."""
    from billfold.ledger.query import MAX_SEQ, LedgerFilter, resolve_as_of
    from billfold.model.errors import InvalidArgument
    from billfold.providers import provider as providers

    provider, account, first_month, last_month, as_of = filter_options
    if provider is not None:
        providers.find_provider(provider)
    if account is not None and account not in (names := _list_account_names(workspace, provider)):
        raise InvalidArgument(f"there is no account {account!r}; there are {', '.join(sorted(names)) or 'none yet'}")
    if first_month and last_month and last_month < first_month:
        raise InvalidArgument(f"no month lies between {first_month} and {last_month}; --from is the earlier one")
    seq = resolve_as_of(workspace.archive, as_of) if as_of else MAX_SEQ
    if not seq:
        first_run_note = next((f" ({run.started_at[:19]}Z)" for run in workspace.archive.list_runs()), "")
        click.echo(f"nothing was known yet at that time: the first collection began later{first_run_note}", err=True)
    return LedgerFilter(provider, account, first_month, last_month, seq)


def _list_account_names(workspace: Workspace, provider: str | None) -> set[str]:
    """Return the accounts that the archive or the configuration names."""
    accounts = {(run.provider, run.account) for run in workspace.archive.list_runs()}
    accounts |= set(_list_configured_accounts(click.get_current_context()))
    return {name for provider_name, name in accounts if provider in {None, provider_name}}


def find_gaps(
    ctx: click.Context, workspace: Workspace, db: duckdb.DuckDBPyConnection, filters: LedgerFilter
) -> list[Gap]:
    """Return what the ledger lacks of what is wanted."""
    from billfold.report.gaps import expected, failed, stranded, unfinished

    configured = _list_configured_accounts(ctx)
    gaps = list(unfinished(workspace.archive.list_runs(), configured, filters))
    reported_accounts = {(gap.provider, gap.account) for gap in gaps}
    gaps += [gap for gap in failed(db, filters) if (gap.provider, gap.account) not in reported_accounts]
    pending_runs = [
        run for run in workspace.list_pending_runs(db) if workspace.archive.read_last_seq(run.id) <= filters.seq
    ]
    return [*expected(gaps, configured), *stranded(pending_runs, filters)]


def _list_configured_accounts(ctx: click.Context) -> list[tuple[str, str]]:
    """Return provider and name of the configured accounts; none where there is no configuration: reading needs none."""
    from billfold import config

    path = config.find_config(ctx.find_root().obj["config"])
    return [(account.provider.name, account.name) for account in config.load_accounts(path)] if path.exists() else []


def find_wrong_gaps(
    ctx: click.Context, workspace: Workspace, db: duckdb.DuckDBPyConnection, filters: LedgerFilter
) -> list[Gap]:
    """Return what somebody who is shown this part of the ledger must be told: no error is not complete."""
    from billfold.report.gaps import unbooked

    return [gap for gap in (*find_gaps(ctx, workspace, db, filters), *unbooked(db, filters)) if gap.wrong]


def print_gaps(gaps: Iterable[Gap]) -> None:
    """Say on stderr what the ledger lacks; where it can, after it is closed: who reads may take his time."""
    for gap in gaps:
        click.echo(f"not complete: {gap.provider} {gap.account}: {gap.words}", err=True)


def load_virtual_rates(ctx: click.Context) -> dict[str, Decimal]:
    """Read ``[rates]`` of the configuration, if there is one: what a unit of a virtual currency cost, as text."""
    from billfold import config

    path = config.find_config(ctx.find_root().obj["config"])
    return config.load_rates(path) if path.exists() else {}
