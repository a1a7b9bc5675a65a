"""JSON bytes to records and back, every digit kept: the only file that decodes and encodes what an API says.

A record is a frozen struct of fields that may each be absent (``UNSET``) or null (``None``). Numbers become ``Decimal``
straight from their digits. ``DecimalText`` is a number that the vendor writes as a string.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, Union, cast

import msgspec
from msgspec import UNSET, UnsetType, inspect

from billfold.model.errors import Unreadable
from billfold.model.money import plain
from billfold.model.period import stamp

__all__ = [
    "UNSET",
    "DecimalText",
    "Id",
    "Maybe",
    "Record",
    "UnsetType",
    "decode",
    "encode",
    "given",
    "said",
    "tree",
    "worded",
]

T = TypeVar("T")
Maybe = Union[T, None, UnsetType]  # noqa: UP007 - a generic alias needs the old spelling on Python 3.11
Id = int | str
FARTHEST = 6000
"""Powers of ten beyond which a number is no amount, but an attack on whoever adds it."""
BOM = b"\xef\xbb\xbf"


class Record(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True):
    """Something a vendor says, field for field."""


class DecimalText(Decimal):
    """An exact number that travels as a JSON string; a JSON number is read as well."""


def given(value: Maybe[T], default: T) -> T:
    """Return a field's value, or the default where it is absent or null."""
    return default if value is None or value is UNSET else value


def said(value: Maybe[T]) -> T:
    """Return a field's value; raises ``Unreadable`` where it is absent or null."""
    if value is None or value is UNSET:
        raise Unreadable("a field that is needed is absent or null")
    return value


def _from_wire(kind: type, value: object) -> object:
    if kind is DecimalText and isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        return DecimalText(_finite(str(value)))
    raise msgspec.ValidationError(f"Expected a number, got {type(value).__name__}")


def _to_wire(value: object) -> object:
    if isinstance(value, DecimalText):
        return plain(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_to_wire, decimal_format="number")


_BUILDING = threading.RLock()
"""The library crashes where two threads learn one record's shape at the same time."""
_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    found = _DECODERS.get(kind)
    if found is None:
        with _BUILDING:
            found = msgspec.json.Decoder(kind, dec_hook=_from_wire, float_hook=_finite)
            _DECODERS[kind] = found
    return found


def _finite(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or (number and not -FARTHEST < number.adjusted() < FARTHEST):
        raise ValueError(f"{text[:30]} is no amount")
    return number


_TREE = msgspec.json.Decoder(float_hook=_finite)


def decode(body: bytes, kind: type[T]) -> T:
    """Read JSON as a record; raises ``Unreadable`` and names the place where it does not fit.

    A number sent as a string is read, and so is a whole number sent as a string or as ``1.0``, and a number where a text
    is expected: its digits are the text.
    """
    body = body.removeprefix(BOM)
    try:
        return cast("T", _decoder(kind).decode(body))
    except (msgspec.DecodeError, ArithmeticError, ValueError, RecursionError) as strict:
        return _lenient(body, kind, strict)


def _lenient(body: bytes, kind: type[T], strict: Exception) -> T:
    try:
        with _BUILDING:
            spelled = _spelled(tree(body), _shape(cast("Any", kind)))
            return msgspec.convert(_whole(spelled), kind, strict=False, dec_hook=_from_wire)
    except (msgspec.ValidationError, ArithmeticError, ValueError, RecursionError):
        raise Unreadable(f"the answer does not have the documented shape: {strict}") from strict


@cache
def _shape(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _spelled(said: Any, shape: inspect.Type) -> Any:
    """Write a number as text wherever the shape has room for a text and for no number."""
    shapes = shape.types if isinstance(shape, inspect.UnionType) else (shape,)
    if isinstance(said, dict):
        return _spelled_fields(said, shapes)
    if isinstance(said, list):
        item = next((one.item_type for one in shapes if isinstance(one, inspect.ListType)), None)
        return [_spelled(value, item) for value in said] if item else said
    if isinstance(said, bool) or not isinstance(said, int | Decimal):
        return said
    textual = all(isinstance(one, inspect.StrType | inspect.NoneType) for one in shapes)
    return plain(Decimal(said)) if textual else said


def _spelled_fields(said: dict[str, Any], shapes: Iterable[inspect.Type]) -> dict[str, Any]:
    for one in shapes:
        if isinstance(one, inspect.DictType):
            return {key: _spelled(value, one.value_type) for key, value in said.items()}
        if isinstance(one, inspect.StructType):
            known = {field.encode_name: field.type for field in one.fields}
            return {key: _spelled(value, known[key]) if key in known else value for key, value in said.items()}
    return said


def _whole(said: Any) -> Any:
    """Write whole numbers as such: ``1.0`` where a count is wanted is 1."""
    if isinstance(said, dict):
        return {key: _whole(value) for key, value in said.items()}
    if isinstance(said, list):
        return [_whole(item) for item in said]
    small = isinstance(said, Decimal) and said.adjusted() < 18 and said == said.to_integral_value()
    return int(said) if small and said.as_tuple().exponent == -1 else said


def tree(body: bytes) -> Any:
    """Read JSON as plain dictionaries and lists, numbers as ``int`` or ``Decimal``; raises ``Unreadable``."""
    try:
        return _TREE.decode(body.removeprefix(BOM))
    except (msgspec.DecodeError, ArithmeticError, ValueError, RecursionError) as error:
        start = body[:1].decode("latin-1")  # no more: a vendor may echo a key
        raise Unreadable(f"the answer is not JSON: {error}; it is {len(body)} bytes and begins {start!r}") from error


def encode(value: object) -> bytes:
    """Write a record, or plain data, as JSON; decimals as numbers with all their digits."""
    return _ENCODER.encode(value)


def worded(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its decimals and times as text: the form of our own JSON, where money is a string."""
    return {key: _word(value) for key, value in row.items()}


def _word(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return stamp(value) if isinstance(value, datetime) else value
