"""What the tests of Genesys Cloud's twin share: its first account, and a bare HTTP client."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from billfold.providers.twin_api import TwinAccount
from billfold.twin.host import TwinHost
from billfold.wire.message import Request, Response
from tests import stage as stages

API_PATH = "/genesys/api/v2/billing"


def first_account(host: TwinHost) -> TwinAccount:
    """Return the twin's first account with this vendor."""
    return stages.stage(host, "genesys").accounts[0]


class TwinClient:
    """Sends requests to the twin as a bare HTTP client does, with a token of its own."""

    def __init__(self, host: TwinHost, client_id: str = "twin-genesys-client", **headers: str) -> None:
        self.host = host
        answer = log_in(host, client_id, "twin-genesys-secret")
        self.headers = {
            "authorization": f"Bearer {json.loads(answer.body)['access_token']}",
            "host": "twin.test",
            **headers,
        }

    def get(self, path: str, **query: str) -> tuple[Response, Any]:
        answer = self.host.answer_request(
            Request("GET", path if path.startswith("/genesys") else API_PATH + path, tuple(query.items()), self.headers)
        )
        assert answer
        return answer, json.loads(answer.body) if answer.media_type == "application/json" else answer.body


def log_in(host: TwinHost, client_id: str, secret: str, grant: bytes = b"grant_type=client_credentials") -> Response:
    """Return the answer to a login with a client's id and secret."""
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    answer = host.answer_request(Request("POST", "/genesys/oauth/token", (), {"authorization": f"Basic {pair}"}, grant))
    assert answer
    return answer


def parse_link_query(link: str) -> dict[str, str]:
    """Return the query of a link to another page."""
    return dict(parse_qsl(urlsplit(link).query))
