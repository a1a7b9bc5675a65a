"""Whether the invoices of a closed period bill what its wallets say was used beyond them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from billfold.model.finding import describe_finding
from billfold.model.money import exact_sum
from billfold.providers.genesys import PROVIDER
from billfold.providers.genesys.api import GetBillingContracts, GetBillingContractsInvoices
from tests.providers.genesys.kit import CONTRACT_ID, LINES_REQUEST, OPERATIONS, make_line, read_sample
from tests.providers.kit import SavedAnswers

TOKENS = {"sku": "GC-170-NV-AITOKEN", "name": "AI Experience Tokens", "unitOfMeasure": "Token"}
OVERAGE = {
    "product": TOKENS,
    "description": "AI Experience Tokens - Overage",
    "dateStart": "2026-09-01",
    "dateEnd": "2026-09-30",
}


def check_wallet(*items: dict[str, Any], **wallet: Any) -> list[str]:
    """Return the findings on a wallet of the sample's September and an invoice of these lines."""
    detail = read_sample("billingperiod.v269")
    detail["wallets"][0] |= wallet
    total = exact_sum(item["amount"] for item in items)
    invoice = {"id": "INV9", "dateInvoiced": "2026-10-01", "currencyIsoCode": "USD", "amount": total}
    answers = SavedAnswers(
        (GetBillingContracts(), {"entities": [read_sample("contract.v269")]}),
        (GetBillingContractsInvoices(), {"entities": [invoice]}),
        (msgspec.structs.replace(LINES_REQUEST, invoice_id="INV9"), {"entities": list(items)}),
        (OPERATIONS["billingperiod"], detail),
    )
    return [describe_finding(finding) for finding in PROVIDER.check_answers(answers)]


def test_billed_overage_gives_no_finding() -> None:
    """A wallet whose overage is billed gives no finding."""
    purchase = make_line(2, "50.00", **OVERAGE | {"description": "AI Experience Tokens - Prepay"})
    assert check_wallet(make_line(1, "310.00", **OVERAGE), purchase) == []
    assert check_wallet(make_line(1, "309.20", **OVERAGE)) == [], "how the vendor rounds is not known"
    assert check_wallet(make_line(1, "300.00", **OVERAGE), make_line(2, "10.00", **OVERAGE)) == []


@pytest.mark.parametrize(
    ("items", "billed"),
    [
        ([make_line(1, "106.80", **OVERAGE)], "106.8"),
        ([make_line(1, "310.00", **OVERAGE | {"product": {"sku": "GC-2", "name": "Other"}})], "0"),
        ([make_line(1, "310.00", **OVERAGE | {"dateStart": "2026-08-01", "dateEnd": "2026-08-31"})], "0"),
    ],
)
def test_contradicted_wallet_is_reported(items: list[dict[str, Any]], billed: str) -> None:
    """A wallet that the invoice contradicts is reported with its month and both amounts."""
    (finding,) = check_wallet(*items)
    assert finding == (
        "wallet AI Experience Tokens e0e0e000-0000-4000-8000-000000000001 of contract"
        f" {CONTRACT_ID}: states an overage of 310 USD in 2026-09, INV9 bills {billed}"
    )


def test_open_wallet_is_not_compared() -> None:
    """A wallet that can still change is compared with no invoice."""
    detail = read_sample("billingperiod.v269") | {"status": "Open"}
    invoice = {"id": "INV9", "dateInvoiced": "2026-10-01", "currencyIsoCode": "USD", "amount": 1}
    lists = (
        (GetBillingContracts(), {"entities": [read_sample("contract.v269")]}),
        (GetBillingContractsInvoices(), {"entities": [invoice]}),
    )
    lines_answer = (
        msgspec.structs.replace(LINES_REQUEST, invoice_id="INV9"),
        {"entities": [make_line(1, "1.00", **OVERAGE)]},
    )
    assert (
        len(
            list(
                PROVIDER.check_answers(
                    SavedAnswers(*lists, lines_answer, (OPERATIONS["billingperiod"], detail | {"status": "Closed"}))
                )
            )
        )
        == 1
    )
    assert list(PROVIDER.check_answers(SavedAnswers(*lists, lines_answer, (OPERATIONS["billingperiod"], detail)))) == []
    assert (
        list(PROVIDER.check_answers(SavedAnswers(*lists, (OPERATIONS["billingperiod"], detail | {"status": "Closed"}))))
        == []
    )
