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


class TwinAccount(NamedTuple):
    """An account that a twin plays; ``public_facts`` are what ``/_twin/accounts`` tells beside the rest.

    ``restatement`` is a restatement that happened to it: which one, and of which month.
    """

    provider: str
    name: str
    credentials: Mapping[str, str]
    seed: int
    first_month: Month
    public_facts: Mapping[str, Any] = {}
    unprivileged_credentials: Mapping[str, str] = {}
    account_type: str = "ordinary"
    restatement: tuple[str, Month] | None = None

    def __hash__(self) -> int:
        return hash((self.provider, self.name, self.seed, self.first_month, self.account_type, self.restatement))

    def random_for(self, *topic: object) -> Random:
        """Return a source of chance that depends on nothing but the seed, the account and what it is about."""
        return Random("/".join(map(str, (self.seed, self.provider, self.name, *topic))))  # noqa: S311 - a story


class Caller(NamedTuple):
    """Who a request comes from: an account, and whether its credential has the billing right."""

    account: TwinAccount
    is_allowed: bool = True


class FieldMap(NamedTuple):
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


class RequestContext(NamedTuple):
    """What an answer is made from beside the question; ``memory`` holds what the vendor remembers of past questions."""

    account: TwinAccount
    now: datetime
    request: Request
    memory: MutableMapping[str, Any]


class ApiFault(StrEnum):
    """The ways in which a vendor says no."""

    BAD_REQUEST = "bad-request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    UNPROCESSABLE = "unprocessable"
    RATE_LIMITED = "rate-limited"
    SERVER_ERROR = "server-error"
    UNAVAILABLE = "unavailable"


class AccessDenied(Exception):
    """Raised by a twin's answer to say no in the vendor's words."""

    def __init__(self, fault: ApiFault, detail: str = "") -> None:
        self.fault, self.detail = fault, detail
        super().__init__(f"{fault}: {detail}")


class TwinApi(Protocol):
    """The module ``twin`` of a provider folder; ``CARRIED_COLUMNS`` are the columns that its API can carry.

    ``ACCOUNT_TYPES`` are those an account of it can be of, N in one a number.

    It may have more: ``RESPONSE_HEADERS`` that every answer bears, the ``FIELD_MAPS`` of its operations, the path under which its
    ``DOCUMENTS_PATH`` lie, ``answer_special``, which answers what is no operation (a login), or None, ``translate_request``, which writes a
    question as an older client means it, and ``add_rate_headers``, which tells in an answer how many a credential has had.
    """

    MOUNT_PATH: str
    ACCOUNT_TYPES: tuple[str, ...]
    RATE_LIMIT: tuple[int, float]
    CARRIED_COLUMNS: tuple[str, ...]

    def make_accounts(self, seed: int, first_month: Month) -> tuple[TwinAccount, ...]:
        """Return the accounts of the default world; the first one is ordinary and has all rights."""
        ...

    def identify_caller(
        self, request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext
    ) -> Caller | None:
        """Hear who asks; None for nobody known."""
        ...

    def answer_operation(self, op: Operation[Any], context: RequestContext) -> object:
        """Answer an operation with a record, or with a whole ``Response``; raises ``AccessDenied``."""
        ...

    def refuse_request(self, fault: ApiFault, detail: str, request: Request) -> Response:
        """Say no as the vendor does: status, content type, body."""
        ...

    def true_bills(self, account: TwinAccount, now: datetime) -> Iterator[Bill]:
        """Yield the true bills of an account as they stand at a time."""
        ...

    def example_operations(self, account: TwinAccount, now: datetime) -> tuple[Operation[Any], ...]:
        """Return one question of each operation that the account's twin can answer."""
        ...
