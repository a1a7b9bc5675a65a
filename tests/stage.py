"""A twin in this process, and connections to it that use no socket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from billfold.collect.outcome import Outcome
from billfold.collect.sync import sync
from billfold.collect.workspace import Books
from billfold.config import Account as Configured
from billfold.model.bill import Bill, Charges, End
from billfold.model.period import instant
from billfold.providers import provider
from billfold.providers.provider import Provider
from billfold.providers.twin_api import Account
from billfold.transport.loop import Loop
from billfold.twin.clock import Clock
from billfold.twin.faults import Fault
from billfold.twin.host import Host
from billfold.twin.world import Stage, World
from billfold.wire.message import Request, Response

AT = instant("2026-11-15T00:00:00Z")
ROOT = "http://localhost"


class Still(Clock):
    """A clock that moves only when told."""

    def now(self) -> datetime:
        """Return the time last set."""
        return self._at


def twin(at: datetime = AT, *, seed: int = 1, limits: bool = False, months: int = 12) -> Host:
    """Return a twin whose clock stands still."""
    return Host(World(seed=seed, at=at, months=months), Still(at), limits=limits)


def stage(host: Host, name: str) -> Stage:
    """Return one vendor of a twin."""
    return next(one for one in host.world.stages if one.provider.name == name)


def connection(host: Host, account: Account, credentials: dict[str, str] | None = None, *, retries: int = 4) -> Loop:
    """Connect to a twin as one of its accounts; waits move the twin's clock."""
    door = provider.find(account.provider)
    base = ROOT + stage(host, account.provider).twin.MOUNT
    wires = door.line(credentials or dict(account.credentials), base, retries=retries, unlimited=True)
    wires.clock, wires.chance = lambda: host.clock.now().timestamp(), lambda: 0.5

    def answer(request: Request) -> Response:
        parts = urlsplit(request.path)
        path = parts.path if parts.scheme else urlsplit(base).path + request.path
        response = host.answer(request._replace(path=path, headers={"host": "localhost", **request.headers}))
        assert response is not None, f"no vendor is served under {path}"
        return response

    def sleep(seconds: float) -> None:
        from datetime import timedelta

        host.clock.advance(timedelta(seconds=seconds))

    return Loop(answer, wires, sleep=sleep)


def client(host: Host, account: Account, **settings: Any) -> Any:
    """Return the typed client of an account, connected in this process."""
    return provider.find(account.provider).api(connection(host, account, **settings))


def collected(
    host: Host, books: Books, only: str | None = None, called: Mapping[str, str] | None = None, **settings: Any
) -> list[Outcome]:
    """Sync a twin's accounts into the books, in this process; ``called`` gives them other names in the configuration."""
    accounts = [account for one in host.world.stages for account in one.accounts if only in {None, one.provider.name}]
    by_name = {(called or {}).get(account.name, account.name): account for account in accounts}
    configured = [Configured(name, provider.find(a.provider), {}, unlimited=True) for name, a in by_name.items()]
    return sync(
        books, configured, opened=lambda one: connection(host, by_name[one.name]), clock=host.clock.now, **settings
    )


def doors() -> Iterator[Provider]:
    """Yield every provider."""
    return map(provider.find, provider.names())


def fault(vendor: str, name: str, **settings: Any) -> Fault:
    """Make a fault to be set on a twin."""
    return Fault(vendor, name, **settings)


def whole(bill: Bill) -> Bill:
    """Return a bill with its charges in hand, and what showed at their end in its own fields."""
    end, charges, made = None, list[Charges](), iter(bill.charges)
    while True:
        try:
            charges.append(next(made))
        except StopIteration as stop:
            end = stop.value
            break
    listed = end.listed if isinstance(end, End) else bill.listed
    return bill._replace(charges=charges, listed=listed, problems=(*bill.problems, *(end.problems if end else ())))
