"""Show the ledger in a browser on this machine, with an API and metrics."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from billfold import config
from billfold.cli.output import announce
from billfold.cli.params import DEMO_DIRECTORY, add_location_options
from billfold.model.extras import require_libraries


@click.command("serve")
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen: this machine."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8500, show_default=True, help="0 takes any free port.")
@click.option(
    "--demo", is_flag=True, help="Show the demo company: the ledger of `billfold demo`, or one that is ready made."
)
@add_location_options
@click.pass_context
def command(ctx: click.Context, host: str, port: int, *, demo: bool) -> None:
    """Show the ledger in a browser on this machine: a page, a REST API under /api/v1, /metrics for Prometheus.

    It only reads, and every request sees the ledger as it is then, also while a sync runs. No key is asked for: it answers this
    machine only.
    """
    require_libraries("jinja2", "starlette")  # first: their extra brings the others, too
    require_libraries("duckdb", "pyarrow", "uvicorn")
    from billfold.serve.app import make_application
    from billfold.serve.server import require_loopback, run_server
    from billfold.serve.views import ViewPool
    from billfold.twin.serve import open_listener, succeed_when_ended

    require_loopback(host)
    succeed_when_ended()
    with _open_demo() if demo else _locate_ledger(ctx) as (directory, config_path):
        pool = ViewPool(directory, config_path)
        pool.require_ledger()
        listener = open_listener(host, port)
        url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
        shown = "the demo company" if demo else f"the ledger {directory}"
        if demo:
            with pool.borrow_view():  # its ledger is computed before it says that it is ready
                pass
        run_server(make_application(pool), listener, lambda: announce(f"{shown} is shown at {url}"))


@contextmanager
def _locate_ledger(ctx: click.Context) -> Iterator[tuple[Path, Path]]:
    locations = ctx.find_root().obj
    config.check_config(locations["config"])
    yield config.find_ledger_directory(locations["ledger"]), config.find_config(locations["config"])


@contextmanager
def _open_demo() -> Iterator[tuple[Path, Path]]:
    """Give the ledger and the configuration of the demo that was made here, or else of the packed one, until the server ends."""
    config_path = DEMO_DIRECTORY / "billfold.toml"
    if config_path.exists():
        yield DEMO_DIRECTORY, config_path
        return
    from billfold.tasks.demo_ledger import unpack_demo

    with tempfile.TemporaryDirectory(prefix="billfold-demo-") as directory:
        yield unpack_demo(Path(directory))
