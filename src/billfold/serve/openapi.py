"""The OpenAPI document of the API, made of the table of resources and the types of their rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from billfold.serve.commands import COMMANDS_ROOT, READING_COMMANDS
from billfold.serve.questions import FILTER_NAMES
from billfold.serve.resource import Parameter, Resource
from billfold.serve.resources import RESOURCES
from billfold.serve.rows import AcknowledgedRow, CloseRow, StartedSync
from billfold.serve.schema import Schema, SchemaBook
from billfold.version import __version__

ROOT = "/api/v1"
MONTH_PATTERN = r"^\d{4}-(0[1-9]|1[0-2])$"
MEANINGS = {
    "provider": "Only this provider.",
    "account": "Only this account.",
    "from": "From this month on, as 2026-05.",
    "to": "Up to this month, included.",
    "as_of": "As the ledger was known at this time (UTC), or at the end of this day.",
}
_COUNT: Schema = {"type": "integer", "minimum": 1}
_TIME = r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?"


def _match(pattern: str) -> Schema:
    """Return the schema of a word that has a pattern, or is empty: that is as if it was left out."""
    return {"pattern": f"^({pattern})?$"}


PARAMETER_SCHEMAS: Mapping[str, Schema] = {
    **dict.fromkeys(("from", "to", "against", "month", "accruals"), _match(r"\d{4}-(0[1-9]|1[0-2])")),
    **dict.fromkeys(("min_amount", "min_percent"), _match(r"\d{1,12}(\.\d{1,6})?")),
    "limit": _COUNT | {"maximum": 10_000},
    "months": _COUNT | {"maximum": 120},
    "columns": _COUNT | {"maximum": 10_000},
    "after": {"type": "integer", "minimum": 0},
    "as_of": _match(_TIME),
    "since": {"pattern": rf"^(close:\d{{4}}-\d{{2}}|{_TIME})$"},
    "cursor": _match(r"\d{1,18}-\d{1,9}"),
    "head": _match("sha256:[0-9a-f]{64}"),
    "in": _match("[A-Z]{3}"),
}
"""What words look like that are no mere text."""
PROBLEMS = {
    "400": "It cannot be asked so.",
    "401": "The key is missing, or is not known.",
    "403": "The key is not good for this.",
    "404": "There is no such thing.",
    "501": "A library is not installed that this needs.",
    "503": "The ledger or the configuration cannot be used as it is, or too much is asked at once.",
}
MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
PAGING = (
    Parameter("limit", "How many rows at most: 1000, if not said, and 10000 at most."),
    Parameter(
        "cursor", "Where to go on: from the Link header of the page before, which shows the same state of the ledger."
    ),
)
PROBLEM_MEDIA: Schema = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
KEY_SCHEMA: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
KEY_MEANING = "Chosen by the sender: the same request with the same key is done once, and answered again for 24 hours."


class Action(NamedTuple):
    """Something that may be done by POST: its path, the fields of its body, and the row that it answers with."""

    name: str
    path: str
    summary: str
    row_type: type
    fields: Mapping[str, Schema]
    required: tuple[str, ...] = ()


_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 200}
ACTIONS = (
    Action(
        "acknowledge_finding",
        "findings/{id}/acknowledge",
        "Accept a finding that is known, with a reason (role accountant)",
        AcknowledgedRow,
        {"reason": {"type": "string", "minLength": 1, "maxLength": 1000, "pattern": r"\S"}},
        ("reason",),
    ),
    Action(
        "sign_close",
        "close/{month}/sign",
        "Sign a month that is ready, with what is accepted (role accountant); a user signs with his own name",
        CloseRow,
        {"name": _TEXT, "accept": _TEXTS, "reason": _TEXT, "provider": _TEXT, "account": _TEXT},
    ),
    Action(
        "start_sync",
        "sync",
        "Begin to collect accounts of the configuration, all if none is named (role admin)",
        StartedSync,
        {"accounts": _TEXTS},
    ),
)
"""Everything that may be done over the API."""


@cache
def build_document() -> Schema:
    """Return the document, OpenAPI 3.1."""
    book = SchemaBook()
    paths = {path: item for resource in RESOURCES for path, item in _build_paths(resource, book).items()}
    paths[f"{ROOT}/documents/{{seq}}"] = _build_body_item("document", "An archived document as it came")
    paths[f"{ROOT}/entries/{{seq}}"] = _build_body_item("entry", "The body of an archived answer as it came")
    paths[f"{COMMANDS_ROOT}/{{name}}"] = _build_command_item()
    for action in ACTIONS:
        paths.setdefault(f"{ROOT}/{action.path}", {})["post"] = _build_action(action, book)
    problem = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("type", "title", "detail", "instance")}
        | {"status": {"type": "integer"}},
        "required": ["type", "title", "status", "detail"],
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "billfold",
            "version": __version__,
            "description": "One exact ledger of vendors' bills. Money is text with all its digits (format: decimal).",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": book.schemas | {"Problem": problem},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A key, as bf_..."}},
        },
        "security": [{"key": []}, {}],
    }


def list_parameters(resource: Resource) -> tuple[str, ...]:
    """Return the words that may stand in a query to a resource."""
    paging = () if resource.is_single or resource.is_streamed else PAGING
    return (*FILTER_NAMES, *(parameter.name for parameter in (*resource.parameters, *paging)))


def list_suffixes(resource: Resource) -> tuple[str, ...]:
    """Return the endings of a resource's path, the one that may be left out first."""
    if resource.is_streamed:
        return tuple(dict.fromkeys(("ndjson", "csv", *resource.file_types)))
    return ("json", *resource.file_types) if resource.is_single else ("json", "csv", "parquet")


def _build_paths(resource: Resource, book: SchemaBook) -> dict[str, dict[str, Schema]]:
    row = book.add_row_type(resource.row_type, resource.decimals, has_keys=resource.has_keys)
    path = f"{ROOT}/{resource.name}{'/{month}' if resource.has_month else ''}"
    row_schema: Schema = row if resource.is_single or resource.is_streamed else {"type": "array", "items": row}
    first_suffix, *suffixes = list_suffixes(resource)
    items = {path: _build_item(resource, "", {MEDIA_TYPES[first_suffix]: {"schema": row_schema}})}
    for suffix in suffixes:
        media_type = {**MEDIA_TYPES, **resource.file_types}[suffix].partition(";")[0]
        text_schema = {"schema": {"type": "string"}} if media_type.startswith("text/") else {}
        items[f"{path}.{suffix}"] = _build_item(resource, suffix, {media_type: text_schema})
    return items


def _build_item(resource: Resource, suffix: str, media: Mapping[str, object]) -> dict[str, Schema]:
    name = "_".join(filter(None, ("read", resource.name.replace("-", "_"), suffix)))
    parameters = [*_build_month(resource), *map(_build_parameter, _list_query(resource))]
    return {"get": _build_operation(name, resource.summary, parameters, media)}


def _build_body_item(name: str, summary: str) -> dict[str, Schema]:
    """Return the item of something archived that is answered as it came."""
    seq = {"name": "seq", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
    parameters = [seq, *(_build_parameter(Parameter(word, MEANINGS[word])) for word in FILTER_NAMES)]
    return {"get": _build_operation(f"read_{name}", summary, parameters, {"*/*": {}})}


def _build_command_item() -> dict[str, Schema]:
    """Return the item of the commands that are run for a terminal elsewhere."""
    name: Schema = {"name": "name", "in": "path", "required": True, "schema": {"enum": sorted(READING_COMMANDS)}}
    texts: Schema = {"type": "array", "items": {"type": "string"}}
    arguments: Schema = {
        "name": "argument",
        "in": "query",
        "description": "What stands behind the command.",
        "schema": texts,
    }
    columns = Parameter("columns", "How wide the terminal is; 80, if not said.")
    terminal = Parameter("terminal", "1: tables are cut to that width.", choices=("1", "0"))
    event: Schema = {"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}
    media = {"application/x-ndjson": {"schema": event}}
    summary = "What a command prints and writes, piece by piece, and last its exit code"
    parameters = [name, arguments, _build_parameter(columns), _build_parameter(terminal)]
    return {"get": _build_operation("run_command", summary, parameters, media)}


def _build_operation(name: str, summary: str, parameters: list[Schema], media: Mapping[str, object]) -> Schema:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers: Schema = {"200": {"description": summary, "content": media}}
    answers["304"] = {"description": "Nothing has changed since the answer with that ETag."}
    answers |= {status: {"description": text, "content": problem} for status, text in PROBLEMS.items()}
    answers |= _build_refusals()
    return {"operationId": name, "summary": summary, "parameters": parameters, "responses": answers}


def _build_refusals() -> dict[str, Schema]:
    meanings = {
        "401": "No key, or a wrong, revoked or expired one.",
        "403": "The key may not do this.",
        "429": "Too many requests: Retry-After says when to ask again.",
    }
    return {status: {"description": meaning, "content": PROBLEM_MEDIA} for status, meaning in meanings.items()}


def _build_action(action: Action, book: SchemaBook) -> Schema:
    row = book.add_row_type(action.row_type)
    names = re.findall(r"\{(\w+)\}", action.path)
    patterns: dict[str, Schema] = {"month": {"type": "string", "pattern": MONTH_PATTERN}}
    path_parameters = [
        {"name": name, "in": "path", "required": True, "schema": patterns.get(name, {"type": "string"})}
        for name in names
    ]
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "schema": KEY_SCHEMA,
        "description": KEY_MEANING,
    }
    body = {"type": "object", "properties": action.fields, "required": action.required, "additionalProperties": False}
    meanings = {
        "400": "It cannot be asked so.",
        "404": "There is nothing of this name.",
        "409": "It is being done already, or cannot be done as things are.",
        "413": "The request is too long.",
        "415": "The body is not JSON.",
        "422": "The Idempotency-Key came with another request.",
        "503": "The ledger or the configuration cannot be used as it is.",
    }
    return {
        "operationId": action.name,
        "summary": action.summary,
        "parameters": [*path_parameters, key],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": action.summary, "content": {"application/json": {"schema": row}}},
            **_build_refusals(),
            **{status: {"description": meaning, "content": PROBLEM_MEDIA} for status, meaning in meanings.items()},
        },
    }


def _list_query(resource: Resource) -> list[Parameter]:
    stated = {parameter.name: parameter for parameter in (*resource.parameters, *PAGING)}
    return [stated.get(name) or Parameter(name, MEANINGS[name]) for name in list_parameters(resource)]


def _build_month(resource: Resource) -> list[Schema]:
    schema = {"type": "string", "pattern": MONTH_PATTERN}
    return [{"name": "month", "in": "path", "required": True, "schema": schema}] if resource.has_month else []


def _build_parameter(parameter: Parameter) -> Schema:
    schema: Schema = {"type": "string", **PARAMETER_SCHEMAS.get(parameter.name, {})}
    if parameter.choices:
        schema["enum"] = [*parameter.choices, ""]
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.is_required,
        "description": parameter.meaning,
        "schema": schema,
    }
