"""What an odd answer still says: all of it that fits is read, and what does not fit is empty, or a number that is none.

For collections and the ledger: one odd field hides no other record. A client's answer is read whole or not at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

from billfold.model.errors import InvalidResponse
from billfold.model.money import format_decimal
from billfold.wire import codec
from billfold.wire.codec import DecimalText, OddNumber, Record

T = TypeVar("T")
EMPTY_VALUES: tuple[object, ...] = ("", [], {})
"""How vendors spell that there is nothing, whatever should have been there."""
LONE_SURROGATE_PATTERN = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\.", re.DOTALL
)
"""Escapes of JSON, each as a whole: pairs of halves, halves that stand alone, all others."""
MISFITS = msgspec.ValidationError, ArithmeticError, ValueError, TypeError
HALF_LENGTH = len(r"\ud800")


def salvage_record(body: bytes, record_type: type[T]) -> T:
    """Read JSON as a record, as far as it fits; raises ``InvalidResponse`` where it is no JSON, or no object at all.

    An empty value of another type is null, and any other is absent; in a record's ``money_fields`` it is an ``OddNumber``. An item
    of a list that is none is an empty one, so that all others keep their places. Half a character is the replacement character.
    """
    try:
        return codec.decode_record(body, record_type)
    except InvalidResponse as error:
        if codec.count_parts(body, b"{[,") > codec.MAX_LENIENT_PARTS:
            raise
        try:
            struct_type = codec.inspect_type(cast("Any", record_type))
            assert isinstance(struct_type, inspect.StructType)
            return cast("T", _read_struct(_parse_loosely(body), struct_type, is_answer=True))
        except (*MISFITS, RecursionError):
            raise error from error.__cause__


def _parse_loosely(body: bytes) -> Any:
    """Read JSON with what some writers put into it: halves of characters, raw control characters, ``NaN``, endless numbers."""
    text = body.removeprefix(codec.BOM).decode(errors="replace")
    return json.loads(
        LONE_SURROGATE_PATTERN.sub(_replace_half, text),
        strict=False,
        parse_float=_read_number,
        parse_int=_read_number,
        parse_constant=OddNumber,
    )


def _replace_half(escape: re.Match[str]) -> str:
    is_half = escape[0].startswith("\\u") and len(escape[0]) == HALF_LENGTH
    return "\\ufffd" if is_half else escape[0]


def _read_number(text: str) -> int | Decimal:
    try:
        return int(text) if text.lstrip("-").isdecimal() else codec.parse_finite(text)
    except (ArithmeticError, ValueError):
        return OddNumber(text)


def _read_value(value: Any, expected_type: inspect.Type) -> Any:
    """Return a value as a type has it, null for an empty one; raises one of ``MISFITS`` where nothing can."""
    variants = _list_variants(expected_type)
    for variant in variants:
        match variant:
            case inspect.AnyType():
                return value
            case inspect.StructType() if isinstance(value, dict):
                return _read_struct(value, variant)
            case inspect.ListType() if isinstance(value, list):
                return _read_items(value, variant.item_type)
            case inspect.DictType() if isinstance(value, dict):
                return _read_entries(value, variant.value_type)
    if _is_empty(value) and _has(variants, inspect.NoneType) and not (value == "" and _has(variants, inspect.StrType)):
        return None
    return _convert_scalar(value, variants)


def _read_struct(tree: Mapping[str, Any], struct_type: inspect.StructType, *, is_answer: bool = False) -> Any:
    """Return a record; a field whose value says nothing is left out, as if it were absent, but money is told as it stands.

    Something else where an answer has its list is no answer.
    """
    record_type = struct_type.cls
    if not isinstance(tree, dict) or not issubclass(record_type, Record):
        raise TypeError("it is no record")
    values: dict[str, object] = {}
    has_misfit = False
    for field in [field for field in struct_type.fields if field.encode_name in tree]:
        value = tree[field.encode_name]
        try:
            values[field.name] = _read_value(value, field.type)
        except MISFITS:
            has_misfit = True
            if field.required or (is_answer and _has(_list_variants(field.type), inspect.ListType)):
                raise
            if field.name in record_type.money_fields:
                values[field.name] = value if isinstance(value, OddNumber) else OddNumber(value)
    if has_misfit and record_type.is_one_amount:
        values |= dict.fromkeys(record_type.money_fields, OddNumber(tree))
    return record_type(**values)


def _read_items(items: Iterable[Any], item_type: inspect.Type) -> list[Any]:
    if isinstance(item_type, inspect.StructType):
        return [_read_struct(item if isinstance(item, dict) else {}, item_type) for item in items]
    return [value for item in items for value in _read_fitting(item, item_type)]


def _read_entries(entries: Mapping[str, Any], value_type: inspect.Type) -> dict[str, object]:
    return {key: value for key, entry in entries.items() for value in _read_fitting(entry, value_type)}


def _read_fitting(value: Any, expected_type: inspect.Type) -> Iterable[Any]:
    try:
        return (_read_value(value, expected_type),)
    except MISFITS:
        return ()


def _convert_scalar(value: Any, variants: Iterable[inspect.Type]) -> Any:
    """Return a text, a number or a yes or no as one of the types has it; a number is its digits where a text is wanted."""
    if value is None or isinstance(value, dict | list | OddNumber):
        raise TypeError("it is no scalar")
    if isinstance(value, bool):
        return _require(value, variants, inspect.BoolType)
    if isinstance(value, str) and _has(variants, inspect.StrType):
        return value
    if _has(variants, inspect.CustomType):
        return DecimalText(codec.parse_finite(str(value)))
    if _has(variants, inspect.DecimalType):
        return codec.parse_finite(str(value))
    if _has(variants, inspect.IntType):
        return int(msgspec.convert(value, int, strict=False))
    return _require(format_decimal(Decimal(value)), variants, inspect.StrType)


def _require(value: Any, variants: Iterable[inspect.Type], kind: type[inspect.Type]) -> Any:
    if not _has(variants, kind):
        raise TypeError("it is of another type")
    return value


def _list_variants(expected_type: inspect.Type) -> tuple[inspect.Type, ...]:
    return expected_type.types if isinstance(expected_type, inspect.UnionType) else (expected_type,)


def _is_empty(value: Any) -> bool:
    return value is None or any(type(value) is type(empty) and value == empty for empty in EMPTY_VALUES)


def _has(variants: Iterable[inspect.Type], kind: type[inspect.Type]) -> bool:
    return any(isinstance(variant, kind) for variant in variants)
