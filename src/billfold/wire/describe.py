"""Operations described as text: optional and required arguments, and an operation read from plain text arguments."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from billfold.model.errors import InvalidArgument
from billfold.model.period import parse_instant
from billfold.wire.operation import Operation, OperationType, operation_name

ARGUMENT_DESCRIPTIONS = {
    "number": "a whole number",
    "text": "text",
    "date": "a day, as 2026-05-01",
    "time": "a time, as 2026-05-01T00:00:00Z",
    "bool": "true or false",
}
"""What an argument must be, by the word of its type."""


def describe_operation(operation_type: OperationType) -> str:
    """Say in one line what an operation is called, what it takes and what it does."""
    fields = msgspec.structs.fields(operation_type)
    arguments = " ".join(
        f"{field.name}={describe_type(field.type)}" if field.required else f"[{field.name}={describe_type(field.type)}]"
        for field in fields
    )
    summary = (operation_type.__doc__ or "").strip().partition("\n")[0]
    preview = " (preview)" if operation_type.preview else ""
    return (
        f"{operation_name(operation_type)} {arguments}".rstrip()
        + f"\n      {operation_type.method} {operation_type.path}{preview}\n      {summary}"
    )


def describe_type(hint: Any) -> str:
    """Name a field's type in words."""
    if get_origin(hint) is Literal:
        return "|".join(map(str, get_args(hint)))
    if get_origin(hint) in {Union, types.UnionType}:
        type_names = [describe_type(member) for member in get_args(hint) if member is not type(None)]
        return "|".join(
            dict.fromkeys(
                "text" if type_name == "number" and "text" in type_names else type_name for type_name in type_names
            )
        )
    return {"int": "number", "str": "text", "datetime": "time"}.get(
        getattr(hint, "__name__", ""), getattr(hint, "__name__", str(hint))
    )


def parse_arguments(operation_type: OperationType, arguments: Mapping[str, str]) -> Operation[Any]:
    """Make an operation from text arguments by their Python names; raises ``InvalidArgument``."""
    fields = {field.name: field for field in msgspec.structs.fields(operation_type)}
    if unknown := set(arguments) - set(fields):
        raise InvalidArgument(
            f"{operation_name(operation_type)} takes no {min(unknown)!r}; it takes {', '.join(fields) or 'nothing'}"
        )
    if missing := [field.name for field in fields.values() if field.required and field.name not in arguments]:
        raise InvalidArgument(f"{operation_name(operation_type)} needs {', '.join(missing)}; write {missing[0]}=...")
    try:
        wire_values = {fields[name].encode_name: _parse_value(fields[name], value) for name, value in arguments.items()}
        return msgspec.convert(wire_values, operation_type, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise InvalidArgument(f"{operation_name(operation_type)}: {error}") from error


def _parse_value(field: Any, value: str) -> object:
    """Read an argument; a time we read ourselves: the library takes a year for seconds since 1970.

    Raises ``ValueError`` with the values that are allowed.
    """
    type_name = describe_type(field.type)
    try:
        return parse_instant(value) if type_name == "time" else msgspec.convert(value, field.type, strict=False)
    except ValueError:
        expected = ARGUMENT_DESCRIPTIONS.get(type_name) or f"one of {type_name.replace('|', ', ')}"
        raise ValueError(f"{field.name} is {value!r}; it must be {expected}") from None
