"""Play the vendors' billing systems on this machine."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from billfold.cli.output import print_line
from billfold.cli.params import TimeType, add_location_options
from billfold.model.errors import BillfoldError
from billfold.model.period import parse_instant
from billfold.twin import serve
from billfold.twin.access import is_open_address
from billfold.twin.clock import Clock
from billfold.twin.host import TwinHost
from billfold.twin.world import World


@click.command("twin")
@click.option("--port", type=click.IntRange(0, 65535), default=8400, show_default=True, help="0 takes any free port.")
@click.option("--bind", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="Another name in Host or Origin that may use the controls under /_twin.",
)
@click.option(
    "--scenario",
    default="default",
    show_default=True,
    metavar="NAME|FILE",
    help="default, company, a story's name, ACCOUNT:KIND, or a TOML file.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed is another world.")
@click.option(
    "--at",
    type=TimeType(),
    default=parse_instant("2026-11-15T00:00:00Z"),
    metavar="TIME",
    help="Where the clock starts.  [default: 2026-11-15T00:00:00Z]",
)
@click.option(
    "--limits", type=click.Choice(["on", "off"]), default="on", show_default=True, help="The vendors' rate limits."
)
@click.option(
    "--write-config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a configuration that speaks to this twin.",
)
@add_location_options
def command(
    port: int,
    bind: str,
    allowed_hosts: tuple[str, ...],
    scenario: str,
    seed: int,
    at: datetime,
    limits: str,
    write_config: Path | None,
) -> None:
    """Play the vendors' billing systems on this machine, with a clock and faults."""
    host = TwinHost(World(seed=seed, start_time=at, scenario=scenario), Clock(at), limits=limits == "on")
    listener = serve.open_listener(bind, port)
    root_url = f"http://{'[' + bind + ']' if ':' in bind else bind}:{listener.getsockname()[1]}"
    if write_config:
        try:
            serve.write_config(write_config, host.world.iter_addresses(root_url))
        except BillfoldError:
            listener.close()
            raise
    serve.succeed_when_ended()
    if is_open_address(bind):
        print_line(
            f"billfold: warning: {bind} is open to other machines: whoever reaches it can read and change this twin",
            err=True,
        )

    def note_ready() -> None:
        print_line(f"the twin is ready at {root_url} - try {root_url}/_twin/accounts")

    serve.serve_twin(host, listener, (bind, *allowed_hosts), note_ready)
