"""billfold: one exact ledger for the bills of Vultr, Fastly, CockroachDB Cloud and Genesys Cloud.

    with billfold.Cockroach(api_key=...) as cockroach:
        for invoice in cockroach.list_invoices(): ...

What a vendor says are the records of its module: ``billfold.vultr.Invoice``, ``billfold.fastly.Invoice`` and so on.
Names are loaded when they are first used, so that importing billfold costs nothing.
"""

from billfold.version import __version__ as __version__

TYPE_CHECKING = False
"""As in ``typing``, whose import takes longer than all the rest of this module."""
if TYPE_CHECKING:
    from billfold.clients.cockroach import AsyncCockroach as AsyncCockroach
    from billfold.clients.cockroach import Cockroach as Cockroach
    from billfold.clients.fastly import AsyncFastly as AsyncFastly
    from billfold.clients.fastly import Fastly as Fastly
    from billfold.clients.genesys import AsyncGenesys as AsyncGenesys
    from billfold.clients.genesys import Genesys as Genesys
    from billfold.clients.vultr import AsyncVultr as AsyncVultr
    from billfold.clients.vultr import Vultr as Vultr
    from billfold.collect.outcome import CollectOutcome as CollectOutcome
    from billfold.focus.reader import Ledger as Ledger
    from billfold.ledger.query import LedgerBill as LedgerBill
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
    from billfold.model.errors import MissingExtra as MissingExtra
    from billfold.model.errors import NotFound as NotFound
    from billfold.model.errors import NotReady as NotReady
    from billfold.model.errors import RateLimited as RateLimited
    from billfold.model.errors import ServerError as ServerError
    from billfold.model.errors import Unauthorized as Unauthorized
    from billfold.model.errors import Unreachable as Unreachable
    from billfold.model.finding import AccountFinding as AccountFinding
    from billfold.model.finding import Finding as Finding
    from billfold.model.focus import CostAndUsage as CostAndUsage
    from billfold.model.period import Month as Month
    from billfold.providers.cockroach import records as cockroach
    from billfold.providers.fastly import records as fastly
    from billfold.providers.genesys import records as genesys
    from billfold.providers.vultr import records as vultr
    from billfold.tasks.accounts import Account as Account
    from billfold.tasks.export import FocusExport as FocusExport
    from billfold.tasks.export import export_focus as export_focus
    from billfold.tasks.reconcile import Reconciliation as Reconciliation
    from billfold.tasks.reconcile import reconcile as reconcile
    from billfold.tasks.sync import sync as sync
    from billfold.wire.codec import UNSET as UNSET
    from billfold.wire.codec import Maybe as Maybe
    from billfold.wire.codec import get_or as get_or
    from billfold.wire.codec import require as require
    from billfold.wire.message import Response as Response
    from billfold.wire.methods import AsyncItems as AsyncItems
    from billfold.wire.methods import SyncItems as SyncItems

    __all__ = ["cockroach", "fastly", "genesys", "vultr"]

_HOMES = {
    "billfold.clients.cockroach": "AsyncCockroach Cockroach",
    "billfold.clients.fastly": "AsyncFastly Fastly",
    "billfold.clients.genesys": "AsyncGenesys Genesys",
    "billfold.clients.vultr": "AsyncVultr Vultr",
    "billfold.model.errors": (
        "APIStatusError ApiError BadRequest BillfoldError ConfigurationError Forbidden IncompleteList InvalidArgument "
        "InvalidResponse LedgerError MissingExtra NotFound NotReady RateLimited ServerError Unauthorized Unreachable"
    ),
    "billfold.focus.reader": "Ledger",
    "billfold.collect.outcome": "CollectOutcome",
    "billfold.ledger.query": "LedgerBill",
    "billfold.model.finding": "AccountFinding Finding",
    "billfold.model.focus": "CostAndUsage",
    "billfold.model.period": "Month",
    "billfold.tasks.accounts": "Account",
    "billfold.tasks.export": "FocusExport export_focus",
    "billfold.tasks.reconcile": "Reconciliation reconcile",
    "billfold.tasks.sync": "sync",
    "billfold.wire.codec": "Maybe UNSET get_or require",
    "billfold.wire.message": "Response",
    "billfold.wire.methods": "AsyncItems SyncItems",
}
"""In which module the names of this one are, as the lines above have it for type checkers."""
_RECORDS = "cockroach fastly genesys vultr"
"""The vendors whose records have their module here, as ``billfold.vultr.Invoice``."""

if not TYPE_CHECKING:

    def __dir__() -> list[str]:
        return ["__version__", *(name for names in (*_HOMES.values(), _RECORDS) for name in names.split())]

    def __getattr__(name: str) -> object:
        from importlib import import_module

        from billfold.model.extras import name_missing_extras

        if name in _RECORDS.split():
            return import_module(f"billfold.providers.{name}.records")
        for module, names in _HOMES.items():
            if name in names.split():
                with name_missing_extras():
                    return getattr(import_module(module), name)
        raise AttributeError(f"billfold has no {name!r}")
