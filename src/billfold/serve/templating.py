"""Templates of the pages: every text is escaped, every link keeps the time that is looked back to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from billfold.model.money import format_amount, format_trimmed
from billfold.model.period import format_instant
from billfold.model.plain_text import make_printable

PERCENT_QUANTUM = Decimal("0.1")


@cache
def load_environment() -> Environment:
    """Return the environment of the templates that lie beside this file."""
    environment = Environment(
        loader=PackageLoader("billfold.serve"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "money": format_money,
        "quantity": format_quantity,
        "units": format_units,
        "time": format_time,
        "line": format_text,
        "instant": format_instant,
        "digits": find_digits,
        "percent": format_percent,
        "rough": format_rough,
        "age": format_age,
    }
    environment.globals |= {"url": build_url, "api_url": build_api_url}
    return environment


def render_page(template: str, values: Mapping[str, object]) -> str:
    """Return a page."""
    return load_environment().get_template(template).render(values)


def write_amount(amount: Decimal | str) -> str:
    """Write an amount as text for people: all its digits, cents at least, thousands apart."""
    return _group_thousands(format_amount(amount))


def write_units(amount: Decimal) -> str:
    """Write an amount of seats, tokens or money as text for people, thousands apart."""
    return _group_thousands(format_trimmed(amount))


def format_money(amount: Decimal | str | None) -> Markup:
    """Write an amount for people, with thousands apart; the element's value has all digits as the API writes them."""
    if amount is None or amount == "":
        return Markup("")
    return _mark_number(format_trimmed(Decimal(amount)), format_amount(amount))


def format_units(amount: Decimal | None) -> Markup:
    """Write an amount of seats, tokens or money as it is, with thousands apart; its element's value as ``format_money`` has it."""
    if amount is None:
        return Markup("")
    return _mark_number(format_trimmed(amount), format_trimmed(amount))


def _mark_number(exact: str, text: str) -> Markup:
    units, point, fraction = _group_thousands(text).partition(".")
    return Markup('<data value="{}">{}<span class="f">{}</span></data>').format(exact, units, point + fraction)


def find_digits(rows: Iterable[object], *names: str) -> str:
    """Return the class of a table that aligns amounts at their decimal points: d and the most decimals of these fields."""
    amounts = (getattr(row, name) for row in rows for name in names)
    texts = (format_trimmed(Decimal(amount)) for amount in amounts if amount not in {None, ""})
    return f"d{max((len(text.partition('.')[2]) for text in texts), default=0)}"


def _group_thousands(text: str) -> str:
    units, point, fraction = text.partition(".")
    return f"{int(units):,}{point}{fraction}" if units != "-0" else text


def format_rough(amount: Decimal | None) -> str:
    """Write what is only expected in whole units, thousands apart: no more of it is known."""
    return "" if amount is None else f"{amount.quantize(Decimal(1), ROUND_HALF_EVEN):,f}"


def format_percent(share: Decimal | None) -> str:
    """Write a share in percent to one decimal; "" for none."""
    return "" if share is None else f"{(share * 100).quantize(PERCENT_QUANTUM, ROUND_HALF_EVEN):f} %"


def format_quantity(amount: Decimal | None) -> str:
    """Write a quantity without zeros that say nothing."""
    return "" if amount is None else format_trimmed(amount)


def format_time(instant: datetime | str | None) -> str:
    """Write a time to the minute, UTC."""
    text = format_instant(instant) if isinstance(instant, datetime) else instant or ""
    return text[:16].replace("T", " ")


def format_age(instant: datetime | None, now: datetime) -> str:
    """Write how long ago something was, in whole minutes, hours or days."""
    if instant is None:
        return ""
    minutes = max(0, int((now - instant).total_seconds()) // 60)
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d ago"


def format_text(text: object) -> str:
    """Write what a vendor may have written: as one line, with a ? for what would steer a reader's screen."""
    return make_printable(str(text)) if text is not None else ""


@pass_context
def build_url(context: Context, path: str, /, **values: object) -> str:
    """Return a link to another page, as of the same time; a value that is "" or None is left out."""
    return _join(path, values | {"as_of": context.get("as_of") or None} if "as_of" not in values else values)


@pass_context
def build_api_url(context: Context, path: str, suffix: str = "", /, **values: object) -> str:
    """Return a link to the API with what the page is narrowed to."""
    narrowing = context.get("narrowing") or {}
    return _join(f"/api/v1/{path}{suffix}", {**narrowing, **values, "as_of": context.get("as_of") or None})


def _join(path: str, values: Mapping[str, object]) -> str:
    stated = {name.removesuffix("_"): str(value) for name, value in values.items() if value not in {None, ""}}
    return f"{path}?{urlencode(stated)}" if stated else path
