"""Show the ledger in a browser on this machine, with an API and metrics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from billfold import config
from billfold.cli.output import announce
from billfold.cli.params import add_location_options
from billfold.cli.shown_ledger import open_shown_ledger
from billfold.ledger.access_users import has_credentials
from billfold.model.extras import require_libraries
from billfold.settings.oidc import read_oidc

if TYPE_CHECKING:
    from billfold.serve.background import BackgroundSyncs
    from billfold.serve.oidc import OidcClient
    from billfold.serve.peers import Binding
    from billfold.serve.server import TlsFiles
    from billfold.serve.views import ViewPool

PEM_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("serve")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where to listen; others than this machine need a key, and TLS or a proxy.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8500, show_default=True, help="0 takes any free port.")
@click.option("--tls-cert", type=PEM_FILE, metavar="FILE", help="The server's certificate, PEM.")
@click.option("--tls-key", type=PEM_FILE, metavar="FILE", help="Its key, PEM.")
@click.option("--behind-proxy", "proxies", multiple=True, metavar="ADDRESS", help="Trust a proxy that speaks TLS.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="Answer to this name too, as bills.example.com.")
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
def command(
    ctx: click.Context,
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    proxies: tuple[str, ...],
    names: tuple[str, ...],
    *,
    demo: bool,
    is_scheduled: bool | None,
) -> None:
    """Show the ledger in a browser on this machine: a page, a REST API under /api/v1, /metrics for Prometheus.

    Every request sees the ledger as it is then, also while a sync runs. Without a key or a user it answers this machine only, and asks
    nobody who he is; `billfold keys` and `billfold users` make some. With --sync it also collects the accounts, at the times that
    `billfold schedule` shows. SIGTERM or Ctrl-C ends it once what it collects is safe, a second one at once: nothing is lost.
    """
    require_libraries("argon2", "jinja2", "starlette")  # first: their extra brings the others, too
    require_libraries("duckdb", "pyarrow", "uvicorn")
    from billfold.serve.peers import make_binding
    from billfold.serve.server import choose_tls
    from billfold.twin.serve import succeed_when_ended

    tls = choose_tls(tls_cert, tls_key)
    binding = make_binding(host, names, proxies, has_tls=tls is not None)
    succeed_when_ended()
    with open_shown_ledger(ctx, demo=demo) as (directory, config_path):
        _serve(directory, config_path, Listening(host, port, binding, tls), is_scheduled, demo=demo)


class Listening(NamedTuple):
    """Where a server listens, and how it is reached there."""

    host: str
    port: int
    binding: Binding
    tls: TlsFiles | None


def _serve(directory: Path, config_path: Path, listening: Listening, is_scheduled: bool | None, *, demo: bool) -> None:
    """Serve a ledger until it is ended; raises ``ConfigurationError`` for one that cannot be, or not so."""
    from billfold.cli.served import run_served
    from billfold.serve.app import make_application
    from billfold.serve.gate import Gate
    from billfold.serve.peers import require_safe_binding
    from billfold.serve.server import run_server
    from billfold.serve.views import ViewPool
    from billfold.serve.warming import keep_warm
    from billfold.tasks.schedule import load_schedule
    from billfold.twin.serve import open_listener

    host, port, binding, tls = listening
    oidc, (settings, accounts) = _load_oidc(config_path), load_schedule(config_path)
    require_safe_binding(host, binding, has_credentials=oidc is not None or has_credentials(directory))
    is_scheduled = settings.enabled if is_scheduled is None else is_scheduled
    pool = ViewPool(directory, config_path)
    if not is_scheduled:
        pool.require_ledger()
    listener = open_listener(host, port)
    url = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
    shown = "the demo company" if demo else f"the ledger {directory}"
    if demo:
        with pool.borrow_view():  # its ledger is computed before it says that it is ready
            pass
    background = _start_background(pool, is_scheduled=is_scheduled)
    collected = "accounts are collected as `billfold schedule` shows" if accounts else "no account is configured yet"
    note = f"; {collected}" if is_scheduled else ""
    gate = Gate(directory, binding, has_outside_users=oidc is not None)
    app = make_application(pool, run_served, gate=gate, start_sync=background.start_sync, oidc=oidc)
    with keep_warm(pool):
        run_server(app, listener, lambda: announce(f"{shown} is shown at {url}{note}"), background, tls)


def _load_oidc(config_path: Path) -> OidcClient | None:
    """Return what speaks to the login service that the configuration names; None where it names none."""
    settings = read_oidc(config.load_section(config_path, "oidc"), config_path)
    if settings is None:
        return None
    require_libraries("joserfc")
    from billfold.serve.oidc import OidcClient

    return OidcClient(settings)


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
