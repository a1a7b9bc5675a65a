"""The contract commitments of Genesys Cloud, and the charges that draw on them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from billfold.model.focus import CostAndUsage
from billfold.model.period import parse_instant
from billfold.providers import genesys
from billfold.providers.genesys.api import GetBillingContracts
from billfold.providers.genesys.mapping.commitments import (
    CommitmentShare,
    format_applied,
    list_commitments,
    list_positions,
)
from billfold.wire import codec
from tests.providers.genesys.kit import (
    CONTRACT_ID,
    OPERATIONS,
    SAMPLES,
    SEPTEMBER,
    make_bill,
    make_seats_line,
    read_bills,
    read_sample,
)
from tests.providers.kit import NOW, list_rows


def estimate_wallet(consumed: str, over: str) -> dict[str, CostAndUsage]:
    """Return the estimate of a period whose wallet's tokens went so far, by SKU."""
    detail = read_sample("billingperiod.v269")
    wallet = {"balanceConsumption": Decimal(consumed), "balanceOverage": Decimal(over)}
    detail["wallets"][0] |= wallet | {"balanceOverageCharge": Decimal(over)}
    contracts = {"entities": [read_sample("contract.v269")]}
    (bill,) = read_bills((GetBillingContracts(), contracts), (OPERATIONS["billingperiod"], detail))
    return {row.SkuId or "": row for row in list_rows(bill)}


def read_applied(row: CostAndUsage) -> tuple[str, Decimal, str] | None:
    """Return the number of the position that a charge draws on, how much, and in what unit."""
    if row.ContractApplied is None:
        return None
    (element,) = json.loads(row.ContractApplied, parse_float=Decimal, parse_int=Decimal)["Elements"]
    assert element.pop("ContractId") == CONTRACT_ID
    values = (element.pop(f"ContractCommitment{name}") for name in ("Id", "AppliedQuantity", "AppliedUnit"))
    commitment, quantity, unit = values
    assert element == {}
    return commitment.rpartition("/")[2], quantity, unit


def test_wallet_use_is_free_and_committed() -> None:
    """What a wallet covers costs nothing and is committed."""
    charges = estimate_wallet("5000.0", "0")
    agent, wallet = charges["GC-170-NV-VAGENT"], charges["GC-170-NV-AITOKEN"]
    assert (agent.BilledCost, agent.ConsumedQuantity, agent.PricingCategory) == (Decimal(0), Decimal(1200), "Committed")
    assert json.loads(agent.x_Details or "")["ConvertedTokenCount"] == "480.0"
    assert read_applied(agent) == ("20", Decimal(480), "Tokens")
    assert read_applied(wallet) == ("20", Decimal(4520), "Tokens")  # what no charge accounts for


def test_drained_wallet_applies_its_own_share() -> None:
    """Of a wallet that ran out, only the wallet itself states what it covered."""
    charges = estimate_wallet("5310.0", "310.0")
    agent = charges["GC-170-NV-VAGENT"]
    assert (agent.PricingCategory, read_applied(agent)) == ("Other", None)
    assert read_applied(charges["GC-170-NV-AITOKEN"]) == ("20", Decimal(5000), "Tokens")


def test_seats_draw_only_on_bought_seats() -> None:
    """Seats in use draw on the seats that were bought, and on no more."""
    charges = estimate_wallet("5000.0", "0")
    assert read_applied(charges["GC-170-NV-CX3"]) == ("10", Decimal(80), "Users")
    assert read_applied(charges["GC-170-NV-APIRES"]) is None


def test_prepaid_seats_draw_on_commitment() -> None:
    """Seats that an invoice bills in advance draw on their commitment."""
    bill = make_bill("15600.00", make_seats_line())
    (row,) = list_rows(bill)
    assert read_applied(row) == ("10", Decimal(80), "Users")
    commitment_keys = {(commitment.ContractId, commitment.ContractCommitmentId) for commitment in bill.commitments}
    (element,) = json.loads(row.ContractApplied or "")["Elements"]
    assert (element["ContractId"], element["ContractCommitmentId"]) in commitment_keys


@pytest.mark.parametrize(
    "fields",
    [
        {"description": "Genesys Cloud CX 3 Concurrent - Overage"},
        {"description": "Genesys Cloud CX 3 Concurrent - top-up"},
        {"unitOfMeasure": "Hour"},
        {"dateStart": "2027-01-01", "dateEnd": "2027-01-31"},
        {"organization": {"id": "somebody else"}},
        {"product": {"name": "Genesys Cloud CX 1"}},
        {"amount": Decimal("-15600.00")},
    ],
    ids=str,
)
def test_unrelated_line_draws_on_nothing(fields: dict[str, Any]) -> None:
    """A line that is not for the commitment does not draw on it."""
    (row,) = list_rows(
        make_bill(
            None, make_seats_line(**fields), customerInvoiceType="Credit Memo" if "amount" in fields else "Invoice"
        )
    )
    assert row.ContractApplied is None


def test_ambiguous_commitment_is_not_applied() -> None:
    """Where two commitments could be meant, neither is applied."""
    contract = read_sample("contract.v269")
    contract["plans"].append(contract["plans"][0] | {"id": "another"})
    candidates = list_positions([codec.decode_record(codec.encode_json(contract), genesys.records.BillingContract)])
    share = CommitmentShare("AI Experience Tokens", Decimal("480.50"), "Tokens", *SEPTEMBER)
    assert format_applied(share, candidates) is None
    assert '"ContractCommitmentAppliedQuantity": 480.50,' in (format_applied(share, candidates[:2]) or "")


def test_every_plan_position_is_commitment() -> None:
    """Every committed position of a contract is a commitment."""
    contract = codec.decode_record((SAMPLES / "contract.v269.json").read_bytes(), genesys.records.BillingContract)
    contract_commitments = list_commitments([contract], NOW)
    assert [commitment.ContractCommitmentQuantity for commitment in contract_commitments] == [80, 5000]
    assert len({commitment.ContractCommitmentId for commitment in contract_commitments}) == 2
    seat_commitment = contract_commitments[0]
    assert (seat_commitment.ContractCommitmentUnit, seat_commitment.ContractCommitmentDurationType) == (
        "Users",
        "1 Year",
    )
    assert (seat_commitment.ContractPeriodStart, seat_commitment.ContractPeriodEnd) == (
        parse_instant("2026-01-01"),
        parse_instant("2027-01-01"),
    )
    assert seat_commitment.ContractCommitmentLifecycleStatus == "Active"
    nullable = {
        "ContractCommitmentCost",
        "ContractCommitmentDiscountPercentage",
        "PricingCurrencyContractCommitmentCost",
    }
    assert {name for name, value in seat_commitment._asdict().items() if value is None} == nullable
