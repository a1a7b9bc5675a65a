"""What commands take: times and months, and the options that several of them share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import click

from billfold.model.period import Month, end_of_day, parse_bill_month, parse_instant
from billfold.tasks.filter_options import FilterOptions

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
            return value if isinstance(value, Month) else parse_bill_month(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class AmountType(click.ParamType[Decimal]):
    """An amount on the command line, 0 or more."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Read the amount, or fail with a sentence."""
        try:
            amount = Decimal(value)
        except InvalidOperation:
            amount = Decimal(-1)
        if not amount.is_finite() or amount < 0:
            self.fail(f"{value!r} is no amount of 0 or more; write it as 100 or 99.50", param, ctx)
        return amount


DEMO_DIRECTORY = Path("demo")
"""Where `billfold demo` keeps its ledger, unless it is told otherwise."""
MONTH_ARGUMENT = click.argument("month", type=MonthType(), metavar="MONTH")
OPTIONAL_MONTH_ARGUMENT = click.argument("month", type=MonthType(), metavar="[MONTH]", required=False)
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


def refuse_repeated_options(command: click.Command, ctx: click.Context, arguments: Sequence[str]) -> None:
    """Raise ``UsageError`` where an option that takes one value is given twice: the last one would win unseen."""
    if "--help" in arguments or "-h" in arguments:
        return
    _, _, parsed_params = command.make_parser(ctx).parse_args(list(arguments))
    for param in dict.fromkeys(parsed_params):
        is_single = isinstance(param, click.Option) and not (param.multiple or param.count or param.is_flag)
        if is_single and parsed_params.count(param) > 1:
            raise click.UsageError(f"{param.opts[0]} is given twice, and takes one value: name it once", ctx)


class StrictGroup(click.Group):
    """A group of commands, none of which takes an option twice that has one value."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is asked for, and check its options."""
        name, command, arguments = super().resolve_command(ctx, args)
        if command is not None:
            refuse_repeated_options(command, click.Context(command, parent=ctx, info_name=name), arguments)
        return name, command, arguments


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


def add_month_options(
    command: Callable[..., Any], month_argument: Callable[[Any], Any] = MONTH_ARGUMENT
) -> Callable[..., Any]:
    """Accept one month, and what else narrows a report about it: it is handed over as ``month`` and ``filter_options``.

    The filter has no months: a report looks at those that it needs.
    """

    @functools.wraps(command)
    def run_filtered(*args: Any, **arguments: Any) -> Any:
        narrowing = {name: arguments.pop(name) for name in ("provider", "account", "as_of")}
        filter_options = FilterOptions(**narrowing, first_month=None, last_month=None)
        return command(*args, filter_options=filter_options, **arguments)

    for option in (ACCOUNT_OPTION, PROVIDER_OPTION, AS_OF_OPTION, FORMAT_OPTION, WIDE_OPTION, month_argument):
        option(run_filtered)
    return add_location_options(run_filtered)


def add_optional_month_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Accept what ``add_month_options`` does; the month may be left out, and is None then."""
    return add_month_options(command, OPTIONAL_MONTH_ARGUMENT)
