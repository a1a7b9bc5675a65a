"""Scenarios: which accounts a world has, and what happens to them in which month."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.providers.provider import Provider
from billfold.providers.twin_api import TwinApi
from billfold.twin.faults import DEFAULT_LATE_DAYS, FAULTS, Fault, list_places
from billfold.twin.invoices import LASTING

DEFAULT_MONTHS = 12
DEFAULT_SCENARIO = "default"
THIRD_MONTH = 2
RESTATED_INVOICE, RESTATED_KIND = "restated-invoice", "restated-changed"
LATE_DAYS = 20
"""Days after the end of its month that a late invoice comes."""


class WireEvent(NamedTuple):
    """An event that happens to the answers and not to the truth: which fault it is, and how long after its month it begins."""

    fault: str
    delay: timedelta = timedelta()


WIRE_EVENTS: Mapping[str, WireEvent] = {
    "late-invoice": WireEvent("invoice-late"),
    "missing-invoice": WireEvent("newest-invoice-missing"),
    "duplicate-invoice": WireEvent("duplicate-invoice"),
    "disputed-invoice": WireEvent("dropped-line", timedelta(days=12)),
}
RESTATEMENT_DELAY, MEMO_DELAY = timedelta(days=40), timedelta(days=24)


class EventNote(NamedTuple):
    """What an event is, in a sentence, and which findings tell of it (none: it is no fault, and shows in the amounts)."""

    text: str
    findings: tuple[str, ...] = ()


EVENT_NOTES: Mapping[str, EventNote] = {
    "price-change": EventNote("prices rise by a fifth, and stay"),
    "spike": EventNote("one month has many times the usage", ("amount-jump",)),
    "quiet-month": EventNote("one month has so little traffic that the agreed minimum is not met"),
    "plan-change": EventNote("more is bought from this month on, and support has another price"),
    "renewal": EventNote("the contracts are renewed for three years and a tenth more"),
    "annual-prepayment": EventNote("one product is bought for twelve months at once"),
    "billed-in-advance": EventNote("from this month on, the seats of the next month are billed"),
    "credits-bought": EventNote("half as many credits as at the start are bought anew"),
    "cost-centers": EventNote("two thirds of the clusters are labeled with a cost center"),
    "double-payment": EventNote("the invoice is paid twice", ("payment-doubled",)),
    "unpaid-invoice": EventNote("the invoice is never paid", ("payment-overdue",)),
    "late-memo": EventNote("a credit memo comes weeks after the month", ("bill-posted-late",)),
    "late-invoice": EventNote(f"the invoice comes {LATE_DAYS} days after the month", ("invoice-late",)),
    "missing-invoice": EventNote("the invoice never comes", ("invoice-late", "month-empty")),
    "duplicate-invoice": EventNote("the invoice comes twice, under another number", ("duplicate-suspected",)),
    "disputed-invoice": EventNote(
        "the invoice is told otherwise later, and does not add up then", ("invoice-disputed",)
    ),
    RESTATED_INVOICE: EventNote("a line of the closed month costs more afterwards", ("invoice-restated",)),
}


class AccountRole(NamedTuple):
    """What an account of the default world is in a scenario; what is empty stays as it is by default."""

    name: str
    kind: str | None = None
    new_name: str = ""
    organization: str = ""


class PlacedEvent(NamedTuple):
    """An event in a month of a world."""

    account: str
    kind: str
    month: Month

    @property
    def told_at(self) -> datetime:
        """When it is told first: as the month begins or ends, or some time after that."""
        if self.kind == RESTATED_INVOICE:
            return self.month.end + RESTATEMENT_DELAY
        if self.kind == "late-memo":
            return self.month.end + MEMO_DELAY
        return self.month.end + WIRE_EVENTS[self.kind].delay if self.kind in WIRE_EVENTS else self.month.start

    def describe(self) -> dict[str, object]:
        """Return what ``/_twin/events`` tells of it."""
        note = EVENT_NOTES.get(self.kind, EventNote(""))
        return {
            "account": self.account,
            "kind": self.kind,
            "month": str(self.month),
            "told_at": self.told_at.date().isoformat(),
            "text": note.text,
            "findings": list(note.findings),
        }


class ScenarioEvent(NamedTuple):
    """An event of a scenario; ``month_number`` counts the months of the history from 0 (None: the third, or the running one)."""

    account: str
    kind: str
    month_number: int | None = None

    def place(self, first_month: Month, running_month: Month) -> PlacedEvent:
        """Return the event in its month; what is told after its month happens in the running one if nothing else is chosen."""
        if self.month_number is not None:
            return PlacedEvent(self.account, self.kind, first_month.add_months(self.month_number))
        event = PlacedEvent(self.account, self.kind, running_month)
        is_told_later = event.told_at > running_month.end or self.kind == "late-invoice"
        return event if is_told_later else event._replace(month=first_month.add_months(THIRD_MONTH))


class Scenario(NamedTuple):
    """A story to be played: its accounts, what happens to them, and how many closed months it begins with."""

    accounts: tuple[AccountRole, ...] = ()
    events: tuple[ScenarioEvent, ...] = ()
    months: int = DEFAULT_MONTHS

    def resolve_kinds(self, event_kinds: Iterable[str]) -> Scenario:
        """Return the scenario with an event where an account was to be of a kind that is one."""
        all_kinds = {*event_kinds, *WIRE_EVENTS, RESTATED_INVOICE}
        events = tuple(
            ScenarioEvent(role.new_name or role.name, role.kind) for role in self.accounts if role.kind in all_kinds
        )
        roles = tuple(role._replace(kind=None) if role.kind in all_kinds else role for role in self.accounts)
        return self._replace(accounts=roles, events=(*self.events, *events))


SHORT_NAMES: Mapping[str, str] = {
    "plan-change": "fastly:plan-change",
    "renewal": "genesys:renewal",
    "spike": "vultr:spike",
    "annual-prepayment": "genesys:annual-prepayment",
    "billed-in-advance": "genesys:billed-in-advance",
    "unpaid-invoice": "genesys:unpaid-invoice",
    "double-payment": "vultr:double-payment",
    "late-memo": "genesys:late-memo",
    "late-invoice": "fastly:late-invoice",
    "missing-invoice": "fastly:missing-invoice",
    "duplicate-invoice": "genesys:duplicate-invoice",
    "disputed-invoice": "cockroach:disputed-invoice",
    "restated-invoice": "cockroach:restated-invoice",
    "exhausted-credits": "cockroach:credits-exhausted",
    "euro": "fastly:euro",
    "price-change": "vultr:price-change",
}
"""Stories that can be played by their name alone: at which account, and of which kind."""
COMPANY = Scenario(
    accounts=(
        AccountRole("vultr", new_name="compute", organization="Northwind Retail"),
        AccountRole("fastly", new_name="cdn", organization="Northwind Retail"),
        AccountRole("fastly-parent-pay", "euro", "cdn-emea", "Northwind EMEA"),
        AccountRole("cockroach", new_name="database", organization="Northwind Retail"),
        AccountRole("cockroach-credits", "credits-500000", "database-credits", "Northwind EMEA"),
        AccountRole("genesys", "partner-50", "contact-center", "Northwind Contact Services"),
    ),
    events=(
        ScenarioEvent("database", "cost-centers", 0),
        ScenarioEvent("database-credits", "cost-centers", 0),
        ScenarioEvent("compute", "price-change", 3),
        ScenarioEvent("cdn", "late-invoice", 5),
        ScenarioEvent("compute", "spike", 8),
        ScenarioEvent("contact-center", "duplicate-invoice", 9),
        ScenarioEvent("cdn", "plan-change", 10),
        ScenarioEvent("cdn-emea", "quiet-month", 10),
        ScenarioEvent("contact-center", "renewal", 12),
        ScenarioEvent("contact-center", "annual-prepayment", 12),
        ScenarioEvent("database-credits", "credits-bought", 12),
        ScenarioEvent("compute", "double-payment", 13),
        ScenarioEvent("database", "disputed-invoice", 15),
        ScenarioEvent("cdn-emea", "missing-invoice", 17),
        ScenarioEvent("database", RESTATED_INVOICE, 18),
        ScenarioEvent("contact-center", "late-memo", 19),
        ScenarioEvent("contact-center", "unpaid-invoice", 20),
    ),
    months=24,
)
"""One company of three organizations: six accounts, twenty-four months, half of which nothing happens in."""


def parse_scenario(scenario: str) -> Scenario:
    """Read a scenario: a name (also where a file is called so), ``ACCOUNT:KIND``, or a TOML file with ``[accounts]``, ``[[events]]`` and ``months``.

    What kinds there are stands in ``docs/how-to/twin.md``. Raises ``InvalidArgument``.
    """
    if scenario == DEFAULT_SCENARIO:
        return Scenario()
    if scenario == "company":
        return COMPANY
    account, colon, kind = SHORT_NAMES.get(scenario, scenario).partition(":")
    if colon and (scenario in SHORT_NAMES or not Path(scenario).is_file()):
        return Scenario((AccountRole(account, kind),))
    try:
        return _read_file(Path(scenario))
    except (
        OSError,
        tomllib.TOMLDecodeError,
        UnicodeDecodeError,
        KeyError,
        AttributeError,
        TypeError,
        ValueError,
    ) as error:
        names = ", ".join((DEFAULT_SCENARIO, "company", *SHORT_NAMES))
        problem = f"is neither a name ({names}), ACCOUNT:KIND nor a TOML file with [accounts] or [[events]]"
        raise InvalidArgument(f"the scenario {scenario!r} {problem}") from error


def _read_file(path: Path) -> Scenario:
    """Read a file; its events count the months from 1, or have none and happen when their story does by itself."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    if not tables.keys() & {"accounts", "events"}:
        raise KeyError("accounts")
    roles = tuple(AccountRole(str(name), str(kind)) for name, kind in tables.get("accounts", {}).items())
    events = tuple(
        ScenarioEvent(str(event["account"]), str(event["kind"]), int(event["month"]) - 1 if "month" in event else None)
        for event in tables.get("events", [])
    )
    return Scenario(roles, events, int(tables.get("months", DEFAULT_MONTHS)))


def list_event_kinds(vendor: Provider, twin: TwinApi) -> list[str]:
    """Return what can happen to an account of a vendor."""
    return [
        *twin.event_kinds,
        *(kind for kind, wire in WIRE_EVENTS.items() if list_places(vendor, wire.fault)),
        RESTATED_INVOICE,
    ]


def check_event(vendor: Provider, twin: TwinApi, event: PlacedEvent) -> None:
    """Raise ``InvalidArgument`` for something that cannot happen to an account of a vendor."""
    possible_kinds = list_event_kinds(vendor, twin)
    if event.kind not in possible_kinds:
        raise InvalidArgument(
            f"{event.kind!r} cannot happen to {event.account}; what can is {', '.join(possible_kinds)}"
        )


def schedule_fault(event: PlacedEvent, provider_name: str) -> Fault | None:
    """Return the fault that an event is on the wire; None for one that happens to the truth."""
    wire = WIRE_EVENTS.get(event.kind)
    if wire is None:
        return None
    days = LATE_DAYS if event.kind == "late-invoice" else DEFAULT_LATE_DAYS
    return Fault(
        provider_name,
        wire.fault,
        times=LASTING,
        days=days,
        account=event.account,
        month=event.month,
        since=event.told_at,
    )


assert {wire.fault for wire in WIRE_EVENTS.values()} <= FAULTS.keys()
