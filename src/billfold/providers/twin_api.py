"""The twin's side of a vendor: the interface ``TwinApi``, and what it is given and gives: accounts, callers, refusals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Any, NamedTuple

from billfold.model.bill import Bill
from billfold.model.period import Month
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation

DEFAULT_SEED = 1
"""The seed of the world that is played if nobody asks for another; its customers bear no number."""
_SEED_FACTOR, _SEED_MODULUS = 48_271, 99_999_989


class StoryEvent(NamedTuple):
    """Something that happens to an account in a month of its story: a price rise, a spike, a late memo."""

    kind: str
    month: Month


class TwinAccount(NamedTuple):
    """An account that a twin plays; ``public_facts`` are what ``/_twin/accounts`` tells beside the rest.

    ``restatement`` is a restatement that happened to it: which one, and of which month. ``events`` are its story: what else
    happens to it, and when; an account that has one lives quietly otherwise.
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
    events: tuple[StoryEvent, ...] = ()

    def __hash__(self) -> int:
        identity = self.provider, self.name, self.seed, self.first_month, self.account_type
        return hash((*identity, self.restatement, self.events))

    def has_event(self, kind: str, month: Month) -> bool:
        """Tell whether something of this kind happens to it in a month."""
        return (kind, month) in self.events

    def find_event(self, kind: str) -> Month | None:
        """Return the first month in which something of this kind happens to it, or None."""
        return min((event.month for event in self.events if event.kind == kind), default=None)

    def is_after(self, kind: str, month: Month) -> bool:
        """Tell whether something of this kind happens to it in a month, or did before."""
        event_month = self.find_event(kind)
        return event_month is not None and month >= event_month

    @property
    def seed_number(self) -> int:
        """A number that tells the customers of this seed from those of 100 million others; 0 for the default seed."""
        return 0 if self.seed == DEFAULT_SEED else self.seed * _SEED_FACTOR % _SEED_MODULUS + 1

    @property
    def seed_suffix(self) -> str:
        """What names of customers end with, so that no two seeds have one of the same name; nothing for the default seed."""
        return "" if self.seed == DEFAULT_SEED else f"-{self.seed}"

    def random_for(self, *topic: object) -> Random:
        """Return a source of chance that depends on nothing but the seed, the account and what it is about."""
        return Random("/".join(map(str, (self.seed, self.provider, self.name, *topic))))  # noqa: S311 - a story


class Caller(NamedTuple):
    """Who a request comes from: an account, and whether its credential has the billing right."""

    account: TwinAccount
    is_allowed: bool = True


def find_caller(accounts: tuple[TwinAccount, ...], field: str, value: str | None) -> Caller | None:
    """Return whose credential ``field`` has this value, with the billing right or without; None for nobody's."""
    for account in accounts if value else ():
        if value == account.credentials[field]:
            return Caller(account)
        if value == account.unprivileged_credentials.get(field):
            return Caller(account, is_allowed=False)
    return None


class RateLimit(NamedTuple):
    """How many requests a vendor answers to one credential in a window of so many seconds."""

    requests: int
    window_s: float


class FieldMap(NamedTuple):
    """The paths in an operation's JSON at which faults change an amount, an id, a state or a currency; "": there is none.

    ``items`` is the path of the list ("" where the answer is a single object); ``money``, ``id``, ``state``, ``currency``,
    ``periods`` (a list) and ``balance`` (of a wallet) are paths within an item. ``size`` is the path of the stated number of
    items. ``draft`` and ``final`` are no paths, but the values that ``state`` has for a draft and for an issued bill.

    ``invoice`` is the id of an item that is an invoice; ``lines`` are an invoice's lines within it (the same as ``items`` where
    the answer holds nothing else), ``line_money`` the amount of one, ``lines_total`` what they come to. ``kind`` is an invoice's kind, ``memo``
    the word there for a credit memo, ``unpaid`` the word in ``state`` for one that is not paid. In a history, newest first, ``payment`` is the word that
    ``state`` has for a payment, ``payment_id`` the number of a row, and ``balance_after`` the balance after a row.
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
    invoice: str = ""
    lines: str = ""
    line_money: str = ""
    lines_total: str = ""
    kind: str = ""
    memo: str = ""
    unpaid: str = ""
    payment: str = ""
    payment_id: str = ""
    balance_after: str = ""


@dataclass
class TwinMemory:
    """What a vendor remembers of past questions until the twin is reset."""

    first_requests: dict[str, datetime] = field(default_factory=dict)
    """When something that takes a while to make was asked for first, by a name for it."""
    tokens: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """Whose each token is, and when it expires."""


class RequestContext(NamedTuple):
    """What an answer is made from beside the question; while the clock ``is_frozen``, nothing takes time to prepare."""

    account: TwinAccount
    now: datetime
    request: Request
    memory: TwinMemory
    is_frozen: bool = False


class ApiFault(StrEnum):
    """The ways in which a vendor says no."""

    BAD_REQUEST = "bad-request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    UNPROCESSABLE = "unprocessable"
    RATE_LIMITED = "rate-limited"
    SERVER_ERROR = "server-error"
    UNAVAILABLE = "unavailable"


class AccessDenied(Exception):
    """Raised by a twin's answer to say no in the vendor's words."""

    def __init__(self, fault: ApiFault, detail: str = "") -> None:
        self.fault, self.detail = fault, detail
        super().__init__(f"{fault}: {detail}")


class TwinApi(ABC):
    """What plays a vendor: the value ``TWIN`` of the module that its ``Provider`` names as ``twin_module``.

    A vendor states its four facts and answers the six abstract methods. All others have a default that says what happens
    without them.
    """

    mount_path: str
    """Where the vendor's API begins on the twin, as ``/vultr/v2``."""
    rate_limit: RateLimit
    """What the vendor allows each credential; with limits on, further requests are refused as ``RATE_LIMITED``."""
    carried_columns: tuple[str, ...]
    """The columns of a charge that the vendor's API carries: they come back from the wire as they were in the truth."""
    field_maps: Mapping[str, FieldMap]
    """Where things stand in the answers, by operation name, so that faults can change them; others are left as they are."""
    account_types: tuple[str, ...] = ("ordinary",)
    """What an account can be of in a scenario; N in one stands for a number."""
    event_kinds: tuple[str, ...] = ()
    """What can happen to an account in a month of its story."""
    response_headers: Mapping[str, str] = {}
    """What every answer bears beside its own headers."""
    host_names: tuple[str, ...] = ()
    """Its hosts besides that of its base URL, for who reaches the twin by the vendor's own names."""
    documents_path: str | None = None
    """Under which path its documents lie; None where it has none that are fetched by URL."""

    @abstractmethod
    def make_accounts(self, seed: int, first_month: Month) -> tuple[TwinAccount, ...]:
        """Return the accounts of the default world; the first one is ordinary and has all rights."""

    @abstractmethod
    def identify_caller(
        self, request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext
    ) -> Caller | None:
        """Tell who asks; None for nobody known. Raises ``AccessDenied`` to say more of why not."""

    @abstractmethod
    def answer_operation(self, op: Operation[Any], context: RequestContext) -> object:
        """Answer an operation with a record, or with a whole ``Response``; raises ``AccessDenied``."""

    @abstractmethod
    def refuse_request(self, fault: ApiFault, detail: str, request: Request) -> Response:
        """Say no as the vendor does: status, content type, body."""

    @abstractmethod
    def true_bills(self, account: TwinAccount, now: datetime) -> Iterator[Bill]:
        """Yield the true bills of an account as they stand at a time."""

    @abstractmethod
    def example_operations(self, account: TwinAccount, now: datetime) -> tuple[Operation[Any], ...]:
        """Return one question of each operation that the account's twin can answer."""

    def describe_account(self, account: TwinAccount) -> Mapping[str, Any]:
        """Return what ``/_twin/accounts`` tells of an account beside the rest, as its ids; nothing by default."""
        return {}

    def translate_request(self, request: Request) -> Request:
        """Return a request as an older client means it; as it came by default."""
        return request

    def answer_special(
        self, request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext
    ) -> Response | None:
        """Answer what is no operation, as a login; None by default, and the request is matched with the operations."""
        return None

    def add_rate_headers(self, response: Response, request: Request, count: int, seconds_left: int) -> Response:
        """Tell in an answer how many a credential had in this window, and when it ends; nothing by default."""
        return response
