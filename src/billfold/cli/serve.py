"""Show the ledger in a browser on this machine, with an API and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from billfold.cli.output import announce
from billfold.cli.params import add_location_options
from billfold.cli.shown_ledger import open_shown_ledger
from billfold.model.extras import require_libraries

if TYPE_CHECKING:
    from billfold.serve.background import BackgroundSyncs
    from billfold.serve.views import ViewPool


@click.command("serve")
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen: this machine."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8500, show_default=True, help="0 takes any free port.")
@click.option(
    "--demo", is_flag=True, help="Show the demo company: the ledger of `billfold demo`, or one that is ready made."
)
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
    from billfold.cli.served import run_served
    from billfold.serve.app import make_application
    from billfold.serve.server import require_loopback, run_server
    from billfold.serve.views import ViewPool
    from billfold.serve.warming import keep_warm
    from billfold.tasks.schedule import load_schedule
    from billfold.twin.serve import open_listener, succeed_when_ended

    require_loopback(host)
    succeed_when_ended()
    with open_shown_ledger(ctx, demo=demo) as (directory, config_path):
        settings, accounts = load_schedule(config_path)
        is_scheduled = settings.enabled if is_scheduled is None else is_scheduled
        pool = ViewPool(directory, config_path)
        if not is_scheduled:
            pool.require_ledger()
        listener = open_listener(host, port)
        url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
        shown = "the demo company" if demo else f"the ledger {directory}"
        if demo:
            with pool.borrow_view():  # its ledger is computed before it says that it is ready
                pass
        background = _start_background(pool, is_scheduled=is_scheduled)
        collected = (
            "accounts are collected as `billfold schedule` shows" if accounts else "no account is configured yet"
        )
        note = f"; {collected}" if is_scheduled else ""
        with keep_warm(pool):
            app = make_application(pool, run_command=run_served)
            run_server(app, listener, lambda: announce(f"{shown} is shown at {url}{note}"), background)


def _start_background(pool: ViewPool, *, is_scheduled: bool) -> BackgroundSyncs:
    """Let accounts be collected when they are due or asked for, and what is new be told after each sync.

    What is due again is told every few minutes by the server that collects: one that only shows tells nothing by itself.
    """
    from billfold.serve.alerts import AlertRounds
    from billfold.serve.background import BackgroundSyncs

    background, rounds = BackgroundSyncs(pool), AlertRounds(pool)
    background.after_sync(lambda _: rounds.deliver_alerts())
    if is_scheduled:
        background.call_regularly(rounds.deliver_alerts)
    background.start(is_scheduled=is_scheduled)
    return background
