"""One request to a server that is no vendor's: within a deadline, of a limited size, with no redirect followed."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2

from billfold.model.errors import Unreachable
from billfold.transport.deadline import DeadlineNetwork, install_network
from billfold.transport.failures import failure_for_error
from billfold.transport.http import BodyReader, HttpSettings
from billfold.transport.proxy import find_proxy

TIMEOUT_S, DEADLINE_S = 30.0, 60.0


def send_request(
    name: str, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
) -> tuple[int, bytes]:
    """Return the status and the body of an answer, whatever the status; raises ``Unreachable`` for none, which ``name`` names."""
    settings = HttpSettings(url, TIMEOUT_S, DEADLINE_S)
    network, proxy = DeadlineNetwork(), find_proxy(url, "")
    try:
        with httpx2.Client(**settings.client_options(url.partition(":")[0].lower(), proxy)) as client:
            install_network(client, network)
            request = {"content": content, "headers": dict(headers)}
            with network.end_after(settings.deadline), client.stream(method, url, **request) as answer:  # type: ignore[arg-type]
                body = BodyReader(answer.headers.get("content-encoding", ""))
                for chunk in answer.iter_raw():
                    if failure := body.add_chunk(chunk):
                        raise Unreachable(failure.reason, operation=name)
                return answer.status_code, body.read_all()
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        failure = failure_for_error(error, settings, proxy)
        raise Unreachable(failure.reason, operation=name, advice=failure.cure) from failure.cause
