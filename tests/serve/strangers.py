"""Requests that schemathesis makes from the OpenAPI document, right and wrong ones: what answers them must be as the document says.

``python -m tests.serve.strangers --examples N`` asks each operation N times rightly and N times wrongly (`make fuzz-api`).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.types import ASGIApp, Receive, Scope, Send

from billfold.cli.served import run_served
from billfold.serve.app import make_application
from billfold.serve.views import ViewPool
from tests.live import collect_ledger

FITTING_WORDS = {
    "provider": "vultr",
    "account": "vultr",
    "reference": "estimate",
    "owner": "unallocated",
    "query": "SELECT * FROM costs",
    "by": "service",
    "cursor": "90-2",
    "since": "2026-10-15",
}
"""Words that mean something to the ledger that is asked."""
DOCUMENT_PATH = "/api/v1/openapi.json"


class LocalCaller:
    """Lets an application believe that it is asked by a name of this machine, as it wants to be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope = {**scope, "headers": [*headers, (b"host", b"127.0.0.1:8500")]}
        await self._app(scope, receive, send)


def ask_everything(home: Path, examples: int, *, is_short: bool = False) -> tuple[Counter[int], list[str]]:
    """Ask every operation of a served ledger so many times in each mode; returns the answers by status, and what is wrong.

    Where it is to be short, paths with an ending are left out: they answer the same questions in another format.
    """
    statuses, faults = Counter[int](), list[str]()
    with closing(ViewPool(home / "ledger", home / "billfold.toml")) as pool:
        schema = schemathesis.openapi.from_asgi(
            DOCUMENT_PATH, LocalCaller(make_application(pool, run_command=run_served, start_sync=lambda _: "0"))
        )
        for result in schema.get_all_operations():
            assert isinstance(result, Ok), result
            operation = result.ok()
            if is_short and "." in operation.path:
                continue
            for mode in GenerationMode:
                faults += [f"{operation.label}: {fault}" for fault in _ask(operation, mode, examples, statuses)]
    return statuses, faults


def _ask(
    operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, examples: int, statuses: Counter[int]
) -> Iterator[str]:
    """Ask one operation, and yield the first thing that is not as the document says."""

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:  # a word that nothing is called by is refused before anything is read
            case.query = {name: FITTING_WORDS.get(name, value) for name, value in (case.query or {}).items()}
        response = case.call()
        statuses[response.status_code] += 1
        case.validate_response(response, excluded_checks=[positive_data_acceptance])

    try:
        ask()
    except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - whatever it is, it is a finding
        yield f"{mode.value}: {str(error)[:700]}"


def main() -> int:
    """Ask, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.serve.strangers", description=__doc__)
    parser.add_argument("--examples", type=int, default=23, help="requests to each operation, in each mode")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        collect_ledger(Path(directory))
        statuses, faults = ask_everything(Path(directory), options.examples)
    print(
        f"{statuses.total()} requests:", ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    )
    print(*faults, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
