"""What is worth telling somebody who does not look, as a value: an invoice came, one is late, a budget is reached."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from billfold.model.money import format_amount
from billfold.model.period import format_instant


class FactKind(StrEnum):
    """Every sort of fact."""

    NEW_INVOICE = "new-invoice"
    RESTATED = "restated"
    LATE = "late"
    PARKED = "parked"
    DISPUTED = "disputed"
    BUDGET = "budget"
    ANOMALY = "anomaly"
    SHORTFALL = "shortfall"
    SYNC_FAILING = "sync-failing"
    DOCUMENT_MISSING = "document-missing"
    SUMMARY = "summary"
    TEST = "test"


OWN_KINDS = frozenset({FactKind.SUMMARY, FactKind.TEST})
"""Kinds of facts that are about the alerts themselves: every target gets its own."""
TITLES = {
    FactKind.NEW_INVOICE: "New invoice",
    FactKind.RESTATED: "Restated invoice",
    FactKind.LATE: "Late invoice",
    FactKind.PARKED: "Parked bill",
    FactKind.DISPUTED: "Disputed invoice",
    FactKind.BUDGET: "Budget",
    FactKind.ANOMALY: "Odd cost",
    FactKind.SHORTFALL: "Commitment not used up",
    FactKind.SYNC_FAILING: "Sync is failing",
    FactKind.DOCUMENT_MISSING: "Document is missing",
    FactKind.SUMMARY: "Alerts begin",
    FactKind.TEST: "Test",
}


class FactKey(NamedTuple):
    """What a fact is of, and what tells it from others of its kind: the same ledger always has the same.

    ``account`` is the name under which the account was first archived: another name makes no other fact.
    """

    kind: FactKind
    provider: str
    account: str
    parts: tuple[str, ...]

    @property
    def id(self) -> str:
        """The key as 16 hexadecimal digits."""
        text = "\x1f".join((self.kind, self.provider, self.account, *self.parts))
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Fact(NamedTuple):
    """Something that is worth telling: of which account and month ("": of all), about what, and since when by the vendor's time.

    ``amount`` is in ``currency``, None where it is not about money. ``code`` is that of the finding that it was made from, if any.
    One that ``can_recur`` holds for a time: where it ends and comes again, it is another fact.
    """

    id: str
    kind: FactKind
    provider: str
    account: str
    month: str
    subject: str
    currency: str
    amount: Decimal | None
    text: str
    code: str
    at: datetime
    can_recur: bool = False

    @property
    def place(self) -> str:
        """What it is of, for people; "" where that is the whole ledger."""
        return " ".join(filter(None, (self.provider, self.account, self.month)))


def describe_fact(fact: Fact) -> str:
    """Return a fact as one sentence that stands alone."""
    return ": ".join(filter(None, (TITLES[fact.kind], fact.place, fact.subject, fact.text)))


def list_fact_values(fact: Fact) -> dict[str, str | None]:
    """Return a fact as texts by name, money with all its digits."""
    values = {name: str(value) for name, value in fact._asdict().items() if name != "can_recur"}
    return values | {
        "at": format_instant(fact.at),
        "amount": None if fact.amount is None else format(fact.amount, "f"),
    }


def format_money(fact: Fact) -> str:
    """Write a fact's amount for people; "" where it has none."""
    return f"{format_amount(fact.amount)} {fact.currency}" if fact.amount is not None else ""
