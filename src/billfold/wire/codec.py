"""JSON bytes to records and back, every digit kept: the only file that decodes and encodes what an API says.

A record is a frozen struct of fields that may each be absent (``UNSET``) or null (``None``). Numbers become ``Decimal``
straight from their digits. ``DecimalText`` is a number that the vendor writes as a string.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Self, TypeVar, Union, cast, overload

import msgspec
from msgspec import UNSET, UnsetType, inspect

from billfold.model.errors import InvalidResponse
from billfold.model.money import format_decimal
from billfold.model.period import format_instant

__all__ = [
    "UNSET",
    "DecimalText",
    "Id",
    "JsonObject",
    "Maybe",
    "OddNumber",
    "Record",
    "UnsetType",
    "decode_record",
    "encode_json",
    "get_or",
    "parse_json",
    "require",
    "stringify_row",
]

T = TypeVar("T")
Maybe = Union[T, None, UnsetType]  # noqa: UP007 - a generic alias needs the old spelling on Python 3.11
Id = int | str
JsonObject = dict[str, Any]
"""An object whose keys the vendor leaves open, as it came."""
MAX_EXPONENT = 6000
"""Powers of ten beyond which a number is no amount, but an attack on whoever adds it."""
MAX_ODD_LENGTH = 60
"""Characters of a text that is no number which are worth telling."""
MAX_OBJECTS, MAX_LENIENT_PARTS = 3_000_000, 1_500_000
"""Objects and lists of an answer that is read at all, and parts of one that is read a second time, as plain objects.

A bomb of some 100 KB unpacks to hundreds of millions of them, each of which takes more memory than its two bytes.
"""
DENSE_BYTES = 2 * 1024 * 1024
"""Bytes of an answer that is too short to hold so many."""
BOM = b"\xef\xbb\xbf"


class Record(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True):
    """Something a vendor says, field for field.

    ``money_fields`` names what sums are made of: something else in its place is told as it stands. ``is_one_amount`` says that its
    fields mean nothing without each other, as an amount and its currency.
    """

    money_fields: ClassVar[tuple[str, ...]] = ()
    is_one_amount: ClassVar[bool] = False


class DecimalText(Decimal):
    """An exact number that travels as a JSON string; a JSON number is read as well."""


class OddNumber(Decimal):
    """What a vendor has where a number should be: no number (NaN), written as the text that it is."""

    def __new__(cls, value: object) -> Self:
        """Hold a value of JSON that is no number."""
        number = super().__new__(cls, "NaN")
        text = value if isinstance(value, str) else _ENCODER.encode(value).decode()
        number._text = f"{text[:MAX_ODD_LENGTH]}..." if len(text) > MAX_ODD_LENGTH else text
        return number

    _text: str

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"OddNumber({self._text!r})"

    def __format__(self, specifier: str, context: object = None, /) -> str:
        return self._text

    def __reduce__(self) -> tuple[Any, ...]:
        return OddNumber, (self._text,)


# NOTE: mypy joins the members of a union (int and str to object) where it infers T: an id has signatures of its own.
@overload
def get_or(value: Maybe[str], default: str) -> str: ...
@overload
def get_or(value: Maybe[bool], default: bool) -> bool: ...
@overload
def get_or(value: Maybe[int], default: int) -> int: ...
@overload
def get_or(value: Maybe[Id], default: Id) -> Id: ...
@overload
def get_or(value: Maybe[T], default: T) -> T: ...
def get_or(value: Any, default: Any) -> Any:
    """Return a field's value, or the default where it is absent or null."""
    return default if value is None or value is UNSET else value


@overload
def require(value: Maybe[str]) -> str: ...  # type: ignore[overload-overlap]
@overload
def require(value: Maybe[bool]) -> bool: ...
@overload
def require(value: Maybe[int]) -> int: ...
@overload
def require(value: Maybe[Id]) -> Id: ...
@overload
def require(value: Maybe[T]) -> T: ...
def require(value: Any) -> Any:
    """Return a field's value; raises ``InvalidResponse`` where it is absent or null."""
    if value is None or value is UNSET:
        raise InvalidResponse("a field that is needed is absent or null")
    return value


def _decode_value(value_type: type, value: object) -> object:
    if value_type is DecimalText and isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        return DecimalText(parse_finite(str(value)))
    raise msgspec.ValidationError(f"Expected a number, got {type(value).__name__}")


def _encode_value(value: object) -> object:
    if isinstance(value, DecimalText | OddNumber):
        return format_decimal(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_encode_value, decimal_format="number")


_DECODER_LOCK = threading.RLock()
"""The library crashes where two threads learn one record's shape at the same time."""
_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}


def _get_decoder(record_type: Any) -> msgspec.json.Decoder[Any]:
    decoder = _DECODERS.get(record_type)
    if decoder is None:
        with _DECODER_LOCK:
            decoder = msgspec.json.Decoder(record_type, dec_hook=_decode_value, float_hook=parse_finite)
            _DECODERS[record_type] = decoder
    return decoder


def parse_finite(text: str) -> Decimal:
    """Return the number that a text is; raises ``ValueError`` or ``ArithmeticError`` for one that is no amount."""
    number = Decimal(text)
    if not number.is_finite() or (number and not -MAX_EXPONENT < number.adjusted() < MAX_EXPONENT):
        raise ValueError(f"{text[:30]} is no amount")
    return number


_JSON_DECODER = msgspec.json.Decoder(float_hook=parse_finite)


def decode_record(body: bytes, record_type: type[T]) -> T:
    """Read JSON as a record; raises ``InvalidResponse`` and names the place where it does not fit.

    A number sent as a string is read, and so is a whole number sent as a string or as ``1.0``, and a number where a text
    is expected: its digits are the text.
    """
    body = body.removeprefix(BOM)
    if count_parts(body, b"{[") > MAX_OBJECTS:
        raise InvalidResponse(f"the answer holds more than {MAX_OBJECTS} objects")
    try:
        return cast("T", _get_decoder(record_type).decode(body))
    except (msgspec.DecodeError, ArithmeticError, ValueError, RecursionError) as strict:
        return _decode_leniently(body, record_type, strict)


def count_parts(body: bytes, signs: bytes) -> int:
    """Count the signs that begin the parts of JSON; those of a short answer are not worth counting."""
    return sum(body.count(sign) for sign in signs) if len(body) > DENSE_BYTES else 0


def _decode_leniently(body: bytes, record_type: type[T], strict_error: Exception) -> T:
    if count_parts(body, b"{[,") > MAX_LENIENT_PARTS:
        raise InvalidResponse(f"the answer does not have the documented shape: {strict_error}") from strict_error
    try:
        with _DECODER_LOCK:
            data = _stringify_numbers(parse_json(body), inspect_type(cast("Any", record_type)))
            return msgspec.convert(_restore_integers(data), record_type, strict=False, dec_hook=_decode_value)
    except (msgspec.ValidationError, ArithmeticError, ValueError, RecursionError):
        raise InvalidResponse(f"the answer does not have the documented shape: {strict_error}") from strict_error


@cache
def inspect_type(record_type: Any) -> inspect.Type:
    """Return what a type is made of."""
    return inspect.type_info(record_type)


def _stringify_numbers(data: Any, expected_type: inspect.Type) -> Any:
    """Write a number as text wherever the shape has room for a text and for no number."""
    variants = expected_type.types if isinstance(expected_type, inspect.UnionType) else (expected_type,)
    if isinstance(data, dict):
        return _stringify_fields(data, variants)
    if isinstance(data, list):
        item_type = next((variant.item_type for variant in variants if isinstance(variant, inspect.ListType)), None)
        return [_stringify_numbers(value, item_type) for value in data] if item_type else data
    if isinstance(data, bool) or not isinstance(data, int | Decimal):
        return data
    is_text = all(isinstance(variant, inspect.StrType | inspect.NoneType) for variant in variants)
    return format_decimal(Decimal(data)) if is_text else data


def _stringify_fields(data: JsonObject, variants: Iterable[inspect.Type]) -> JsonObject:
    for variant in variants:
        if isinstance(variant, inspect.DictType):
            return {key: _stringify_numbers(value, variant.value_type) for key, value in data.items()}
        if isinstance(variant, inspect.StructType):
            field_types = {field.encode_name: field.type for field in variant.fields}
            return {
                key: _stringify_numbers(value, field_types[key]) if key in field_types else value
                for key, value in data.items()
            }
    return data


def _restore_integers(data: Any) -> Any:
    """Write whole numbers as such: ``1.0`` where a count is wanted is 1."""
    if isinstance(data, dict):
        return {key: _restore_integers(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_restore_integers(item) for item in data]
    is_small_integer = isinstance(data, Decimal) and data.adjusted() < 18 and data == data.to_integral_value()
    return int(data) if is_small_integer and data.as_tuple().exponent == -1 else data


def parse_json(body: bytes) -> Any:
    """Read JSON as plain dictionaries and lists, numbers as ``int`` or ``Decimal``; raises ``InvalidResponse``."""
    try:
        return _JSON_DECODER.decode(body.removeprefix(BOM))
    except (msgspec.DecodeError, ArithmeticError, ValueError, RecursionError) as error:
        first_byte = body[:1].decode("latin-1")  # no more: a vendor may echo a key
        raise InvalidResponse(
            f"the answer is not JSON: {error}; it is {len(body)} bytes and begins {first_byte!r}"
        ) from error


def encode_json(value: object) -> bytes:
    """Write a record, or plain data, as JSON; decimals as numbers with all their digits."""
    return _ENCODER.encode(value)


def stringify_row(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row with its decimals and times as text: the form of our own JSON, where money is a string."""
    return {key: _stringify_value(value) for key, value in row.items()}


def _stringify_value(value: object) -> object:
    if isinstance(value, Decimal):
        return format_decimal(value)
    return format_instant(value) if isinstance(value, datetime) else value
