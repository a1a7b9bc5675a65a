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
@click.option(
    "--sync/--no-sync",
    "is_scheduled",
    default=None,
    help="Collect the accounts by the schedule, or not.  [default: as [schedule] enabled says]",
)
@add_location_options
@click.pass_context
def command(ctx: click.Context, host: str, port: int, *, demo: bool, is_scheduled: bool | None) -> None:
    """Show the ledger in a browser on this machine: a page, a REST API under /api/v1, /metrics for Prometheus.

    Every request sees the ledger as it is then, also while a sync runs. No key is asked for: it answers this machine only. With
    --sync it also collects the accounts, at the times that `billfold schedule` shows. SIGTERM or Ctrl-C ends it once what it
    collects is safe, a second one at once: nothing is lost.
    """
    require_libraries("jinja2", "starlette")  # first: their extra brings the others, too
    require_libraries("duckdb", "pyarrow", "uvicorn")
    from billfold.serve.app import make_application
    from billfold.serve.background import BackgroundSyncs
    from billfold.serve.server import require_loopback, run_server
    from billfold.serve.views import ViewPool
    from billfold.tasks.schedule import load_schedule
    from billfold.twin.serve import open_listener, succeed_when_ended

    require_loopback(host)
    directory, config_path = _choose_demo() if demo else _locate_ledger(ctx)
    pool = ViewPool(directory, config_path)
    settings, accounts = load_schedule(config_path)
    is_scheduled = settings.enabled if is_scheduled is None else is_scheduled
    if not is_scheduled:
        pool.require_ledger()
    listener = open_listener(host, port)
    url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
    succeed_when_ended()
    background = BackgroundSyncs(pool)
    background.start(is_scheduled=is_scheduled)
    collected = "accounts are collected as `billfold schedule` shows" if accounts else "no account is configured yet"
    note = f"; {collected}" if is_scheduled else ""
    app = make_application(pool)
    run_server(app, listener, lambda: print_line(f"the ledger {directory} is shown at {url}{note}"), background)


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
