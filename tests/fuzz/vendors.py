"""The clean worlds that a fuzz begins with: each account of the twins, its answers recorded by what was asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import urlsplit

from billfold.providers.fastly.api_v2 import GetInvoice, GetInvoiceFile
from billfold.providers.fastly.mapping import collect as fastly_collect
from billfold.providers.genesys.mapping import collect as genesys_collect
from billfold.providers.provider import find_provider
from billfold.providers.vultr.mapping import collect as vultr_collect
from billfold.transport.document import Reply, Resolve
from billfold.transport.loop import InProcessTransport
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation
from tests import stage

NOW = datetime(2026, 11, 15, tzinfo=UTC)
MONTHS = 2
SEEDS = (1, 2, 3)
PROVIDERS = ("cockroach", "fastly", "genesys", "vultr")
RequestKey = tuple[str, str, tuple[tuple[str, str], ...]]
"""A question: its method, its path and its query."""
Change = Callable[[RequestKey, Response], Response]
"""Changes the answer to a question, or returns it as it is."""
SMALL_PAGES: dict[str, tuple[tuple[Any, str, int], ...]] = {
    "fastly": ((fastly_collect, "MAX_PAGE_SIZE", 1),),
    "genesys": ((genesys_collect, "LINES_PER_PAGE", 2), (genesys_collect, "CONTRACTS_PER_PAGE", 1)),
    "vultr": ((vultr_collect, "MAX_PAGE_SIZE", 2),),
}
"""What a collection asks for, where its lists are to come in several pages."""


class World(NamedTuple):
    """Which account of which twin is read, in small pages or large ones; an import reads saved answers, one by one."""

    provider: str
    account: int
    seed: int
    has_small_pages: bool = False
    is_import: bool = False


@cache
def list_worlds(provider: str) -> list[World]:
    """Return the worlds of a vendor."""
    account_count = len(stage.stage(stage.twin(NOW, months=1), provider).accounts)
    page_choices = (False, True) if provider in SMALL_PAGES else (False,)
    return [
        World(provider, account, seed, has_small_pages, is_import)
        for account in range(account_count)
        for seed in SEEDS
        for is_import in (False, True)
        for has_small_pages in (page_choices if not is_import else (False,))
    ]


class FuzzTransport(InProcessTransport):
    """A connection in this process that asks no resolver either."""

    def _perform_fetch_step(self, step: Request | Resolve) -> Reply:
        return self._send_absolute(step) if isinstance(step, Request) else frozenset()


class RecordedVendor:
    """A vendor that answers from what its twin answered once; other questions go to the twin."""

    def __init__(self, world: World) -> None:
        self.world, self.provider = world, find_provider(world.provider)
        self._host = stage.twin(NOW, seed=world.seed, months=MONTHS)
        self._played = stage.stage(self._host, world.provider)
        self.account = self._played.accounts[world.account]
        self._base = stage.ROOT + self._played.twin.mount_path
        self.responses: dict[RequestKey, Response] = {}
        self.is_recording = True

    def connect(self, change: Change | None = None) -> FuzzTransport:
        """Connect to the vendor, some of whose answers are changed; waits take no time."""
        context = self.provider.make_context(dict(self.account.credentials), self._base, retries=1, unlimited=True)
        context.clock, context.jitter = NOW.timestamp, lambda: 0.5

        def answer(request: Request) -> Response:
            key = request.method, request.path, request.query
            response = self.responses.get(key) or self._ask(key, request)
            return change(key, response) if change else response

        return FuzzTransport(answer, context, sleep=lambda _: None)

    def _ask(self, key: RequestKey, request: Request) -> Response:
        parts = urlsplit(request.path)
        path = parts.path if parts.scheme else urlsplit(self._base).path + request.path
        headers = {"host": "localhost", **request.headers}
        response = self._host.answer_request(request._replace(path=path, headers=headers))
        self._host.requests.clear()
        if self.is_recording and response is not None:
            self.responses[key] = response
        return response or Response(404, {}, b"")

    def list_saved_operations(self) -> list[Operation[Any]]:
        """Return the questions whose answers an import reads: an example of each, and every month of a retired API."""
        examples = [
            op
            for op in self._played.twin.example_operations(self.account, NOW)
            if "application/pdf" not in type(op).media_type
        ]
        months = (
            [f"{month:02}" for month in range(NOW.month - MONTHS, NOW.month)] if self.provider.name == "fastly" else []
        )
        saved_months = [GetInvoice(year="2026", month=month) for month in months]
        return [*examples, *saved_months, *(GetInvoiceFile(year="2026", month=month, format="csv") for month in months)]

    @contextlib.contextmanager
    def use_page_sizes(self) -> Iterator[None]:
        """Let collections ask for pages of the size that this world has."""
        with contextlib.ExitStack() as patches:
            for module, name, size in SMALL_PAGES.get(self.provider.name, ()) if self.world.has_small_pages else ():
                patches.enter_context(mock.patch.object(module, name, size))
            yield
