"""What a vendor's twin is given and what it gives: accounts, moments, refusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Any, NamedTuple, Protocol

from billfold.model.bill import Bill
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

    ``items`` is empty where the answer is one thing; ``size`` is the path of a stated number of items. ``draft`` and ``final``
    are words of ``state``; ``periods`` is a list within an item, ``balance`` that of a wallet.
    """

    items: str = ""
    money: str = ""
    id: str = ""
    state: str = ""
    currency: str = ""
    size: str = ""
    draft: str = ""
    final: str = ""
    periods: str = ""
    balance: str = ""


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
    """The module ``twin`` of a provider folder; ``TELLS`` are the columns that its API can carry.

    ``KINDS`` are those an account of it can be of, N in one a number.

    It may have more: ``HEADERS`` that every answer bears, the ``PLACES`` of its operations, the path under which its
    ``DOCUMENTS`` lie, ``special``, which answers what is no operation (a login), or None, ``reworded``, which writes a
    question as an older client means it, and ``counted``, which tells in an answer how many a credential has had.
    """

    MOUNT: str
    KINDS: tuple[str, ...]
    RATE: tuple[int, float]
    TELLS: tuple[str, ...]

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

    def examples(self, account: Account, now: datetime) -> tuple[Operation[Any], ...]:
        """Return one question of each operation that the account's twin can answer."""
        ...
