"""A small ledger that is served in this process: every test reads from the same one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from billfold.twin.host import TwinHost
from tests.cli.terminal import Terminal
from tests.live import collect_ledger, make_host
from tests.serve.reader import Reader, open_reader
from tests.serve.shared import SharedServer, make_shared_home, open_shared


@pytest.fixture(scope="session")
def host() -> TwinHost:
    """Return the twin that the served ledger was collected from: one account of each vendor, three months."""
    return make_host()


@pytest.fixture(scope="session")
def ledger(tmp_path_factory: pytest.TempPathFactory, host: TwinHost) -> Terminal:
    """Return a terminal in a directory with a ledger of one account of each vendor, of three months."""
    home = tmp_path_factory.mktemp("served")
    collect_ledger(home, host)
    return Terminal(home)


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a ledger of one account that somebody may see, and of one that he may not: it bears a marker."""
    return make_shared_home(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="session")
def shared(shared_home: Path) -> Iterator[SharedServer]:
    """Return the served ledger of two accounts, with a key of each sort."""
    with open_shared(shared_home) as opened:
        yield opened


@pytest.fixture(scope="session")
def reader(ledger: Terminal) -> Iterator[Reader]:
    """Return a browser of the served ledger."""
    with open_reader(ledger.home) as opened:
        yield opened
