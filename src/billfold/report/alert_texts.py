"""Facts as they are sent: JSON for programs, a message for a chat, a mail; what vendors wrote in them steers nobody."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

from billfold.model.fact import TITLES, Fact, FactKey, FactKind, describe_fact, format_money, list_fact_values
from billfold.model.period import format_instant
from billfold.model.plain_text import make_encodable, make_printable
from billfold.report.render import counted

MAX_TEXT_CHARS, MAX_SUBJECT_CHARS = 500, 120
"""Characters of one fact in a chat or a mail, and of a mail's subject."""
MAX_BLOCKS = 40
"""Facts of one message that a chat shows apart: Slack refuses more than 50 blocks."""
EVENT_KINDS = frozenset({FactKind.NEW_INVOICE, FactKind.RESTATED})
"""Facts that happened, and do not last."""
_CELL = 'style="padding:4px 12px 4px 0;vertical-align:top"'


class MailText(NamedTuple):
    """A mail's subject and its text, plain and as HTML."""

    subject: str
    plain: str
    html: str


def build_webhook_body(fact: Fact) -> bytes:
    """Return a fact as JSON in ASCII: its type, its time and, in ``data``, its values as texts."""
    values = {name: None if value is None else _clean(value) for name, value in list_fact_values(fact).items()}
    event = {"type": f"billfold.{fact.kind}", "timestamp": format_instant(fact.at), "data": values}
    return json.dumps(event, separators=(",", ":")).encode()


def build_chat_body(facts: Sequence[Fact]) -> bytes:
    """Return facts as a message for Slack's incoming webhooks and what takes the same: all in ``text``, and in blocks."""
    lines = [_escape_chat(_cut(describe_fact(fact))) for fact in facts]
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": line, "verbatim": True}} for line in lines[:MAX_BLOCKS]
    ]
    return json.dumps({"text": "\n".join(lines), "blocks": blocks, "unfurl_links": False}).encode()


def _escape_chat(text: str) -> str:
    """Escape what Slack reads as a link, a mention or a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def build_mail_text(facts: Sequence[Fact]) -> MailText:
    """Return facts as a mail."""
    lines = [_cut(describe_fact(fact)) for fact in facts]
    subject = _cut(describe_fact(facts[0]), MAX_SUBJECT_CHARS) if len(facts) == 1 else _count_titles(facts)
    rows = "".join(
        f"<tr>{''.join(f'<td {_CELL}>{escape(_cut(text))}</td>' for text in _list_cells(fact))}</tr>" for fact in facts
    )
    foot = "Sent by billfold. `billfold alerts` lists what was sent and what waits."
    html = f"<!doctype html><html><body><table>{rows}</table><p>{escape(foot)}</p></body></html>"
    return MailText(f"[billfold] {subject}", "\n\n".join([*lines, f"-- \n{foot}"]) + "\n", html)


def _list_cells(fact: Fact) -> tuple[str, ...]:
    return TITLES[fact.kind], fact.place, fact.subject, format_money(fact), fact.text


def _count_titles(facts: Iterable[Fact]) -> str:
    counts = Counter(TITLES[fact.kind] for fact in facts)
    return f"{counted(counts.total(), 'alert')}: " + ", ".join(f"{count} {title}" for title, count in counts.items())


def _clean(text: str) -> str:
    return make_encodable(make_printable(text))


def _cut(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    line = _clean(text)
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def build_summary(target_name: str, facts: Iterable[Fact], now: datetime) -> Fact:
    """Return the first fact that a target is sent: what holds when it is made, instead of all that happened before."""
    holding = Counter(TITLES[fact.kind].lower() for fact in facts if fact.kind not in EVENT_KINDS)
    state = ", ".join(f"{count} {title}" for title, count in sorted(holding.items())) or "nothing is wrong"
    text = f"from now on, what is new is sent here; what was before is not. At present: {state}"
    return _build_own(FactKind.SUMMARY, target_name, text, now)


def build_test(target_name: str, now: datetime) -> Fact:
    """Return a fact that says nothing, to try a target."""
    return _build_own(FactKind.TEST, target_name, "this is a test, and nothing has happened", now)


def _build_own(kind: FactKind, target_name: str, text: str, now: datetime) -> Fact:
    key = FactKey(kind, "", "", (target_name, format_instant(now)))
    return Fact(key.id, kind, "", "", "", target_name, "", None, text, "", now)
