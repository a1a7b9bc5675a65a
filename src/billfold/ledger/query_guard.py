"""Whether a query only reads: DuckDB calls a SELECT also what writes in its WITH."""

from __future__ import annotations

import json

import duckdb

from billfold.model.errors import InvalidArgument

READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
"""The parts of a parsed query that read; COPY, INSERT, UPDATE and DELETE have others."""
_REFUSAL = "ask one SELECT: the ledger can only be read"


def require_reading(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Raise ``InvalidArgument`` for what is not one SELECT all of whose parts read; ``duckdb.Error`` for what cannot be parsed.

    ``WITH x AS (COPY ... TO ...) SELECT`` is a SELECT by its type, and writes a file.
    """
    if [statement.type.name for statement in connection.extract_statements(query)] != ["SELECT"]:
        raise InvalidArgument(_REFUSAL)
    (row,) = connection.cursor().execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchall()
    try:
        parsed_query = json.loads(row[0])
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"{_REFUSAL}; this one is too deep to be looked through") from error
    if parsed_query.get("error") is not False or not _list_nodes(parsed_query) <= READING_NODES:
        raise InvalidArgument(_REFUSAL)


def _list_nodes(parsed_query: object) -> set[str]:
    """Return the types of all parts of a query that are queries themselves."""
    node_types, left = set[str](), [parsed_query]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            part_type = value.get("type")
            if isinstance(part_type, str) and part_type.endswith("_NODE"):
                node_types.add(part_type)
            left += value.values()
        elif isinstance(value, list):
            left += value
    return node_types
