"""billfold: one exact ledger for the bills of Vultr, Fastly, CockroachDB Cloud and Genesys Cloud.

    with billfold.Cockroach(api_key=...) as cockroach:
        for invoice in cockroach.list_invoices(): ...

Names are loaded when they are first used, so that importing billfold costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billfold.clients import AsyncCockroach as AsyncCockroach
    from billfold.clients import AsyncFastly as AsyncFastly
    from billfold.clients import AsyncGenesys as AsyncGenesys
    from billfold.clients import AsyncVultr as AsyncVultr
    from billfold.clients import Cockroach as Cockroach
    from billfold.clients import Fastly as Fastly
    from billfold.clients import Genesys as Genesys
    from billfold.clients import Vultr as Vultr

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name.startswith("_") or not name[0].isupper():
        raise AttributeError(name)
    from billfold import clients
    from billfold.model import errors

    if hasattr(errors, name):
        return getattr(errors, name)
    try:
        return clients.client(name)
    except errors.Misasked:
        raise AttributeError(f"billfold has no {name!r}") from None
