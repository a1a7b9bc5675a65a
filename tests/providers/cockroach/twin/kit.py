"""What the tests of CockroachDB Cloud's twin share: requests to it, and what they are answered."""

from __future__ import annotations

import json
from typing import Any

from billfold.twin.host import TwinHost
from billfold.wire.message import Request, Response

API_KEY = "twin-cockroach-key"
INVOICES = "/api/v1/invoices"


def send_request(
    host: TwinHost, path: str = INVOICES, key: str = API_KEY, version: str = "2024-09-16", **query: str
) -> Response:
    """Send a request to the twin as any program would."""
    headers = {"authorization": f"Bearer {key}", "cc-version": version}
    answer = host.answer_request(Request("GET", f"/cockroach{path}", tuple(query.items()), headers))
    assert answer is not None
    return answer


def parse_body(response: Response, status: int = 200) -> Any:
    """Return the JSON of an answer with this status."""
    assert response.status == status, response.body
    return json.loads(response.body)


def list_clusters(host: TwinHost, version: str = "2024-09-16") -> list[dict[str, Any]]:
    """Return the clusters of the latest invoice."""
    return [
        item["cluster"] for item in parse_body(send_request(host, version=version))["invoices"][-1]["invoice_items"]
    ]
