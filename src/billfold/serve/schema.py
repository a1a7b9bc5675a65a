"""JSON schemas of typed rows: what their fields' types say, decimals as strings of a format of their own."""

from __future__ import annotations

import types
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Union, get_args, get_origin, get_type_hints

from billfold.model.period import Month

Schema = dict[str, object]
DECIMAL_SCHEMA: Schema = {"type": "string", "format": "decimal", "pattern": r"^-?\d+(\.\d+)?$"}
PLAIN_SCHEMAS: Mapping[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Decimal: DECIMAL_SCHEMA,
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    Month: {"type": "string", "pattern": r"^\d{4}-\d{2}$"},
    type(None): {"type": "null"},
}


class SchemaBook:
    """Collects the schemas of row types under their names."""

    def __init__(self) -> None:
        self.schemas = dict[str, Schema]()

    def add_row_type(self, row_type: type, decimals: Collection[str] = (), *, has_keys: bool = False) -> Schema:
        """Note the schema of a row's type, and return the reference to it; ``decimals`` are fields whose text is a number."""
        name = row_type.__name__
        if name not in self.schemas:
            self.schemas[name] = {}  # for a type that holds itself
            self.schemas[name] = self._describe_row(row_type, decimals, has_keys=has_keys)
        return {"$ref": f"#/components/schemas/{name}"}

    def _describe_row(self, row_type: type, decimals: Collection[str], *, has_keys: bool) -> Schema:
        properties = {
            name.removesuffix("_"): self._describe(hint, is_decimal=name.removesuffix("_") in decimals)
            for name, hint in get_type_hints(row_type).items()
        }
        caption = (row_type.__doc__ or "").partition("\n")[0]
        schema: Schema = {"type": "object", "description": caption, "properties": properties}
        schema["required"] = list(properties)
        text_or_nothing: Schema = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        schema["additionalProperties"] = (text_or_nothing if properties else True) if has_keys else False
        return schema

    def _describe(self, hint: object, *, is_decimal: bool = False) -> Schema:
        if is_decimal and hint is str:
            return DECIMAL_SCHEMA
        if hint in PLAIN_SCHEMAS:
            return PLAIN_SCHEMAS[hint]
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in {Union, types.UnionType}:
            return {"anyOf": [self._describe(member, is_decimal=is_decimal) for member in arguments]}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self._describe(arguments[1])}
        if origin in {list, tuple, frozenset}:
            return {"type": "array", "items": self._describe(arguments[0])}
        return self._describe_type(hint)

    def _describe_type(self, hint: object) -> Schema:
        if isinstance(hint, type) and issubclass(hint, Enum):
            return {"type": "string", "enum": [str(member.value) for member in hint]}
        if isinstance(hint, type) and issubclass(hint, tuple):
            return self.add_row_type(hint)
        raise TypeError(f"the API has no schema for {hint}")


def list_columns(row_type: type) -> list[str]:
    """Return the names of a row's fields as others see them."""
    return [name.removesuffix("_") for name in get_type_hints(row_type)]
