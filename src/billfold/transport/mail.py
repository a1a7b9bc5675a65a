"""Send a mail by SMTP: to a server at a checked address, secured, and with no login before that."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import NamedTuple

from billfold.model.plain_text import make_printable
from billfold.transport.checked_network import AddressRefused, open_checked_socket
from billfold.transport.webhook import DEADLINE_S, MAX_ANSWER_BYTES, TIMEOUT_S, SendResult

TLS_PORT = 465
"""The port at which a connection is secured from its beginning; at others STARTTLS does it."""


class MailServer(NamedTuple):
    """A server, and the login there (empty: none). Without a login, one in a private network may lack encryption."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    allow_private: bool = False


def build_mail(
    sender: str, recipients: tuple[str, ...], subject: str, texts: tuple[str, str], message_id: str
) -> EmailMessage:
    """Return a mail with a plain text and its HTML; raises ``ValueError`` for a header with a line break.

    What a vendor wrote into the subject is no encoded word: Python would decode one, line breaks and all.
    """
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"], mail["To"], mail["Subject"] = sender, ", ".join(recipients), subject.replace("=?", "= ?")
    mail["Message-ID"] = f"<{message_id}@billfold.invalid>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(texts[0])
    mail.add_alternative(texts[1], subtype="html")
    return mail


def send_mail(server: MailServer, mail: EmailMessage) -> SendResult:
    """Send a mail, and return what came of it."""
    try:
        with _CheckedSmtp(server) as client:
            _secure(client, server)
            if server.user:
                client.login(server.user, server.password)
            refused = client.send_message(mail)
    except AddressRefused as error:
        return SendResult(
            is_accepted=False, text=f"{server.host} is refused: {error}; allow_private = true lets it pass"
        )
    except _NotSecured as error:
        return SendResult(is_accepted=False, text=str(error))
    except smtplib.SMTPResponseException as error:
        return SendResult(is_accepted=False, text=_describe_reply(error.smtp_code, error.smtp_error))
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        return SendResult(is_accepted=False, text=f"no recipient was accepted: {_describe_reply(code, reply)}")
    except (smtplib.SMTPException, MessageError, OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return SendResult(is_accepted=False, text=f"{server.host}: no mail was sent: {make_printable(reason)}")
    return SendResult(
        is_accepted=True, text=f"accepted, but not for {len(refused)} of the recipients" if refused else "accepted"
    )


class _NotSecured(Exception):
    """A connection stays without encryption."""


class _CheckedSmtp(smtplib.SMTP):
    """A client that connects to a checked address; whatever its server drips, the connection is shut by the deadline."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._timer: threading.Timer | None = None
        super().__init__(server.host, server.port, "[127.0.0.1]", TIMEOUT_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        opened = open_checked_socket(host, port, TIMEOUT_S, allow_private=self._server.allow_private)
        self._timer = threading.Timer(DEADLINE_S, self._shut, (opened,))
        self._timer.daemon = True
        self._timer.start()
        if port != TLS_PORT:
            return opened
        return ssl.create_default_context().wrap_socket(opened, server_hostname=host)

    def _shut(self, opened: socket.socket) -> None:
        with suppress(OSError):
            (self.sock or opened).shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        if self._timer:
            self._timer.cancel()
        super().close()


def _secure(client: smtplib.SMTP, server: MailServer) -> None:
    """Encrypt a connection; raises ``_NotSecured`` where the server does not, and that is not what was configured."""
    if server.port == TLS_PORT:
        return
    client.ehlo_or_helo_if_needed()
    if client.has_extn("starttls"):
        client.starttls(context=ssl.create_default_context())
    elif server.user or not server.allow_private:
        raise _NotSecured(
            f"{server.host} does not offer STARTTLS: without it no login is sent, and no mail over the internet"
        )


def _describe_reply(code: int, reply: bytes | str) -> str:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return f"SMTP {code}: {make_printable(' '.join(text.split()))[:MAX_ANSWER_BYTES]}"
