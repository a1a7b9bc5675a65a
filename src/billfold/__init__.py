"""billfold: one exact ledger for the bills of Vultr, Fastly, CockroachDB Cloud and Genesys Cloud.

    with billfold.Cockroach(api_key=...) as cockroach:
        for invoice in cockroach.list_invoices(): ...

Names are loaded when they are first used, so that importing billfold costs nothing.
"""

from typing import TYPE_CHECKING

from billfold.version import __version__ as __version__

if TYPE_CHECKING:
    from billfold.clients import AsyncCockroach as AsyncCockroach
    from billfold.clients import AsyncFastly as AsyncFastly
    from billfold.clients import AsyncGenesys as AsyncGenesys
    from billfold.clients import AsyncVultr as AsyncVultr
    from billfold.clients import Cockroach as Cockroach
    from billfold.clients import Fastly as Fastly
    from billfold.clients import Genesys as Genesys
    from billfold.clients import Vultr as Vultr
    from billfold.focus.reader import Ledger as Ledger
    from billfold.model.errors import ApiError as ApiError
    from billfold.model.errors import APIStatusError as APIStatusError
    from billfold.model.errors import BadRequest as BadRequest
    from billfold.model.errors import BillfoldError as BillfoldError
    from billfold.model.errors import ConfigurationError as ConfigurationError
    from billfold.model.errors import Forbidden as Forbidden
    from billfold.model.errors import IncompleteList as IncompleteList
    from billfold.model.errors import InvalidArgument as InvalidArgument
    from billfold.model.errors import InvalidResponse as InvalidResponse
    from billfold.model.errors import LedgerError as LedgerError
    from billfold.model.errors import NotFound as NotFound
    from billfold.model.errors import NotReady as NotReady
    from billfold.model.errors import RateLimited as RateLimited
    from billfold.model.errors import ServerError as ServerError
    from billfold.model.errors import Unauthorized as Unauthorized
    from billfold.model.errors import Unreachable as Unreachable
    from billfold.wire.codec import UNSET as UNSET
    from billfold.wire.codec import require as require

_HOMES = {
    "billfold.clients": "AsyncCockroach AsyncFastly AsyncGenesys AsyncVultr Cockroach Fastly Genesys Vultr",
    "billfold.model.errors": (
        "APIStatusError ApiError BadRequest BillfoldError ConfigurationError Forbidden IncompleteList InvalidArgument "
        "InvalidResponse LedgerError NotFound NotReady RateLimited ServerError Unauthorized Unreachable"
    ),
    "billfold.focus.reader": "Ledger",
    "billfold.wire.codec": "UNSET require",
}
"""In which module the names of this one are, as the lines above have it for type checkers."""

if not TYPE_CHECKING:

    def __dir__() -> list[str]:
        return ["__version__", *(name for names in _HOMES.values() for name in names.split())]

    def __getattr__(name: str) -> object:
        from importlib import import_module

        for module, names in _HOMES.items():
            if name in names.split():
                return getattr(import_module(module), name)
        raise AttributeError(f"billfold has no {name!r}")
