"""What a task is narrowed to, as a command or a program has it."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from billfold.model.period import Month, to_instant, to_month


class FilterOptions(NamedTuple):
    """What a task is narrowed to, as it was asked."""

    provider: str | None = None
    account: str | None = None
    first_month: Month | None = None
    last_month: Month | None = None
    as_of: datetime | None = None


def make_filter_options(
    provider: str | None,
    account: str | None,
    first_month: Month | date | str | None,
    last_month: Month | date | str | None,
    as_of: date | None,
) -> FilterOptions:
    """Read what a program narrows a task to; raises ``InvalidArgument``."""
    return FilterOptions(
        provider,
        account,
        None if first_month is None else to_month(first_month),
        None if last_month is None else to_month(last_month),
        None if as_of is None else to_instant(as_of),
    )
