"""A mail goes to a checked address, secured, with no login before that, and none of its headers can be broken."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from billfold.transport import mail as mails
from billfold.transport.mail import MailServer, build_mail, send_mail
from tests.transport.hostile import dripping

PASSWORD = "mail-password-4711"


class Postbox:
    """Takes mails; refuses those to ``refused``."""

    def __init__(self, *refused: str) -> None:
        self.refused, self.envelopes, self.logins = refused, list[Envelope](), list[str]()

    async def handle_RCPT(self, _: Any, __: Any, envelope: Envelope, address: str, ___: Any) -> str:
        """Take a recipient, or not."""
        if address in self.refused:
            return "550 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Any, envelope: Envelope) -> str:
        """Take a mail."""
        self.envelopes.append(envelope)
        return "250 OK"

    def authenticate(self, _: Any, __: Any, ___: Any, mechanism: str, data: Any) -> AuthResult:
        """Let one user in."""
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[trustme.CA]:
    """Return a certificate authority that this process trusts."""
    new_authority, path = trustme.CA(), tmp_path_factory.mktemp("ca") / "ca.pem"
    new_authority.cert_pem.write_to_path(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield new_authority


@contextmanager
def serve_mail(box: Postbox, authority: trustme.CA | None = None, name: str = "127.0.0.1") -> Iterator[int]:
    """Serve a postbox, with STARTTLS and logins where there is an authority; gives the port."""
    options: dict[str, Any] = {}
    if authority:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        options = {"tls_context": context, "authenticator": box.authenticate, "auth_required": False}
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def make_mail(*recipients: str, subject: str = "New invoice: vultr main") -> EmailMessage:
    """Return a mail."""
    return build_mail(
        "billfold@example.com", recipients or ("a@example.com",), subject, ("plain ü\n", "<p>html</p>"), "id-1"
    )


def test_a_mail_arrives_plain_and_as_html(authority: trustme.CA) -> None:
    """It is secured by STARTTLS, and logs in after that."""
    box = Postbox()
    with serve_mail(box, authority) as port:
        server = MailServer("127.0.0.1", port, "billfold", PASSWORD, allow_private=True)
        result = send_mail(server, make_mail("a@example.com", "b@example.com"))
    assert (result.is_accepted, result.text, box.logins) == (True, "accepted", ["billfold"])
    (envelope,) = box.envelopes
    assert envelope.rcpt_tos == ["a@example.com", "b@example.com"]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=default)
    assert (message["Subject"], message["Message-ID"]) == ("New invoice: vultr main", "<id-1@billfold.invalid>")
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    plain = message.get_body(("plain",))
    assert plain
    assert plain.get_content().strip() == "plain ü"


def test_a_wrong_login_is_told_without_it(authority: trustme.CA) -> None:
    with serve_mail(Postbox(), authority) as port:
        result = send_mail(
            MailServer("127.0.0.1", port, "billfold", "wrong-" + PASSWORD, allow_private=True), make_mail()
        )
    assert not result.is_accepted
    assert result.text.startswith("SMTP 535")
    assert PASSWORD not in result.text


def test_a_certificate_of_another_host_is_refused(authority: trustme.CA) -> None:
    """Neither login nor mail goes to it."""
    box = Postbox()
    with serve_mail(box, authority, "mail.example.com") as port:
        result = send_mail(MailServer("127.0.0.1", port, "billfold", PASSWORD, allow_private=True), make_mail())
    assert (result.is_accepted, box.envelopes, box.logins) == (False, [], [])
    assert "certificate" in result.text.lower()


def test_without_encryption_no_login_is_sent() -> None:
    """A server of one's own network may do without, where nobody logs in."""
    box = Postbox()
    with serve_mail(box) as port:
        refused = send_mail(MailServer("127.0.0.1", port, "billfold", PASSWORD, allow_private=True), make_mail())
        taken = send_mail(MailServer("127.0.0.1", port, allow_private=True), make_mail())
    assert "does not offer STARTTLS" in refused.text
    assert (refused.is_accepted, taken.is_accepted, len(box.envelopes)) == (False, True, 1)


def test_a_private_server_is_refused_unless_allowed() -> None:
    box = Postbox()
    with serve_mail(box) as port:
        result = send_mail(MailServer("127.0.0.1", port), make_mail())
    assert "is refused: its host is not on a public address" in result.text
    assert (result.is_accepted, box.envelopes) == (False, [])


def test_recipients_that_are_refused_are_told() -> None:
    """Where one takes it, it is sent: another attempt would send it to that one again."""
    box = Postbox("gone@example.com")
    with serve_mail(box) as port:
        server = MailServer("127.0.0.1", port, allow_private=True)
        some, none = (
            send_mail(server, make_mail(*names))
            for names in (("gone@example.com", "a@example.com"), ("gone@example.com",))
        )
    assert (some.is_accepted, some.text) == (True, "accepted, but not for 1 of the recipients")
    assert (none.is_accepted, none.text) == (False, "no recipient was accepted: SMTP 550: no such user here")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_header_cannot_be_broken(end: str) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        make_mail(subject=f"New{end}Bcc: everybody@example.com")


def test_an_encoded_word_of_a_vendor_is_text() -> None:
    """Python would decode it, line break and all, into a header of its own."""
    mail = make_mail(subject="New =?utf-8?q?=0d=0aBcc:_evil=40evil.example?= 7")
    assert "Bcc" not in mail
    assert not [line for line in mail.as_string().splitlines() if line.lower().startswith(("bcc:", "evil"))]


def test_a_server_that_drips_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A greeting that never ends is cut off by the deadline, though each part of it comes in time."""
    monkeypatch.setattr(mails, "DEADLINE_S", 0.3)
    with dripping(b"220-", b"x\r\n220-", 0.05) as port:
        result = send_mail(MailServer("127.0.0.1", port, allow_private=True), make_mail())
    assert not result.is_accepted


def test_nobody_there_is_told(tmp_path: Path) -> None:
    result = send_mail(MailServer("127.0.0.1", 1, allow_private=True), make_mail())
    assert (result.is_accepted, result.text) == (False, "127.0.0.1: no mail was sent: Connection refused")


def test_a_port_that_is_secured_from_the_beginning(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    box, context = Postbox(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    monkeypatch.setattr(mails, "TLS_PORT", port)
    controller = Controller(box, hostname="127.0.0.1", port=port, ssl_context=context)
    controller.start()
    try:
        assert send_mail(MailServer("127.0.0.1", port, allow_private=True), make_mail()).is_accepted
    finally:
        controller.stop()
    assert len(box.envelopes) == 1
