"""One question that is refused, one amount that is none, one list that is empty in another spelling: what each costs."""

from __future__ import annotations

from typing import Any

import pytest

from billfold.model.errors import ApiError, Forbidden, InvalidResponse, NotFound, ServerError
from billfold.model.finding_codes import FindingCode
from billfold.wire.operation import Operation, operation_name
from tests.laws.test_isolation import find_vendor

LINES = {"vultr": "get_invoice_items", "genesys": "get_billing_contracts_invoice_lines"}
REFUSALS = [ServerError("no", status=500), NotFound("no", status=404), InvalidResponse("cut")]
EXTRAS = [
    *(("vultr", name) for name in ("get_account", "get_account_bandwidth", "list_billing_history")),
    *(("fastly", name) for name in ("get_token_self", "get_usage_metrics")),
    ("genesys", "get_billing_reports_billableusage"),
]
MONEY = {
    "vultr": ("list_invoices", "billing_invoices", "amount"),
    "fastly": ("list_invoices", "data", "monthly_transaction_amount"),
    "genesys": ("get_billing_contracts_invoices", "entities", "amount"),
}
COUNTED_LISTS = {"vultr": ("list_invoices", "billing_invoices"), "fastly": ("list_invoices", "data")}


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: type(refusal).__name__)
@pytest.mark.parametrize("vendor", LINES)
def test_an_invoice_without_its_lines_is_named(vendor: str, refusal: ApiError) -> None:
    """The invoice whose lines are refused is named by its id, and all others are booked as they are."""
    recorded, refused_ids = find_vendor(vendor), list[str]()

    def refuse_first(op: Operation[Any], tree: Any) -> Any:
        if operation_name(op) == LINES[vendor]:
            refused_ids.append(str(op.invoice_id))  # type: ignore[attr-defined]
            if op.invoice_id == refused_ids[0]:  # type: ignore[attr-defined]
                raise refusal
        return tree

    before, after = recorded.collect(), recorded.collect(refuse_first)
    assert after.errors == []
    assert refused_ids[0] in {finding.subject for finding in after.findings if finding.is_wrong}
    issued_bills = {key: bill for key, bill in before.bills.items() if not key.startswith(("estimate", refused_ids[0]))}
    assert issued_bills
    assert {key: after.bills.get(key) for key in issued_bills} == issued_bills


@pytest.mark.parametrize(("vendor", "operation"), EXTRAS)
def test_what_no_bill_needs_may_be_refused(vendor: str, operation: str) -> None:
    """A refusal that stays is told by name and is nothing wrong; every bill is as it was."""

    def refuse(op: Operation[Any], tree: Any) -> Any:
        if operation_name(op) == operation:
            raise Forbidden("no", status=403)
        return tree

    recorded = find_vendor(vendor)
    before, after = recorded.collect(), recorded.collect(refuse)
    assert [finding.code for finding in after.findings] == [FindingCode.EXTRA_UNANSWERED]
    assert not after.findings[0].is_wrong
    assert (after.errors, list(after.bills)) == ([], list(before.bills))
    assert [bill.costs for bill in after.bills.values()] == [bill.costs for bill in before.bills.values()]


@pytest.mark.parametrize("value", ["1,234.56", "ten", True, {"value": 3}, [7]], ids=str)
@pytest.mark.parametrize("vendor", MONEY)
def test_an_amount_that_is_none_parks_its_own_invoice(vendor: str, value: Any) -> None:
    """Only that invoice is parked, with the text that stands in its amount's place."""
    operation, items, field = MONEY[vendor]

    def change(op: Operation[Any], tree: Any) -> Any:
        if operation_name(op) == operation:
            tree = {**tree, items: [{**tree[items][0], field: value}, *tree[items][1:]]}
        return tree

    recorded = find_vendor(vendor)
    before, after = recorded.collect(), recorded.collect(change)
    parked_bills = [bill for key, bill in after.bills.items() if bill != before.bills[key]]
    assert [bill.is_trusted for bill in parked_bills] == [False]
    word = value if isinstance(value, str) else "true" if value is True else str(next(iter(value)))
    assert word in parked_bills[0].text


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize("value", [None, "", {}, [], ...], ids=str)
@pytest.mark.parametrize("vendor", COUNTED_LISTS)
def test_an_empty_list_has_many_spellings(vendor: str, value: Any, count: int) -> None:
    """It is empty where the vendor counts nothing, and told where it counts more."""
    operation, items = COUNTED_LISTS[vendor]

    def change(op: Operation[Any], tree: Any) -> Any:
        if operation_name(op) == operation:
            tree = {**tree, items: value, "meta": {**tree["meta"], "total": str(count)}}
            if value is ...:
                del tree[items]
        return {**tree, "billing_history": [], "meta": {"total": 0}} if "billing_history" in tree else tree

    after = find_vendor(vendor).collect(change)
    assert not any(not key.startswith("estimate") for key in after.bills)
    assert bool(after.errors or after.findings) == bool(count), after.text
