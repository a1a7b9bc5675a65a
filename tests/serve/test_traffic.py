"""Requests are counted by route and status, few classes whatever is asked, and logged without their queries."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal

import pytest
from starlette.types import Message, Receive, Scope, Send

from billfold.serve.traffic import TrafficCounter, TrafficLayer
from tests.serve.reader import Reader


def read_counts(reader: Reader) -> dict[str, int]:
    lines = (line.rpartition(" ") for line in reader.get("/metrics").text.splitlines())
    return {name: int(number) for name, _, number in lines if name.startswith("billfold_http_requests_total")}


def test_requests_are_counted_by_route_and_status(reader: Reader) -> None:
    before = read_counts(reader)
    for url in ("/", "/api/v1/invoices.csv", "/api/v1/invoices?provider=fastly", "/api/v1/nothing", "/x", "/y"):
        reader.get(url)
    reader.get("/", method="HACK")
    after = read_counts(reader)
    grown = {name.partition("{")[2]: after[name] - before.get(name, 0) for name in after}
    assert grown['route="/",method="GET",status="200"}'] == 1
    assert grown['route="/api/v1/invoices",method="GET",status="200"}'] == 2
    assert grown['route="/api/v1/{path:path}",method="GET",status="404"}'] == 1
    assert grown['route="none",method="GET",status="404"}'] == 2
    assert grown['route="/",method="other",status="405"}'] == 1


def test_a_request_is_logged_without_its_query(reader: Reader, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "billfold.requests")
    reader.get("/api/v1/invoices?provider=fastly&account=a-token-of-mine")
    reader.get("/healthz")
    reader.get("/a\x1b%5B2J")
    records = [record for record in caplog.records if record.name == "billfold.requests"]
    assert [record.getMessage() for record in records] == ["GET /api/v1/invoices 400", "GET /a?%5B2J 404"]
    fields = records[0].__dict__["fields"]
    assert (fields["route"], fields["status"], fields["bytes"] > 10) == ("/api/v1/invoices", 400, True)
    assert "token" not in str(records)


def test_an_answer_that_breaks_is_counted_as_an_error() -> None:
    counter, times = TrafficCounter(), iter([1.0, 3.5])

    async def break_off(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "lifespan"})
        raise ValueError("broken off")

    async def receive() -> Message:
        return {}

    async def ignore(message: Message) -> None: ...

    layer = TrafficLayer(break_off, counter, clock=lambda: next(times))
    with pytest.raises(ValueError, match="broken off"):
        asyncio.run(layer({"type": "http", "method": "GET", "path": "/"}, receive, ignore))
    requests, seconds = counter.list_metrics()
    assert list(requests.values) == [({"route": "none", "method": "GET", "status": "500"}, 1)]
    assert list(seconds.values) == [({"route": "none"}, Decimal("2.500000"))]
