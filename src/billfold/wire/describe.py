"""Operations in words: what can be given, what must be, and an operation read from plain text arguments."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from billfold.model.errors import Misasked
from billfold.model.period import instant
from billfold.wire.operation import Kind, Operation, name_of

EXAMPLES = {
    "number": "a whole number",
    "text": "text",
    "date": "a day, as 2026-05-01",
    "time": "a time, as 2026-05-01T00:00:00Z",
    "bool": "true or false",
}
"""What an argument must be, by the word of its type."""


def described(kind: Kind) -> str:
    """Say in one line what an operation is called, what it takes and what it does."""
    fields = msgspec.structs.fields(kind)
    takes = " ".join(f"{f.name}={in_words(f.type)}" if f.required else f"[{f.name}={in_words(f.type)}]" for f in fields)
    first = (kind.__doc__ or "").strip().partition("\n")[0]
    preview = " (preview)" if kind.preview else ""
    return f"{name_of(kind)} {takes}".rstrip() + f"\n      {kind.method} {kind.path}{preview}\n      {first}"


def in_words(hint: Any) -> str:
    """Name a field's type in words."""
    if get_origin(hint) is Literal:
        return "|".join(map(str, get_args(hint)))
    if get_origin(hint) in {Union, types.UnionType}:
        words = [in_words(one) for one in get_args(hint) if one is not type(None)]
        return "|".join(dict.fromkeys("text" if word == "number" and "text" in words else word for word in words))
    return {"int": "number", "str": "text", "datetime": "time"}.get(
        getattr(hint, "__name__", ""), getattr(hint, "__name__", str(hint))
    )


def asked(kind: Kind, said: Mapping[str, str]) -> Operation[Any]:
    """Make an operation from text arguments by their Python names; raises ``Misasked``."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    if unknown := set(said) - set(fields):
        raise Misasked(f"{name_of(kind)} takes no {min(unknown)!r}; it takes {', '.join(fields) or 'nothing'}")
    if missing := [field.name for field in fields.values() if field.required and field.name not in said]:
        raise Misasked(f"{name_of(kind)} needs {', '.join(missing)}; write {missing[0]}=...")
    try:
        wire = {fields[name].encode_name: _value(fields[name], value) for name, value in said.items()}
        return msgspec.convert(wire, kind, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise Misasked(f"{name_of(kind)}: {error}") from error


def _value(field: Any, value: str) -> object:
    """Read an argument; a time we read ourselves: the library takes a year for seconds since 1970.

    Raises ``ValueError`` that says what it may be.
    """
    word = in_words(field.type)
    try:
        return instant(value) if word == "time" else msgspec.convert(value, field.type, strict=False)
    except ValueError:
        wanted = EXAMPLES.get(word) or f"one of {word.replace('|', ', ')}"
        raise ValueError(f"{field.name} is {value!r}; it must be {wanted}") from None
