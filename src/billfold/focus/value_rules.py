"""What one cell may hold: a sentence for whatever is wrong with a value, by its column's type, form and allowed values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from billfold.focus.json_columns import OBJECTS, flat, read
from billfold.focus.sql_cells import guarded
from billfold.focus.versions import Column
from billfold.model.money import NATIONAL_CURRENCIES

NUMBER = r"-?[0-9]+(\.[0-9]+)?(E-?[0-9]+)?"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_COUNT = r"[A-Za-z][A-Za-z0-9]*(?: [A-Za-z][A-Za-z0-9]*)*"
_SPAN = r"(?:Second|Minute|Hour|Day|Week|Month|Quarter|Year)s?"
_UNIT = re.compile(rf"(?:[1-9][0-9]* )?{_COUNT}(?:-{_SPAN})?(?:/(?:[1-9][0-9]* )?{_SPAN})?")
_SPOKEN = re.compile(r"(?:per|each|an?|every)\b", re.IGNORECASE)
_DURATION = re.compile(r"[1-9]\d* (?:Minute|Hour|Day|Week|Month|Quarter|Year)s?")
_PLACEHOLDERS = "'n/a', 'null', 'none', 'nil', 'nan', 'undefined', 'unknown', '-', '--', '?', 'tbd'"
KEYS: Mapping[str, frozenset[str]] = {
    "SkuPriceDetails": frozenset(
        [
            "CoreCount",
            "DiskMaxIops",
            "DiskSpace",
            "DiskType",
            "GpuCount",
            "InstanceSeries",
            "InstanceType",
            "MemorySize",
            "NetworkMaxIops",
            "NetworkMaxThroughput",
            "OperatingSystem",
            "Redundancy",
            "StorageClass",
        ]
    ),
    "InvoiceDetailGrain": frozenset(
        [
            "ContractId",
            "RegionId",
            "ResourceId",
            "ResourceType",
            "ServiceName",
            "SkuId",
            "SkuMeter",
            "SkuPriceId",
            "SubAccountId",
        ]
    ),
}
"""The keys that FOCUS defines for a flat JSON column; others begin with x_. Tags have the customer's keys."""


def in_sql(column: Column, kind: str) -> Iterator[tuple[str, str, str]]:
    """Yield what SQL can tell of a column stored as that type: the rule, what to say, the condition of a broken cell."""
    name = f'"{column.name}"'
    if not column.nulls:
        yield "null", "is null, and must not be", f"{name} IS NULL"
    if column.type == "Decimal":
        if kind == "VARCHAR":
            words = "is no number as FOCUS writes it: digits, one point, a leading minus"
            yield "number", words, f"NOT regexp_full_match({name}, '{NUMBER}')"
        if column.form == "non-negative":
            yield "value", "is negative", f'"{column.name}#" < 0'
        if column.form == "fraction":
            yield "value", "is no fraction between 0 and 1", f'"{column.name}#" NOT BETWEEN 0 AND 1'
    elif not one_by_one(column):
        yield "blank", "is blank: a missing value is null", f"trim({name}) = ''"
        if not guarded(column.name):
            yield (
                "placeholder",
                "is a placeholder: a missing value is null",
                f"lower(trim({name})) IN ({_PLACEHOLDERS})",
            )


def one_by_one(column: Column) -> bool:
    """Tell whether a column's values are judged one by one, by ``flaw``."""
    return column.type != "Decimal" and bool(column.values or column.form or column.type == "Date/Time")


def flaw(column: Column, text: str) -> str:
    """Say what is wrong with a value that is not null, of a column whose values are judged one by one."""
    if column.values:
        return "" if text in column.values else f"is none of {', '.join(column.values)}"
    if column.form == "currency":
        return "" if text in NATIONAL_CURRENCIES else "is no currency of ISO 4217"
    return _FORMS.get(column.form, _time)(column.name, text)


def _time(column: str, text: str) -> str:
    try:
        real = bool(_TIME.fullmatch(text)) and datetime.fromisoformat(text) is not None
    except ValueError:
        real = False
    return "" if real else "is no time in UTC as 2026-05-01T00:00:00Z"


def _unit(column: str, text: str) -> str:
    good = _UNIT.fullmatch(text) and not _SPOKEN.match(text)
    return "" if good else "is no unit as Hours, GB-Hours, GB/Hour or 1000 Requests"


def _duration(column: str, text: str) -> str:
    return "" if _DURATION.fullmatch(text) else "is no duration as 1 Year or 36 Months"


def _flat_json(column: str, text: str) -> str:
    said, problem = read(text)
    return problem or flat(said, KEYS.get(column))


def _object(column: str, text: str) -> str:
    said, problem = read(text)
    judge = OBJECTS.get(column)
    return problem or (judge(said) if judge else "")


_FORMS: dict[str, Callable[[str, str], str]] = {
    "unit": _unit,
    "duration": _duration,
    "key-value": _flat_json,
    "object": _object,
}
