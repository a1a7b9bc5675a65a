"""The OpenAPI document of the API, made of the table of resources and the types of their rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from billfold.serve.questions import FILTER_NAMES
from billfold.serve.resources import RESOURCES, Parameter, Resource
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


def _build_paths(resource: Resource, book: SchemaBook) -> dict[str, dict[str, Schema]]:
    row = book.add_row_type(resource.row_type, resource.decimals, has_keys=resource.has_keys)
    path = f"{ROOT}/{resource.name}{'/{month}' if resource.has_month else ''}"
    rows: Schema = row if resource.is_single else {"type": "array", "items": row}
    media = (
        {"application/x-ndjson": {"schema": row}} if resource.is_streamed else {"application/json": {"schema": rows}}
    )
    items = {path: {"get": _build_operation(resource, resource.name, media)}}
    if not resource.is_single:
        csv_media = {"text/csv": {"schema": {"type": "string"}}}
        items[f"{path}.csv"] = {"get": _build_operation(resource, f"{resource.name}_csv", csv_media)}
    return items


def _build_operation(resource: Resource, name: str, media: Mapping[str, object]) -> Schema:
    problem = PROBLEM_MEDIA
    return {
        "operationId": f"read_{name}",
        "summary": resource.summary,
        "parameters": [*_build_month(resource), *map(_build_parameter, _list_query(resource))],
        "responses": {
            "200": {"description": resource.summary, "content": media},
            "304": {"description": "Nothing has changed since the answer with that ETag."},
            "400": {"description": "It cannot be asked so.", "content": problem},
            **_build_refusals(),
            "503": {"description": "The ledger or the configuration cannot be used as it is.", "content": problem},
        },
    }


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
    schema: Schema = {"type": "integer", "minimum": 1} if parameter.name == "limit" else {"type": "string"}
    if parameter.name in {"from", "to", "against"}:
        schema["pattern"] = MONTH_PATTERN
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.is_required,
        "description": parameter.meaning,
        "schema": schema,
    }
