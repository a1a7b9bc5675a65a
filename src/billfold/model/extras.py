"""What ``pip install billfold`` alone does not bring: which extra holds which library, and the error that says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from billfold.model.errors import MissingExtra

EXTRAS_BY_LIBRARY = {
    "duckdb": "ledger",
    "pyarrow": "ledger",
    "pypdf": "ledger",
    "rich": "ledger",
    "uvicorn": "twin",
    "typst": "pdf",
    "xlsxwriter": "xlsx",
    "psycopg": "postgres",
    "keyring": "keyring",
    "argon2": "desk",
    "joserfc": "oidc",
    "jinja2": "desk",
    "starlette": "desk",
    "mcp": "mcp",
}
"""As ``pyproject.toml`` has them."""


@contextmanager
def name_missing_extras() -> Iterator[None]:
    """Turn a failed import of what an extra brings into a ``MissingExtra``; every other error stays as it is."""
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in EXTRAS_BY_LIBRARY:
            raise
        raise _make_error([library]) from error


def require_libraries(*libraries: str) -> None:
    """Raise ``MissingExtra`` for libraries that are not installed, before work begins that would be in vain; loads none."""
    if missing_libraries := [library for library in libraries if find_spec(library) is None]:
        raise _make_error(missing_libraries)


def _make_error(libraries: list[str]) -> MissingExtra:
    extras = ",".join(dict.fromkeys(EXTRAS_BY_LIBRARY[library] for library in libraries))
    verb = "is" if len(libraries) == 1 else "are"
    return MissingExtra(f'{" and ".join(libraries)} {verb} not installed; run `pip install "billfold[{extras}]"`')
