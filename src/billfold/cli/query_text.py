"""The text of a query: as it stands in the command, from a file, or from stdin."""

from __future__ import annotations

import sys
from pathlib import Path

from billfold.model.errors import InvalidArgument


def read_query(query: str) -> str:
    """Return the query itself, from its ``@FILE`` or stdin (``-``); raises ``InvalidArgument`` where it cannot be read as text."""
    if query != "-" and not query.startswith("@"):
        return query
    try:
        return sys.stdin.read() if query == "-" else Path(query[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise InvalidArgument(f"the query {query} cannot be read: {error}") from error
