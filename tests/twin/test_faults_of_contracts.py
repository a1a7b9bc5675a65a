"""Faults that only a vendor of contracts can have: no periods, a wallet below zero, a report that is not ready."""

from __future__ import annotations

from typing import Any

import pytest

from billfold import require
from billfold.model.errors import NotReady
from billfold.twin.host import TwinHost
from tests import stage as stages


@pytest.fixture
def host() -> TwinHost:
    return stages.twin()


def connect(host: TwinHost) -> Any:
    return stages.client(host, stages.stage(host, "genesys").accounts[0])


def test_a_contract_without_periods_has_an_empty_list_of_them(host: TwinHost) -> None:
    before = list(connect(host).get_billing_contracts())
    host.set_fault(stages.fault("genesys", "contract-without-periods", times=9))
    broke = list(connect(host).get_billing_contracts())
    assert all(contract.billing_periods for contract in before)
    assert [contract.billing_periods for contract in broke] == [[] for _ in before]
    contract = connect(host).get_billing_contract(contract_id=require(before[0].id))
    assert contract.billing_periods == []


def test_a_wallet_below_zero_says_so(host: TwinHost) -> None:
    client = connect(host)
    contract = max(client.get_billing_contracts(), key=lambda contract: len(require(contract.plans)))
    question = {
        "contract_id": require(contract.id),
        "billing_period_id": require(require(contract.billing_periods)[0].id),
    }
    whole = client.get_billing_contract_billingperiod(**question)
    host.set_fault(stages.fault("genesys", "negative-wallet"))
    broke = client.get_billing_contract_billingperiod(**question)
    assert require(whole.wallets)[0].ending_balance >= 0
    assert require(broke.wallets)[0].ending_balance == -1
    assert require(broke.wallets)[1:] == require(whole.wallets)[1:]


def test_a_report_in_progress_lists_nothing(host: TwinHost) -> None:
    """A report in progress lists nothing, and other answers have no such word."""
    client = connect(host)
    host.set_fault(stages.fault("genesys", "in-progress", times=10**6))
    with pytest.raises(NotReady):
        client.get_billing_reports_billableusage(start_date="2025-01-01T00:00:00Z", end_date="2025-01-02T00:00:00Z")
    assert all(contract.status != "InProgress" for contract in client.get_billing_contracts())
