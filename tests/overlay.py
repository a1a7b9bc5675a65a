"""A record written over the JSON it was read from: whatever differs then, the record has lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billfold.wire.codec import encode_json, parse_json


def overlay(record: object, body: bytes) -> bytes:
    """Write a record over the JSON it was read from: unknown fields and the vendor's spelling of numbers survive."""
    return encode_json(_over(parse_json(body), parse_json(encode_json(record))))


def _over(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: _over(value, new[key]) if key in new else value for key, value in old.items()} | {
            key: value for key, value in new.items() if key not in old
        }
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_over(before, after) for before, after in zip(old, new, strict=True)]
    return old if _same_number(old, new) else new


def _same_number(old: Any, new: Any) -> bool:
    if not isinstance(old, (str, int, Decimal)) or not isinstance(new, (str, int, Decimal)):
        return False
    try:
        return Decimal(old) == Decimal(new)
    except ArithmeticError:
        return bool(old == new)
