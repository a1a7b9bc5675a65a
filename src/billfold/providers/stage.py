"""What a vendor's twin is given and what it gives: accounts, moments, refusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Any, NamedTuple, Protocol

from billfold.model.bill import Bill, Charges, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation


class Account(NamedTuple):
    """An account that a twin plays; ``facts`` are what ``/_twin/accounts`` tells beside the rest.

    ``story`` is a restatement that happened to it: which one, and of which month.
    """

    provider: str
    name: str
    credentials: Mapping[str, str]
    seed: int
    first_month: Month
    facts: Mapping[str, Any] = {}
    noright: Mapping[str, str] = {}
    kind: str = "ordinary"
    story: tuple[str, Month] | None = None

    def __hash__(self) -> int:
        return hash((self.provider, self.name, self.seed, self.first_month, self.kind, self.story))

    def dice(self, *about: object) -> Random:
        """Return a source of chance that depends on nothing but the seed, the account and what it is about."""
        return Random("/".join(map(str, (self.seed, self.provider, self.name, *about))))  # noqa: S311 - a story


class Caller(NamedTuple):
    """Who a request comes from: an account, and whether its credential has the billing right."""

    account: Account
    allowed: bool = True


class Places(NamedTuple):
    """Where things stand in an operation's JSON, for faults: the list, and within an item its money, id, state, currency.

    ``items`` is empty where the answer is one thing; ``size`` is the path of a stated number of items.
    """

    items: str = ""
    money: str = ""
    id: str = ""
    state: str = ""
    currency: str = ""
    size: str = ""


class Moment(NamedTuple):
    """What an answer is made from beside the question; ``memory`` holds what the vendor remembers of past questions."""

    account: Account
    now: datetime
    request: Request
    memory: MutableMapping[str, Any]


class No(StrEnum):
    """The ways in which a vendor says no."""

    BAD_REQUEST = "bad-request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    UNPROCESSABLE = "unprocessable"
    RATE_LIMITED = "rate-limited"
    SERVER_ERROR = "server-error"
    UNAVAILABLE = "unavailable"


class Denied(Exception):
    """Raised by a twin's answer to say no in the vendor's words."""

    def __init__(self, no: No, detail: str = "") -> None:
        self.no, self.detail = no, detail
        super().__init__(f"{no}: {detail}")


class Twin(Protocol):
    """The module ``twin`` of a provider folder."""

    MOUNT: str
    RATE: tuple[int, float]

    def accounts(self, seed: int, first_month: Month) -> tuple[Account, ...]:
        """Return the accounts of the default world; the first one is ordinary and has all rights."""
        ...

    def caller(self, request: Request, accounts: tuple[Account, ...], moment: Moment) -> Caller | None:
        """Hear who asks; None for nobody known."""
        ...

    def answer(self, op: Operation[Any], moment: Moment) -> object:
        """Answer an operation with a record, or with a whole ``Response``; raises ``Denied``."""
        ...

    def refusal(self, no: No, detail: str, request: Request) -> Response:
        """Say no as the vendor does: status, content type, body."""
        ...

    def truth(self, account: Account, now: datetime) -> Iterator[Bill]:
        """Yield the true bills of an account as they stand at a time."""
        ...


def retold(account: Account, bill: Bill) -> Bill:
    """Return a bill as the account's story has it: a scenario passes every bill it makes through here.

    An issued bill of the story's month has a line added, changed or split; its total follows, except for a split.
    """
    if account.story is None or bill.state is not State.ISSUED or Month.of(bill.period.start) != account.story[1]:
        return bill
    rows = [row for batch in bill.charges for row in batch.rows()]
    told = {"restated-added": _added, "restated-changed": _changed, "restated-split": _split}[account.story[0]](rows)
    extra = exact_sum(_cost(row) for row in told) - exact_sum(_cost(row) for row in rows)
    total = None if bill.total is None else bill.total + extra
    return bill._replace(charges=[Charges.of(told)], total=total, listed=len(told))


MOVED = Decimal("12.34")


def _cost(row: CostAndUsage) -> Decimal:
    spent = row.BilledCost if row.PricingCurrency == row.BillingCurrency else row.PricingCurrencyEffectiveCost
    return spent or ZERO


def _costing(row: CostAndUsage, cost: Decimal) -> CostAndUsage:
    billed = cost if row.PricingCurrency == row.BillingCurrency else ZERO
    costs = {"BilledCost": billed, "EffectiveCost": billed, "ListCost": billed, "ContractedCost": billed}
    if row.PricingCurrencyEffectiveCost is not None:
        costs["PricingCurrencyEffectiveCost"] = cost
    return row._replace(**costs)  # type: ignore[arg-type]


def _first_usage(rows: list[CostAndUsage]) -> int:
    return next(i for i, row in enumerate(rows) if row.ChargeCategory == "Usage" and _cost(row) > 1)


def _added(rows: list[CostAndUsage]) -> list[CostAndUsage]:
    at = _first_usage(rows)
    late = _costing(rows[at], MOVED)._replace(x_NativeId=f"{rows[at].x_NativeId}-late" if rows[at].x_NativeId else None)
    return [*rows[: at + 1], late, *rows[at + 1 :]]


def _changed(rows: list[CostAndUsage]) -> list[CostAndUsage]:
    at = _first_usage(rows)
    return [*rows[:at], _costing(rows[at], _cost(rows[at]) + MOVED), *rows[at + 1 :]]


def _split(rows: list[CostAndUsage]) -> list[CostAndUsage]:
    at = _first_usage(rows)
    half = Decimal(1)
    first, second = _costing(rows[at], _cost(rows[at]) - half), _costing(rows[at], half)
    second = second._replace(x_NativeId=f"{second.x_NativeId}-split" if second.x_NativeId else None)
    return [*rows[:at], first, second, *rows[at + 1 :]]
