"""Each sort of target gets its own: a signed webhook, a message in a chat, a mail; what comes back tells no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from billfold.model.alert_target import AlertTarget, MailAddress, TargetType
from billfold.model.errors import ConfigurationError
from billfold.tasks.alert_senders import MAX_SHOWN_CHARS, Parcel, make_sender
from billfold.tasks.alerts import read_clock
from tests.tasks.alert_kit import make_fact
from tests.transport.receiving import Inbox, Posted, Reply, open_inbox
from tests.transport.test_mail import Postbox, serve_mail
from tests.wire.test_webhook_signature import SECRET

FACTS = [make_fact(1), make_fact(2)]
ONE, TWO = Parcel(FACTS[:1], ["msg_1"], read_clock()), Parcel(FACTS, ["msg_1", "msg_2"], read_clock())


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """Return a receiver on loopback, whose address and secret are in the environment."""
    with open_inbox() as opened:
        monkeypatch.setenv("HOOK_SECRET", SECRET)
        monkeypatch.setenv("CHAT_URL", f"{opened.root}/services/T0/CHAT-TOKEN")
        yield opened


def make_hook(inbox: Inbox) -> AlertTarget:
    """Return a webhook on loopback."""
    return AlertTarget("hook", TargetType.WEBHOOK, f"{inbox.root}/in", "env:HOOK_SECRET", allow_private=True)


CHAT = AlertTarget("chat", TargetType.SLACK, "env:CHAT_URL", allow_private=True)


def test_a_webhook_is_one_signed_fact(inbox: Inbox) -> None:
    assert make_sender(make_hook(inbox))(ONE._replace(sent_at=read_clock())).is_accepted
    (posted,) = inbox.posted
    event = Webhook(SECRET).verify(posted.body.decode(), dict(posted.headers))
    assert (event["data"]["id"], posted.headers["webhook-id"]) == (FACTS[0].id, "msg_1")


def test_a_chat_gets_facts_together(inbox: Inbox) -> None:
    assert make_sender(CHAT)(TWO).is_accepted
    (posted,) = inbox.posted
    assert posted.path == "/services/T0/CHAT-TOKEN"
    assert len(json.loads(posted.body)["blocks"]) == 2


def test_a_mail_has_facts_together() -> None:
    """Sent again with the same deliveries, it has the same id: a mail program shows one."""
    box = Postbox()
    with serve_mail(box) as port:
        address = MailAddress("127.0.0.1", port, "billfold@example.com", ("a@example.com",))
        send = make_sender(AlertTarget("post", TargetType.MAIL, mail=address, allow_private=True))
        assert send(TWO).is_accepted
        assert send(TWO).is_accepted
        assert send(ONE).is_accepted
    mails = [message_from_bytes(envelope.content, policy=default) for envelope in box.envelopes if envelope.content]  # type: ignore[arg-type]
    assert mails[0]["Subject"] == "[billfold] 2 alerts: 2 New invoice"
    assert mails[0]["Message-ID"] == mails[1]["Message-ID"] != mails[2]["Message-ID"]


def test_a_receiver_that_echoes_secrets_has_them_taken_out(inbox: Inbox) -> None:
    """Neither the token in a chat's address nor a signing secret comes back in what is shown."""

    def echo(posted: Posted) -> Reply:
        return Reply(400, body=f"no {posted.path} {SECRET}".encode())

    inbox.answer = echo
    long_text = "x" * (MAX_SHOWN_CHARS - 20)
    texts = [make_sender(target)(ONE).text for target in (make_hook(inbox), CHAT)]
    assert texts[0] == "HTTP 400: no /in [secret]"
    assert "CHAT-TOKEN" not in texts[1]
    inbox.answer = lambda _: Reply(400, body=f"{long_text}{SECRET}".encode())
    text = make_sender(make_hook(inbox))(ONE).text
    assert len(text) <= MAX_SHOWN_CHARS
    assert SECRET[:8] not in text, "what is cut is no secret any more, and still tells of it"


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (
            AlertTarget("hook", TargetType.WEBHOOK, "https://example.com", "env:NOTHING_THERE"),
            "env:NOTHING_THERE is empty",
        ),
        (AlertTarget("hook", TargetType.WEBHOOK, "https://example.com", "env:CHAT_URL"), "is no signing secret"),
        (CHAT._replace(allow_private=False), "begins with https://"),
        (AlertTarget("hook", TargetType.WEBHOOK, "https://example.com", "file:missing"), "cannot be read"),
    ],
)
def test_secrets_that_are_none_are_told(target: AlertTarget, sentence: str, inbox: Inbox, tmp_path: Path) -> None:
    """In a sentence that names the target and the reference, never the secret."""
    with pytest.raises(ConfigurationError) as caught:
        make_sender(target._replace(directory=tmp_path))
    assert sentence in str(caught.value)
    assert f"[[alerts]] {target.name}" in str(caught.value)
    assert "CHAT-TOKEN" not in str(caught.value)
