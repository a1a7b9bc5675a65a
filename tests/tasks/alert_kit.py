"""Alerts without a network: facts that are given, a receiver that counts what comes, and a death at any step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

from billfold.ledger import alert_outbox
from billfold.model.alert_target import AlertTarget
from billfold.model.fact import Fact, FactKey, FactKind
from billfold.report.alert_texts import build_summary
from billfold.tasks import alerts
from billfold.tasks.alert_senders import Parcel, Send
from billfold.tasks.alerts import SendOutcome
from billfold.transport.webhook import SendResult

START = datetime(2026, 12, 1, 6, tzinfo=UTC)
HOOK = """
[[alerts]]
name = "hook"
to = "webhook"
url = "https://hook.example.com/in"
secret = "env:HOOK_SECRET"
"""
CHAT = """
[[alerts]]
name = "chat"
to = "slack"
url = "env:CHAT_URL"
"""
TAKEN = SendResult(is_accepted=True, text="HTTP 204")
REFUSED = SendResult(is_accepted=False, text="HTTP 500")
STEPS = ("note_facts", "list_due", "note_attempt", "note_sent", "note_refusal")


class Killed(BaseException):
    """The process ends here."""


def make_fact(number: int = 1, kind: FactKind = FactKind.NEW_INVOICE, **fields: Any) -> Fact:
    """Return a fact about an invoice of 100 USD of vultr's account "main"."""
    key = FactKey(kind, "vultr", "main", (str(number),))
    subject, at = f"INV-{number}", START + timedelta(minutes=number)
    fact = Fact(key.id, kind, "vultr", "main", "2026-11", subject, "USD", Decimal(100), "100.00 USD", "", at)
    return fact._replace(**fields)


@dataclass
class Receiver:
    """Takes what targets are sent; ``answer`` may refuse it. ``facts`` are what it makes of it: each delivery id once."""

    answer: Callable[[AlertTarget, Parcel], SendResult] = lambda _target, _parcel: TAKEN
    deliveries: list[tuple[str, str]] = field(default_factory=list)
    facts: dict[tuple[str, str], Fact] = field(default_factory=dict)

    def make_sender(self, target: AlertTarget) -> Send:
        """Return how a target is sent to."""

        def send(parcel: Parcel) -> SendResult:
            result = self.answer(target, parcel)
            for fact, delivery_id in zip(parcel.facts, parcel.delivery_ids, strict=True):
                self.deliveries.append((target.name, delivery_id))
                if result.is_accepted:
                    self.facts[target.name, delivery_id] = fact
            return result

        return send

    def list_facts(self, target: str) -> list[str]:
        """Return the ids of the facts that a target has, but for its summaries."""
        facts = [fact for (name, _), fact in self.facts.items() if name == target]
        return [fact.id for fact in facts if fact.kind is not FactKind.SUMMARY]

    def count_raw(self) -> Counter[tuple[str, str]]:
        """Count how often each delivery came."""
        return Counter(self.deliveries)


@dataclass
class Office:
    """A ledger's directory with targets, a clock that moves when told, and a receiver."""

    home: Path
    now: datetime = START
    receiver: Receiver = field(default_factory=Receiver)

    def configure(self, text: str) -> None:
        """Write the configuration."""
        (self.home / "billfold.toml").write_text(text, encoding="utf-8")

    def note(self, *facts: Fact) -> int:
        """Note what holds now; returns how many deliveries that makes."""
        targets = alerts.load_targets(self.home / "billfold.toml")
        return alert_outbox.note_facts(self.home, facts, targets, build_summary, self.now)

    def send(self) -> SendOutcome:
        """Send what is due."""
        return alerts.send_alerts(self.home, self.home / "billfold.toml", lambda: self.now, self.receiver.make_sender)

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


class Fuse:
    """Ends the process at a step: number ``limit`` of those that it is told of."""

    def __init__(self, limit: int) -> None:
        self.limit, self.steps = limit, list[str]()

    def burn(self, step: str) -> None:
        """Take a step."""
        self.steps.append(step)
        if len(self.steps) == self.limit:
            raise Killed(step)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Burn before and after each step of the outbox."""
        with ExitStack() as stack:
            for name in STEPS:
                stack.enter_context(mock.patch.object(alert_outbox, name, self._wrap(name)))
            yield

    def _wrap(self, name: str) -> Callable[..., Any]:
        step = getattr(alert_outbox, name)

        def take_step(*args: Any, **options: Any) -> Any:
            self.burn(f"before {name}")
            result = step(*args, **options)
            self.burn(f"after {name}")
            return result

        return take_step


def list_ids(facts: Sequence[Fact]) -> list[str]:
    """Return the ids of facts."""
    return [fact.id for fact in facts]
