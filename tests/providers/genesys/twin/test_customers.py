"""The contracts of Genesys Cloud's twin."""

from __future__ import annotations

from billfold.model.period import Month
from billfold.providers.genesys.api import GetBillingContracts
from billfold.providers.genesys.twin import customers
from tests import stage as stages
from tests.providers.genesys.twin.kit import first_account


def test_contract_is_renewed_in_time() -> None:
    """A contract is renewed before it runs out."""
    account = first_account(stages.twin())
    contract = customers.make_contracts(account)[0]
    for month in (Month(2026, 11), Month(2028, 10), Month(2028, 11), Month(2031, 12)):
        first_month, last_month = customers.find_contract_months(account, contract, month)
        assert first_month <= month <= last_month
    assert GetBillingContracts().page_size is None
