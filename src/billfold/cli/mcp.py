"""Answer a language model's questions about the ledger: read-only tools of the Model Context Protocol, on stdin and stdout."""

from __future__ import annotations

from contextlib import closing

import click

from billfold.cli.params import add_location_options
from billfold.cli.shown_ledger import open_shown_ledger
from billfold.model.extras import require_libraries


@click.command("mcp")
@click.option("--demo", is_flag=True, help="Answer about the demo company.")
@add_location_options
@click.pass_context
def command(ctx: click.Context, *, demo: bool) -> None:
    """Answer a language model's questions about the ledger, by the Model Context Protocol on stdin and stdout.

    A client, as an editor or a chat program, starts it. Every tool only reads; money is text, every answer cites invoices and lines,
    and what vendors wrote is set apart as data.
    """
    require_libraries("mcp")  # first: its extra brings the others, too
    require_libraries("duckdb", "pyarrow", "starlette")
    from billfold.serve.mcp_server import run_stdio_server
    from billfold.serve.views import ViewPool

    with (
        open_shown_ledger(ctx, demo=demo) as (directory, config_path),
        closing(ViewPool(directory, config_path)) as pool,
    ):
        pool.require_ledger()
        run_stdio_server(pool)
