"""Options that several commands share, and what they come to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from billfold.model.period import Month, after_day, instant

if TYPE_CHECKING:
    import duckdb

    from billfold.collect.workspace import Books
    from billfold.config import Account
    from billfold.ledger.query import Filter
    from billfold.report.gaps import Gap

F = TypeVar("F", bound=Callable[..., Any])


class Time(click.ParamType[datetime]):
    """A time on the command line, as ``2026-05-01T00:00:00Z`` or ``2026-05-01``."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the time, or fail with a sentence."""
        try:
            return value if isinstance(value, datetime) else self.read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        except OverflowError:
            self.fail(f"{value!r} is the calendar's last day: it has no end to look back to", param, ctx)

    def read(self, text: str) -> datetime:
        """Return the time that a text names."""
        return instant(text)


class Then(Time):
    """A time to look back to; a day alone is its end."""

    def read(self, text: str) -> datetime:
        """Return the time that a text names, or the end of the day."""
        return after_day(instant(text)) if len(text.strip()) == len("2026-05-01") else instant(text)


class MonthType(click.ParamType[Month]):
    """A month on the command line, as ``2026-05``."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        """Read the month, or fail with a sentence."""
        try:
            return value if isinstance(value, Month) else Month.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


AS_OF = click.option(
    "--as-of",
    type=Then(),
    metavar="TIME",
    help="As the ledger was known at this time (UTC), or at the end of this day.",
)

PROVIDER = click.option("--provider", metavar="NAME", help="Only this provider.")
ACCOUNT = click.option("--account", metavar="NAME", help="Only this account.")
FORMAT = click.option(
    "--format", "shape", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True
)


def places(command: F) -> F:
    """Accept ``--config`` and ``--ledger`` after the command too."""
    for name, meta in (("--ledger", "DIR"), ("--config", "FILE")):
        command = click.option(name, metavar=meta, default=None, hidden=True, expose_value=False, callback=_place)(
            command
        )
    return command


def _place(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.find_root().obj[str(param.name)] = value


class Narrowing(NamedTuple):
    """What a command is narrowed to, as it was asked."""

    provider: str | None = None
    account: str | None = None
    first: Month | None = None
    last: Month | None = None
    as_of: datetime | None = None


def narrowed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Accept what narrows a command, and hand it over as one ``narrowing``."""

    @functools.wraps(command)
    def gathered(*args: Any, **given: Any) -> Any:
        narrowing = Narrowing(**{name: given.pop(name) for name in Narrowing._fields})
        return command(*args, narrowing=narrowing, **given)

    for option in (
        click.option("--to", "last", type=MonthType(), metavar="MONTH", help="Up to this month, included."),
        click.option("--from", "first", type=MonthType(), metavar="MONTH", help="From this month on."),
        ACCOUNT,
        PROVIDER,
        AS_OF,
    ):
        option(gathered)
    return places(gathered)


def filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Accept what narrows a listing, and its shape."""
    return FORMAT(narrowed(command))


def write(
    shape: str, rows: Iterable[dict[str, Any]], columns: Sequence[str], default: Callable[[Any], str] | None = None
) -> None:
    """Print a listing as JSON or CSV, row by row."""
    from billfold.report import render

    for piece in render.json_lines(rows, default) if shape == "json" else render.csv_lines(rows, columns):
        click.echo(piece, nl=False)
    if shape == "json":
        click.echo()


def accounts(ctx: click.Context) -> list[Account]:
    """Load the configured accounts."""
    from billfold import config

    return config.load(config.find(ctx.find_root().obj["config"]))


def fitting(ctx: click.Context, provider: str | None, account: str | None) -> tuple[list[Account], list[Account]]:
    """Return the configured accounts, and those of them that are wanted; raises ``SetupError`` where there are none."""
    from billfold.model.errors import SetupError

    known = accounts(ctx)
    chosen = [one for one in known if provider in {None, one.provider.name} and account in {None, one.name}]
    if not chosen:
        there = ", ".join(f"{one.name} ({one.provider.name})" for one in known)
        raise SetupError(f"no account of the configuration fits; there are {there or 'none: see `billfold connect`'}")
    return known, chosen


@contextmanager
def books(ctx: click.Context, *, new: bool = False) -> Iterator[Books]:
    """Open archive and ledger; raises ``SetupError`` where there are none, unless a ``new`` one may be made.

    A configuration that is named must be there, and one that is there must be right, also for a command that could do
    without.
    """
    from billfold import config
    from billfold.collect.workspace import Books
    from billfold.model.errors import SetupError

    config.confirm(ctx.find_root().obj["config"])
    directory = Path(config.ledger_directory(ctx.find_root().obj["ledger"]))
    if not new and not directory.is_file() and not (directory / "archive.sqlite").exists():
        raise SetupError(f"there is no ledger in {directory}: `billfold sync` makes one; --ledger names another place")
    opened = Books(directory)
    try:
        yield opened
    finally:
        opened.close()


def wanted(books: Books, narrowing: Narrowing) -> Filter:
    """Turn what was asked into a filter; raises ``Misasked`` where it names what there is not."""
    from billfold.ledger.query import FOREVER, Filter, known_at
    from billfold.model.errors import Misasked
    from billfold.providers import provider as providers

    provider, account, first, last, as_of = narrowing
    if provider is not None:
        providers.find(provider)
    if account is not None and account not in (names := _accounts(books, provider)):
        raise Misasked(f"there is no account {account!r}; there are {', '.join(sorted(names)) or 'none yet'}")
    if first and last and last < first:
        raise Misasked(f"no month lies between {first} and {last}; --from is the earlier one")
    seq = known_at(books.archive, as_of) if as_of else FOREVER
    if not seq:
        began = next((f" ({run.started[:19]}Z)" for run in books.archive.runs()), "")
        click.echo(f"nothing was known yet at that time: the first collection began later{began}", err=True)
    return Filter(provider, account, first, last, seq)


def _accounts(books: Books, provider: str | None) -> set[str]:
    """Return the accounts that the archive or the configuration names."""
    named = {(run.provider, run.account) for run in books.archive.runs()}
    named |= set(_configured(click.get_current_context()))
    return {name for vendor, name in named if provider in {None, vendor}}


def gaps(ctx: click.Context, books: Books, db: duckdb.DuckDBPyConnection, chosen: Filter) -> list[Gap]:
    """Return what the ledger lacks of what is wanted."""
    from billfold.report.gaps import expected, failed, stranded, unfinished

    configured = _configured(ctx)
    found = list(unfinished(books.archive.runs(), configured, chosen))
    told = {(gap.provider, gap.account) for gap in found}
    found += [gap for gap in failed(db, chosen) if (gap.provider, gap.account) not in told]
    pending = [run for run in books.pending(db) if books.archive.last_seq(run.id) <= chosen.seq]
    return [*expected(found, configured), *stranded(pending, chosen)]


def _configured(ctx: click.Context) -> list[tuple[str, str]]:
    """Return provider and name of the configured accounts; none where there is no configuration: reading needs none."""
    from billfold import config

    path = config.find(ctx.find_root().obj["config"])
    return [(one.provider.name, one.name) for one in config.load(path)] if path.exists() else []


def lacking(ctx: click.Context, books: Books, db: duckdb.DuckDBPyConnection, chosen: Filter) -> list[Gap]:
    """Return what somebody who is shown this part of the ledger must be told: no error is not complete."""
    from billfold.report.gaps import unbooked

    return [gap for gap in (*gaps(ctx, books, db, chosen), *unbooked(db, chosen)) if gap.wrong]


def tell_gaps(found: Iterable[Gap]) -> None:
    """Say on stderr what the ledger lacks; where it can, after it is closed: who reads may take his time."""
    for gap in found:
        click.echo(f"not complete: {gap.provider} {gap.account}: {gap.words}", err=True)


def virtual_rates(ctx: click.Context) -> dict[str, Decimal]:
    """Read ``[rates]`` of the configuration, if there is one: what a unit of a virtual currency cost, as text."""
    from billfold import config

    path = config.find(ctx.find_root().obj["config"])
    return config.rates(path) if path.exists() else {}
