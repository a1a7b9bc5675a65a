"""Show the ledger in a browser on this machine, with an API and metrics."""

from __future__ import annotations

import click

from billfold.cli.output import announce
from billfold.cli.params import add_location_options
from billfold.cli.shown_ledger import open_shown_ledger
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
    with open_shown_ledger(ctx, demo=demo) as (directory, config_path):
        pool = ViewPool(directory, config_path)
        pool.require_ledger()
        listener = open_listener(host, port)
        url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
        shown = "the demo company" if demo else f"the ledger {directory}"
        if demo:
            with pool.borrow_view():  # its ledger is computed before it says that it is ready
                pass
        run_server(make_application(pool), listener, lambda: announce(f"{shown} is shown at {url}"))
