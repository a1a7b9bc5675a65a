"""A webhook is posted as it is, without redirects, and what it answers is read in part and shown in part."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx2
import pytest
import trustme

from billfold.transport import deadline, http, webhook
from billfold.transport.webhook import MAX_ANSWER_BYTES, SendResult, post_webhook
from tests.transport.hostile import dripping, hostile, raw
from tests.transport.receiving import Reply, open_inbox


def post(root: str, path: str = "/hook?token=HOOK-TOKEN") -> SendResult:
    """Post to a server on loopback."""
    return post_webhook(root + path, {"content-type": "application/json"}, b'{"a":"1"}', allow_private=True)


def test_a_body_arrives_as_it_was_sent() -> None:
    with open_inbox() as inbox:
        assert post(inbox.root) == SendResult(is_accepted=True, text="HTTP 204")
    (posted,) = inbox.posted
    assert (posted.path, posted.body) == ("/hook?token=HOOK-TOKEN", b'{"a":"1"}')
    assert (posted.headers["content-type"], posted.headers["accept-encoding"]) == ("application/json", "identity")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """Also not to an address that would be refused: it is never asked."""
    with open_inbox() as other, open_inbox(lambda _: Reply(status, {"location": other.root})) as inbox:
        result = post(inbox.root)
    assert (result.is_accepted, other.posted) == (False, [])
    assert "redirects are not followed" in result.text


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(500), SendResult(is_accepted=False, text="HTTP 500")),
        (
            Reply(400, body=b"invalid\n blocks\x1b[2J"),
            SendResult(is_accepted=False, text="HTTP 400: invalid blocks?[2J"),
        ),
        (Reply(429, {"retry-after": "120"}), SendResult(is_accepted=False, text="HTTP 429", retry_after_s=120)),
        (Reply(410), SendResult(is_accepted=False, text="HTTP 410", is_final=True)),
    ],
)
def test_what_is_not_taken_is_told_in_a_line(reply: Reply, expected: SendResult) -> None:
    with open_inbox(lambda _: reply) as inbox:
        assert post(inbox.root) == expected


def test_a_date_to_come_back_at_is_heeded() -> None:
    """It is held against the receiver's own clock."""
    dates = {"retry-after": "Tue, 01 Dec 2026 08:00:00 GMT", "date": "Tue, 01 Dec 2026 07:00:00 GMT"}
    assert webhook._read_retry_after(httpx2.Headers(dates)) == 3600
    assert webhook._read_retry_after(httpx2.Headers({"retry-after": "soon"})) == 0


def test_a_long_answer_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one with megabytes in it, nor one that never ends."""
    with hostile(raw(b"HTTP/1.1 500 Oh\r\ncontent-length: 90000000000\r\n\r\n" + b"x" * 10_000)) as server:
        assert post(server.root).text == f"HTTP 500: {'x' * MAX_ANSWER_BYTES}"
    monkeypatch.setattr(webhook, "DEADLINE_S", 1)
    with dripping(b"HTTP/1.1 500 Oh\r\n\r\n", b"x", 0.2) as port:
        assert "did not finish its answer within 1 s" in post(f"http://127.0.0.1:{port}").text


def test_nobody_there_is_told_without_the_address() -> None:
    """The path of a chat's webhook is a secret."""
    result = post("http://127.0.0.1:1")
    assert (result.is_accepted, result.text) == (False, "cannot connect to 127.0.0.1")


def test_no_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name again, after it was checked."""
    with open_inbox() as proxy, open_inbox() as inbox:
        monkeypatch.setenv("HTTP_PROXY", proxy.root)
        monkeypatch.setenv("http_proxy", proxy.root)
        assert post(inbox.root).is_accepted
    assert (len(inbox.posted), proxy.posted) == (1, [])


@pytest.mark.parametrize(("name", "is_accepted"), [("hook.example.com", True), ("other.example.com", False)])
def test_the_certificate_is_that_of_the_name(
    name: str, is_accepted: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The checked address is connected to, and its certificate is held against the name in the address."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hook.example.com").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    monkeypatch.setattr(http, "make_ssl_context", lambda *_: trusting)
    monkeypatch.setattr(deadline, "find_addresses", lambda *_: ["127.0.0.1"])
    with open_inbox(context=context) as inbox:
        result = post(f"https://{name}:{inbox.root.rpartition(':')[2]}")
    assert (result.is_accepted, len(inbox.posted)) == (is_accepted, int(is_accepted))
    assert is_accepted or result.text == "the certificate of other.example.com is that of another host"
