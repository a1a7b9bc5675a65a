"""Another seed is another customer, whichever vendor is played; the same seed is the same one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from billfold.providers.provider import Provider
from billfold.providers.twin_api import DEFAULT_SEED, TwinAccount, TwinApi
from tests import stage
from tests.laws.kit import DOORS, named

SEEDS = range(DEFAULT_SEED, DEFAULT_SEED + 200)
ODD_SEEDS = (-1, -(10**30), 10**8 - 11, 10**30)
FIRST_MONTH = stage.twin().world.first_month


def list_identities(twin: TwinApi, account: TwinAccount) -> Iterator[str]:
    """Yield what is a customer's own on its first invoice: the invoice's number, and its ids and names."""
    bills = twin.true_bills(account, FIRST_MONTH.add_months(1).start + timedelta(hours=1))
    bill = next(bill for bill in bills if bill.invoice_id)
    yield f"invoice {bill.invoice_id}"
    for row in (row for charges in bill.charges for row in charges.iter_rows()):
        if row.BillingAccountId not in {None, account.name}:  # Vultr names no customer: there it is what we call it
            yield f"id {row.BillingAccountId}"
        if row.BillingAccountName:
            yield f"name {row.BillingAccountName}"


@pytest.mark.parametrize("provider", DOORS, ids=named)
def test_two_hundred_seeds_are_as_many_customers(provider: Provider) -> None:
    """No customer of one seed has an id, a name or an invoice number that a customer of another seed has."""
    twin, owners = provider.load_twin(), dict[str, int]()
    for seed in (*SEEDS, *ODD_SEEDS):
        for account in twin.make_accounts(seed, FIRST_MONTH):
            identities = set(list_identities(twin, account))
            assert {identity for identity in identities if owners.setdefault(identity, seed) != seed} == set()
    assert len(owners) >= len({*SEEDS, *ODD_SEEDS})


@pytest.mark.parametrize("provider", DOORS, ids=named)
def test_a_seed_is_always_the_same_customer(provider: Provider) -> None:
    twin = provider.load_twin()
    for seed in (DEFAULT_SEED, 7):
        first, second = (twin.make_accounts(seed, FIRST_MONTH)[0] for _ in range(2))
        assert list(list_identities(twin, first)) == list(list_identities(twin, second))
