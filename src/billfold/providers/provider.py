"""The front door of a provider: what its folder hands over, and how folders are found.

A provider is a module with one value, ``PROVIDER``. Folders beside this file are found by looking; others by the
entry-point group ``billfold.providers``. Nothing anywhere lists them.
"""

from __future__ import annotations

import pkgutil
import random
import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from billfold.model.balance import Balance
from billfold.model.bill import Bill, DerivedTax
from billfold.model.errors import PROVIDER_FAULTS, InvalidArgument
from billfold.model.estimate_terms import UNKNOWN_TERMS, EstimateTerms
from billfold.model.finding import Finding
from billfold.model.payment import Payment
from billfold.model.period import Month
from billfold.model.usage import MeasuredUsage
from billfold.providers.fetch import Fetch as Fetch  # noqa: PLC0414 - providers write their plans with it
from billfold.wire.auth import Auth
from billfold.wire.exchange import ClientContext, ErrorDetails
from billfold.wire.message import Response
from billfold.wire.methods import Api
from billfold.wire.operation import Operation, OperationType, operation_name
from billfold.wire.rate import RateLimiter, find_limiter, name_budget

if TYPE_CHECKING:
    import typing_extensions

    from billfold.providers.twin_api import TwinApi

    O_co = typing_extensions.TypeVar("O_co", bound=Operation[Any], covariant=True, default=Operation[Any])
else:
    O_co = TypeVar("O_co", bound=Operation[Any], covariant=True)  # Python knows defaults from 3.13 on
O = TypeVar("O", bound=Operation[Any])  # noqa: E741 - an operation
ENTRY_POINT_GROUP = "billfold.providers"


class Credential(NamedTuple):
    """One field of an account's credentials, and the environment variables that the vendor's own tools read it from."""

    name: str
    env_names: tuple[str, ...]
    is_secret: bool = True
    default: str | None = None


class SyncState:
    """What a collection may take into account: the time, the first month wanted, and the issued bills already booked.

    ``now`` may be a clock (the vendor's own, heard in its answers), ``since`` a number of months before now. ``issued_fingerprints``
    maps an invoice id to the fingerprint of its listing when it was booked. ``already_fetched`` tells whether a question was well answered
    in an earlier collection.
    """

    def __init__(
        self,
        now: datetime | Callable[[], datetime],
        since: Month | int,
        issued_fingerprints: Mapping[str, str] | None = None,
        already_fetched: Callable[[Operation[Any]], bool] = lambda _: False,
    ) -> None:
        self._now, self._since, self.issued_fingerprints, self.already_fetched = (
            now,
            since,
            issued_fingerprints or {},
            already_fetched,
        )

    @property
    def now(self) -> datetime:
        """The time, as far as it is known by now."""
        return self._now() if callable(self._now) else self._now

    @property
    def since(self) -> Month:
        """The first month wanted."""
        return self._since if isinstance(self._since, Month) else Month.of(self.now).add_months(-self._since)


CollectPlan = Generator[Fetch, Any, None]
"""Yields questions, and is sent each one's decoded answer (None where a question with ``missing`` was refused)."""


class ArchivedAnswer(NamedTuple, Generic[O_co]):
    """One good answer out of the archive to a question of some operation; ``seq`` is its number there."""

    op: O_co
    response: Response
    seq: int
    fetched_at: datetime


class InvoiceListing(NamedTuple):
    """What a collection's list of invoices said: which ids, whether the list came to its own end, since when it reaches.

    ``months`` tell of those invoices what they bill that a collection may leave out because they are too old for it.
    """

    ids: frozenset[str]
    has_end_mark: bool
    since: datetime | None = None
    months: Mapping[str, Month] = {}
    quiet_months: frozenset[Month] = frozenset()
    """Months in which nothing was billed, as the vendor's own history of the account shows."""


class RunAnswers(Protocol):
    """The good answers of one collection, to be read in any order, as often as needed."""

    def answers(self, operation_type: type[O], **fields: object) -> Iterator[ArchivedAnswer[O]]:
        """Yield the answers to one operation in the order they came, only those asked with the given fields."""
        ...

    def requests(self, operation_type: type[O]) -> Iterator[O]:
        """Yield the questions of one operation in the order they were answered, without reading the answers."""
        ...

    def has_bills_of(self, inputs_hash: str) -> bool:
        """Tell whether the ledger has all bills that are made of these inputs: they need not be made again then."""
        ...

    def list_derived_taxes(self) -> Sequence[DerivedTax]:
        """Return what the account's booked invoices have beyond their lines, and was taken for tax."""
        ...


def describe_status(response: Response) -> ErrorDetails:
    """Say of a refusal no more than that it is one: its status, which every error names, is all that is understood."""
    return ErrorDetails("the vendor failed" if response.status >= 500 else "the vendor refused")


@dataclass(frozen=True)
class Provider:
    """Everything billfold knows about a vendor: the value ``PROVIDER`` of its module.

    Every field without a default must be stated; each default is what a vendor gets that has no such thing.
    """

    name: str
    """As it is called in commands, configurations and the ledger."""
    title: str
    """As people call it."""
    api: type[Api[Any]]
    """The operations of its API, as typed methods."""
    credentials: tuple[Credential, ...]
    """What an account needs to log in."""
    find_base_url: Callable[[Mapping[str, str]], str]
    """Where the API is, for these credentials (a region may be one of them)."""
    make_auth: Callable[[Mapping[str, str], str], Auth]
    """Make what signs requests, from credentials and base URL."""
    plan_requests: Callable[[SyncState], CollectPlan]
    """Say which requests a collection sends."""
    read_bills: Callable[[RunAnswers], Iterator[Bill]]
    """Turn a collection's answers into bills."""
    read_error: Callable[[Response], ErrorDetails] = describe_status
    """Read what a refusal says."""
    requests_per_second: float = 5.0
    """Its rate limit, for each key, or for all keys of this machine where it ``limits_by_address``."""
    limits_by_address: bool = False
    billing_right: str = "the right to read bills"
    """What a key must be allowed, in the vendor's words."""
    find_identity: Callable[[RunAnswers], str | None] = lambda _: None
    """Find whose account it is (the vendor's customer or organization), so that nothing is counted twice; None: nobody says."""
    has_stable_identity: bool = True
    """Whether a customer's identity stays; one that is told from a list may be another once the list begins later."""
    read_listing: Callable[[RunAnswers], InvoiceListing | None] = lambda _: None
    """Say which invoices the vendor listed, so that one that vanished is noticed; None: no list was read."""
    check_answers: Callable[[RunAnswers], Iterable[Finding]] = lambda _: ()
    """Yield a finding for whatever the vendor's other sources (histories, balances, documents) say against its invoices."""
    checked_against: str = ""
    """What its invoices are held against by ``check_answers``, for people; empty: nothing."""
    read_payments: Callable[[RunAnswers], Iterable[Payment]] = lambda _: ()
    """Yield what the answers state of payments: all of an account's history or nothing of it, and which invoices are paid."""
    read_balances: Callable[[RunAnswers], Iterable[Balance]] = lambda _: ()
    """Yield the balances that the answers state: what was bought beforehand, used and left, period by period."""
    read_usages: Callable[[RunAnswers], Iterable[MeasuredUsage]] = lambda _: ()
    """Yield who used what is billed, as far as the answers state it: of a SKU in a period all of it, or nothing."""
    personal_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The fields that hold personal data, by operation, as ``usages[].resources[].name``; no charge is made from them."""
    estimate_terms: EstimateTerms = UNKNOWN_TERMS
    """How its charges grow within a month, as its documents say, so that an estimate can be carried to the month's end."""
    twin_module: str = ""
    """The module whose value ``TWIN`` plays the vendor, imported only where a world is made; empty: nothing plays it."""

    @property
    def client(self) -> str:
        """The name of its client class, as ``Vultr``; the awaited one has ``Async`` before it."""
        return "".join(word.capitalize() for word in re.split(r"[\W_]+", self.name))

    @property
    def operations(self) -> tuple[OperationType, ...]:
        """All that can be asked of the vendor: what its API's class names."""
        return self.api.operations

    @property
    def has_twin(self) -> bool:
        """Whether there is a module that plays this vendor."""
        return bool(self.twin_module)

    def load_twin(self) -> TwinApi:
        """Return what plays this vendor, which must have a twin."""
        return cast("TwinApi", import_module(self.twin_module).TWIN)

    def make_context(
        self, credentials: Mapping[str, str], base_url: str, *, retries: int = 4, unlimited: bool = False
    ) -> ClientContext:
        """Put together what exchanges with this vendor need; ``unlimited`` leaves its rate limit out."""
        return ClientContext(
            provider=self.name,
            auth=self.make_auth(credentials, base_url),
            read_error=self.read_error,
            clock=time.time,
            jitter=random.random,
            rate_limiter=RateLimiter(None) if unlimited else self._find_limiter(credentials, base_url),
            retries=retries,
        )

    def _find_limiter(self, credentials: Mapping[str, str], base_url: str) -> RateLimiter:
        secrets = () if self.limits_by_address else (credentials[name] for name in sorted(credentials))
        return find_limiter(name_budget(self.name, urlsplit(base_url).netloc, *secrets), self.requests_per_second)

    def find_operation(self, name: str) -> OperationType:
        """Return the operation of that method name; raises ``InvalidArgument``."""
        operation_type = next(
            (operation_type for operation_type in self.operations if operation_name(operation_type) == name), None
        )
        if operation_type is None:
            operation_names = ", ".join(sorted({operation_name(operation_type) for operation_type in self.operations}))
            raise InvalidArgument(f"{self.title} has no operation {name!r}; it has {operation_names}")
        return operation_type


@cache
def _find_modules() -> Mapping[str, str]:
    from importlib.metadata import entry_points  # PERF: takes as long as all of a vendor's operations

    package_name = __name__.rpartition(".")[0]
    paths = import_module(package_name).__path__
    own_modules = {
        module_info.name: f"{package_name}.{module_info.name}"
        for module_info in pkgutil.iter_modules(paths)
        if module_info.ispkg
    }
    return {
        **own_modules,
        **{entry_point.name: entry_point.module for entry_point in entry_points(group=ENTRY_POINT_GROUP)},
    }


@cache
def _find_fault(module_name: str) -> str:
    """Say why a module is no provider, "" where it is one; our own are, and are imported when they are needed."""
    if module_name.startswith(f"{__name__.rpartition('.')[0]}."):
        return ""
    try:
        is_provider = isinstance(import_module(module_name).PROVIDER, Provider)
    except PROVIDER_FAULTS as error:  # a provider's fault is never another's
        return f"{type(error).__name__}: {error}"
    return "" if is_provider else f"{module_name}.PROVIDER is no provider"


def describe_absence(provider_name: str) -> str:
    """Say why there is no such provider, "" where there is one: nobody has it, or its module cannot be imported."""
    modules = _find_modules()
    if provider_name not in modules:
        return f"there is no provider {provider_name!r}; known are {', '.join(provider_names())}"
    fault = _find_fault(modules[provider_name])
    return f"the provider {provider_name!r} ({modules[provider_name]}) cannot be used: {fault}" if fault else ""


def find_package(provider_name: str) -> str:
    """Return the name of the module or package that a provider is; raises ``InvalidArgument``."""
    if absence := describe_absence(provider_name):
        raise InvalidArgument(absence)
    return _find_modules()[provider_name]


def provider_names() -> tuple[str, ...]:
    """Return the names of all providers, without importing ours; one that cannot be imported is none."""
    return tuple(sorted(name for name, module_name in _find_modules().items() if not _find_fault(module_name)))


def unknown_provider(name: str) -> Provider:
    """Return what stands for a provider that there is not: it can be named, and says so when it is asked anything."""

    def refuse_use(*_: object) -> Any:
        find_package(name)

    return Provider(
        name=name,
        title=name,
        api=Api,
        credentials=(),
        find_base_url=refuse_use,
        make_auth=refuse_use,
        plan_requests=refuse_use,
        read_bills=refuse_use,
    )


def find_provider(provider_name: str) -> Provider:
    """Return a provider by its name; raises ``InvalidArgument``."""
    return cast("Provider", import_module(find_package(provider_name)).PROVIDER)
