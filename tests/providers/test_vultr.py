"""Vultr: its samples, its quirks, its charges, and its twin against its client."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.model.bill import Bill, State
from billfold.model.errors import IncompleteList
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum
from billfold.model.period import Month, parse_instant
from billfold.providers import vultr
from billfold.providers.provider import ArchivedAnswer, SyncState
from billfold.providers.vultr import PROVIDER
from billfold.providers.vultr.api import (
    GetAccount,
    GetAccountBandwidth,
    GetInvoice,
    GetInvoiceItems,
    ListBillingHistory,
    ListInvoices,
    ListPendingCharges,
    read_error,
)
from billfold.providers.vultr.mapping import skus, text_fields
from billfold.providers.vultr.mapping.checks import MAX_NAMED_FINDINGS
from billfold.providers.vultr.records import Invoice
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import Operation, OperationType
from tests.overlay import overlay
from tests.stage import whole

HOME = Path(str(vultr.__file__)).parent
SAMPLES = HOME / "samples"
NOW = parse_instant("2026-11-15T00:00:00Z")
JSON = {"content-type": "application/json"}
OPERATIONS: dict[str, Operation[Any]] = {
    "history": ListBillingHistory(),
    "invoices": ListInvoices(),
    "invoice": GetInvoice(invoice_id="5317720"),
    "items": GetInvoiceItems(invoice_id="5317720"),
    "charges": ListPendingCharges(),
    "account": GetAccount(),
    "bandwidth": GetAccountBandwidth(),
}


class Saved:
    """A reading of some answers."""

    def __init__(self, *answers: tuple[Operation[Any], bytes | dict[str, Any]]) -> None:
        self._answers = [
            ArchivedAnswer(
                op, Response(200, JSON, body if isinstance(body, bytes) else codec.encode_json(body)), seq, NOW
            )
            for seq, (op, body) in enumerate(answers, 1)
        ]

    def requests(self, operation_type: OperationType) -> Iterator[Operation[Any]]:
        return (one.op for one in self.answers(operation_type))

    def answers(self, operation_type: OperationType, **fields: object) -> Iterator[ArchivedAnswer]:
        for one in self._answers:
            if isinstance(one.op, operation_type) and all(
                getattr(one.op, name) == value for name, value in fields.items()
            ):
                yield one


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def operation(path: Path) -> Operation[Any]:
    word = path.stem.removesuffix("_naive_dates").rpartition("_")[2]
    return OPERATIONS[word]


ANSWERS = sorted(path for path in SAMPLES.glob("*.json") if not path.name.startswith("error_"))
ERRORS = sorted(SAMPLES.glob("error_*.json"))


def exact(body: bytes) -> Any:
    return json.loads(body, parse_float=lambda text: f"#{Decimal(text)}", parse_int=lambda text: f"#{Decimal(text)}")


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_every_sample_is_read_and_written_with_all_its_digits(path: Path) -> None:
    record = codec.decode_record(path.read_bytes(), operation(path).reply)
    assert exact(overlay(record, path.read_bytes())) == exact(path.read_bytes())


def test_unknown_fields_survive_and_absent_is_not_null() -> None:
    body = b'{"billing_invoice":{"id":7,"balance":null,"new":[1,{"a":0.10}]},"more":1}'
    invoice = codec.decode_record(body, GetInvoice.reply).billing_invoice
    assert invoice.balance is None
    assert invoice.amount is codec.UNSET
    assert exact(overlay(codec.decode_record(body, GetInvoice.reply), body)) == exact(body)


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.name)
def test_every_sample_of_an_error_is_understood(path: Path) -> None:
    said = json.loads(path.read_bytes())
    status = int(path.name.split("_")[1])
    for media in ("application/json", "text/html; charset=UTF-8", ""):
        assert read_error(Response(status, {"content-type": media}, path.read_bytes())).message == said["error"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"error":""}', b'{"error":null}', b"\xff"])
def test_an_error_body_of_any_kind_gives_a_problem(body: bytes) -> None:
    assert read_error(Response(503, {"content-type": "text/html"}, body)).message


def test_an_error_that_is_no_text_is_still_told() -> None:
    assert read_error(Response(400, JSON, b'{"error":{"per_page":["too big"]}}')).message == '{"per_page":["too big"]}'


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-09-01T00:00:00+00:00", "2026-09-01T00:00:00Z"),
        ("2026-09-01T02:00:00+02:00", "2026-09-01T00:00:00Z"),
        ("09-01-2021T00:00:00+00:00", "2021-09-01T00:00:00Z"),
        ("2021-08-31 20:00:00", "2021-09-01T00:00:00Z"),
        ("08-31-2021T20:00:00", "2021-09-01T00:00:00Z"),
        ("2016-12-31 19:30:05", "2017-01-01T00:30:05Z"),
        ("2026-09-01", "2026-09-01T00:00:00Z"),
        ("2026-09-01T00:00:00Z", "2026-09-01T00:00:00Z"),
    ],
)
def test_times_are_read_in_every_spelling_that_was_seen(text: str, means: str) -> None:
    assert text_fields.read_time(text) == parse_instant(means)


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z", "9999-12-31"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        text_fields.read_time(text)


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("1.1.1.1 (8192 MB) [my-instance]", ("1.1.1.1", "my-instance", "8192 MB")),
        ("1.1.1.1 (1024 MB)", ("1.1.1.1", None, "1024 MB")),
        ("2001:db8::1 (1024 MB) [a (b) [c]]", ("2001:db8::1", "a (b) [c]", "1024 MB")),
        ("Load Balancer (my-loadbalancer)", ("my-loadbalancer", "my-loadbalancer", "")),
        ("Load Balancer (eu (old))", ("eu (old)", "eu (old)", "")),
        ("Bandwidth overage", (None, None, "")),
        ("", (None, None, "")),
        ("()", (None, None, "")),
    ],
)
def test_descriptions_tell_what_was_rented(text: str, thing: tuple[str | None, str | None, str]) -> None:
    assert text_fields.resource_of(text) == thing


@pytest.mark.parametrize(
    ("product", "unit_type", "text", "negative", "category"),
    [
        ("Vultr Cloud Compute", "hours", "1.1.1.1 (1024 MB) [vat-checker]", False, "Usage"),
        ("Vultr Cloud Compute", "hours", "1.1.1.1 (1024 MB) [refund]", True, "Credit"),
        ("Bandwidth", "overage", "Bandwidth overage (ewr)", False, "Usage"),
        ("Tax", "tax", "Sales Tax (10%)", False, "Tax"),
        ("", "", "VAT 19%", False, "Tax"),
        ("Fee", "", "Fee (VAT 19%)", False, "Tax"),
        ("State Taxes", "", "", False, "Tax"),
        ("Load Balancer", "", "Load Balancer (vat)", False, "Usage"),
        ("Discount", "discount", "Discount (promo LAUNCH25)", True, "Credit"),
        ("Discount", "discount", "Discount [promo]", True, "Adjustment"),
        ("Taxonomy Service", "hours", "x", False, "Usage"),
        ("Discount", "discount", "Negotiated discount 10%", True, "Adjustment"),
        ("Discount", "discount", "Promo credit (LAUNCH25)", True, "Credit"),
        ("Snapshot", "gb", "Snapshot (tax-2025)", False, "Usage"),
    ],
)
def test_what_a_line_is_does_not_depend_on_a_customers_labels(
    product: str, unit_type: str, text: str, negative: bool, category: str
) -> None:
    assert skus.find_category(product, unit_type, skus.read_headline(product, text), negative=negative) == category


def test_the_mark_of_a_listing_is_of_its_own_words_only() -> None:
    one = Invoice(id=7, date="2026-10-01T00:30:05+00:00", amount=Decimal(10), balance=Decimal(1))
    assert text_fields.make_fingerprint(one) == text_fields.make_fingerprint(
        Invoice(id="7", date=one.date, amount=Decimal("10.0"), balance=Decimal(99))
    )
    assert text_fields.make_fingerprint(one) != text_fields.make_fingerprint(
        Invoice(id=7, date=one.date, amount=Decimal("10.01"))
    )


# --- charges of samples ----------------------------------------------------------------------------------------------


def made(*answers: tuple[Operation[Any], bytes | dict[str, Any]]) -> list[tuple[Bill, list[CostAndUsage]]]:
    bills = [whole(bill) for bill in PROVIDER.read_bills(Saved(*answers))]
    return [(bill, [row for batch in bill.charges for row in batch.iter_rows()]) for bill in bills]


def item(**changes: Any) -> dict[str, Any]:
    whole = json.loads(sample("govultr_invoice_items.json"))["invoice_items"][0]
    return {k: v for k, v in {**whole, **changes}.items() if v is not Ellipsis}


def page(*items: dict[str, Any], key: str = "invoice_items", **meta: Any) -> dict[str, Any]:
    return {key: list(items), "meta": {"total": len(items), "links": {"next": "", "prev": ""}, **meta}}


def invoice(**changes: Any) -> tuple[Operation[Any], dict[str, Any]]:
    whole = json.loads(sample("govultr_invoices.json"))["billing_invoices"][0]
    return ListInvoices(), page({**whole, **changes}, key="billing_invoices")


ITEMS = GetInvoiceItems(invoice_id="5317720")


def one(*items: dict[str, Any], amount: Any = Decimal("2.35"), **changes: Any) -> tuple[Bill, list[CostAndUsage]]:
    return made(invoice(amount=amount, **changes), (ITEMS, page(*items)))[0]


def test_the_recorded_invoice_adds_up_and_its_rate_does_not_give_its_total() -> None:
    ((bill, (row,)),) = made(
        (ListInvoices(), sample("govultr_invoices.json")), (ITEMS, sample("govultr_invoice_items.json"))
    )
    assert (bill.state, bill.invoice_id, bill.total, bill.line_count, bill.problems) == (
        State.ISSUED, "5317720", Decimal("2.35"), 1, (),
    )  # fmt: skip
    assert bill.period == Month(2018, 3).period
    assert bill.issued_on == parse_instant("2018-04-01T00:30:05Z")
    assert row.BilledCost == row.ListCost == Decimal("2.35")
    assert row.PricingQuantity == 315
    assert row.x_ListedUnitPrice == Decimal("0.0074")
    assert row.ListUnitPrice is not None
    assert abs(row.ListUnitPrice * 315 - Decimal("2.35")) < Decimal("1E-12")
    assert (row.ResourceId, row.ResourceName, row.ResourceType) == ("1.1.1.1", None, "Instance")
    assert (row.SkuId, row.SkuPriceId) == ("vultr-cloud-compute/1024-mb", "vultr-cloud-compute/1024-mb@0.0074/Hours")
    assert (row.x_ArchiveSeq, row.x_JsonPath) == (2, "$.invoice_items[0]")
    assert (row.ServiceCategory, row.ServiceSubcategory) == ("Compute", "Virtual Machines")


def test_the_constructed_month_adds_up_with_discount_overage_and_tax() -> None:
    asked = GetInvoiceItems(invoice_id="20260901")
    ((bill, rows),) = made(
        (ListInvoices(), sample("constructed_billing_invoices.json")),
        (asked, sample("constructed_billing_invoice_items.json")),
    )
    assert exact_sum(row.BilledCost or Decimal(0) for row in rows) == bill.total == Decimal("59.69")
    assert not bill.problems
    assert Counter(row.ChargeCategory for row in rows) == {"Usage": 4, "Adjustment": 1, "Tax": 1}
    for row in rows:
        priced = row.ChargeCategory == "Usage"
        unpriced = (row.SkuId, row.SkuPriceId, row.ListUnitPrice, row.PricingQuantity, row.PricingCategory)
        assert all((value is not None) == priced for value in unpriced)
    overage = next(row for row in rows if row.ServiceName == "Bandwidth")
    assert (overage.PricingUnit, overage.ListUnitPrice, overage.x_ListedUnitPrice) == ("GB", Decimal("0.01"), None)
    assert overage.ResourceId is None


def test_the_documented_page_of_an_unfinished_list_gives_no_bill_and_says_so() -> None:
    reading = Saved(
        (ListInvoices(), sample("doc_billing_invoices.json")), (ITEMS, sample("doc_billing_invoice_items.json"))
    )
    bills = PROVIDER.read_bills(reading)
    with pytest.raises(IncompleteList, match=r"\(2 read, 3 stated\)"):
        whole(next(bills))


def test_pending_charges_are_one_estimate_without_invoice() -> None:
    ((bill, rows),) = made((ListPendingCharges(), sample("vultr_php_pending_charges.json")))
    assert (bill.state, bill.invoice_id, bill.total, bill.line_count) == (State.ESTIMATE, None, None, 2)
    assert bill.period == Month(2024, 11).period
    assert {row.InvoiceId for row in rows} == {row.InvoiceDetailId for row in rows} == {None}
    balancer, instance = rows
    assert balancer.ChargePeriodStart == parse_instant("2020-10-10T01:56:20Z")
    assert balancer.ChargePeriodEnd == parse_instant("2020-10-10T02:56:20Z"), "start = end lasts an hour"
    assert balancer.ChargeClass == "Correction"
    assert instance.BilledCost == Decimal("3.31")
    assert instance.x_ListedUnitPrice == Decimal("0.00744047619047619")
    assert instance.SkuPriceId == "vultr-cloud-compute/1024-mb@0.0074/Hours", "as on the invoice, which has 4 decimals"


def test_the_estimates_total_is_what_the_account_states() -> None:
    pending = (ListPendingCharges(), {"pending_charges": [item()]})
    ((bill, rows),) = made(pending, (GetAccount(), {"account": {"pending_charges": Decimal("2.36"), "name": "Us"}}))
    assert bill.total == Decimal("2.36") == exact_sum(row.BilledCost or Decimal(0) for row in rows)
    assert [row.x_Synthetic for row in rows] == [None, True]
    assert {row.BillingAccountName for row in rows} == {"Us"}
    ((bill, rows),) = made(pending, (GetAccount(), {"account": {"pending_charges": 99}}))
    assert len(rows) == 1, "beyond rounding nothing is added: the ledger parks it"


def test_what_is_still_pending_after_midnight_belongs_to_the_month_it_began_in() -> None:
    late = item(start_date="2026-11-01T00:00:00+00:00", end_date="2026-12-01T00:10:00+00:00")
    ((bill, _),) = made((ListPendingCharges(), {"pending_charges": [late]}))
    assert bill.period == Month(2026, 11).period


def test_a_tax_is_about_nothing_that_is_rented() -> None:
    _, (row,) = one(item(product="Fee", description="Fee (VAT 19%)", unit_type="", total=Decimal("2.35")))
    assert (row.ChargeCategory, row.ResourceId, row.ResourceType) == ("Tax", None, None)


def test_serverless_things_are_no_servers() -> None:
    assert skus.find_service("Serverless Inference") is skus.OTHER_SERVICE
    assert skus.find_service("Cloud Server").subcategory == "Virtual Machines"


def test_all_keys_of_a_machine_share_one_budget() -> None:
    lines = [PROVIDER.make_context({"api_key": key}, "https://api.vultr.com/v2") for key in ("a", "b")]
    assert lines[0].rate_limiter is lines[1].rate_limiter
    assert (
        PROVIDER.make_context({"api_key": "a"}, "https://api.vultr.com/v2", unlimited=True).rate_limiter
        is not lines[0].rate_limiter
    )


def test_nothing_pending_is_an_estimate_of_nothing_in_the_vendors_month() -> None:
    nothing: tuple[Operation[Any], dict[str, Any]] = (ListPendingCharges(), {"pending_charges": []})
    ((bill, rows),) = made(nothing, (GetAccountBandwidth(), sample("govultr_account_bandwidth.json")))
    assert (bill.period, bill.line_count, rows) == (Month(2025, 2).period, 0, [])
    assert made(nothing) == [], "without a month there is no estimate"


def test_a_rate_with_more_decimals_than_the_ledger_has_is_cut_and_nothing_else() -> None:
    _, (row,) = one(item(unit_price=Decimal("0.0074404761904761904762")))
    assert row.x_ListedUnitPrice == Decimal("0.007440476190476190")
    assert row.BilledCost == Decimal("2.35")


def test_rounding_becomes_one_flagged_row_and_more_does_not() -> None:
    bill, rows = one(item(), amount=Decimal("2.4"))
    assert [row.x_Synthetic for row in rows] == [None, True]
    assert rows[1].BilledCost == Decimal("0.05")
    assert rows[1].InvoiceDetailId
    assert bill.line_count == 1
    _, rows = one(item(), amount=Decimal(12))
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"total": ...}, "line 2 has no total"),
        ({"total": None}, "line 2 has no total"),
        ({"start_date": "soon"}, "line 2 cannot be dated: 'soon' is no time"),
        ({"end_date": None}, "line 2 says no time of its usage"),
        ({"total": Decimal("1E+30")}, "out of all bounds"),
        ({"unit_price": Decimal("1E-400")}, "out of all bounds"),
    ],
)
def test_a_bad_line_parks_its_invoice_and_is_left_out(changes: dict[str, Any], why: str) -> None:
    bill, rows = one(item(), item(**changes))
    assert why in "; ".join(bill.problems)
    assert len(rows) == 1
    assert bill.line_count == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"amount": None}, "states no amount"),
        ({"amount": Decimal("1E+40")}, "out of all bounds"),
        ({"date": "later"}, "date cannot be read"),
        ({"id": 1}, "no list names this invoice"),
    ],
)
def test_a_bad_invoice_is_parked_and_the_others_are_not_lost(changes: dict[str, Any], why: str) -> None:
    listed: Any = invoice(**changes)
    listed[1]["billing_invoices"].append({"id": 9, "date": "2018-04-01T00:30:05+00:00", "amount": Decimal("2.35")})
    listed[1]["meta"]["total"] = 2
    bills = made(listed, (ITEMS, page(item())), (GetInvoiceItems(invoice_id="9"), page(item())))
    assert why in "; ".join(bills[0][0].problems)
    assert not bills[1][0].problems


def test_a_list_without_end_mark_or_with_another_size_is_parked() -> None:
    (bill, _), *_ = made(invoice(), (ITEMS, {"invoice_items": [item()]}))
    assert bill.problems == ("the list of its lines has no end mark",)
    (bill, _), *_ = made(invoice(), (ITEMS, page(item(), total=2)))
    assert bill.problems == ("the vendor counts 2 lines, 1 were read",)


def test_lines_without_name_product_or_unit_are_still_charges() -> None:
    bill, rows = one(item(description=..., product=..., unit_type=..., units=..., unit_price=...), item(total=0))
    assert not bill.problems
    assert (rows[0].ServiceName, rows[0].PricingQuantity, rows[0].ListUnitPrice) == (
        "Vultr",
        Decimal(1),
        Decimal("2.35"),
    )
    assert rows[1].BilledCost == 0


def test_numbers_as_text_are_numbers() -> None:
    bill, (row,) = one(item(total="2.35", units="315", unit_price="0.0074"), amount="2.35")
    assert (bill.total, row.BilledCost, row.PricingQuantity) == (Decimal("2.35"), Decimal("2.35"), Decimal(315))


def test_identical_lines_are_all_kept_and_have_ids_of_their_own() -> None:
    _, rows = one(item(), item(), amount=Decimal("4.7"))
    assert len({row.InvoiceDetailId for row in rows}) == 2


def test_a_line_that_ends_before_the_billing_period_corrects_a_closed_one() -> None:
    late = item(start_date="2018-02-01T00:00:00+00:00", end_date="2018-03-01T00:00:00+00:00")
    _, rows = one(item(), late, amount=Decimal("4.7"))
    assert [row.ChargeClass for row in rows] == [None, "Correction"]


def test_a_tax_without_times_has_the_billing_period() -> None:
    tax = item(product="Tax", description="VAT", unit_type="tax", start_date=..., end_date="", total=Decimal("0.4"))
    bill, rows = one(item(), tax, amount=Decimal("2.75"))
    assert not bill.problems
    assert (rows[1].ChargePeriodStart, rows[1].ChargePeriodEnd) == bill.period


# --- collecting and checks -------------------------------------------------------------------------------------------


def asked(known: SyncState, *answers: Any) -> list[Operation[Any]]:
    plan, said, questions = PROVIDER.plan_requests(known), None, []
    for reply in answers:
        ask = plan.send(said)
        questions.append(ask.op)
        said = codec.decode_record(codec.encode_json(reply), ask.op.reply) if reply is not None else None
        said = ask.op.extract_result(said) if said is not None else None
    with pytest.raises(StopIteration):
        plan.send(said)
    return questions


def test_known_and_old_invoices_are_not_read_again() -> None:
    rows: list[dict[str, Any]] = [
        {"id": number, "date": f"2026-{month:02}-01T00:30:05+00:00", "amount": 1, "balance": 5}
        for number, month in ((4, 11), (3, 10), (2, 9), (1, 3))
    ]
    booked = text_fields.make_fingerprint(Invoice(id=3, date=rows[1]["date"], amount=Decimal(1)))
    known = SyncState(NOW, Month(2026, 8), {"3": booked, "2": "another"})
    lists: Any = ({"account": {}}, {"pending_charges": []}, None, page(key="billing_history"))
    questions = asked(known, *lists, page(*rows, key="billing_invoices"), page(), page())
    assert [op.invoice_id for op in questions if isinstance(op, GetInvoiceItems)] == ["4", "2"]
    assert {op.per_page for op in questions if hasattr(op, "per_page")} == {500}


def test_a_list_that_leads_round_ends_the_collection() -> None:
    plan = PROVIDER.plan_requests(SyncState(NOW, Month(2026, 8)))
    for said in (None, object(), object(), object()):
        ask = plan.send(said)
    again = {"billing_history": [{"id": 1}], "meta": {"links": {"next": "bmV4dF9fMQ==", "prev": ""}}}
    ask = plan.send(codec.decode_record(codec.encode_json(again), ask.op.reply))
    with pytest.raises(IncompleteList):
        plan.send(codec.decode_record(codec.encode_json(again), ask.op.reply))


HISTORY = json.loads(sample("constructed_billing_history.json"))
LISTED = json.loads(sample("constructed_billing_invoices.json"))


def checked(history: dict[str, Any], listed: dict[str, Any]) -> list[str]:
    return list(PROVIDER.check_answers(Saved((ListBillingHistory(), history), (ListInvoices(), listed))))


def changed(tree: dict[str, Any], key: str, index: int, **changes: Any) -> dict[str, Any]:
    return {**tree, key: [row | changes if i == index else row for i, row in enumerate(tree[key])]}


def test_a_history_that_agrees_with_the_invoices_gives_no_finding() -> None:
    assert checked(HISTORY, LISTED) == []


def test_the_history_is_held_against_the_invoices_and_against_itself() -> None:
    assert checked(HISTORY, changed(LISTED, "billing_invoices", 0, amount=Decimal("60.5"))) == [
        "invoice 20260901 is 60.5 in the list, 59.69 in the history"
    ]
    assert len(checked(HISTORY, {**LISTED, "billing_invoices": []})) == 2, "another size, and an invoice too few"
    (leap,) = checked(changed(HISTORY, "billing_history", 0, balance=-90), LISTED)
    assert leap == "the balance moves by 49.69 at history row 20260902, which is -50.0"
    many = page(
        *({"id": n, "type": "invoice", "date": "2026-01-01", "amount": 1} for n in range(9)), key="billing_history"
    )
    assert len(checked(many, page(key="billing_invoices"))) == MAX_NAMED_FINDINGS + 1


def test_a_row_without_a_balance_is_no_leap_of_its_neighbours() -> None:
    rows: list[dict[str, Any]] = [
        {"id": 3, "type": "credit", "date": "2026-08-03T00:00:00+00:00", "amount": 5, "balance": -15},
        {"id": 2, "type": "credit", "date": "2026-08-02T00:00:00+00:00", "amount": 10},
        {"id": 1, "type": "credit", "date": "2026-08-01T00:00:00+00:00", "amount": 1, "balance": 0},
    ]
    assert checked(page(*rows, key="billing_history"), page(key="billing_invoices")) == []


def test_rows_of_the_same_second_are_in_the_lists_order_whichever_way_it_runs() -> None:
    rows: list[dict[str, Any]] = [
        {"id": 1, "type": "credit", "date": "2026-08-02T00:00:00+00:00", "amount": 5, "balance": 15},
        {"id": 7, "type": "payment", "date": "2026-08-01T00:00:00+00:00", "amount": -10, "balance": 20},
        {"id": 9, "type": "credit", "date": "2026-08-01T00:00:00+00:00", "amount": 30, "balance": 30},
        {"id": 2, "type": "credit", "date": "2026-07-01T00:00:00+00:00", "amount": 1, "balance": 0},
    ]
    none = page(key="billing_invoices")
    assert checked(page(*rows, key="billing_history"), none) == checked(page(*rows[::-1], key="billing_history"), none)
    assert checked(page(*rows, key="billing_history"), none) == []


def test_an_account_is_known_by_its_first_invoice_once_the_list_was_read_to_its_end() -> None:
    rows: list[dict[str, Any]] = [{"id": 30}, {"id": 9}, {"id": "20"}]
    whole = Saved((ListInvoices(), page(*rows, key="billing_invoices")))
    assert PROVIDER.find_identity(whole) == "first invoice 9"
    listed = PROVIDER.read_listing(whole)
    assert listed is not None
    assert (listed.ids, listed.has_end_mark, listed.since) == (frozenset({"30", "9", "20"}), True, None)
    part = Saved((ListInvoices(), page(*rows, key="billing_invoices", links={"next": "bmV4dF9fMjA=", "prev": ""})))
    assert PROVIDER.find_identity(part) is None
    assert PROVIDER.read_listing(part) == listed._replace(has_end_mark=False)
    assert PROVIDER.find_identity(Saved()) is None
    assert PROVIDER.read_listing(Saved()) is None


def test_every_sample_has_its_source() -> None:
    sources = (SAMPLES / "SOURCES.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w*]+)\.(?:json)`", sources))
    for path in SAMPLES.glob("*.json"):
        assert any(re.fullmatch(name.replace("*", ".*"), path.stem) for name in named), path.name
