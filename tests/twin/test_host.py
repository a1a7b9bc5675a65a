"""The twin hears parameters, methods and callers as the vendors do, and its log says who asked for what."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from billfold.providers.provider import Provider
from billfold.transport.asgi import make_application
from billfold.twin.faults import Fault
from billfold.twin.host import TwinHost
from billfold.twin.serve import make_handler
from billfold.wire.message import Request
from billfold.wire.operation import operation_name, operation_shape
from tests import stage
from tests.laws.kit import named
from tests.twin.kit import ask, make_request

PROVIDERS = sorted(stage.list_providers(), key=lambda provider: provider.name)
QUERIES = [
    (provider, operation_type, wire_name)
    for provider in PROVIDERS
    for operation_type in provider.operations
    for wire_name in operation_shape(operation_type).query_fields.values()
]
TEXT_FIELDS = {
    "cursor",
    "before",
    "after",
    "externalNumber",
    "paymentStatus",
    "product_id",
    "service",
    "usage_type_name",
}


@pytest.fixture(scope="module")
def shared_host() -> TwinHost:
    return stage.twin(months=2)


@pytest.mark.parametrize("word", ["null", "NULL", "2.0", "1e1"])
@pytest.mark.parametrize(("provider", "operation_type", "wire_name"), QUERIES, ids=named)
def test_no_word_counts_as_absent(
    provider: Provider, operation_type: Any, wire_name: str, word: str, shared_host: TwinHost
) -> None:
    """What a JavaScript client writes for nothing, and a fraction for a number, are refused wherever they are no text."""
    answer = ask(shared_host, make_request(shared_host, provider, operation_type, **{wire_name: word}))
    if wire_name in TEXT_FIELDS:
        assert answer.status in {200, 202, 400, 404}
    else:
        assert answer.status == 400
    assert shared_host.requests[-1].operation == operation_name(operation_type)


GENESYS_QUERIES = [
    query for query in QUERIES if query[0].name == "genesys" and query[2] not in {"startDate", "endDate"}
]


@pytest.mark.parametrize(("provider", "operation_type", "wire_name"), GENESYS_QUERIES, ids=named)
def test_an_empty_value_is_absent_at_genesys(
    provider: Provider, operation_type: Any, wire_name: str, shared_host: TwinHost
) -> None:
    assert ask(shared_host, make_request(shared_host, provider, operation_type, **{wire_name: ""})).status == 200


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_head_is_get_and_other_methods_are_refused(provider: Provider, shared_host: TwinHost) -> None:
    """HEAD is answered as GET; another method is 405 where its path is an operation's, and told what there is."""
    for operation_type in provider.operations:
        if operation_type.method != "GET" or operation_shape(operation_type).name.endswith("_document"):
            continue
        request = make_request(shared_host, provider, operation_type)
        assert ask(shared_host, request._replace(method="HEAD")).status == ask(shared_host, request).status
        refusal = ask(shared_host, request._replace(method="PUT"))
        assert (refusal.status, refusal.headers["allow"]) == (405, "GET")
        assert ask(shared_host, request._replace(method="PUT", headers={})).status == 401
        nowhere = request._replace(method="PUT", path=stage.stage(shared_host, provider.name).twin.mount_path + "/no")
        assert ask(shared_host, nowhere).status == 404


def test_a_refused_request_is_logged_and_counted() -> None:
    """A request that was refused for its parameters has its operation in the log, and counts for that operation's faults."""
    host, vultr = stage.twin(months=2), stage.stage(stage.twin(months=2), "vultr").provider
    list_invoices = next(kind for kind in vultr.operations if operation_name(kind) == "list_invoices")
    host.set_fault(Fault("vultr", "server-error", "list_invoices", at=2))
    good, bad = make_request(host, vultr, list_invoices), make_request(host, vultr, list_invoices, per_page="x")
    assert [ask(host, request).status for request in (bad, good, good)] == [400, 500, 200]
    assert {entry.operation for entry in host.requests} == {"list_invoices"}
    assert host.faults[0].as_dict()["changed"] == 1


def test_the_log_says_who_asked() -> None:
    host, headers = stage.twin(months=2), {"user-agent": "ours/1", "accept": "application/pdf"}
    for key in ("twin-vultr-key", "twin-vultr-noright", "wrong"):
        ask(host, Request("GET", "/vultr/v2/billing/invoices", (), {**headers, "authorization": f"Bearer {key}"}))
    callers = [(entry.account, entry.has_right) for entry in host.requests]
    assert callers == [("vultr", True), ("vultr", False), (None, None)]
    assert {(entry.user_agent, entry.accept, entry.method) for entry in host.requests} == {
        ("ours/1", "application/pdf", "GET")
    }


HOSTS = [
    ("api.vultr.com", "/v2/billing/invoices", "vultr"),
    ("API.vultr.com:80", "/v2/account", "vultr"),
    ("api.fastly.com", "/billing/v3/invoices", "fastly"),
    ("cockroachlabs.cloud", "/api/v1/invoices", "cockroach"),
    ("api.mypurecloud.com", "/api/v2/billing/contracts", "genesys"),
    ("login.mypurecloud.com", "/oauth/token", "genesys"),
]


@pytest.mark.parametrize(("name", "path", "vendor"), HOSTS)
def test_a_vendor_is_known_by_its_own_name(name: str, path: str, vendor: str, shared_host: TwinHost) -> None:
    """A client that keeps the vendor's own host reaches it, by its Host header or as through a proxy."""
    assert ask(shared_host, Request("GET", path, (), {"host": name})).headers["x-billfold-twin"] == vendor
    sent = list[MutableMapping[str, Any]]()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def answer() -> None:
        scope = {"type": "http", "method": "GET", "raw_path": f"http://{name}{path}".encode(), "query_string": b"",
                 "headers": [], "scheme": "http", "server": ("127.0.0.1", 8400)}  # fmt: skip
        await make_application(make_handler(shared_host))(scope, receive, send)

    asyncio.run(answer())
    assert (b"x-billfold-twin", vendor.encode()) in sent[0]["headers"]


@pytest.mark.parametrize("name", ["evil.example", "", "api.vultr.com.evil.example", "[::1"])
def test_no_other_name_is_a_vendors(name: str, shared_host: TwinHost) -> None:
    assert shared_host.answer_request(Request("GET", "/v2/account", (), {"host": name})) is None
    assert shared_host.answer_request(Request("GET", "/v1/account", (), {"host": "api.vultr.com"})) is None
