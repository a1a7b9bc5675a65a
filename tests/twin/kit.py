"""A twin that plays CockroachDB Cloud alone, with a clock that stands still; and requests with a good credential."""

from __future__ import annotations

from typing import Any

from billfold.providers.provider import Provider
from billfold.twin.host import TwinHost
from billfold.twin.world import World
from billfold.wire.message import Request, Response
from billfold.wire.operation import build_request
from tests import stage
from tests.stage import AT, Still


def alone(*, limits: bool = False) -> TwinHost:
    """Return the twin."""
    world = World(seed=1, start_time=AT)
    world.vendors = [stage for stage in world.vendors if stage.provider.name == "cockroach"]
    return TwinHost(world, Still(AT), limits=limits)


def make_request(host: TwinHost, provider: Provider, operation_type: Any, **query: str) -> Request:
    """Return a request with a good credential for an example of an operation, some parameters written otherwise."""
    vendor = stage.stage(host, provider.name)
    questions = vendor.twin.example_operations(vendor.accounts[0], host.clock.now())
    request = build_request(next(op for op in questions if isinstance(op, operation_type)))
    auth = stage.connection(host, vendor.accounts[0]).context.auth
    if provider.name == "genesys":
        token = host._memory["genesys"].tokens
        token["t"] = "twin-genesys-client", host.clock.now().replace(year=2030)
        headers = {"authorization": "Bearer t"}
    else:
        headers = {name.lower(): value for name, value in auth.sign_request(request).headers.items()}
    pairs = {**dict(request.query), **query}
    path = vendor.twin.mount_path + request.path
    return request._replace(path=path, query=tuple(pairs.items()), headers={**request.headers, **headers})


def ask(host: TwinHost, request: Request) -> Response:
    answer = host.answer_request(request)
    assert answer is not None
    return answer
