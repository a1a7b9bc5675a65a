"""How facts get to a target: as a signed webhook, a message in a chat, or a mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from billfold.model.alert_target import AlertTarget, TargetType
from billfold.model.fact import Fact
from billfold.providers.credential_references import REFERENCE_PATTERN, resolve_reference
from billfold.report.alert_texts import build_chat_body, build_mail_text, build_webhook_body
from billfold.settings.alerts import check_target_url
from billfold.transport.mail import MailServer, build_mail, send_mail
from billfold.transport.webhook import SendResult, post_webhook
from billfold.wire.scrub import scrub_secrets, select_long_secrets
from billfold.wire.webhook_signature import read_signing_key, sign_webhook

JSON_HEADERS = {"content-type": "application/json"}
MAX_FACTS_PER_MESSAGE = {TargetType.WEBHOOK: 1, TargetType.SLACK: 20, TargetType.MAIL: 100}
"""How many facts one message holds: programs get them one by one, people together."""

MAX_SHOWN_CHARS = 140
"""Characters that are kept of what a receiver answered."""


class Parcel(NamedTuple):
    """Facts that are sent together, each with the id of its delivery, at a time."""

    facts: Sequence[Fact]
    delivery_ids: Sequence[str]
    sent_at: datetime


Send = Callable[[Parcel], SendResult]
"""Sends facts to a target."""
MakeSender = Callable[[AlertTarget], Send]
"""Returns how a target is sent to; raises ``ConfigurationError`` where a secret of it cannot be read."""


def make_sender(target: AlertTarget) -> Send:
    """Return how a target is sent to; raises ``ConfigurationError``, which tells no secret."""
    url, secret = _resolve(target, target.url, "url"), _resolve(target, target.secret, "secret")
    label = f"[[alerts]] {target.name}"
    if target.type is not TargetType.MAIL:
        check_target_url(url, f"{label}, url", allow_private=target.allow_private)
    send = _make_type_sender(target, url, secret, label)
    hidden_texts = select_long_secrets((url, secret, *_list_address_parts(url)))

    def send_scrubbed(parcel: Parcel) -> SendResult:
        result = send(parcel)
        # first scrubbed, then cut: a half of a secret would not be known for one
        return result._replace(text=scrub_secrets(result.text, hidden_texts)[:MAX_SHOWN_CHARS])

    return send_scrubbed


def _list_address_parts(url: str) -> list[str]:
    """Return what of an address may be a token: the parts of its path, and what stands in its query."""
    parts = urlsplit(url)
    return [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]


def _make_type_sender(target: AlertTarget, url: str, secret: str, label: str) -> Send:
    match target.type:
        case TargetType.WEBHOOK:
            key = read_signing_key(secret, f"{label}, secret")
            return lambda parcel: _send_webhook(target, url, key, parcel)
        case TargetType.SLACK:
            return lambda parcel: post_webhook(
                url, JSON_HEADERS, build_chat_body(parcel.facts), allow_private=target.allow_private
            )
        case TargetType.MAIL:
            return lambda parcel: _send_mail(target, secret, parcel)


def _resolve(target: AlertTarget, text: str, key: str) -> str:
    """Return what a setting states, or what the reference in it leads to."""
    if not REFERENCE_PATTERN.fullmatch(text):
        return text
    return resolve_reference(text, f"[[alerts]] {target.name}, {key}", target.directory)


def _send_webhook(target: AlertTarget, url: str, key: bytes, parcel: Parcel) -> SendResult:
    (fact,), (delivery_id,) = parcel.facts, parcel.delivery_ids
    body = build_webhook_body(fact)
    headers = JSON_HEADERS | sign_webhook(key, delivery_id, parcel.sent_at, body)
    return post_webhook(url, headers, body, allow_private=target.allow_private)


def _send_mail(target: AlertTarget, password: str, parcel: Parcel) -> SendResult:
    address, text = target.mail, build_mail_text(parcel.facts)
    message_id = blake2b(" ".join(parcel.delivery_ids).encode(), digest_size=12).hexdigest()
    mail = build_mail(address.sender, address.recipients, text.subject, (text.plain, text.html), message_id)
    server = MailServer(address.server, address.port, address.user, password, target.allow_private)
    return send_mail(server, mail)
