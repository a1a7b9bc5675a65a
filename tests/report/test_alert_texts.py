"""Facts as JSON, as a message and as a mail: exact, short, and with nothing in them that a vendor's text could steer."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.model.fact import Fact, FactKind
from billfold.report.alert_texts import (
    MAX_BLOCKS,
    MAX_SUBJECT_CHARS,
    build_chat_body,
    build_mail_text,
    build_test,
    build_webhook_body,
)
from tests.tasks.alert_kit import START, make_fact

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "alerts.md"
HOSTILE = (
    "<!channel> <https://evil.example|pay here> &amp; <script>alert(1)</script> \x1b[2J\u202egnp.exe\r\nBcc: all \ud800"
)


def test_a_webhook_has_every_value_as_text() -> None:
    """Money keeps all its digits, and stands in quotes."""
    body = build_webhook_body(make_fact(1, amount=Decimal("1234567890123.123456789012")))
    assert json.loads(body) == {
        "type": "billfold.new-invoice",
        "timestamp": "2026-12-01T06:01:00Z",
        "data": {
            "id": make_fact(1).id,
            "kind": "new-invoice",
            "provider": "vultr",
            "account": "main",
            "month": "2026-11",
            "subject": "INV-1",
            "currency": "USD",
            "amount": "1234567890123.123456789012",
            "text": "100.00 USD",
            "code": "",
            "at": "2026-12-01T06:01:00Z",
        },
    }


def test_hostile_texts_steer_nobody() -> None:
    """No mention, link or channel in a chat, no markup in a mail, no control character anywhere."""
    fact = make_fact(1, subject=HOSTILE, text=HOSTILE)
    body, chat, mail = build_webhook_body(fact), build_chat_body([fact]), build_mail_text([fact])
    message = json.loads(chat)
    for text in (json.loads(body)["data"]["text"], message["text"], mail.subject, *mail.plain.splitlines(), mail.html):
        assert text.isprintable(), text
    for text in (message["text"], message["blocks"][0]["text"]["text"]):
        assert not set("<>").intersection(text)
        assert "&lt;!channel&gt;" in text
    assert message["blocks"][0]["text"]["verbatim"] is True
    assert "<script" not in mail.html
    assert "&lt;script&gt;" in mail.html
    body.decode("ascii")


def test_a_message_of_many_facts_is_short() -> None:
    facts = [make_fact(number, text="x" * 5000) for number in range(60)]
    message = json.loads(build_chat_body(facts))
    assert len(message["blocks"]) == MAX_BLOCKS
    assert len(message["text"].splitlines()) == 60
    assert max(map(len, message["text"].splitlines())) <= 500


@pytest.mark.parametrize(
    ("facts", "subject"),
    [
        ([make_fact(1)], "[billfold] New invoice: vultr main 2026-11: INV-1: 100.00 USD"),
        (
            [make_fact(1), make_fact(2), make_fact(3, FactKind.LATE)],
            "[billfold] 3 alerts: 2 New invoice, 1 Late invoice",
        ),
    ],
)
def test_a_mails_subject_says_what_is_in_it(facts: list[Fact], subject: str) -> None:
    mail = build_mail_text(facts)
    assert mail.subject == subject
    assert all(fact.subject in mail.plain and fact.subject in mail.html for fact in facts)
    long_mail = build_mail_text([make_fact(1, text="x" * 999)])
    assert len(long_mail.subject) <= MAX_SUBJECT_CHARS + len("[billfold] ")


def test_a_test_says_that_it_is_one() -> None:
    fact = build_test("hook", START)
    assert (fact.kind, fact.subject) == (FactKind.TEST, "hook")
    assert fact.id != build_test("hook", START.replace(hour=7)).id


def test_the_bodies_of_the_page_are_as_they_are() -> None:
    """The page shows a webhook with the fields that one has, and a chat's message as it is built."""
    webhook, chat = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    sample, event = json.loads(webhook), json.loads(build_webhook_body(make_fact(1)))
    assert (sample.keys(), sample["data"].keys()) == (event.keys(), event["data"].keys())
    text = "the invoice of 2026-11 is missing"
    late = make_fact(1, FactKind.LATE, provider="fastly", account="cdn", subject="", text=text)
    assert json.loads(chat) == json.loads(build_chat_body([late]))
