"""Who may see and do what: roles, scopes of data, patterns of accounts, and the identity that has them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

from billfold.model.errors import InvalidArgument

EVERYTHING = "*"
"""The pattern of every account."""
MAX_NAME_CHARS = 60


class Role(StrEnum):
    """What somebody may do; each role may do what those before it may."""

    READER = "reader"
    ACCOUNTANT = "accountant"
    ADMIN = "admin"

    def includes(self, role: Role) -> bool:
        """Tell whether this role may do what another may."""
        order = list(Role)
        return order.index(self) >= order.index(role)


class DataScope(StrEnum):
    """What somebody may see: amounts and months, what the vendors sent (answers, documents), or keys, users and the audit log."""

    NUMBERS = "numbers"
    DOCUMENTS = "documents"
    SETTINGS = "settings"


DEFAULT_SCOPES = {
    Role.READER: frozenset({DataScope.NUMBERS}),
    Role.ACCOUNTANT: frozenset({DataScope.NUMBERS, DataScope.DOCUMENTS}),
    Role.ADMIN: frozenset(DataScope),
}


class AccountPatterns(NamedTuple):
    """Which accounts exist for somebody: patterns of ``provider/account`` such as ``vultr/*``; none of them: no account."""

    patterns: tuple[str, ...]

    @property
    def is_everything(self) -> bool:
        """Whether every account exists."""
        return EVERYTHING in self.patterns

    def includes(self, provider: str, account: str) -> bool:
        """Tell whether an account exists."""
        name = f"{provider}/{account}"
        return any(name == pattern or fnmatchcase(name, pattern) for pattern in self.patterns)

    def __str__(self) -> str:
        return ",".join(self.patterns)


EVERY_ACCOUNT = AccountPatterns((EVERYTHING,))


class IdentityKind(StrEnum):
    """How it is known who asks: by a key, by a login, or because only this machine can ask."""

    KEY = "key"
    USER = "user"
    MACHINE = "machine"


class Identity(NamedTuple):
    """Who asks, and what he may: ``id`` is the key's or the user's, and stands in the audit log with the name."""

    kind: IdentityKind
    id: str
    name: str
    role: Role
    accounts: AccountPatterns = EVERY_ACCOUNT
    scopes: frozenset[DataScope] = frozenset(DataScope)

    @property
    def label(self) -> str:
        """What the audit log calls him."""
        return f"{self.kind} {self.id}" if self.id == self.name else f"{self.kind} {self.id} ({self.name})"


MACHINE = Identity(IdentityKind.MACHINE, "local", "local", Role.ADMIN)
"""Whoever uses this machine, where there is no key and no user and nobody else can reach the server."""


def parse_patterns(text: str | None) -> AccountPatterns:
    """Read patterns of accounts, comma between; None is every account. Raises ``InvalidArgument``."""
    if text is None:
        return EVERY_ACCOUNT
    patterns = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for pattern in patterns:
        provider, slash, account = pattern.partition("/")
        if pattern != EVERYTHING and not (provider and slash and account and pattern.isprintable()):
            raise InvalidArgument(
                f"{pattern[:60]!r} is no pattern of accounts: write vultr/* or fastly/cdn, or * for all"
            )
    return EVERY_ACCOUNT if {EVERYTHING, "*/*"} & set(patterns) else AccountPatterns(patterns)


def parse_scopes(text: str | None, role: Role) -> frozenset[DataScope]:
    """Read scopes, comma between; None is what a role has by default. Raises ``InvalidArgument``."""
    if text is None:
        return DEFAULT_SCOPES[role]
    names = [part.strip() for part in text.split(",")]
    for name in names:
        if name not in set(DataScope):
            raise InvalidArgument(f"{name[:40]!r} is no scope; there are {', '.join(DataScope)}")
    scopes = frozenset(map(DataScope, names))
    if DataScope.SETTINGS in scopes and role is not Role.ADMIN:
        raise InvalidArgument("the scope settings is for the role admin: add --role admin, or leave settings out")
    return scopes


def sort_scopes(scopes: Iterable[DataScope]) -> tuple[DataScope, ...]:
    """Return scopes in their own order."""
    members = set(scopes)
    return tuple(scope for scope in DataScope if scope in members)


def check_name(name: str) -> str:
    """Return a name of a key or a user without spaces around it; raises ``InvalidArgument`` for what is no name."""
    clean_name = name.strip()
    if not clean_name or len(clean_name) > MAX_NAME_CHARS or not clean_name.isprintable():
        raise InvalidArgument(f"a name has 1 to {MAX_NAME_CHARS} characters, all printable: choose another")
    return clean_name
