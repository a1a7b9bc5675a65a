"""One twin for all tests of a worker, and a fresh directory for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import KEY, Terminal, twin
from tests.live import CONFIG, collect_ledger, serve_live


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with twin(tmp_path_factory.mktemp("twin")) as url:
        yield url


@pytest.fixture
def terminal(tmp_path: Path, root: str) -> Terminal:
    """Return a terminal whose account reaches the twin, with the key in a file."""
    opened = Terminal(tmp_path, root)
    (tmp_path / "key").write_text(KEY)
    opened.account(f"file:{tmp_path / 'key'}")
    return opened


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory, root: str) -> Terminal:
    """Return a terminal whose ledger is filled; leave it as it is."""
    home = tmp_path_factory.mktemp("synced")
    terminal = Terminal(home, root)
    (home / "key").write_text(KEY)
    terminal.account(f"file:{home / 'key'}")
    result = terminal.run("sync", "--ledger", "ledger")
    assert (result.code, result.err) == (0, ""), result
    return terminal


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a terminal whose root is a server of the ledger that lies beside its configuration; leave that as it is."""
    home = tmp_path_factory.mktemp("served")
    collect_ledger(home)
    (home / "billfold.toml").write_text(CONFIG)
    with serve_live(home) as url:
        yield Terminal(home, url)
