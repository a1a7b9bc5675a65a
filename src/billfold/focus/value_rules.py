"""What one cell may hold: a sentence for whatever is wrong with a value, by its column's type, form and allowed values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from billfold.focus.json_columns import OBJECT_JUDGES, find_flat_flaw, read_object
from billfold.focus.versions import FocusColumn
from billfold.model.money import NATIONAL_CURRENCIES

NUMBER = r"-?[0-9]+(\.[0-9]+)?(E-?[0-9]+)?"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_COUNT = r"[A-Za-z][A-Za-z0-9]*(?: [A-Za-z][A-Za-z0-9]*)*"
_SPAN = r"(?:Second|Minute|Hour|Day|Week|Month|Quarter|Year)s?"
_UNIT = re.compile(rf"(?:[1-9][0-9]* )?{_COUNT}(?:-{_SPAN})?(?:/(?:[1-9][0-9]* )?{_SPAN})?")
_UNIT_WORDS = re.compile(r"(?:per|each|an?|every)\b", re.IGNORECASE)
_DURATION = re.compile(r"[1-9]\d* (?:Minute|Hour|Day|Week|Month|Quarter|Year)s?")
_PLACEHOLDERS = "'n/a', 'null', 'none', 'nil', 'nan', 'undefined', 'unknown', '-', '--', '?', 'tbd'"
KEYS_BY_COLUMN: Mapping[str, frozenset[str]] = {
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
_PROSE_SUFFIXES = ("Description", "Name", "SkuMeter", "PaymentTerms")
"""Columns of texts that people wrote: a thing may be called "none"."""


def list_sql_tests(column: FocusColumn, column_type: str) -> Iterator[tuple[str, str, str]]:
    """Yield what SQL can tell of a column stored as that type: the rule, what to say, the condition of a broken cell."""
    name = f'"{column.name}"'
    if not column.nulls:
        yield "null", "is null, and must not be", f"{name} IS NULL"
    if column.type == "Decimal":
        if column_type == "VARCHAR":
            message = "is no number as FOCUS writes it: digits, one point, a leading minus"
            yield "number", message, f"NOT regexp_full_match({name}, '{NUMBER}')"
        if column.value_format == "non-negative":
            yield "value", "is negative", f'"{column.name}#" < 0'
        if column.value_format == "fraction":
            yield "value", "is no fraction between 0 and 1", f'"{column.name}#" NOT BETWEEN 0 AND 1'
    elif not needs_each_value(column):
        yield "blank", "is blank: a missing value is null", f"trim({name}) = ''"
        if not column.name.endswith(_PROSE_SUFFIXES):
            yield (
                "placeholder",
                "is a placeholder: a missing value is null",
                f"lower(trim({name})) IN ({_PLACEHOLDERS})",
            )


def needs_each_value(column: FocusColumn) -> bool:
    """Tell whether a column's values are judged one by one, by ``find_flaw``."""
    return column.type != "Decimal" and bool(column.values or column.value_format or column.type == "Date/Time")


def find_flaw(column: FocusColumn, text: str) -> str:
    """Say what is wrong with a value that is not null, of a column whose values are judged one by one."""
    if column.values:
        return "" if text in column.values else f"is none of {', '.join(column.values)}"
    if column.value_format == "currency":
        return "" if text in NATIONAL_CURRENCIES else "is no currency of ISO 4217"
    return _JUDGES_BY_FORMAT.get(column.value_format, _judge_time)(column.name, text)


def _judge_time(column: str, text: str) -> str:
    try:
        real = bool(_TIME.fullmatch(text)) and datetime.fromisoformat(text) is not None
    except ValueError:
        real = False
    return "" if real else "is no time in UTC as 2026-05-01T00:00:00Z"


def _judge_unit(column: str, text: str) -> str:
    good = _UNIT.fullmatch(text) and not _UNIT_WORDS.match(text)
    return "" if good else "is no unit as Hours, GB-Hours, GB/Hour or 1000 Requests"


def _judge_duration(column: str, text: str) -> str:
    return "" if _DURATION.fullmatch(text) else "is no duration as 1 Year or 36 Months"


def _judge_flat_json(column: str, text: str) -> str:
    cell_object, problem = read_object(text)
    return problem or find_flat_flaw(cell_object, KEYS_BY_COLUMN.get(column))


def _judge_object(column: str, text: str) -> str:
    cell_object, problem = read_object(text)
    judge = OBJECT_JUDGES.get(column)
    return problem or (judge(cell_object) if judge else "")


_JUDGES_BY_FORMAT: dict[str, Callable[[str, str], str]] = {
    "unit": _judge_unit,
    "duration": _judge_duration,
    "key-value": _judge_flat_json,
    "object": _judge_object,
}
