"""One odd field in one record costs at most that record: all others are booked as they are, and the odd one is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from billfold.providers import provider
from billfold.wire.operation import Operation, operation_name, question_text
from tests.laws.isolation_kit import Collected, Raw, RecordedVendor, iter_paths, replace_value

ODD_VALUES: tuple[Any, ...] = (None, "", [], {}, "<nil>", True, Raw("1e999"), Raw('"half \\ud83d"'), "x" * 300)
PLANS = {
    "vultr": (
        "get_account",
        "list_pending_charges",
        "get_account_bandwidth",
        "list_billing_history",
        "list_invoices",
        "get_invoice_items",
    ),
    "fastly": ("get_token_self", "get_month_to_date_invoice", "list_invoices", "get_usage_metrics"),
    "cockroach": ("get_organization", "list_invoices"),
    "genesys": (
        "get_billing_contracts",
        "get_billing_contracts_invoices",
        "get_billing_contract_billingperiod",
        "get_billing_contracts_invoice_lines",
        "get_billing_reports_billableusage",
    ),
}
CASES = [(vendor, name) for vendor, names in PLANS.items() for name in names]
_VENDORS: dict[str, RecordedVendor] = {}


def find_vendor(name: str) -> RecordedVendor:
    """Return a vendor whose answers are recorded once for all tests.

    Genesys' taxes are believed by what other invoices say: there are enough of them, whichever is odd.
    """
    if name not in _VENDORS:
        _VENDORS[name] = RecordedVendor(provider.find_provider(name), months=4 if name == "genesys" else 2)
    return _VENDORS[name]


def find_differences(before: Collected, after: Collected) -> Iterator[str]:
    """Say which bills are gone and not named, and which are trusted at what their vendor does not state.

    An odd id is an id: its bill is another one then, of the same total.
    """
    content = {(bill.total, bill.costs) for bill in before.bills.values()}
    for key, bill in after.bills.items():
        if bill.is_trusted and (bill.total, bill.costs) not in content:
            known_bill = before.bills.get(key)
            is_estimate = key.startswith("estimate") and known_bill is None  # the invoice that ended it is parked
            if not is_estimate and (not known_bill or bill.total is not None or bill.costs != known_bill.costs):
                yield f"{key} is trusted at {bill.total}"
    for key in set(before.bills) - set(after.bills):
        is_renamed = any(bill[1:3] == before.bills[key][1:3] for bill in after.bills.values())
        if not is_renamed and not any(name in after.text for name in (key.split()[0], "has no id", "without its id")):
            yield f"{key} is gone and not named: {after.text}"


def count_changed(before: Collected, after: Collected) -> int:
    """Count the bills that are not as they were."""
    return sum(
        after.bills.get(key, None) is None or after.bills[key][:3] != bill[:3] for key, bill in before.bills.items()
    )


def list_failures(vendor: str, operation: str, values_per_place: int = len(ODD_VALUES)) -> list[str]:
    """Put odd values in each place of an operation's first answer, and say what they cost besides its record."""
    recorded = find_vendor(vendor)
    before, trees, failures = recorded.collect(), dict[str, Any](), list[str]()

    def note_tree(op: Operation[Any], tree: Any) -> Any:
        if operation_name(op) == operation:
            trees.setdefault(question_text(op), tree)
        return tree

    recorded.collect(note_tree)
    question, first_tree = next(iter(trees.items()))
    paths = list(iter_paths(first_tree))
    for (number, path), value_index in product(enumerate(paths), range(values_per_place)):
        value = ODD_VALUES[(number + value_index * 4) % len(ODD_VALUES)]

        def change(op: Operation[Any], tree: Any, path: Any = path, value: Any = value) -> Any:
            is_hit = operation_name(op) == operation and question_text(op) == question
            return replace_value(tree, path, value) if is_hit else tree

        if isinstance(value, str) and value and re.search("currency|id$", str(path[-1]), re.IGNORECASE):
            continue  # any word may be an id, which is asked for then; which are a currency is another law's
        after, place = recorded.collect(change), f"{'.'.join(map(str, path))} = {value!r:.20}"
        in_record = 0 in path
        failures += [f"{place}: {text}" for text in find_differences(before, after) if in_record or "trusted" in text]
        if in_record and count_changed(before, after) > 1:
            failures.append(f"{place}: changes {count_changed(before, after)} bills: {after.text}")
        if in_record and after.errors and not before.errors:
            failures.append(f"{place}: stops with {after.errors}")
    return failures


@pytest.mark.parametrize(("vendor", "operation"), CASES)
def test_one_odd_field_costs_at_most_its_record(vendor: str, operation: str) -> None:
    assert list_failures(vendor, operation, 1) == []
