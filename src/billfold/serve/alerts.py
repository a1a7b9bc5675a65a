"""Alerts in the server: told after each sync and every few minutes, and the screen that shows what was told to whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from billfold.ledger.alert_outbox import Delivery, list_deliveries
from billfold.model.fact import TITLES
from billfold.serve.questions import Question
from billfold.serve.views import ViewPool
from billfold.tasks.alert_senders import MakeSender, make_sender
from billfold.tasks.alerts import SendOutcome, list_targets, note_alerts, read_clock, send_alerts

MAX_SHOWN_DELIVERIES = 300


def deliver_alerts(pool: ViewPool, now: datetime | None = None, make_sender: MakeSender = make_sender) -> SendOutcome:
    """Note what is new in a ledger and send what is due, as of a time; nothing where the configuration has no [[alerts]].

    It may be called from any thread and as often as wanted: one process sends at a time, and what was sent is not sent again. The
    ledger is not in use while it sends. Raises ``ConfigurationError`` and ``LedgerError``.
    """

    def clock() -> datetime:
        return now or read_clock()

    with pool.borrow_view() as view:
        note_alerts(view.workspace, view.db, view.config_path, clock)
    return send_alerts(pool.directory, pool.config_path, clock, make_sender)


class DeliveryLine(NamedTuple):
    """A delivery as the screen shows it."""

    delivery: Delivery
    title: str


def show_alerts(question: Question) -> Mapping[str, object]:
    """Show whom facts are told, what could not be sent, and what was told last, of the accounts that are asked about."""
    directory, config_path = question.view.workspace.directory, question.view.config_path
    lines = [
        DeliveryLine(delivery, TITLES[delivery.fact.kind])
        for delivery in list_deliveries(directory, MAX_SHOWN_DELIVERIES)
        if _is_shown(question, delivery)
    ]
    targets = list_targets(directory, config_path)
    return {
        "targets": targets,
        "lines": lines,
        "most": MAX_SHOWN_DELIVERIES,
        "waiting": sum(target.waiting for target in targets),
        "parked": sum(target.parked for target in targets),
    }


def _is_shown(question: Question, delivery: Delivery) -> bool:
    """Tell whether a delivery is of what is asked about; one that was queued later than is looked back to was not there."""
    fact = delivery.fact
    is_asked_for = question.filters.includes_account(fact.provider, fact.account)
    return is_asked_for and (question.as_of is None or delivery.queued_at < question.as_of)
