"""Whom facts are told: an address, and which facts it wants."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from billfold.model.fact import OWN_KINDS, Fact, FactKind


class TargetType(StrEnum):
    """How facts get to a target."""

    WEBHOOK = "webhook"
    SLACK = "slack"
    MAIL = "mail"


ALL_KINDS = frozenset(FactKind) - OWN_KINDS


class MailAddress(NamedTuple):
    """A mail server with its port, who sends, and who receives; ``user`` logs in, if there is one."""

    server: str = ""
    port: int = 0
    sender: str = ""
    recipients: tuple[str, ...] = ()
    user: str = ""


class AlertTarget(NamedTuple):
    """Whom facts are told; ``url`` and ``secret`` are references where they are secrets, read from ``directory`` on.

    ``accounts`` are patterns as ``vultr/*`` (none: all of the ledger). Facts with an amount in the currency of ``minimum`` that is
    smaller are left out.
    """

    name: str
    type: TargetType
    url: str = ""
    secret: str = ""
    mail: MailAddress = MailAddress()
    fact_kinds: frozenset[FactKind] = ALL_KINDS
    accounts: tuple[str, ...] = ()
    minimum: tuple[Decimal, str] | None = None
    allow_private: bool = False
    directory: Path = Path()

    def wants(self, fact: Fact) -> bool:
        """Tell whether a fact is told it; what is of the whole ledger is none of a target's that has some accounts only."""
        if fact.kind not in self.fact_kinds:
            return False
        place = f"{fact.provider}/{fact.account}"
        if self.accounts and not any(fnmatchcase(place, pattern) for pattern in self.accounts):
            return False
        if self.minimum is None or fact.amount is None or fact.currency != self.minimum[1]:
            return True
        return abs(fact.amount) >= self.minimum[0]

    @property
    def address(self) -> str:
        """Where it is, for people: what is a secret stays out."""
        if self.type is TargetType.MAIL:
            return f"{', '.join(self.mail.recipients)} by {self.mail.server}"
        return "/".join(self.url.split("/")[:3])
