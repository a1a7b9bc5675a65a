"""A twin in this process, and connections to it that use no socket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from billfold.collect.outcome import CollectOutcome
from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig as Configured
from billfold.ledger import query
from billfold.ledger.digest import compute_digest
from billfold.model.bill import Bill, BillEnd, Charges
from billfold.model.period import parse_instant
from billfold.providers import provider
from billfold.providers.provider import Provider
from billfold.providers.twin_api import TwinAccount
from billfold.transport.loop import InProcessTransport
from billfold.twin.clock import Clock
from billfold.twin.faults import Fault
from billfold.twin.host import TwinHost
from billfold.twin.world import PlayedVendor, World, describe_bill
from billfold.wire.message import Request, Response

AT = parse_instant("2026-11-15T00:00:00Z")
ROOT = "http://localhost"


class Still(Clock):
    """A clock that moves only when told."""

    def now(self) -> datetime:
        """Return the time last set."""
        return self._start_time


def twin(at: datetime = AT, *, seed: int = 1, limits: bool = False, months: int = 12) -> TwinHost:
    """Return a twin whose clock stands still."""
    return TwinHost(World(seed=seed, start_time=at, months=months), Still(at), limits=limits)


def stage(host: TwinHost, name: str) -> PlayedVendor:
    """Return one vendor of a twin."""
    return next(vendor for vendor in host.world.vendors if vendor.provider.name == name)


def connection(
    host: TwinHost, account: TwinAccount, credentials: dict[str, str] | None = None, *, retries: int = 4
) -> InProcessTransport:
    """Connect to a twin as one of its accounts; waits move the twin's clock."""
    vendor_provider = provider.find_provider(account.provider)
    base = ROOT + stage(host, account.provider).twin.mount_path
    context = vendor_provider.make_context(
        credentials or dict(account.credentials), base, retries=retries, unlimited=True
    )
    context.clock, context.jitter = lambda: host.clock.now().timestamp(), lambda: 0.5

    def answer(request: Request) -> Response:
        parts = urlsplit(request.path)
        path = parts.path if parts.scheme else urlsplit(base).path + request.path
        response = host.answer_request(request._replace(path=path, headers={"host": "localhost", **request.headers}))
        assert response is not None, f"no vendor is served under {path}"
        return response

    def sleep(seconds: float) -> None:
        from datetime import timedelta

        host.clock.advance(timedelta(seconds=seconds))

    return InProcessTransport(answer, context, sleep=sleep)


def client(host: TwinHost, account: TwinAccount, **settings: Any) -> Any:
    """Return the typed client of an account, connected in this process."""
    return provider.find_provider(account.provider).api(connection(host, account, **settings))


def collected(
    host: TwinHost, books: Workspace, only: str | None = None, called: Mapping[str, str] | None = None, **settings: Any
) -> list[CollectOutcome]:
    """Sync a twin's accounts into the books, in this process; ``called`` gives them other names in the configuration."""
    accounts = [
        account for vendor in host.world.vendors for account in vendor.accounts if only in {None, vendor.provider.name}
    ]
    by_name = {(called or {}).get(account.name, account.name): account for account in accounts}
    configured = [
        Configured(name, provider.find_provider(a.provider), {}, unlimited=True) for name, a in by_name.items()
    ]
    return sync_accounts(
        books,
        configured,
        connect=lambda configured_account: connection(host, by_name[configured_account.name]),
        clock=host.clock.now,
        **settings,
    )


def list_providers() -> Iterator[Provider]:
    """Yield every provider."""
    return map(provider.find_provider, provider.provider_names())


def fault(vendor: str, name: str, **settings: Any) -> Fault:
    """Make a fault to be set on a twin."""
    return Fault(vendor, name, **settings)


def whole(bill: Bill) -> Bill:
    """Return a bill with its charges in hand, and what showed at their end in its own fields."""
    end, charges, batches = None, list[Charges](), iter(bill.charges)
    while True:
        try:
            charges.append(next(batches))
        except StopIteration as stop:
            end = stop.value
            break
    listed = end.line_count if isinstance(end, BillEnd) else bill.line_count
    return bill._replace(
        charges=charges,
        line_count=listed,
        findings=(*bill.findings, *(end.findings if end else ())),
    )


def read_digest(workspace: Workspace) -> str:
    """Return the hash of a workspace's ledger."""
    with workspace.open_ledger() as db:
        return compute_digest(db)


def list_invoices(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the invoices that a workspace's ledger lists."""
    with workspace.open_ledger() as db:
        return [bill._asdict() for bill in query.list_invoices(db, query.LedgerFilter())]


def list_true_bills(host: TwinHost, vendor: str) -> list[str]:
    """Return the bills of a vendor as they should be collected."""
    bills = [(account, bill) for account, bill in host.world.iter_bills(host.clock.now()) if account.provider == vendor]
    return sorted(str(describe_bill(account, bill)) for account, bill in bills)
