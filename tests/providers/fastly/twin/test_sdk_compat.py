"""Billing v2 in the dialect of the SDK that sends the request."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api_v2 import GetInvoice, GetInvoiceMtd
from billfold.providers.fastly.twin import scenario, sdk_compat
from billfold.providers.fastly.twin.handlers import TWIN
from billfold.providers.twin_api import TwinAccount, TwinMemory
from billfold.wire import codec
from tests.providers.fastly.twin.kit import ACCOUNT, answer_body, answer_request
from tests.providers.kit import NOW, SavedAnswers


@pytest.mark.parametrize(
    ("agent", "id_type", "regions", "aria", "nulls"),
    [
        ("fastly-py/5.3.0", str, False, False, False),
        ("fastly-py/5.6.0", str, False, False, False),
        ("fastly-py/5.7.0", int, True, True, False),
        ("fastly-py/5.9.0", int, True, True, True),
        ("fastly-py/7.0.0", int, True, True, True),
        ("curl/8.5.0", int, True, True, True),
    ],
)
def test_v2_suits_requesting_sdk(agent: str, id_type: type, regions: bool, aria: bool, nulls: bool) -> None:
    """Billing v2 answers as the SDK that sends the request can read."""
    month = next(
        month for month in ACCOUNT.first_month.iter_until(Month(2026, 10)) if scenario.is_discounted(ACCOUNT, month)
    )
    invoice = json.loads(answer_body(GetInvoice(year=month.year, month=month.number), agent=agent))
    assert type(invoice["invoice_id"]) is id_type
    assert bool(invoice["regions"]) == regions
    assert ("aria_invoice_id" in invoice["line_items"][0]) == aria
    assert any(line["rate_per_unit"] is None for line in invoice["line_items"]) == nulls


ACCOUNTS = [account for seed in (1, 2, 7) for account in TWIN.make_accounts(seed, Month(2025, 11))]


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: f"{account.name} {account.seed}")
def test_v2_sums_are_as_documented(account: TwinAccount) -> None:
    """The sums of every v2 bill are what they are documented to be."""
    nonzero_sums = Counter[str]()
    for month in account.first_month.iter_until(Month(2026, 10)):
        bill = answer_request(GetInvoice(year=month.year, month=month.number), account=account)
        total = bill.total
        extras = [
            codec.get_or(amount, Decimal(0)) for extra in total.extras for amount in (extra.recurring, extra.setup)
        ]
        assert total.incurred_cost == total.bandwidth_cost + total.requests_cost
        assert total.extras_cost == exact_sum(extras)
        assert total.cost_before_discount == total.incurred_cost + total.extras_cost
        assert total.discount_amount == scenario.round_amount(total.discount * total.cost_before_discount)
        assert total.overage == max(total.incurred_cost - total.plan_minimum, 0)
        assert total.commit_shortfall == max(total.plan_minimum - total.incurred_cost, 0)
        assert total.cost == total.cost_before_discount - total.discount_amount + total.commit_shortfall
        assert total.cost == exact_sum([line.amount for line in bill.line_items])
        nonzero_sums.update(name for name in ("overage", "commit_shortfall", "discount_amount") if getattr(total, name))
        op = GetInvoice(year=month.year, month=month.number)
        assert list(PROVIDER.check_answers(SavedAnswers((op, codec.encode_json(bill))))) == []
    assert set(nonzero_sums) == {"overage", "commit_shortfall", "discount_amount"}
    if account.account_type != scenario.PARENT_PAY:
        mtd = GetInvoiceMtd(customer_id=scenario.customer_id_of(account))
        memory = TwinMemory()
        assert answer_request(mtd, NOW, account, memory).status == 202
        running = answer_body(mtd, NOW + timedelta(seconds=5), account, memory)
        assert list(PROVIDER.check_answers(SavedAnswers((mtd, running)))) == []


def test_v2_regions_are_its_traffic() -> None:
    """The regions of a v2 bill are its traffic."""
    invoice = answer_request(GetInvoice(year=2026, month=10))
    assert exact_sum([region.cost for region in invoice.regions.values()]) == invoice.total.incurred_cost
    assert set(invoice.regions) == set(sdk_compat.REGION_KEYS.values())
    assert invoice.total.requests == exact_sum([region.requests.total for region in invoice.regions.values()])


def test_lineless_v2_bills_have_same_totals() -> None:
    """Bills of v2 without lines come to the same totals."""
    account = ACCOUNT._replace(account_type=sdk_compat.NO_LINES)
    for true_bill in list(TWIN.true_bills(account, NOW))[:-1]:
        month = Month.of(true_bill.period.start)
        op = GetInvoice(year=month.year, month=month.number)
        (bill,) = PROVIDER.read_bills(SavedAnswers((op, answer_body(op, account=account))))
        assert bill.total == true_bill.total
        assert (
            exact_sum([row.BilledCost or Decimal(0) for batch in bill.charges for row in batch.iter_rows()])
            == true_bill.total
        )
        assert bill.line_count == 0
