"""Templates of the pages: every text is escaped, every link keeps the time that is looked back to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from billfold.model.money import format_amount, format_trimmed
from billfold.model.period import format_instant
from billfold.model.plain_text import make_printable


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
        "age": format_age,
    }
    environment.globals |= {"url": build_url, "api_url": build_api_url}
    return environment


def render_page(template: str, values: Mapping[str, object]) -> str:
    """Return a page."""
    return load_environment().get_template(template).render(values)


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
    units, point, fraction = text.partition(".")
    grouped = f"{int(units):,}" if units != "-0" else units
    return Markup('<data value="{}">{}</data>').format(exact, f"{grouped}{point}{fraction}")


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
