"""A small ledger, and a server of it on a port of this machine: for clients that speak over a socket, and for browsers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import uvicorn

from billfold.cli.served import run_served
from billfold.collect.workspace import Workspace
from billfold.serve.app import make_application
from billfold.serve.views import ViewPool
from billfold.twin.host import TwinHost
from billfold.twin.serve import ReadyServer, open_listener
from tests.stage import collected, twin

CONFIG = """
[[accounts]]
name = "cockroach"
provider = "cockroach"
api_key = "env:COCKROACH_API_KEY"

[[budgets]]
name = "all"
amount = "100000"
currency = "USD"
"""


def make_host() -> TwinHost:
    """Return a twin of one account of each vendor, of three months."""
    host = twin(months=3)
    host.world.vendors[:] = [vendor._replace(accounts=vendor.accounts[:1]) for vendor in host.world.vendors]
    return host


def collect_ledger(home: Path, host: TwinHost | None = None) -> None:
    """Make a ledger of one account of each vendor, of three months, below a directory."""
    with closing(Workspace(home / "ledger")) as workspace:
        collected(host or make_host(), workspace)


@contextmanager
def serve_live(home: Path) -> Iterator[str]:
    """Serve the ledger below a directory on a free port, from a thread; gives the URL once it answers."""
    listener, is_ready = open_listener("127.0.0.1", 0), threading.Event()
    with closing(ViewPool(home / "ledger", home / "billfold.toml")) as pool:
        config = uvicorn.Config(
            make_application(pool, run_command=run_served), log_level="warning", access_log=False, lifespan="off"
        )
        server = ReadyServer(config, is_ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert is_ready.wait(60)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
