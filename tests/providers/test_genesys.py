"""Genesys Cloud: its samples, its two spellings, its errors, and what becomes of its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from billfold.model.bill import Bill, State
from billfold.model.errors import ConfigurationError, IncompleteList, InvalidResponse
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum
from billfold.model.period import Month, Period, parse_instant
from billfold.providers import genesys
from billfold.providers.genesys import PROVIDER, regions
from billfold.providers.genesys.api import (
    GetBillingContract,
    GetBillingContractBillingperiod,
    GetBillingContracts,
    GetBillingContractsInvoiceDocument,
    GetBillingContractsInvoiceLines,
    GetBillingContractsInvoices,
    GetBillingReportsBillableusage,
    GetBillingTrusteebillingoverviewTrustorOrgId,
    describe_login_error,
    read_error,
)
from billfold.providers.genesys.mapping import field_aliases, lines
from billfold.providers.genesys.mapping.commitments import CommitmentShare, list_commitments, list_positions
from billfold.providers.genesys.mapping.commitments import format_applied as drawn
from billfold.providers.genesys.mapping.invoice_periods import BillingCalendar, fingerprint_invoice
from billfold.providers.genesys.mapping.tax import is_tax
from billfold.providers.provider import ArchivedAnswer, Fetch, SyncState
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import Operation, build_request
from billfold.wire.paging import Walk
from tests.overlay import overlay

SAMPLES = Path(str(genesys.__file__)).parent / "samples"
NOW = parse_instant("2026-11-15T00:00:00Z")
SEPTEMBER, OCTOBER = Month(2026, 9).period, Month(2026, 10).period
CONTRACT = "c0ffee00-0000-4000-8000-000000000001"
LINES = GetBillingContractsInvoiceLines(invoice_id="INV0000002")
OPERATIONS: dict[str, Operation[Any]] = {
    "billableusage": GetBillingReportsBillableusage(start_date=NOW, end_date=NOW),
    "billingperiod": GetBillingContractBillingperiod(contract_id=CONTRACT, billing_period_id="202609"),
    "contract": GetBillingContract(contract_id=CONTRACT),
    "contracts": GetBillingContracts(),
    "invoice_document": GetBillingContractsInvoiceDocument(invoice_id="INV0000002"),
    "invoice_lines": LINES,
    "invoices": GetBillingContractsInvoices(),
    "trusteebillingoverview": GetBillingTrusteebillingoverviewTrustorOrgId(trustor_org_id="9d750d63"),
}
ANSWERS = sorted(path for path in SAMPLES.glob("*.json") if path.name.split(".")[0] in OPERATIONS)
ERRORS = sorted(SAMPLES.glob("error.*.json"))


def body(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"), parse_float=Decimal)
    return found


class Saved:
    """A reading of some answers."""

    account = "partner"

    def __init__(self, *answers: tuple[Operation[Any], Any]) -> None:
        self._answers = [
            ArchivedAnswer(op, Response(200, {"content-type": "application/json"}, raw if isinstance(raw, bytes) else codec.encode_json(raw)), seq, NOW)
            for seq, (op, raw) in enumerate(answers, 1)
        ]  # fmt: skip

    def requests(self, operation_type: Any) -> Iterator[Operation[Any]]:
        return (one.op for one in self.answers(operation_type))

    def answers(self, operation_type: Any, **fields: object) -> Iterator[ArchivedAnswer]:
        for one in self._answers:
            if isinstance(one.op, operation_type) and all(
                getattr(one.op, name) == value for name, value in fields.items()
            ):
                yield one


def made(*answers: tuple[Operation[Any], Any]) -> list[Bill]:
    return list(PROVIDER.read_bills(Saved(*answers)))


def rows(bill: Bill) -> list[CostAndUsage]:
    return [row for batch in bill.charges for row in batch.iter_rows()]


def line(number: int, amount: str, **words: Any) -> dict[str, Any]:
    product = {"sku": "GC-1", "name": "Genesys Cloud CX 1", "unitOfMeasure": "User"}
    said = {"product": product, "description": "Genesys Cloud CX 1", "dateStart": "2026-10-01", "dateEnd": "2026-10-31"}
    return {"id": f"L{number}", "quantity": 10, "amount": Decimal(amount), **said, **words}


def invoiced(total: str | None, *items: dict[str, Any], **words: Any) -> Bill:
    """Make the bill of one invoice of the first of November under one contract."""
    invoice: dict[str, Any] = {
        "id": "INV7",
        "dateInvoiced": "2026-11-01",
        "currencyIsoCode": "USD",
        "paymentTerms": "Net 30",
    }
    invoice |= {"customerPoNumber": "PO-2026-011", "amount": None if total is None else Decimal(total), **words}
    return made(
        (GetBillingContracts(), {"entities": [body("contract.v269")]}),
        (GetBillingContractsInvoices(), {"entities": [invoice]}),
        (msgspec.structs.replace(LINES, invoice_id="INV7"), {"entities": list(items)}),
    )[0]


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_every_sample_answer_keeps_all_digits_and_words(path: Path) -> None:
    raw, op = path.read_bytes(), OPERATIONS[path.name.split(".")[0]]
    record = codec.decode_record(raw, op.reply)
    assert codec.parse_json(overlay(record, raw)) == codec.parse_json(raw)
    assert codec.parse_json(codec.encode_json(record)) == codec.parse_json(raw)


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.name)
def test_every_error_body_is_read_with_its_code_and_number(path: Path) -> None:
    said = body(path.name.removesuffix(".json"))
    found = read_error(Response(said["status"], {"content-type": "application/json"}, path.read_bytes()))
    assert found[:3] == (said["message"], said["code"], said["contextId"])
    assert f".{said['status']}.{said['code']}." in path.name


def test_an_error_that_is_no_json_is_told_by_its_content_type_and_header() -> None:
    found = read_error(Response(502, {"content-type": "text/html", "inin-correlation-id": "7"}, b"<html>"))
    assert found[:3] == ("the vendor answered text/html", None, "7")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("oauth_error.400.client_not_found", "client not found (invalid_client)"),
        ("oauth_error.401.bad_secret", "authentication failed (invalid_client)"),
    ],
)
def test_a_refused_login_is_told_in_the_vendors_words(name: str, words: str) -> None:
    raw = (SAMPLES / f"{name}.json").read_bytes()
    assert describe_login_error(Response(400, {}, raw)) == f"the login was refused: {words}"


def test_both_spellings_of_the_renamed_keys_say_the_same() -> None:
    old, new = (codec.decode_record((SAMPLES / f"contract.{v}.json").read_bytes(), genesys.records.BillingContract) for v in ("v236", "v269"))  # fmt: skip
    assert field_aliases.get_purchase_orders(old) == field_aliases.get_purchase_orders(new) == ["PO-2026-011"]
    kind = genesys.records.BillingContractPeriodDetail
    old_, new_ = (
        codec.decode_record((SAMPLES / f"billingperiod.{v}.json").read_bytes(), kind) for v in ("v236", "v269")
    )
    for name in ("prepaid", "fair_use", "actual", "overage"):
        read = getattr(field_aliases, f"get_{name}_quantity")
        first, second = [read(c) for c in old_.charges], [read(c) for c in new_.charges]  # type: ignore[union-attr]
        assert first[:2] == second[:2]
        assert None not in first + second
    addresses = [codec.decode_record(json.dumps(one).encode(), genesys.records.InvoiceAddress) for one in (
        {"dateEffective": "2024-05-01", "citySubdivision1": "Downtown"},
        {"getdateEffective": "2024-05-01", "getcitySubdivision1": "Downtown"},
    )]  # fmt: skip
    assert {field_aliases.get_effective_date(one) for one in addresses} == {"2024-05-01"}
    assert [one.city_subdivision1 for one in addresses] == ["Downtown", codec.UNSET]
    assert [one.getcity_subdivision1 for one in addresses] == [codec.UNSET, "Downtown"]


def test_the_next_page_keeps_the_filters_and_takes_the_cursor_decoded() -> None:
    op = GetBillingContractsInvoices(page_size=2, date_start=date(2026, 9, 1), before="x")
    page = codec.decode_record((SAMPLES / "invoices.page1.json").read_bytes(), op.reply)
    after = op.next_operation(page)
    assert after == GetBillingContractsInvoices(page_size=2, date_start=date(2026, 9, 1), after="SU5WMDAwMDAwMg==")
    assert ("after", "SU5WMDAwMDAwMg==") in build_request(after).query
    assert after.first_operation() == msgspec.structs.replace(op, before=None)
    last = codec.decode_record((SAMPLES / "invoices.page2.json").read_bytes(), op.reply)
    assert op.next_operation(last) is None
    assert op.has_end_mark(last)


def test_pages_with_ever_new_cursors_and_the_same_items_end() -> None:
    walk = Walk(GetBillingContractsInvoices())
    one = {"entities": [{"id": "INV1"}], "nextUri": "/x?after=c1"}
    other = {"entities": [{"id": "INV2"}], "nextUri": "/x?after=c2"}
    walk.take_page(records_of(GetBillingContractsInvoices(), one))
    walk.take_page(records_of(GetBillingContractsInvoices(), other))
    with pytest.raises(IncompleteList, match="the same items again"):
        walk.take_page(records_of(GetBillingContractsInvoices(), other | {"nextUri": "/x?after=c3"}))


def test_times_are_asked_with_three_digits_of_a_second_and_none_where_there_are_none() -> None:
    start = parse_instant("2026-10-01T00:00:00.123456Z")
    said = dict(build_request(GetBillingReportsBillableusage(start_date=start, end_date=NOW)).query)
    assert said == {"startDate": "2026-10-01T00:00:00.123Z", "endDate": "2026-11-15T00:00:00Z"}


def test_every_operation_names_the_refusals_that_are_documented() -> None:
    assert {op.errors for op in PROVIDER.operations} == {(400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 503, 504)}


@pytest.mark.parametrize("link", ["/api/v2/billing/contracts?pageSize=2", "http://[::1", "?after"])
def test_a_next_link_without_a_cursor_proves_no_end(link: str) -> None:
    page = codec.decode_record(json.dumps({"entities": [], "nextUri": link}).encode(), GetBillingContracts.reply)
    assert GetBillingContracts().next_operation(page) is None
    assert not GetBillingContracts().has_end_mark(page)


def test_the_sample_invoices_are_billed_as_they_add_up() -> None:
    bills = made(
        (GetBillingContracts(), body("contracts.page1")),
        (GetBillingContractsInvoices(), body("invoices.page1")),
        (LINES, body("invoice_lines.page1")),
        (msgspec.structs.replace(LINES, after="SU5WMDAwMDAwMi0wMDI="), body("invoice_lines.page2")),
    )
    (bill,) = bills  # the invoice whose lines were not asked for is in the books already
    assert (bill.invoice_id, bill.state, bill.total, bill.line_count) == (
        "INV0000002",
        State.ISSUED,
        Decimal("14555.47"),
        4,
    )
    assert exact_sum(row.BilledCost or Decimal(0) for row in rows(bill)) == bill.total
    assert bill.period == SEPTEMBER
    assert bill.due_on == parse_instant("2026-10-31")
    assert (bill.terms, bill.purchase_order, bill.problems) == ("Net 30", "PO-2026-011", ())
    requests = next(row for row in rows(bill) if row.x_NativeId == "INV0000002-002")
    assert requests.PricingQuantity == 323992
    assert requests.x_ArchiveSeq == 3
    assert {row.x_ArchiveSeq for row in rows(bill)} == {3, 4}
    seats = next(row for row in rows(bill) if row.x_NativeId == "INV0000002-001")
    assert (seats.ListUnitPrice, seats.x_ListedUnitPrice, seats.SkuPriceId) == (
        Decimal(245),
        None,
        "GC-170-NV-CX3/10/use",
    )
    assert (seats.SubAccountName, seats.BillingAccountId) == ("Test Org Name", "1004567")


def test_lines_on_pages_are_read_to_the_last_one_or_the_bill_is_parked() -> None:
    bills = made(
        (GetBillingContracts(), body("contracts.page1")),
        (GetBillingContractsInvoices(), body("invoices.page1")),
        (LINES, body("invoice_lines.page1")),
    )
    assert bills[0].problems == ("its lines were not read to their end",)


def test_a_saved_list_by_itself_says_that_lines_are_missing() -> None:
    bills = made((GetBillingContractsInvoices(), body("invoices.page1")))
    assert [bill.problems for bill in bills] == [("its lines were not read",)] * 2


def test_lines_without_their_invoice_are_parked() -> None:
    (bill,) = made((LINES, body("invoice_lines.page2")))
    assert "the invoice itself was not read" in bill.problems
    assert bill.total is None


def test_lines_that_cannot_be_read_park_one_invoice_and_no_other() -> None:
    other = msgspec.structs.replace(LINES, invoice_id="INV0000001")
    good = {"entities": [line(1, "15600.00", dateStart="2026-10-01")]}
    bills = made((GetBillingContractsInvoices(), body("invoices.page1")), (LINES, b'{"entities": 7}'), (other, good))
    assert {bill.invoice_id: bool(bill.problems) for bill in bills} == {"INV0000001": False, "INV0000002": True}


def test_an_invoice_bills_the_period_that_ended_before_it() -> None:
    assert invoiced("10.00", line(1, "10.00")).period == OCTOBER


def test_an_invoice_for_what_is_to_come_bills_the_period_of_its_services() -> None:
    assert (
        invoiced("10.00", line(1, "10.00", dateStart="2026-11-01", dateEnd="2026-11-30")).period
        == Month(2026, 11).period
    )


def test_advance_and_arrears_on_one_invoice_bill_the_ended_period() -> None:
    ahead = line(2, "10.00", dateStart="2026-11-01", dateEnd="2026-11-30")
    bill = invoiced("20.00", line(1, "10.00"), ahead)
    assert bill.period == OCTOBER
    assert rows(bill)[1].ChargePeriodStart == parse_instant("2026-11-01")


def test_periods_that_are_no_calendar_months_are_taken_from_the_contract() -> None:
    contract = body("contract.v269") | {"billingPeriods": [{"id": "1", "dateStart": "2026-09-21", "dateEnd": "2026-10-20", "status": "Closed"}]}  # fmt: skip
    bill = made(
        (GetBillingContracts(), {"entities": [contract]}),
        (GetBillingContractsInvoices(), body("invoices.page1") | {"entities": [body("invoices.page1")["entities"][1] | {"dateInvoiced": "2026-10-22"}]}),
        (LINES, {"entities": [line(1, "14555.47", dateStart="2026-09-21", dateEnd="2026-10-20")]}),
    )[0]  # fmt: skip
    assert bill.period == Period(parse_instant("2026-09-21"), parse_instant("2026-10-21"))


def test_a_refund_of_an_earlier_period_is_a_correction_with_its_category_and_names_the_invoice() -> None:
    memo = {"id": "CM1", "dateInvoiced": "2026-11-01", "currencyIsoCode": "USD", "amount": Decimal("-24.50")}
    memo |= {"customerInvoiceType": "Credit Memo", "customerPoNumber": "PO-2026-011"}
    item = line(
        1, "-24.50", dateStart="2026-09-01", dateEnd="2026-09-30", description="CX 1 - overage, credit for INV0000002"
    )
    bills = made(
        (GetBillingContracts(), {"entities": [body("contract.v269")]}),
        (GetBillingContractsInvoices(), {"entities": [memo, body("invoices.page1")["entities"][1]]}),
        (msgspec.structs.replace(LINES, invoice_id="CM1"), {"entities": [item]}),
    )
    (row,) = rows(bills[0])
    assert (row.ChargeCategory, row.ChargeClass, row.BilledCost) == ("Usage", "Correction", Decimal("-24.50"))
    assert (bills[0].period, row.ChargePeriodStart) == (OCTOBER, SEPTEMBER.start)
    assert bills[0].corrects == "INV0000002"
    assert (row.ListUnitPrice or 0) * (row.PricingQuantity or 0) == row.ListCost


def test_a_memo_in_the_middle_of_a_month_leaves_the_running_month_alone_and_corrects_the_closed_one() -> None:
    bill = invoiced("-5.00", line(1, "-5.00"), dateInvoiced="2026-11-10", customerInvoiceType="Credit Memo")
    assert bill.period == OCTOBER
    assert rows(bill)[0].ChargeClass == "Correction"
    running = {"dateStart": "2026-11-01", "dateEnd": "2026-11-30"}
    bill = invoiced("-5.00", line(1, "-5.00", **running), dateInvoiced="2026-11-10", customerInvoiceType="Credit Memo")
    assert rows(bill)[0].ChargeClass is None


@pytest.mark.parametrize(
    ("amount", "costs", "said"),
    [
        ("100.00", ["100.00"], ["a positive amount", "a positive line L0"]),
        ("-90.00", ["-100.00", "10.00"], ["a positive line L1"]),
        ("-100.00", ["-100.00"], []),
    ],
)
def test_a_credit_memo_that_takes_money_is_parked(amount: str, costs: list[str], said: list[str]) -> None:
    items = [line(number, cost) for number, cost in enumerate(costs)]
    problems = invoiced(amount, *items, customerInvoiceType="Credit Memo").problems
    assert len(problems) == len(said)
    assert all(words in problem_ for words, problem_ in zip(said, problems, strict=True))


@pytest.mark.parametrize("last", ["2026-10-31T00:00:00Z", "2026-10-31T23:59:59.999Z", "2026-10-31T23:59:59-05:00"])
def test_a_time_in_a_day_is_cut_off(last: str) -> None:
    (row,) = rows(invoiced("10.00", line(1, "10.00", dateStart="2026-10-01T00:00:00.000Z", dateEnd=last)))
    assert (row.ChargePeriodStart, row.ChargePeriodEnd) == OCTOBER


@pytest.mark.parametrize(
    ("words", "category", "frequency"),
    [
        ({"description": "Genesys Cloud CX 1 - Prepay"}, "Purchase", "Recurring"),
        ({"description": "Genesys Cloud CX 1 - overage"}, "Usage", "Usage-Based"),
        ({"description": "AI tokens top-up"}, "Purchase", "One-Time"),
        ({"description": "Sales tax"}, "Tax", "One-Time"),
        ({"description": "Anything else"}, "Usage", "Usage-Based"),
        ({"amount": Decimal(-1), "description": "Loyalty discount", "product": {}}, "Credit", "One-Time"),
    ],
)
def test_a_line_is_judged_by_its_words(words: dict[str, Any], category: str, frequency: str) -> None:
    items = [line(1, "5.00"), line(2, "7.00") | words]
    total = exact_sum(item["amount"] for item in items)
    row = rows(invoiced(str(total), *items))[1]
    assert (row.ChargeCategory, row.ChargeFrequency) == (category, frequency)
    priced = category in {"Usage", "Purchase"}
    for column in ("SkuId", "SkuPriceId", "ListUnitPrice", "PricingQuantity", "PricingUnit", "PricingCategory"):
        assert (getattr(row, column) is not None) == priced
    assert (row.ConsumedQuantity is not None) == (category == "Usage")
    assert json.loads(row.x_Details or "{}")["CategoryRule"]


def test_a_position_of_the_plan_is_told_by_its_price_where_words_say_nothing() -> None:
    product = {"sku": "GC-170-NV-CX3", "name": "Genesys Cloud CX 3 Concurrent", "unitOfMeasure": "User"}
    (row,) = rows(invoiced("15600.00", line(1, "15600.00", product=product, quantity=80, description="CX 3")))
    assert (row.ChargeCategory, row.ListUnitPrice, row.SkuPriceId) == (
        "Purchase",
        Decimal(195),
        "GC-170-NV-CX3/10/prepay",
    )


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_position_whose_price_changed_the_one_of_the_services_days_counts(turned: bool) -> None:
    contract = body("contract.v269")
    item = contract["plans"][0]["items"][0] | {"dateEffectiveStart": "2026-01-01", "discountAmount": Decimal("2.50")}
    old = item | {"itemNumber": "10", "price": 100, "overagePrice": 120, "dateEffectiveEnd": "2026-09-30"}
    new = item | {
        "itemNumber": "11",
        "price": 195,
        "dateEffectiveStart": "2026-10-01",
        "dateEffectiveEnd": "2026-12-31",
    }
    contract["plans"][0]["items"] = [new, old] if turned else [old, new]
    first = seats(dateStart="2026-09-01", dateEnd="2026-09-30", amount=Decimal("8000.00"), id="L2")
    said = {"id": "INV7", "dateInvoiced": "2026-11-01", "currencyIsoCode": "USD", "customerPoNumber": "PO-2026-011"}
    reading = (
        (GetBillingContracts(), {"entities": [contract]}),
        (GetBillingContractsInvoices(), {"entities": [said | {"amount": Decimal("23600.00")}]}),
        (msgspec.structs.replace(LINES, invoice_id="INV7"), {"entities": [seats(), first]}),
    )
    assert [(row.ListUnitPrice, row.SkuPriceId) for row in rows(made(*reading)[0])] == [
        (Decimal(195), "GC-170-NV-CX3/11/prepay"),
        (Decimal(100), "GC-170-NV-CX3/10/prepay"),
    ]
    assert json.loads(rows(made(*reading)[0])[0].x_Details or "")["DiscountAmount"] == "2.50"
    (estimate,) = made(reading[0], (OPERATIONS["billingperiod"], body("billingperiod.v269")))
    assert rows(estimate)[0].SkuPriceId == "GC-170-NV-CX3/10/use"


@pytest.mark.parametrize(
    ("words", "by"),
    [
        ({}, "order"),
        ({"customerPoNumber": "", "billToCustomer": {"number": "1004567"}}, "customer"),
        ({"customerPoNumber": ""}, "any"),
    ],
)
def test_a_charge_says_how_its_invoice_was_joined_to_its_contract(words: dict[str, Any], by: str) -> None:
    (row,) = rows(invoiced("10.00", line(1, "10.00"), **words))
    said = json.loads(row.x_Details or "")
    assert (said["ContractBy"], said["ContractNumber"], said["EndCustomer"]) == (
        by,
        body("contract.v269")["externalNumber"],
        body("contract.v269")["endCustomer"]["number"],
    )


def test_what_the_amount_has_beyond_its_lines_is_tax_where_one_rate_explains_it() -> None:
    bill = invoiced("10725.00", line(1, "10000.00"))
    tax = rows(bill)[-1]
    assert (tax.ChargeCategory, tax.BilledCost, tax.x_Synthetic, tax.SkuId) == ("Tax", Decimal("725.00"), True, None)
    assert tax.ChargeDescription == "Tax: the invoice's amount less the sum of its lines"
    assert tax.x_JsonPath == "$.entities[0].amount"
    assert tax.x_ArchiveSeq == 2
    assert bill.line_count == 1


def test_a_cent_is_rounding_and_what_nothing_explains_is_left_to_be_parked() -> None:
    rounding = rows(invoiced("10000.01", line(1, "10000.00")))[-1]
    assert (rounding.ChargeCategory, rounding.BilledCost) == ("Adjustment", Decimal("0.01"))
    for amount in ("11234.56", "15000.00", "9000.00"):
        assert [row.x_Synthetic for row in rows(invoiced(amount, line(1, "10000.00")))] == [None]


@pytest.mark.parametrize(
    ("missing", "costs", "overage", "believed"),
    [
        ("725.00", ["10000.00"], None, True),
        ("887.50", ["10000.00"], None, True),
        ("712.34", ["10000.00"], None, False),
        ("7.25", ["100.00"], None, True),
        ("7.31", ["100.00"], None, False),
        ("-725.00", ["-10000.00"], None, True),
        ("-725.00", ["10000.00"], None, False),
        ("3100.00", ["10000.00"], None, False),
        ("50.00", ["10000.00"], None, False),
        ("725.00", ["10000.00"], "10000.01", False),
        ("725.00", ["10000.00"], "9000.00", True),
    ],
)
def test_tax_is_a_round_rate_between_1_and_30_percent(
    missing: str, costs: list[str], overage: str | None, believed: bool
) -> None:
    made_ = [_usage(Decimal(cost)) for cost in costs]
    assert is_tax(Decimal(missing), made_, None if overage is None else Decimal(overage)) == believed


def _usage(cost: Decimal) -> lines.GenesysLine:
    words = dict.fromkeys(lines.GenesysLine._fields)
    return lines.GenesysLine(**{**words, "BilledCost": cost, "ChargeCategory": "Usage"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "problem_"),
    [
        ({"amount": None}, "the invoice states no amount"),
        ({"currencyIsoCode": ""}, "the invoice states no currency"),
        ({"dateInvoiced": "soon"}, "its date 'soon' is no day"),
        ({"dateInvoiced": "9999-12-31"}, "its date '9999-12-31' is no day"),
    ],
)
def test_an_invoice_that_cannot_be_trusted_is_parked_with_the_reason(words: dict[str, Any], problem_: str) -> None:
    assert problem_ in invoiced("10.00", line(1, "10.00"), **words).problems


@pytest.mark.parametrize(
    ("items", "problem_"),
    [
        ([line(1, "5.00"), line(1, "5.00")], "line L1 is listed twice"),
        ([line(1, "10.00", dateStart="now")], "'now' is no day"),
        ([line(1, "10.00") | {"amount": None}], "line $.entities[0] has no amount"),
    ],
)
def test_a_line_that_cannot_be_trusted_parks_its_invoice(items: list[dict[str, Any]], problem_: str) -> None:
    assert problem_ in invoiced("10.00", *items).problems


def test_lines_without_ids_keep_their_ids_when_another_is_added() -> None:
    bare = [
        {key: value for key, value in line(n, "5.00", description=f"about {n}").items() if key != "id"} for n in (1, 2)
    ]
    before = [row.InvoiceDetailId for row in rows(invoiced("10.00", *bare))]
    after = [row.InvoiceDetailId for row in rows(invoiced("15.00", line(9, "5.00"), *bare))]
    assert after[1:] == before
    assert len(set(before)) == 2


@pytest.mark.parametrize("version", ["v236", "v269"])
def test_a_period_without_an_invoice_is_an_estimate_in_either_spelling(version: str) -> None:
    op = OPERATIONS["billingperiod"]
    (bill,) = made((op, body(f"billingperiod.{version}")))
    assert (bill.state, bill.invoice_id, bill.period, bill.currency) == (State.ESTIMATE, None, SEPTEMBER, "USD")
    found = rows(bill)
    assert exact_sum(row.BilledCost or Decimal(0) for row in found) == Decimal("14555.47")
    assert bill.line_count == len(found) == (5 if version == "v269" else 4)
    assert {row.InvoiceDetailId for row in found} == {None}
    seats = found[0]
    assert (seats.PricingQuantity, seats.ConsumedQuantity, seats.ListUnitPrice) == (
        Decimal(58),
        Decimal(138),
        Decimal(245),
    )
    wallet = found[-1]
    assert (wallet.ConsumedQuantity, wallet.PricingQuantity, wallet.SubAccountId) == (Decimal(5310), Decimal(310), None)
    assert json.loads(wallet.x_Details or "")["Organizations"] == "Test Org Name, Test Org Name - Sandbox"


def overdrawn(*items: dict[str, Any], **wallet: Any) -> list[str]:
    """Return what is said of a wallet of the sample's September, and of an invoice of these lines."""
    detail = body("billingperiod.v269")
    detail["wallets"][0] |= wallet
    total = exact_sum(one["amount"] for one in items)
    invoice = {"id": "INV9", "dateInvoiced": "2026-10-01", "currencyIsoCode": "USD", "amount": total}
    reading = Saved(
        (GetBillingContracts(), {"entities": [body("contract.v269")]}),
        (GetBillingContractsInvoices(), {"entities": [invoice]}),
        (msgspec.structs.replace(LINES, invoice_id="INV9"), {"entities": list(items)}),
        (OPERATIONS["billingperiod"], detail),
    )
    return list(PROVIDER.check_answers(reading))


TOKENS = {"sku": "GC-170-NV-AITOKEN", "name": "AI Experience Tokens", "unitOfMeasure": "Token"}
SPENT = {
    "product": TOKENS,
    "description": "AI Experience Tokens - Overage",
    "dateStart": "2026-09-01",
    "dateEnd": "2026-09-30",
}


def test_a_wallet_whose_overage_is_billed_is_not_spoken_of() -> None:
    bought = line(2, "50.00", **SPENT | {"description": "AI Experience Tokens - Prepay"})
    assert overdrawn(line(1, "310.00", **SPENT), bought) == []
    assert overdrawn(line(1, "309.20", **SPENT)) == [], "how the vendor rounds is not known"
    assert overdrawn(line(1, "300.00", **SPENT), line(2, "10.00", **SPENT)) == []


@pytest.mark.parametrize(
    ("items", "billed"),
    [
        ([line(1, "106.80", **SPENT)], "106.8"),
        ([line(1, "310.00", **SPENT | {"product": {"sku": "GC-2", "name": "Other"}})], "0"),
        ([line(1, "310.00", **SPENT | {"dateStart": "2026-08-01", "dateEnd": "2026-08-31"})], "0"),
    ],
)
def test_a_wallet_that_the_invoice_contradicts_is_named_with_its_month_and_both_amounts(
    items: list[dict[str, Any]], billed: str
) -> None:
    (said,) = overdrawn(*items)
    assert said == (
        "2026-09: wallet AI Experience Tokens e0e0e000-0000-4000-8000-000000000001 of contract"
        f" {CONTRACT} states an overage of 310 USD, INV9 bills {billed}"
    )


def test_a_wallet_that_still_moves_is_held_against_no_invoice() -> None:
    detail = body("billingperiod.v269") | {"status": "Open"}
    invoice = {"id": "INV9", "dateInvoiced": "2026-10-01", "currencyIsoCode": "USD", "amount": 1}
    lists = (
        (GetBillingContracts(), {"entities": [body("contract.v269")]}),
        (GetBillingContractsInvoices(), {"entities": [invoice]}),
    )
    items = msgspec.structs.replace(LINES, invoice_id="INV9"), {"entities": [line(1, "1.00", **SPENT)]}
    assert (
        len(
            list(
                PROVIDER.check_answers(
                    Saved(*lists, items, (OPERATIONS["billingperiod"], detail | {"status": "Closed"}))
                )
            )
        )
        == 1
    )
    assert list(PROVIDER.check_answers(Saved(*lists, items, (OPERATIONS["billingperiod"], detail)))) == []
    assert (
        list(PROVIDER.check_answers(Saved(*lists, (OPERATIONS["billingperiod"], detail | {"status": "Closed"})))) == []
    )


def estimated(consumed: str, over: str) -> dict[str, CostAndUsage]:
    """Return the estimate of a period whose wallet's tokens went so far, by SKU."""
    detail = body("billingperiod.v269")
    wallet = {"balanceConsumption": Decimal(consumed), "balanceOverage": Decimal(over)}
    detail["wallets"][0] |= wallet | {"balanceOverageCharge": Decimal(over)}
    contracts = {"entities": [body("contract.v269")]}
    (bill,) = made((GetBillingContracts(), contracts), (OPERATIONS["billingperiod"], detail))
    return {row.SkuId or "": row for row in rows(bill)}


def applied(row: CostAndUsage) -> tuple[str, Decimal, str] | None:
    """Return the number of the position that a charge draws on, how much, and in what."""
    if row.ContractApplied is None:
        return None
    (said,) = json.loads(row.ContractApplied, parse_float=Decimal, parse_int=Decimal)["Elements"]
    assert said.pop("ContractId") == CONTRACT
    words = (said.pop(f"ContractCommitment{name}") for name in ("Id", "AppliedQuantity", "AppliedUnit"))
    commitment, quantity, unit = words
    assert said == {}
    return commitment.rpartition("/")[2], quantity, unit


def test_what_a_wallet_covers_costs_nothing_and_is_committed() -> None:
    found = estimated("5000.0", "0")
    agent, wallet = found["GC-170-NV-VAGENT"], found["GC-170-NV-AITOKEN"]
    assert (agent.BilledCost, agent.ConsumedQuantity, agent.PricingCategory) == (Decimal(0), Decimal(1200), "Committed")
    assert json.loads(agent.x_Details or "")["ConvertedTokenCount"] == "480.0"
    assert applied(agent) == ("20", Decimal(480), "Tokens")
    assert applied(wallet) == ("20", Decimal(4520), "Tokens")  # what no charge tells of


def test_of_a_wallet_that_ran_out_only_the_wallet_knows_what_it_covered() -> None:
    found = estimated("5310.0", "310.0")
    agent = found["GC-170-NV-VAGENT"]
    assert (agent.PricingCategory, applied(agent)) == ("Other", None)
    assert applied(found["GC-170-NV-AITOKEN"]) == ("20", Decimal(5000), "Tokens")


def test_seats_in_use_draw_on_those_that_were_bought_and_no_more() -> None:
    found = estimated("5000.0", "0")
    assert applied(found["GC-170-NV-CX3"]) == ("10", Decimal(80), "Users")
    assert applied(found["GC-170-NV-APIRES"]) is None


def seats(**words: Any) -> dict[str, Any]:
    product = {"sku": "GC-170-NV-CX3", "name": "Genesys Cloud CX 3 Concurrent", "unitOfMeasure": "User"}
    about = {"product": product, "description": "Genesys Cloud CX 3 Concurrent - Prepay", "quantity": 80}
    return line(1, "15600.00", **about) | words


def test_seats_that_an_invoice_bills_beforehand_draw_on_their_commitment() -> None:
    bill = invoiced("15600.00", seats())
    (row,) = rows(bill)
    assert applied(row) == ("10", Decimal(80), "Users")
    known = {(one.ContractId, one.ContractCommitmentId) for one in bill.commitments}
    (said,) = json.loads(row.ContractApplied or "")["Elements"]
    assert (said["ContractId"], said["ContractCommitmentId"]) in known


@pytest.mark.parametrize(
    "words",
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
def test_what_is_not_for_the_commitment_does_not_draw_on_it(words: dict[str, Any]) -> None:
    (row,) = rows(invoiced(None, seats(**words), customerInvoiceType="Credit Memo" if "amount" in words else "Invoice"))
    assert row.ContractApplied is None


def test_of_two_commitments_that_could_be_meant_none_is_applied() -> None:
    contract = body("contract.v269")
    contract["plans"].append(contract["plans"][0] | {"id": "another"})
    known = list_positions([codec.decode_record(codec.encode_json(contract), genesys.records.BillingContract)])
    share = CommitmentShare("AI Experience Tokens", Decimal("480.50"), "Tokens", *SEPTEMBER)
    assert drawn(share, known) is None
    assert '"ContractCommitmentAppliedQuantity": 480.50,' in (drawn(share, known[:2]) or "")


def two_contracts(*invoices: dict[str, Any], **items: dict[str, Any]) -> list[tuple[str | None, str]]:
    """Tell invoices, and the estimates of September and October of contracts A (the sample's) and B, by their parts."""
    contracts = [body("contract.v269") | {"id": "A"}]
    contracts.append(contracts[0] | {"id": "B", "purchaseOrderNumbers": ["PO-B"]})
    words = {"dateInvoiced": "2026-10-01", "currencyIsoCode": "USD", "customerPoNumber": "PO-2026-011"}
    details = [
        (GetBillingContractBillingperiod(contract_id=one["id"], billing_period_id=str(month)), body("billingperiod.v269") | days)
        for one in contracts
        for month, days in ((9, {}), (10, {"dateStart": "2026-10-01", "dateEnd": "2026-10-31", "status": "Open"}))
    ]  # fmt: skip
    bills = made(
        (GetBillingContracts(), {"entities": contracts}),
        (GetBillingContractsInvoices(), {"entities": [words | {"amount": items[one["id"]]["amount"]} | one for one in invoices]}),
        *((msgspec.structs.replace(LINES, invoice_id=name), {"entities": [item]}) for name, item in items.items()),
        *details,
    )  # fmt: skip
    return [(one.invoice_id, one.scope and f"{one.scope} {Month.of(one.period.start)}") for one in bills]


AUGUST = {"dateStart": "2026-08-01", "dateEnd": "2026-08-31"}
BOTH = [(None, "A 2026-09"), (None, "B 2026-09"), (None, "A 2026-10"), (None, "B 2026-10")]


def test_use_that_an_invoice_bills_is_no_estimate_of_its_contract_and_stays_one_of_the_other() -> None:
    overage = line(1, "100.00", description="overage", dateStart="2026-09-01", dateEnd="2026-09-30")
    assert two_contracts({"id": "INV8"}, INV8=overage) == [("INV8", ""), *(one for one in BOTH if one != BOTH[0])]
    late = {"id": "INV8", "dateInvoiced": "2026-11-05"}
    assert two_contracts(late, INV8=overage) == [("INV8", ""), *(one for one in BOTH if one != BOTH[0])]


@pytest.mark.parametrize(
    ("invoice", "item"),
    [
        ({"id": "INV9"}, line(1, "100.00", description="Seats - Prepay")),
        ({"id": "INV9"}, line(1, "100.00", description="Seats - Prepay", dateStart="2026-09-01")),
        ({"id": "INV9"}, line(1, "100.00", description="overage", **AUGUST)),
        ({"id": "CM9", "customerInvoiceType": "Credit Memo"}, line(1, "-5.00", description="overage", quantity=-1)),
    ],
)
def test_what_is_bought_beforehand_and_what_is_taken_back_ends_no_estimate(
    invoice: dict[str, Any], item: dict[str, Any]
) -> None:
    assert two_contracts(invoice, **{invoice["id"]: item}) == [(invoice["id"], ""), *BOTH]


def test_an_invoice_that_may_bill_more_than_was_read_ends_the_estimate_of_the_month_before_it() -> None:
    short = {"id": "INV9", "amount": Decimal("250.00")}
    assert two_contracts(short, INV9=line(1, "100.00", description="Seats - Prepay")) == [("INV9", ""), *BOTH[1:]]


def test_half_an_estimate_is_none() -> None:
    detail = body("billingperiod.v269") | {"status": "Open"}
    contracts = body("contracts.page1")
    one = made((GetBillingContracts(), contracts), (OPERATIONS["billingperiod"], detail))
    assert one == []
    second = msgspec.structs.replace(OPERATIONS["billingperiod"], contract_id=contracts["entities"][1]["id"])
    both = made((GetBillingContracts(), contracts), (OPERATIONS["billingperiod"], detail), (second, detail))
    assert [(bill.state, bill.scope, bill.line_count) for bill in both] == [
        (State.ESTIMATE, one["id"], 5) for one in contracts["entities"][:2]
    ]


def test_an_amount_that_quantity_and_rate_do_not_give_parks_the_estimate() -> None:
    detail = body("billingperiod.v269")
    detail["wallets"][0]["balanceOverageCharge"] = Decimal("1544.56")
    (bill,) = made((OPERATIONS["billingperiod"], detail))
    assert bill.problems == ("e0e0e000-0000-4000-8000-000000000001 states 310.0 over at 1.0 and an amount of 1544.56",)


def test_an_unknown_period_status_parks_the_estimate() -> None:
    (bill,) = made((OPERATIONS["billingperiod"], body("billingperiod.v269") | {"status": "Frozen"}))
    assert bill.problems == ("the period's status 'Frozen' is not known",)


def test_a_paid_invoice_is_the_same_invoice_and_a_changed_one_is_not() -> None:
    words = body("invoices.page1")["entities"][1]
    first, paid, changed = (
        fingerprint_invoice(codec.decode_record(codec.encode_json(words | other), genesys.records.BillingInvoice))
        for other in ({}, {"paymentStatus": "Paid", "paymentLink": "x"}, {"amount": Decimal(1)})
    )
    assert first == paid != changed


def test_every_committed_position_of_a_contract_is_a_commitment() -> None:
    contract = codec.decode_record((SAMPLES / "contract.v269.json").read_bytes(), genesys.records.BillingContract)
    found = list_commitments([contract], NOW)
    assert [one.ContractCommitmentQuantity for one in found] == [80, 5000]
    assert len({one.ContractCommitmentId for one in found}) == 2
    first = found[0]
    assert (first.ContractCommitmentUnit, first.ContractCommitmentDurationType) == ("Users", "1 Year")
    assert (first.ContractPeriodStart, first.ContractPeriodEnd) == (
        parse_instant("2026-01-01"),
        parse_instant("2027-01-01"),
    )
    assert first.ContractCommitmentLifecycleStatus == "Active"
    nullable = {
        "ContractCommitmentCost",
        "ContractCommitmentDiscountPercentage",
        "PricingCurrencyContractCommitmentCost",
    }
    assert {name for name, value in first._asdict().items() if value is None} == nullable


@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("us-east-1", "mypurecloud.com"),
        ("EU-Central-1", "mypurecloud.de"),
        ("me_central_1", "mec1.pure.cloud"),
        ("mypurecloud.ie", "mypurecloud.ie"),
        ("https://api.usw2.pure.cloud/", "usw2.pure.cloud"),
    ],
)
def test_a_region_is_a_name_or_a_domain(region: str, domain: str) -> None:
    assert regions.find_domain(region) == domain
    assert regions.find_base_url({"region": region}) == f"https://api.{domain}"


@pytest.mark.parametrize("region", ["moon-1", "", "evil.example/path", "user@host.example"])
def test_an_unknown_region_is_refused_with_the_known_ones(region: str) -> None:
    with pytest.raises(ConfigurationError, match="us-east-1, eu-west-1"):
        regions.find_domain(region)


@pytest.mark.parametrize(
    ("base", "token"),
    [
        ("https://api.mypurecloud.de", "https://login.mypurecloud.de/oauth/token"),
        ("http://127.0.0.1:8400/genesys", "http://127.0.0.1:8400/genesys/oauth/token"),
    ],
)
def test_the_login_is_where_the_sdk_looks_for_it(base: str, token: str) -> None:
    assert regions.find_token_url(base) == token


def asked(known: SyncState, *answers: Any) -> list[Fetch]:
    """Run the plan against these answers, in order; None for the rest."""
    plan, said, found = PROVIDER.plan_requests(known), iter(answers), []
    try:
        ask = next(plan)
        while True:
            found.append(ask)
            ask = plan.send(next(said, None))
    except StopIteration:
        return found


def records_of(op: Operation[Any], said: Any) -> Any:
    return codec.decode_record(codec.encode_json(said), op.reply)


def test_a_key_without_the_right_asks_for_three_documents_and_says_how_many_it_left() -> None:
    contracts = records_of(GetBillingContracts(), {"entities": []})
    invoices = records_of(GetBillingContractsInvoices(), {"entities": [{"id": f"i{number}"} for number in range(9)]})
    marks = {str(one.id): BillingCalendar([]).fingerprint_of(one) for one in invoices.entities}
    asks = asked(SyncState(parse_instant("2026-10-10"), Month(2026, 1), marks), contracts, invoices)
    words = [ask.missing for ask in asks if ask.find_document_url]
    assert words == ["the PDF of invoice i8", "the PDF of invoice i7", "the PDF of invoice i6 (and of 6 others)"]


def test_a_collection_asks_for_what_is_new_and_for_nothing_twice() -> None:
    contracts = records_of(GetBillingContracts(), {"entities": [body("contract.v269")]})
    invoices = records_of(GetBillingContractsInvoices(), body("invoices.page2"))
    empty = records_of(LINES, {"entities": []})
    known = SyncState(parse_instant("2026-10-10"), Month(2026, 1))
    asks = asked(known, contracts, invoices, None, None, None, empty)
    names = [type(ask.op).__name__.removeprefix("GetBilling") for ask in asks]
    assert names == [
        "Contracts",
        "ContractsInvoices",
        *["ContractBillingperiod"] * 3,
        "ContractsInvoiceLines",
        "ContractsInvoiceDocument",
        "ReportsBillableusage",
    ]
    assert [ask.op.billing_period_id for ask in asks[2:5]] == ["202608", "202609", "202610"]  # type: ignore[attr-defined]
    assert [bool(ask.missing) for ask in asks] == [False, False, True, True, True, False, True, True]
    assert asks[6].find_document_url
    assert (
        asks[6].find_document_url(records_of(asks[6].op, body("invoice_document"))).startswith("https://prod-billing")
    )
    marks = {"INV0000003": fingerprint_invoice(invoices.entities[0])}
    assert asks[6].op in [ask.op for ask in asked(SyncState(known.now, known.since, marks), contracts, invoices)]
    again = SyncState(known.now, known.since, marks, lambda op: op == asks[6].op)
    assert [type(ask.op).__name__ for ask in asked(again, contracts, invoices)][2:] == [
        *["GetBillingContractBillingperiod"] * 3,
        "GetBillingReportsBillableusage",
    ]


def test_on_the_first_day_of_a_month_there_is_no_day_to_report() -> None:
    nothing = records_of(GetBillingContracts(), {"entities": []})
    asks = asked(SyncState(parse_instant("2026-10-01T00:00:00Z"), Month(2026, 1)), nothing, nothing)
    assert len(asks) == 2


def test_a_list_that_moved_or_has_no_end_is_refused() -> None:
    known = SyncState(NOW, Month(2026, 1))
    twice = records_of(GetBillingContracts(), {"entities": [body("contract.v269")] * 2})
    with pytest.raises(InvalidResponse, match="twice"):
        asked(known, twice)
    endless = records_of(GetBillingContracts(), {"entities": [], "nextUri": "/api/v2/billing/contracts?pageSize=10"})
    with pytest.raises(IncompleteList, match="no cursor"):
        asked(known, endless)


def test_documents_that_are_none_are_found() -> None:
    document = GetBillingContractsInvoiceDocument(invoice_id="INV1")
    for raw, word in ((b"<html>", "not a PDF"), (b"%PDF-1.7 ...", "cut off")):
        (said,) = PROVIDER.check_answers(Saved((document, raw)))
        assert word in said
    assert not list(PROVIDER.check_answers(Saved((document, b"%PDF-1.7 ... %%EOF\n"))))


def test_what_was_listed_is_told_with_its_end_and_reach() -> None:
    op = GetBillingContractsInvoices(date_start=date(2026, 1, 1))
    first = PROVIDER.read_listing(Saved((op, body("invoices.page1"))))
    assert first
    assert (first.has_end_mark, first.since, len(first.ids)) == (False, parse_instant("2026-01-01"), 2)
    both = PROVIDER.read_listing(Saved((op, body("invoices.page1")), (op, body("invoices.page2"))))
    assert both
    assert (both.has_end_mark, len(both.ids)) == (True, 3)
    assert PROVIDER.read_listing(Saved()) is None
    assert PROVIDER.find_identity(Saved((GetBillingContracts(), body("contracts.page1")))) == CONTRACT
    assert PROVIDER.find_identity(Saved()) is None
