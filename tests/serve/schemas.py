"""A small walker of JSON schemas, for tests: whether a value is as the document says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
}
CHECKED_WORDS = {
    *("type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "pattern", "$ref"),
    *("format", "description", "minimum"),
}


def find_faults(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any], place: str = "$") -> list[str]:
    """Return where a value is not as a schema says."""
    assert set(schema) <= CHECKED_WORDS, f"{place}: the walker does not check {set(schema) - CHECKED_WORDS}"
    if "$ref" in schema:
        return find_faults(value, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document, place)
    if "anyOf" in schema:
        faults = [find_faults(value, member, document, place) for member in schema["anyOf"]]
        return [] if [] in faults else [f"{place}: {value!r} is none of anyOf"]
    kind = TYPES[schema["type"]]
    if not isinstance(value, kind) or (isinstance(value, bool) and bool not in kind):
        return [f"{place}: {value!r} is no {schema['type']}"]
    if isinstance(value, dict):
        return _find_object_faults(value, schema, document, place)
    if isinstance(value, list):
        return [
            fault
            for number, item in enumerate(value)
            for fault in find_faults(item, schema["items"], document, f"{place}[{number}]")
        ]
    is_listed = value in schema.get("enum", [value])
    is_fitting = not isinstance(value, str) or re.search(schema.get("pattern", ""), value)
    return [] if is_listed and is_fitting else [f"{place}: {value!r} is not as {schema}"]


def _find_object_faults(
    value: Mapping[str, Any], schema: Mapping[str, Any], document: Mapping[str, Any], place: str
) -> list[str]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    faults = [f"{place}: {name} is missing" for name in schema.get("required", ()) if name not in value]
    for name, item in value.items():
        member = properties.get(name, others)
        if member is False:
            faults.append(f"{place}: {name} is not in the schema")
        elif member is not True:
            faults += find_faults(item, member, document, f"{place}.{name}")
    return faults
