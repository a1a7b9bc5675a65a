"""One request to a server that is no vendor's: its answer whatever the status, no redirect, and a cure where none comes."""

from __future__ import annotations

import pytest

from billfold.model.errors import Unreachable
from billfold.transport.single_request import send_request
from tests.transport.hostile import hostile, says


def test_an_answer_comes_with_its_status() -> None:
    with hostile(says(b"{}", "400 Bad Request", content_type="application/json")) as server:
        assert send_request("oidc", "POST", server.root, {"x-test": "1"}, b"a=b") == (400, b"{}")
    assert "POST" in server.received[0]
    assert "x-test: 1" in server.received[0].lower()


def test_a_redirect_is_not_followed() -> None:
    with hostile(says(b"", "302 Found", location="http://127.0.0.1:9/elsewhere")) as server:
        assert send_request("oidc", "GET", server.root, {})[0] == 302
    assert len(server.received) == 1


def test_no_answer_is_told_with_a_cure() -> None:
    with pytest.raises(Unreachable, match=r"oidc: .*nobody listens"):
        send_request("oidc", "GET", "http://127.0.0.1:9/", {})
