"""A fault about the newest invoice is the same in every answer that tells of it, at every vendor, and the truth stays true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from billfold.model.bill import Bill, State
from billfold.providers.provider import Provider
from billfold.providers.twin_api import FieldMap
from billfold.twin.damage import get_value, list_items
from billfold.twin.faults import parse_fault
from billfold.twin.host import TwinHost
from billfold.twin.invoices import DIFFERENCE, renumber, respell_id
from billfold.wire import codec
from billfold.wire.operation import operation_name
from tests import stage
from tests.twin.kit import ask, make_request

PROVIDERS = {provider.name: provider for provider in stage.list_providers()}
LISTS = {"cockroach": "list_invoices", "fastly": "list_invoices", "vultr": "list_invoices"} | {
    "genesys": "get_billing_contracts_invoices"
}
SINGLES = {"cockroach": "get_invoice", "fastly": "get_invoice_by_invoice_id", "vultr": "get_invoice"}
LINES = {"vultr": "get_invoice_items", "genesys": "get_billing_contracts_invoice_lines"}


def set_fault(host: TwinHost, name: str, vendor: str, **settings: object) -> None:
    host.set_fault(parse_fault({"provider": vendor, "fault": name, **settings}, [vendor]))


def list_issued(host: TwinHost, vendor: str) -> list[Bill]:
    """Return the true issued bills of a vendor's first account, the newest last."""
    played = stage.stage(host, vendor)
    bills = [b for b in played.twin.true_bills(played.accounts[0], host.clock.now()) if b.state is State.ISSUED]
    return sorted(bills, key=lambda bill: (bill.period.end, bill.invoice_id or ""))


def read(host: TwinHost, vendor: str, operation: str, invoice_id: str | None = None, **query: str) -> Any:
    """Return what an operation answers as JSON, or its status where it is refused; of an invoice, if one is named."""
    provider: Provider = PROVIDERS[vendor]
    kind = next(kind for kind in provider.operations if operation_name(kind) == operation)
    request = make_request(host, provider, kind, **query)
    if invoice_id is not None:
        path = stage.stage(host, vendor).twin.mount_path + kind.path.format(invoice_id=quote(invoice_id, safe=""))
        request = request._replace(path=path)
    answer = ask(host, request)
    return codec.parse_json(answer.body) if answer.status == 200 else answer.status


def fields_of(host: TwinHost, vendor: str, operation: str) -> FieldMap:
    return stage.stage(host, vendor).twin.field_maps[operation]


def list_ids(host: TwinHost, vendor: str) -> list[str]:
    """Return the ids of the invoices that a vendor lists, and check that it counts them so."""
    field_map, tree = fields_of(host, vendor, LISTS[vendor]), read(host, vendor, LISTS[vendor])
    items = list_items(tree, field_map)
    if field_map.size:
        assert get_value(tree, field_map.size) == len(items)
    return [str(get_value(item, field_map.invoice)) for item in items]


def find_total(host: TwinHost, vendor: str, invoice_id: str) -> Decimal:
    """Return the total of an invoice as the list has it."""
    field_map = fields_of(host, vendor, LISTS[vendor])
    items = list_items(read(host, vendor, LISTS[vendor]), field_map)
    return next(
        Decimal(get_value(item, field_map.money))
        for item in items
        if str(get_value(item, field_map.invoice)) == invoice_id
    )


def iter_line_amounts(host: TwinHost, vendor: str, invoice_id: str) -> Iterator[Decimal]:
    """Yield the amounts of an invoice's lines that the vendor's twin names, first pages only."""
    operation = LINES.get(vendor) or SINGLES[vendor]
    field_map, tree = fields_of(host, vendor, operation), read(host, vendor, operation, invoice_id)
    for line in get_value(tree, field_map.lines):
        yield Decimal(get_value(line, field_map.line_money))


@pytest.mark.parametrize("vendor", LISTS)
def test_a_late_month_comes_when_its_days_are_over(vendor: str) -> None:
    """The invoices of the last month are nowhere until so many days after its end, whoever asks for them."""
    host = stage.twin(months=2)
    newest, before = list_issued(host, vendor)[-1], list_ids(host, vendor)
    late_ids = {bill.invoice_id for bill in list_issued(host, vendor) if bill.period.end == newest.period.end}
    host.clock.set(newest.period.end + timedelta(days=8) - timedelta(seconds=1))
    set_fault(host, "invoice-late", vendor, days=8)
    assert set(list_ids(host, vendor)) == set(before) - late_ids != set(before)
    for operations in (SINGLES, LINES):
        if vendor in operations:
            assert read(host, vendor, operations[vendor], newest.invoice_id) == 404
    host.clock.advance(timedelta(seconds=1))
    assert list_ids(host, vendor) == before


@pytest.mark.parametrize("vendor", LISTS)
def test_the_newest_invoice_never_comes(vendor: str) -> None:
    host = stage.twin(months=2)
    newest, before = list_issued(host, vendor)[-1], list_ids(host, vendor)
    set_fault(host, "newest-invoice-missing", vendor)
    assert list_ids(host, vendor) == [invoice_id for invoice_id in before if invoice_id != newest.invoice_id]
    host.clear_faults()
    assert list_ids(host, vendor) == before


COPIES = [("duplicate-invoice", renumber), ("reissued-nearly-equal", renumber), ("id-respelled", respell_id)]


@pytest.mark.parametrize(("fault", "respell"), COPIES, ids=[name for name, _ in COPIES])
@pytest.mark.parametrize("vendor", LISTS)
def test_a_copy_is_listed_and_answered(vendor: str, fault: str, respell: Any) -> None:
    """The newest invoice is listed once more under another id, and all that is asked of that id is answered."""
    host = stage.twin(months=2)
    newest, before = str(list_issued(host, vendor)[-1].invoice_id), list_ids(host, vendor)
    copy, difference = respell(newest), DIFFERENCE if fault == "reissued-nearly-equal" else Decimal(0)
    amounts = list(iter_line_amounts(host, vendor, newest))
    set_fault(host, fault, vendor)
    assert sorted(list_ids(host, vendor)) == sorted([*before, copy])
    assert find_total(host, vendor, copy) - find_total(host, vendor, newest) == difference
    assert list(iter_line_amounts(host, vendor, newest)) == amounts
    assert list(iter_line_amounts(host, vendor, copy)) == [amounts[0] + difference, *amounts[1:]]


@pytest.mark.parametrize("vendor", LISTS)
def test_a_dropped_line_is_not_counted_either(vendor: str) -> None:
    """The newest invoice lacks its last line that costs something, its total stays, and every other invoice is whole."""
    host = stage.twin(months=2)
    older, newest = (str(bill.invoice_id) for bill in list_issued(host, vendor)[-2:])
    before = [list(iter_line_amounts(host, vendor, invoice_id)) for invoice_id in (older, newest)]
    total = find_total(host, vendor, newest)
    set_fault(host, "dropped-line", vendor)
    after = [list(iter_line_amounts(host, vendor, invoice_id)) for invoice_id in (older, newest)]
    costly = max(index for index, amount in enumerate(before[1]) if amount)
    assert after == [before[0], [*before[1][:costly], *before[1][costly + 1 :]]]
    assert find_total(host, vendor, newest) == total
    if vendor == "vultr":
        assert read(host, vendor, "get_invoice_items", newest)["meta"]["total"] == len(after[1])


@pytest.mark.parametrize("vendor", LISTS)
def test_a_shifted_invoice_still_adds_up(vendor: str) -> None:
    host = stage.twin(months=2)
    newest = str(list_issued(host, vendor)[-1].invoice_id)
    total, amounts = find_total(host, vendor, newest), list(iter_line_amounts(host, vendor, newest))
    set_fault(host, "total-and-lines-shifted", vendor)
    assert find_total(host, vendor, newest) == total + DIFFERENCE
    assert list(iter_line_amounts(host, vendor, newest)) == [amounts[0] + DIFFERENCE, *amounts[1:]]


def test_a_late_memo_takes_an_invoice_back() -> None:
    host = stage.twin(months=2)
    newest = str(list_issued(host, "genesys")[-1].invoice_id)
    amounts = list(iter_line_amounts(host, "genesys", newest))
    set_fault(host, "late-credit-memo", "genesys")
    memo = renumber(newest)
    assert find_total(host, "genesys", memo) == -find_total(host, "genesys", newest)
    assert list(iter_line_amounts(host, "genesys", memo)) == [-amount for amount in amounts]
    invoice_types = {
        entity["id"]: entity["customerInvoiceType"] for entity in read(host, "genesys", LISTS["genesys"])["entities"]
    }
    assert (invoice_types[newest], invoice_types[memo]) == ("Invoice", "Credit Memo")


@pytest.mark.parametrize("vendor", LISTS)
def test_the_truth_stays_the_true_one(vendor: str) -> None:
    """No such fault changes what is true."""
    host = stage.twin(months=2)
    before = stage.list_true_bills(host, vendor)
    for name in ("invoice-late", "newest-invoice-missing", "duplicate-invoice", "dropped-line"):
        set_fault(host, name, vendor)
        assert stage.list_true_bills(host, vendor) == before


def test_another_fault_strikes_under_one_of_invoices() -> None:
    """A fault about invoices lasts, and lets another one strike meanwhile."""
    host = stage.twin(months=2)
    set_fault(host, "duplicate-invoice", "cockroach")
    set_fault(host, "server-error", "cockroach", at=2)
    listed = [read(host, "cockroach", "list_invoices") for _ in range(3)]
    assert listed[1] == 500
    assert listed[0] == listed[2]
    assert [fault.as_dict()["changed"] for fault in host.faults] == [2, 1]


@pytest.mark.parametrize("number", ["29218696", "INV004049456", "5213456a-e77b", "0", "9"])
def test_another_number_has_the_same_form(number: str) -> None:
    assert renumber(number) != number
    assert len(renumber(number)) == len(number)
    assert renumber("no digit") == "no digit"
