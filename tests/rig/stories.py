"""Stories that are killed: what goes before, what is killed and done again, and what the ledger must say then."""

from __future__ import annotations

import lzma
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from billfold.collect import rebuilding, workspace
from billfold.collect.workspace import Workspace
from billfold.ledger import part_merge, query
from billfold.ledger.digest import compute_digest
from billfold.providers.mapping_version import find_mapping_version
from billfold.twin.faults import Fault
from billfold.twin.host import TwinHost
from billfold.twin.world import describe_bill
from tests import stage

MONTHS = 2
SMALL_VENDOR = "cockroach"
FORMAT_1 = Path(__file__).parent.parent / "ledger" / "format-1.sqlite.xz"


class LedgerView(NamedTuple):
    """What the ledger says: its hash, its bills."""

    hash: str
    bills: list[str]


def read_view(books: Workspace) -> LedgerView:
    """Return what the ledger says."""
    with books.open_ledger() as ledger:
        invoices = [str(bill._asdict()) for bill in query.list_invoices(ledger, query.LedgerFilter())]
        return LedgerView(compute_digest(ledger), sorted(invoices))


def list_truth(host: TwinHost) -> list[str]:
    """Return what is true."""
    return sorted(str(describe_bill(account, bill)) for account, bill in host.world.iter_bills(host.clock.now()))


class Story(NamedTuple):
    """What is done before, how the vendors' world changes then, and what is killed: it is done again afterwards.

    ``ends_in_truth`` tells whether the ledger holds all that is true at the end.
    """

    prepare: Callable[[TwinHost, Path], None]
    change_world: Callable[[TwinHost], None]
    act: Callable[[TwinHost, Path], None]
    ends_in_truth: bool = True


def collect(host: TwinHost, home: Path, vendor: str | None = None, *, recheck_months: int = 0) -> None:
    """Sync into a directory."""
    books = Workspace(home)
    stage.collected(host, books, vendor, workers=1, recheck_months=recheck_months)
    books.close()


def _do_nothing(*_: object) -> None:
    """Leave everything as it is."""


def _restate(host: TwinHost) -> None:
    for vendor in host.world.vendors:
        host.set_fault(Fault(vendor.provider.name, "restated-changed"))


def _collect_small_parts(host: TwinHost, home: Path) -> None:
    for vendor in host.world.vendors:
        collect(host, home, vendor.provider.name)


def _tidy(host: TwinHost, home: Path) -> None:
    with mock.patch.object(part_merge, "MAX_SMALL_PARTS", 1):
        collect(host, home, SMALL_VENDOR)


def _find_new_version(name: str) -> str:
    return "another" if name == SMALL_VENDOR else find_mapping_version(name)


def _rebook(_: TwinHost, home: Path) -> None:
    with mock.patch.object(workspace, "find_mapping_version", _find_new_version):
        books = Workspace(home)
        books.catch_up()
        books.close()


def _rebuild(_: TwinHost, home: Path) -> None:
    books = Workspace(home)
    books.rebuild()
    books.close()


def _rebuild_side_by_side(host: TwinHost, home: Path) -> None:
    with mock.patch.object(rebuilding, "MIN_RUNS", 1), mock.patch("os.cpu_count", return_value=2):
        _rebuild(host, home)


def _place_format_1(_: TwinHost, home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "archive.sqlite").write_bytes(lzma.decompress(FORMAT_1.read_bytes()))


def _convert(_: TwinHost, home: Path) -> None:
    books = Workspace(home)
    books.catch_up()
    books.close()


KILLABLE_STORIES = {
    "first": Story(_do_nothing, _do_nothing, collect),
    "incremental": Story(collect, lambda host: host.clock.advance(timedelta(days=20)), collect),
    "restated": Story(collect, _restate, lambda host, home: collect(host, home, recheck_months=3)),
    "tidied": Story(_collect_small_parts, lambda host: host.clock.advance(timedelta(days=20)), _tidy, False),
    "rebooked": Story(collect, _do_nothing, _rebook),
    "rebuilt": Story(collect, _do_nothing, _rebuild),
    "rebuilt-side-by-side": Story(collect, _do_nothing, _rebuild_side_by_side),
    "converted": Story(_place_format_1, _do_nothing, _convert, False),
}
