"""Alerts in the server: told after each sync and every few minutes, and the screen that shows what was told to whom."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger.alert_outbox import Delivery, list_deliveries
from billfold.ledger.store import OpenLedger
from billfold.model.fact import TITLES
from billfold.serve.questions import Question
from billfold.serve.views import ViewPool
from billfold.tasks.alert_senders import MakeSender, make_sender
from billfold.tasks.alerts import Clock, SendOutcome, list_targets, note_alerts, read_clock, send_alerts

log = logging.getLogger("billfold.alerts")
MAX_SHOWN_DELIVERIES = 300


class AlertRounds:
    """Tells what is new in a served ledger: to be called after each sync, and every few minutes for what is due again."""

    def __init__(self, pool: ViewPool, make_sender: MakeSender = make_sender) -> None:
        self._pool, self._make_sender = pool, make_sender
        self._lock, self._noted_fingerprint = threading.Lock(), ""

    def deliver_alerts(self, now: datetime | None = None) -> SendOutcome:
        """Note what is new and send what is due, as of a time; nothing where the configuration has no [[alerts]].

        It may be called from any thread and as often as wanted: one process sends at a time, and what was sent is not sent again.
        A ledger that has not changed is not gone through again, and none is in use while it sends. Raises ``ConfigurationError`` and
        ``LedgerError``.
        """

        def clock() -> datetime:
            return now or read_clock()

        with self._lock:
            self._note_changes(clock)
        outcome = send_alerts(self._pool.directory, self._pool.config_path, clock, self._make_sender)
        for text in outcome.unusable:
            log.warning("%s", text)
        for delivery in outcome.refused:
            log.warning("alert %s was not taken by %s: %s", delivery.fact.id, delivery.target, delivery.answer)
        return outcome

    def _note_changes(self, clock: Clock) -> None:
        fingerprint = self._pool.read_fingerprint()
        if fingerprint != self._noted_fingerprint:
            pool = self._pool
            if note_alerts(pool.directory, self._open_ledger, pool.config_path, clock):
                self._noted_fingerprint = fingerprint

    @contextmanager
    def _open_ledger(self) -> Iterator[tuple[Workspace, OpenLedger]]:
        with self._pool.borrow_view() as view:
            yield view.workspace, view.db


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
