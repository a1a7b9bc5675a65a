"""Show the ledger in a browser on this machine, with an API and metrics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billfold import config
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.ledger.access_users import has_credentials
from billfold.model.errors import ConfigurationError
from billfold.model.extras import require_libraries
from billfold.settings.oidc import read_oidc

if TYPE_CHECKING:
    from billfold.serve.oidc import OidcClient

PEM_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
DEMO_DIRECTORY = Path("demo")
"""Where `billfold demo` keeps its ledger, unless it is told otherwise."""


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
@click.option("--demo", is_flag=True, help="Show the ledger that `billfold demo` made.")
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
) -> None:
    """Show the ledger in a browser on this machine: a page, a REST API under /api/v1, /metrics for Prometheus.

    Every request sees the ledger as it is then, also while a sync runs. Without a key or a user it answers this machine only, and asks
    nobody who he is; `billfold keys` and `billfold users` make some.
    """
    require_libraries("argon2", "jinja2", "starlette")  # first: their extra brings the others, too
    require_libraries("duckdb", "pyarrow", "uvicorn")
    from billfold.serve.app import make_application
    from billfold.serve.gate import Gate
    from billfold.serve.peers import make_binding, require_safe_binding
    from billfold.serve.server import choose_tls, run_server
    from billfold.serve.views import ViewPool
    from billfold.twin.serve import open_listener, succeed_when_ended

    tls = choose_tls(tls_cert, tls_key)
    binding = make_binding(host, names, proxies, has_tls=tls is not None)
    directory, config_path = _choose_demo() if demo else _locate_ledger(ctx)
    oidc = _load_oidc(config_path)
    require_safe_binding(host, binding, has_credentials=oidc is not None or has_credentials(directory))
    pool = ViewPool(directory, config_path)
    pool.require_ledger()
    listener = open_listener(host, port)
    url = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
    succeed_when_ended()
    app = make_application(pool, Gate(directory, binding, has_outside_users=oidc is not None), oidc=oidc)
    run_server(app, listener, lambda: print_line(f"the ledger {directory} is shown at {url}"), tls)


def _load_oidc(config_path: Path) -> OidcClient | None:
    """Return what speaks to the login service that the configuration names; None where it names none."""
    settings = read_oidc(config.load_section(config_path, "oidc"), config_path)
    if settings is None:
        return None
    require_libraries("joserfc")
    from billfold.serve.oidc import OidcClient

    return OidcClient(settings)


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
