"""The front door of a provider: what its folder hands over, and how folders are found.

A provider is a module with one value, ``PROVIDER``. Folders beside this file are found by looking; others by the
entry-point group ``billfold.providers``. Nothing anywhere lists them.
"""

from __future__ import annotations

import pkgutil
import random
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol, cast

from billfold.model.bill import Bill
from billfold.model.errors import ApiError, Misasked, Unauthorized, Unreachable
from billfold.model.period import Month
from billfold.wire.auth import LOGIN, Auth
from billfold.wire.exchange import Line, Pace, Problem
from billfold.wire.message import Response
from billfold.wire.methods import Api
from billfold.wire.operation import Kind, Operation, name_of

GROUP = "billfold.providers"


class Credential(NamedTuple):
    """One field of an account's credentials, and the environment variables that the vendor's own tools read it from."""

    name: str
    env: tuple[str, ...]
    secret: bool = True
    default: str | None = None


class Ask(NamedTuple):
    """A question of a collection; ``missing`` says what is not known when the vendor refuses to answer it.

    A refusal of a question without ``missing`` ends the account's collection; one with it is reported, and answered None
    (``may_miss``).
    Where ``document`` is given, it finds the pre-signed URL in the answer: the document behind it is archived in the
    answer's place, because such a URL is a credential, unless ``flaw`` says what is wrong with it. ``never`` are statuses
    by which the vendor says that this account has no such thing: nothing is missing then.
    """

    op: Operation[Any]
    missing: str = ""
    document: Callable[[Any], str] | None = None
    never: tuple[int, ...] = ()
    flaw: Callable[[bytes], str] = lambda _: ""

    def may_miss(self, error: ApiError) -> bool:
        """Tell whether a collection goes on without this answer: not where no other question would be answered either."""
        hopeless = isinstance(error, (Unauthorized, Unreachable)) or error.operation == LOGIN
        return bool(self.missing) and not hopeless

    def missed(self, error: ApiError) -> str:
        """Say what is missing for want of this answer; nothing where the vendor says that the account has no such thing."""
        return "" if error.status in self.never else f"{self.missing}: {error}"

    def cause(self, error: ApiError) -> object:
        """Return what is alike for all answers of a kind that are missing for one reason."""
        return name_of(self.op), type(error), error.status


class Known:
    """What a collection may take into account: the time, the first month wanted, and the issued bills already booked.

    ``now`` may be a clock (the vendor's own, heard in its answers), ``since`` a number of months before now. ``issued``
    maps an invoice id to the mark of its listing when it was booked. ``has`` tells whether a question was well answered
    in an earlier collection.
    """

    def __init__(
        self,
        now: datetime | Callable[[], datetime],
        since: Month | int,
        issued: Mapping[str, str] | None = None,
        has: Callable[[Operation[Any]], bool] = lambda _: False,
    ) -> None:
        self._now, self._since, self.issued, self.has = now, since, issued or {}, has

    @property
    def now(self) -> datetime:
        """The time, as far as it is known by now."""
        return self._now() if callable(self._now) else self._now

    @property
    def since(self) -> Month:
        """The first month wanted."""
        return self._since if isinstance(self._since, Month) else Month.of(self.now).plus(-self._since)


Plan = Generator[Ask, Any, None]
"""Yields questions, and is sent each one's decoded answer (None where a question with ``missing`` was refused)."""


class Answer(NamedTuple):
    """One good answer out of the archive; ``seq`` is its number there."""

    op: Operation[Any]
    response: Response
    seq: int
    fetched_at: datetime


class Listing(NamedTuple):
    """What a collection's list of invoices said: which ids, whether the list came to its own end, since when it reaches.

    ``months`` tell of those invoices what they bill that a collection may leave out because they are too old for it.
    """

    ids: frozenset[str]
    proven: bool
    since: datetime | None = None
    months: Mapping[str, Month] = {}


class Reading(Protocol):
    """The good answers of one collection, to be read in any order, as often as needed."""

    def answers(self, kind: Kind, **fields: object) -> Iterator[Answer]:
        """Yield the answers to one operation in the order they came, only those asked with the given fields."""
        ...

    def asked(self, kind: Kind) -> Iterator[Operation[Any]]:
        """Yield the questions of one operation in the order they were answered, without reading the answers."""
        ...


@dataclass(frozen=True)
class Provider:
    """Everything billfold knows about a vendor.

    ``pace`` is its rate limit in requests per second, for each key, or for all of them where it ``counts_addresses``.
    ``identity`` finds in a collection's answers whose account it is (the vendor's customer or organization), so that an
    account keeps its history whatever it is called, and cannot be counted twice. ``listing`` says which invoices the
    vendor listed, so that one that vanished is noticed. ``checks`` yields a sentence for whatever this vendor's other
    sources (histories, balances, documents) say against its invoices; of very many the first, then ``9 more like these``.
    ``personal`` names by operation the fields that hold personal data, as ``usages[].resources[].name``; no charge is made
    from them.
    """

    name: str
    title: str
    client: str
    api: type[Api[Any]]
    operations: tuple[Kind, ...]
    credentials: tuple[Credential, ...]
    base_url: Callable[[Mapping[str, str]], str]
    auth: Callable[[Mapping[str, str], str], Auth]
    problem: Callable[[Response], Problem]
    collect: Callable[[Known], Plan]
    bills: Callable[[Reading], Iterator[Bill]]
    pace: float
    right: str
    identity: Callable[[Reading], str | None] = lambda _: None
    counts_addresses: bool = False
    listing: Callable[[Reading], Listing | None] = lambda _: None
    checks: Callable[[Reading], Iterable[str]] = lambda _: ()
    personal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def has_twin(self) -> bool:
        """Whether there is a module that plays this vendor: a provider from elsewhere may do without."""
        home = import_module(_home(self.name))
        return hasattr(home, "__path__") and find_spec(f"{home.__name__}.twin") is not None

    def twin(self) -> Any:
        """Return the module that plays this vendor."""
        return import_module(f"{_home(self.name)}.twin.handlers")

    def line(self, credentials: Mapping[str, str], base_url: str, *, retries: int = 4, unlimited: bool = False) -> Line:
        """Put together what exchanges with this vendor need; ``unlimited`` leaves its rate limit out."""
        return Line(
            provider=self.name,
            auth=self.auth(credentials, base_url),
            problem=self.problem,
            clock=time.time,
            chance=random.random,
            pace=Pace(None) if unlimited else self._pace(),
            retries=retries,
        )

    def _pace(self) -> Pace:
        return _of_this_machine(self.name, self.pace) if self.counts_addresses else Pace(self.pace)

    def operation(self, name: str) -> Kind:
        """Return the operation of that method name; raises ``Misasked``."""
        found = next((kind for kind in self.operations if name_of(kind) == name), None)
        if found is None:
            known = ", ".join(sorted({name_of(kind) for kind in self.operations}))
            raise Misasked(f"{self.title} has no operation {name!r}; it has {known}")
        return found


@cache
def _of_this_machine(name: str, per_second: float) -> Pace:
    """Return the budget that all keys of a provider share."""
    return Pace(per_second)


@cache
def _homes() -> Mapping[str, str]:
    package = __name__.rpartition(".")[0]
    paths = import_module(package).__path__
    inside = {info.name: f"{package}.{info.name}" for info in pkgutil.iter_modules(paths) if info.ispkg}
    return {**inside, **{entry.name: entry.module for entry in entry_points(group=GROUP)}}


def _home(name: str) -> str:
    try:
        return _homes()[name]
    except KeyError:
        raise Misasked(f"there is no provider {name!r}; known are {', '.join(names())}") from None


def names() -> tuple[str, ...]:
    """Return the names of all providers, without importing them."""
    return tuple(sorted(_homes()))


def stranger(name: str) -> Provider:
    """Return what stands for a provider that there is not: it can be named, and says so when it is asked anything."""

    def refuse(*_: object) -> Any:
        _home(name)

    return Provider(
        name=name,
        title=name,
        client="",
        api=Api,
        operations=(),
        credentials=(),
        base_url=refuse,
        auth=refuse,
        problem=refuse,
        collect=refuse,
        bills=refuse,
        pace=1.0,
        right="",
    )


def find(name: str) -> Provider:
    """Return a provider by its name; raises ``Misasked``."""
    return cast("Provider", import_module(_home(name)).PROVIDER)
