"""Tell targets what is new in a ledger: note the facts, send what is due, try again what was not taken, each fact once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from billfold import config
from billfold.collect.workspace import Workspace
from billfold.ledger import alert_outbox
from billfold.ledger.alert_outbox import Delivery, DeliveryState, OutboxLock, TargetCount
from billfold.ledger.layout import ARCHIVE_FILE, SERVER_FILE
from billfold.ledger.month_costs import read_last_asked
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.alert_target import AlertTarget, TargetType
from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.report.alert_texts import build_summary, build_test
from billfold.settings.alerts import read_alerts
from billfold.tasks.alert_facts import list_facts
from billfold.tasks.alert_senders import MAX_FACTS_PER_MESSAGE, MakeSender, Parcel, Send, make_sender
from billfold.transport.webhook import SendResult

RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 5 * 60, 10 * 60, 14 * 60, 20 * 60))
"""How long after each attempt that failed the next one is due; after the last of them a delivery is given up."""
MAX_RETRY_AFTER = timedelta(hours=12)
"""How long a receiver may put off the next attempt at most."""
Clock = Callable[[], datetime]


def read_clock() -> datetime:
    """Return this machine's time."""
    return datetime.now(UTC)


class SendOutcome(NamedTuple):
    """What came of sending what was due: how many deliveries were sent, which were not, and which targets could not be used.

    ``is_busy`` tells that another process is sending.
    """

    sent: int = 0
    refused: Sequence[Delivery] = ()
    unusable: Sequence[str] = ()
    is_busy: bool = False


class TargetRow(NamedTuple):
    """A target and where its deliveries are."""

    name: str
    type: TargetType
    address: str
    fact_kinds: str
    sent: int
    waiting: int
    parked: int
    last_sent_at: datetime | None
    last_answer: str


def load_targets(config_path: Path) -> list[AlertTarget]:
    """Return the targets of a configuration, none where there is none; raises ``ConfigurationError``."""
    return read_alerts(config.load_section(config_path, "alerts"), config_path)


OpenedLedger = AbstractContextManager[tuple[Workspace, OpenLedger]]


def note_alerts(
    directory: Path, open_ledger: Callable[[], OpenedLedger], config_path: Path, clock: Clock = read_clock
) -> bool:
    """Note what is worth telling of a ledger; returns False where another process is noting. Raises ``ConfigurationError``.

    One process notes at a time, and opens the ledger when it may: what an older ledger does not have would seem to have ended.
    """
    if not (directory / ARCHIVE_FILE).exists():
        raise ConfigurationError(
            f"there is no ledger in {directory}: `billfold sync` makes one; --ledger names another place"
        )
    with alert_outbox.outbox_lock(directory, OutboxLock.NOTING) as is_ours:
        if is_ours:
            with open_ledger() as (workspace, db):
                _note_facts(workspace, db, config_path, clock)
        return is_ours


def _note_facts(workspace: Workspace, db: OpenLedger, config_path: Path, clock: Clock) -> None:
    """Note the facts of a ledger; before its first collection none: it is no news to anybody that all of it is new."""
    targets = load_targets(config_path)
    is_unused = not targets and not (workspace.directory / SERVER_FILE).exists()
    if is_unused or read_last_asked(db, LedgerFilter()) is None:
        return
    facts = list_facts(workspace, db, config_path) if targets else []
    alert_outbox.note_facts(workspace.directory, facts, targets, build_summary, clock())


def send_alerts(
    directory: Path, config_path: Path, clock: Clock = read_clock, make_sender: MakeSender = make_sender
) -> SendOutcome:
    """Send what is due, and return what came of it; what one target does not take holds up no other.

    One process sends at a time. Raises ``ConfigurationError`` for targets that are not written as they should be.
    """
    targets = load_targets(config_path)
    if not (directory / SERVER_FILE).exists():
        return SendOutcome()
    with alert_outbox.outbox_lock(directory, OutboxLock.SENDING) as is_ours:
        if not is_ours:
            return SendOutcome(is_busy=True)
        sent, refused, unusable = 0, list[Delivery](), list[str]()
        for target in targets:
            due = alert_outbox.list_due(directory, target.name, clock())
            try:
                send = make_sender(target) if due else None
            except ConfigurationError as error:
                unusable.append(str(error))
                continue
            for deliveries, result in _send_all(directory, target, due, send, clock) if send else ():
                sent += len(deliveries) if result.is_accepted else 0
                refused += [] if result.is_accepted else deliveries
        return SendOutcome(sent, refused, unusable)


def _send_all(
    directory: Path, target: AlertTarget, due: Sequence[Delivery], send: Send, clock: Clock
) -> Iterator[tuple[list[Delivery], SendResult]]:
    """Send to a target until it does not take something: what else is due then waits for the next time."""
    size = MAX_FACTS_PER_MESSAGE[target.type]
    for start in range(0, len(due), size):
        deliveries = list(due[start : start + size])
        delivery_ids = [delivery.id for delivery in deliveries]
        alert_outbox.note_attempt(directory, delivery_ids)
        result = send(Parcel([delivery.fact for delivery in deliveries], delivery_ids, clock()))
        if result.is_accepted:
            alert_outbox.note_sent(directory, delivery_ids, result.text, clock())
            yield deliveries, result
            continue
        for delivery in deliveries:
            due_at = None if result.is_final else find_next_attempt(delivery.attempts + 1, result, clock())
            alert_outbox.note_refusal(directory, [delivery.id], result.text, due_at)
        yield [delivery._replace(answer=result.text) for delivery in deliveries], result
        return


def find_next_attempt(attempts: int, result: SendResult, now: datetime) -> datetime | None:
    """Return when a delivery is due again after so many attempts; None where it is given up."""
    if attempts > len(RETRY_DELAYS):
        return None
    wish = min(timedelta(seconds=result.retry_after_s), MAX_RETRY_AFTER)
    return now + max(RETRY_DELAYS[attempts - 1], wish)


def send_test(config_path: Path, name: str, clock: Clock = read_clock) -> SendResult:
    """Send a target a test, which is noted nowhere; raises ``ConfigurationError``."""
    target = find_target(load_targets(config_path), name)
    fact = build_test(target.name, clock())
    return make_sender(target)(Parcel([fact], [alert_outbox.build_delivery_id(fact.id, name)], clock()))


def find_target(targets: Sequence[AlertTarget], name: str) -> AlertTarget:
    """Return the target of a name; raises ``InvalidArgument``."""
    for target in targets:
        if target.name == name:
            return target
    names = ", ".join(target.name for target in targets) or "none: write [[alerts]] into the configuration"
    raise InvalidArgument(f"no target is called {name!r}; there are {names}")


def list_targets(directory: Path, config_path: Path) -> list[TargetRow]:
    """Return the targets of a configuration, and where their deliveries are."""
    counts = alert_outbox.count_deliveries(directory)
    return [
        _build_row(target, counts.get(target.name, TargetCount(target.name, 0, 0, 0, None, "")))
        for target in load_targets(config_path)
    ]


def _build_row(target: AlertTarget, count: TargetCount) -> TargetRow:
    place = target.name, target.type, target.address
    return TargetRow(*place, ", ".join(sorted(target.fact_kinds)), *count[1:4], count.last_sent_at, count.last_answer)


def list_parked(directory: Path) -> list[Delivery]:
    """Return what was given up."""
    return [delivery for delivery in alert_outbox.list_troubled(directory) if delivery.state is DeliveryState.PARKED]
