"""Whose account a collection is of: what the ledger knew of its customer, and why a collection is not booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger.entries import Run
from billfold.model.errors import ConfigurationError
from billfold.model.period import Month

if TYPE_CHECKING:
    from billfold.ledger.identities import KnownCustomer


@dataclass(frozen=True)
class LedgerState:
    """What the ledger knew before: marks of invoices and customers by account name, names by provider and customer."""

    fingerprints: dict[str, dict[str, str]] = field(default_factory=dict)
    customers: dict[str, KnownCustomer] = field(default_factory=dict)
    account_names: dict[tuple[str, str], str] = field(default_factory=dict)


def read_ledger_state(
    workspace: Workspace, accounts: Sequence[AccountConfig], before_month: Month | None
) -> LedgerState:
    """Return what the ledger knows of accounts; issued invoices only of before a month, where one is given."""
    if not workspace.archive.read_last_seq():
        return LedgerState()
    from billfold.ledger import identities, query

    with workspace.open_ledger() as db:
        fingerprints = {
            account.name: query.issued_fingerprints(db, account.provider.name, account.name, before_month)
            for account in accounts
        }
        customers = {
            account.name: identities.known_customer(db, account.provider.name, account.name) for account in accounts
        }
        return LedgerState(fingerprints, customers, query.read_account_names(db))


def find_refusal(
    workspace: Workspace,
    account: AccountConfig,
    run: Run,
    identity: str | None,
    ledger_state: LedgerState,
    claims: dict[tuple[str, str], str],
) -> ConfigurationError | None:
    """Say why a collection is kept but not booked: its name is another customer's, or its customer has another account.

    ``identity`` is what its answers say of whose it is.
    """
    known_customer = ledger_state.customers.get(run.account)
    if known_customer and known_customer.is_another_customer(identity, workspace.find_listed_ids(run)):
        return ConfigurationError(
            "its key belongs to another customer than before; give this customer an account name of its own"
        )
    customer_key = identity or _read_credential_key(account)
    claimed_by = claims.setdefault((run.provider, customer_key), run.account) if customer_key else run.account
    if claimed_by != run.account:
        return ConfigurationError(f"this is the same customer as account {claimed_by!r}; remove one of the two")
    return None


def _read_credential_key(account: AccountConfig) -> str:
    """Return what two accounts have in common that ask with the same key; "" where there is none."""
    try:
        return " ".join(["key", account.base_url or "", *sorted(account.read_credentials().values())])
    except ConfigurationError:
        return ""
