"""Show the ledger in a browser on this machine, with an API and metrics."""

from __future__ import annotations

from pathlib import Path

import click

from billfold import config
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.model.errors import ConfigurationError
from billfold.model.extras import require_libraries

DEMO_DIRECTORY = Path("demo")
"""Where `billfold demo` keeps its ledger, unless it is told otherwise."""


@click.command("serve")
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen: this machine."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8500, show_default=True, help="0 takes any free port.")
@click.option("--demo", is_flag=True, help="Show the ledger that `billfold demo` made.")
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
    from billfold.serve.warming import keep_warm
    from billfold.twin.serve import open_listener, succeed_when_ended

    require_loopback(host)
    directory, config_path = _choose_demo() if demo else _locate_ledger(ctx)
    pool = ViewPool(directory, config_path)
    pool.require_ledger()
    listener = open_listener(host, port)
    url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
    succeed_when_ended()
    with keep_warm(pool):
        run_server(make_application(pool), listener, lambda: print_line(f"the ledger {directory} is shown at {url}"))


def _locate_ledger(ctx: click.Context) -> tuple[Path, Path]:
    locations = ctx.find_root().obj
    config.check_config(locations["config"])
    return config.find_ledger_directory(locations["ledger"]), config.find_config(locations["config"])


def _choose_demo() -> tuple[Path, Path]:
    """Return the demo's ledger and configuration; raises ``ConfigurationError`` where there is none."""
    config_path = DEMO_DIRECTORY / "billfold.toml"
    if not config_path.exists():
        raise ConfigurationError(f"there is no demo in {DEMO_DIRECTORY}: `billfold demo` makes one in half a minute")
    return DEMO_DIRECTORY, config_path
