"""What each route needs of who asks, in one table; a route that is not in it is for admins who see every account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from billfold.model.identity import DataScope, Identity, Role
from billfold.serve.commands import COMMANDS_ROOT, READING_COMMANDS
from billfold.serve.openapi import ROOT


class Need(NamedTuple):
    """What a route needs: a role, a scope, and whether only who sees every account is answered.

    ``action`` is what the audit log calls it; "" for a page of numbers, which is not noted.
    """

    role: Role = Role.READER
    scope: DataScope = DataScope.NUMBERS
    every_account: bool = False
    action: str = ""

    def find_lack(self, identity: Identity) -> str:
        """Return what an identity lacks, as a sentence; "" where it may."""
        if not identity.role.includes(self.role):
            return f"this needs the role {self.role}, and {identity.name} is {identity.role}: ask an admin"
        if self.scope not in identity.scopes:
            return f"this needs the scope {self.scope}, which {identity.name} does not have: ask an admin"
        if self.every_account and not identity.accounts.is_everything:
            return f"this shows every account, and {identity.name} sees only {identity.accounts}: ask an admin"
        return ""


UNLISTED = Need(Role.ADMIN, DataScope.SETTINGS, every_account=True, action="unlisted route")
"""What a route needs that nobody has put into the table."""
PUBLIC = frozenset(
    {"GET /healthz", "GET /readyz", "GET /static/{name}", "GET /favicon.ico", "GET /login", "POST /login"}
    | {"GET /login/oidc", "GET /login/oidc/callback"}
)
"""Routes that are answered before anybody says who he is."""
NUMBERS = Need()
DOCUMENTS = Need(scope=DataScope.DOCUMENTS)
EVERYTHING = Need(every_account=True)
"""What the configuration states of all accounts, or the whole archive is checked for."""
_DOCUMENT_COMMAND = DOCUMENTS._replace(every_account=True, action="run command")
SETTINGS = Need(Role.ADMIN, DataScope.SETTINGS)
_SCREENS = (
    *("/", "/invoices", "/changes", "/payables", "/commitments", "/findings", "/accounts", "/invoice"),
    *("/customers", "/teams", "/restatements", "/estimates", "/charges", "/commitment"),
)
_RESOURCES = (
    *(
        "accounts",
        "accruals",
        "allocate",
        "anomalies",
        "balances",
        "bridge",
        "changes",
        "close",
        "closes",
        "commitments",
    ),
    *(
        "completeness",
        "coverage",
        "explain",
        "findings",
        "forecast",
        "hash",
        "invoices",
        "journal",
        "owners",
        "payables",
    ),
    *("burndown", "chargelines", "checks", "customers", "estimates", "lines", "tables", "teams", "totals", "versions"),
    *("report", "restatements", "runs", "schedule", "shares", "statement", "track-record", "why"),
)
_STREAMS = ("billing-period", "charges", "contract-commitment", "cost-and-usage", "invoice-detail")
_DOCUMENT_COMMANDS = frozenset({"documents", "evidence", "explain", "export", "sql"})
"""Commands that show what the vendors sent, or write it into files."""
NEEDS: Mapping[str, Need] = {
    **{
        f"GET {path}": NUMBERS
        for path in (*_SCREENS, "/months/{month}", "/close/{month}", "/metrics", "/me", "/accounts/progress")
    },
    **{f"GET {ROOT}/{name}": NUMBERS for name in (*_RESOURCES, "openapi.json")},
    **{f"GET {ROOT}/{name}": NUMBERS._replace(action="read charges") for name in _STREAMS},
    **{f"GET {ROOT}/{name}": EVERYTHING for name in ("budgets", "verify")},
    **{
        f"GET {COMMANDS_ROOT}/{name}": _DOCUMENT_COMMAND if name in _DOCUMENT_COMMANDS else EVERYTHING
        for name in (*READING_COMMANDS, "{name}")
    },
    f"GET {ROOT}/documents": DOCUMENTS._replace(action="list documents"),
    f"GET {ROOT}/documents/{{seq}}": DOCUMENTS._replace(action="read document"),
    f"GET {ROOT}/invoice-documents": DOCUMENTS._replace(action="list documents"),
    f"GET {ROOT}/entries": DOCUMENTS._replace(action="list answers"),
    f"GET {ROOT}/entries/{{seq}}": DOCUMENTS._replace(action="read answer"),
    f"GET {ROOT}/sql": DOCUMENTS._replace(every_account=True, action="read sql"),
    "GET /explain": DOCUMENTS._replace(action="read answer"),
    "GET /documents/{seq}": DOCUMENTS._replace(action="read document"),
    "GET /documents/{seq}/inline": DOCUMENTS._replace(action="read document"),
    # SQL reads the files of all accounts, and the archived answers: no view in front of them is a wall
    "GET /query": DOCUMENTS._replace(every_account=True, action="read sql"),
    "GET /query.{suffix}": DOCUMENTS._replace(every_account=True, action="read sql"),
    "POST /query/saved": DOCUMENTS._replace(every_account=True, action="change saved queries"),
    "GET /alerts": Need(Role.ACCOUNTANT, every_account=True),
    "POST /logout": NUMBERS._replace(action="log out"),
    "GET /access": SETTINGS._replace(every_account=True),
    "POST /access/keys/{id}/revoke": SETTINGS._replace(every_account=True, action="revoke key"),
    "POST /findings/{id}/acknowledge": Need(Role.ACCOUNTANT, action="acknowledge"),
    "POST /close/{month}/sign": Need(Role.ACCOUNTANT, action="sign close"),
    f"POST {ROOT}/findings/{{id}}/acknowledge": Need(Role.ACCOUNTANT, action="acknowledge"),
    f"POST {ROOT}/close/{{month}}/sign": Need(Role.ACCOUNTANT, action="sign close"),
    f"POST {ROOT}/sync": Need(Role.ADMIN, action="start sync"),
}


def find_need(route: str) -> Need:
    """Return what a route needs, as ``GET /invoices``."""
    return NEEDS.get(route, UNLISTED)


def name_route(method: str, pattern: str, path: str) -> str:
    """Name a request's route: its method and pattern, and of a question to the API the resource in its path."""
    verb = "GET" if method == "HEAD" else method
    if pattern == f"{ROOT}/{{path:path}}":
        resource = path.removeprefix(f"{ROOT}/").partition("/")[0]
        name = resource if resource == "openapi.json" else resource.partition(".")[0]
        return f"{verb} {ROOT}/{name}"
    return f"{verb} {pattern}"
