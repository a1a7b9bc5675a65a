"""Fastly: its samples, its quirks, and what becomes of its invoices, of v3 and of the retired v2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from billfold.collect.importing import find_answers, identify_answer, import_files
from billfold.collect.workspace import Workspace
from billfold.model.bill import Bill, State
from billfold.model.errors import InvalidArgument, InvalidResponse
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum
from billfold.model.period import Month, format_instant, parse_instant
from billfold.providers import fastly
from billfold.providers.fastly import PROVIDER, records
from billfold.providers.fastly.api import (
    GetInvoice,
    GetInvoiceById,
    GetInvoiceByIdFile,
    GetInvoiceByInvoiceId,
    GetInvoiceFile,
    GetInvoiceMtd,
    GetMonthToDateInvoice,
    GetServiceLevelUsage,
    GetTokenSelf,
    GetUsageMetrics,
    ListInvoices,
    read_error,
)
from billfold.providers.fastly.mapping import charges, services
from billfold.providers.fastly.mapping.bill_header import Source
from billfold.providers.provider import ArchivedAnswer, SyncState
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import MEDIA_TYPES, Operation, OperationType, build_request, operation_name
from tests.overlay import overlay

HOME = Path(str(fastly.__file__)).parent
SAMPLES = HOME / "samples"
NOW = parse_instant("2026-11-15T00:00:00Z")
JSON = {"content-type": "application/json"}


class Saved:
    """A reading of some answers."""

    def __init__(self, *answers: tuple[Operation[Any], bytes | dict[str, Any]]) -> None:
        self._answers = []
        for seq, (op, body) in enumerate(answers, 1):
            made = body if isinstance(body, bytes) else codec.encode_json(body)
            media = MEDIA_TYPES[getattr(op, "format", "json")]
            self._answers.append(ArchivedAnswer(op, Response(200, {"content-type": media}, made), seq, NOW))

    def requests(self, operation_type: OperationType) -> Iterator[Operation[Any]]:
        return (one.op for one in self.answers(operation_type))

    def answers(self, operation_type: OperationType, **fields: object) -> Iterator[ArchivedAnswer]:
        for one in self._answers:
            if isinstance(one.op, operation_type) and all(
                getattr(one.op, name) == value for name, value in fields.items()
            ):
                yield one


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_bytes(), parse_float=Decimal)


def bills(op: Operation[Any], body: Any) -> list[Bill]:
    return list(PROVIDER.read_bills(Saved((op, body))))


def rows(bill: Bill) -> list[CostAndUsage]:
    return [row for batch in bill.charges for row in batch.iter_rows()]


def summed(bill: Bill) -> Decimal:
    return exact_sum([row.BilledCost or Decimal(0) for row in rows(bill)])


def exact(body: bytes) -> Any:
    return json.loads(body, parse_float=lambda text: f"#{Decimal(text)}", parse_int=lambda text: f"#{Decimal(text)}")


BY_ID = GetInvoiceById(customer_id="c", invoice_id=1)
ONE = GetInvoiceByInvoiceId(invoice_id=1)
ANSWERS = {
    "synthetic/v2_invoice.json": "get_invoice_by_id",
    "synthetic/v2_mtd_invoice.json": "get_invoice_mtd",
    "synthetic/v3_invoice.json": "get_invoice_by_invoice_id",
    "synthetic/v3_list_invoices.json": "list_invoices",
    "synthetic/v3_month_to_date.json": "get_month_to_date_invoice",
    "synthetic/v3_usage_metrics.json": "get_usage_metrics",
    "synthetic/v3_service_usage_metrics.json": "get_service_level_usage",
    "recorded/go-fastly_current_user.json": "get_current_user",
    "recorded/go-fastly_tokens_self.json": "get_token_self",
}

# --- records ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ANSWERS)
def test_every_sample_is_known_by_its_shape_and_keeps_all_its_digits(name: str) -> None:
    op, response = identify_answer((SAMPLES / name).read_bytes(), PROVIDER, None, {})
    assert operation_name(op) == ANSWERS[name]
    record = codec.decode_record(response.body, op.reply)
    assert exact(overlay(record, response.body)) == exact(response.body)


@pytest.mark.parametrize("version", ["5.6.0", "7.0.0", "15.0.0"])
def test_every_field_of_the_sdks_models_is_in_a_record(version: str) -> None:
    checked = 0
    for name, model in sample(f"doc/sdk_models_{version}.json")["models"].items():
        kind = getattr(records, name, None)
        if kind is not None:
            assert set(model["fields"]) - {"value"} <= set(kind.__struct_fields__), name
            checked += 1
    assert checked >= 12


def test_every_field_of_a_real_v2_bill_is_in_a_record() -> None:
    fields = sample("recorded/v2_bill_tap-fastly_schema.json")["streams"][0]["schema"]["properties"]
    assert set(fields) <= set(records.BillingResponse.__struct_fields__)
    assert set(fields["total"]["properties"]) <= set(records.BillingTotal.__struct_fields__)
    lines = fields["line_items"]["items"]["properties"]
    assert set(lines) <= set(records.BillingResponseLineItem.__struct_fields__)


def test_an_unknown_field_survives_and_absent_is_not_null() -> None:
    body = b'{"invoice_id":7,"currency_code":null,"payment_status":"paid","monthly_transaction_amount":0.10}'
    invoice = codec.decode_record(body, records.Invoice)
    assert invoice.currency_code is None
    assert invoice.customer_id is codec.UNSET
    assert exact(overlay(invoice, body)) == exact(body)


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", sample("recorded/go-fastly_error_envelopes.json"), ids=lambda one: str(one["status"]))
def test_every_recorded_error_envelope_is_read(one: dict[str, Any]) -> None:
    said = json.loads(one["example_body"] or "{}")
    found = read_error(Response(one["status"], {"content-type": one["content_type"]}, one["example_body"].encode()))
    words = [said.get("msg"), said.get("title"), said.get("detail")]
    words += [error.get(key) for error in said.get("errors") or [] for key in ("title", "detail")]
    assert all(word in found.message for word in words if word)
    assert found.message


def test_a_401_is_json_that_is_labelled_as_text() -> None:
    one = sample("doc/error_401_recorded_in_tests.json")
    found = read_error(Response(401, {"content-type": one["content_type"]}, json.dumps(one["body"]).encode()))
    assert found.message == "Provided credentials are missing or invalid"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"errors":["no"]}', b'{"msg":1}', b"\xff"])
def test_an_error_body_of_any_kind_gives_a_problem(body: bytes) -> None:
    assert read_error(Response(503, {"content-type": "text/html", "fastly-trace-id": "t1"}, body)).request_id == "t1"
    assert read_error(Response(503, {}, body)).message


# --- operations -------------------------------------------------------------------------------------------------------


def test_months_and_ids_are_taken_as_numbers_and_as_text() -> None:
    assert build_request(GetInvoice(year=2020, month=5)) == build_request(GetInvoice(year="2020", month="05"))
    assert build_request(GetInvoice(year="2020", month="5")).path == "/billing/v2/year/2020/month/5"
    assert build_request(GetInvoiceMtd(customer_id="c", month=5, year=2020)).query == (
        ("month", "05"),
        ("year", "2020"),
    )
    assert build_request(GetInvoiceByInvoiceId(invoice_id=7)) == build_request(GetInvoiceByInvoiceId(invoice_id="7"))


@pytest.mark.parametrize(
    "when",
    [
        date(2026, 5, 1),
        datetime(2026, 5, 1, tzinfo=UTC).replace(tzinfo=None),
        datetime(2026, 4, 30, 22, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_a_list_is_asked_for_days_even_where_a_time_is_given(when: date) -> None:
    op = ListInvoices(billing_start_date=when, billing_end_date=when)
    assert build_request(op).query == (("billing_start_date", "2026-05-01"), ("billing_end_date", "2026-05-01"))


@pytest.mark.parametrize("last", [{"next_cursor": ""}, {"next_cursor": None}, {}])
def test_an_empty_a_null_and_an_absent_cursor_end_a_list(last: dict[str, Any]) -> None:
    page = codec.decode_record(
        codec.encode_json({"data": [], "meta": {"limit": 100, **last}}), records.ListEomInvoicesResponse
    )
    assert ListInvoices().next_operation(page) is None
    assert ListInvoices().has_end_mark(page)


def test_a_list_without_meta_is_read_but_not_proven_and_one_without_data_is_no_list() -> None:
    assert not ListInvoices().has_end_mark(codec.decode_record(b'{"data":[]}', records.ListEomInvoicesResponse))
    with pytest.raises(InvalidResponse):
        ListInvoices().items(codec.decode_record(b'{"title":"Accepted"}', records.ListEomInvoicesResponse))


def test_usage_by_service_is_one_usage_type_or_a_list_of_them() -> None:
    body = sample("synthetic/v3_service_usage_metrics.json")
    for data in (body["data"], [body["data"]]):
        page = codec.decode_record(codec.encode_json({"data": data}), records.Serviceusagemetrics)
        op = GetServiceLevelUsage()
        assert [one.service_name for one in op.items(page)] == ["www"]
        assert op.has_end_mark(page)
        assert op.stated_total(page) == 1


def test_a_collection_asks_for_the_estimate_before_the_list_and_follows_the_cursor() -> None:
    plan, said, asked = PROVIDER.plan_requests(SyncState(NOW, Month(2025, 1))), None, list[Operation[Any]]()
    pages = iter(({"data": [], "meta": {"next_cursor": "x"}}, {"data": [], "meta": {"next_cursor": ""}}))
    while True:
        try:
            ask = plan.send(said)
        except StopIteration:
            break
        asked.append(ask.op)
        paged = isinstance(ask.op, ListInvoices)
        said = codec.decode_record(codec.encode_json(next(pages)), ask.op.reply) if paged else None
        assert bool(ask.missing) != paged
    assert asked == [
        GetTokenSelf(),
        GetMonthToDateInvoice(),
        ListInvoices(limit=200),
        ListInvoices(limit=200, cursor="x"),
        GetUsageMetrics(start_month="2026-09", end_month="2026-11"),
    ]


# --- v3 ---------------------------------------------------------------------------------------------------------------


def test_a_posted_invoice_adds_up_and_ends_after_its_last_day() -> None:
    (bill,) = bills(ONE, sample("synthetic/v3_invoice.json"))
    assert (bill.state, bill.invoice_id, bill.currency, bill.line_count) == (State.ISSUED, "4183280", "USD", 7)
    assert bill.total == summed(bill) == Decimal("2285.29")
    assert (format_instant(bill.period.start), format_instant(bill.period.end)) == (
        "2024-07-01T00:00:00Z",
        "2024-08-01T00:00:00Z",
    )
    assert bill.problems == ()


def test_every_line_is_of_its_category_and_service() -> None:
    (bill,) = bills(ONE, sample("synthetic/v3_invoice.json"))
    found = [(r.ChargeCategory, r.ServiceName, r.PricingUnit, r.RegionName) for r in rows(bill)]
    assert found == [
        ("Usage", "Full Site Delivery", "GB", "North America"),
        ("Usage", "Full Site Delivery", "GB", "North America"),
        ("Usage", "Full Site Delivery", "10000 Requests", "North America"),
        ("Usage", "Full Site Delivery", "GB", "Europe"),
        ("Usage", "Compute", "Units", None),
        ("Purchase", "Full Site Delivery", "Units", None),
        ("Credit", "Full Site Delivery", None, None),
    ]
    assert len({row.InvoiceDetailId for row in rows(bill)}) == 7


def test_a_rate_that_does_not_give_the_amount_is_kept_beside_the_price_that_does() -> None:
    (bill,) = bills(ONE, sample("synthetic/v3_invoice.json"))
    exactly, rounded = rows(bill)[:2]
    assert (exactly.ListUnitPrice, exactly.x_ListedUnitPrice) == (Decimal("0.12"), None)
    assert rounded.x_ListedUnitPrice == Decimal("0.08")
    assert rounded.BilledCost == Decimal("187.65")
    assert rounded.ListUnitPrice is not None
    assert rounded.PricingQuantity is not None
    assert abs(rounded.ListUnitPrice * rounded.PricingQuantity - Decimal("187.65")) < Decimal("1E-12")


def test_the_month_to_date_is_an_estimate_without_an_invoice_id() -> None:
    (bill,) = bills(GetMonthToDateInvoice(), sample("synthetic/v3_month_to_date.json"))
    assert (bill.state, bill.invoice_id, bill.currency) == (State.ESTIMATE, None, "USD")
    assert bill.total == summed(bill) == Decimal("2285.29")
    assert {(row.InvoiceId, row.InvoiceDetailId) for row in rows(bill)} == {(None, None)}


RUNNING = {"billing_start_date": "2026-11-01T00:00:00Z", "billing_end_date": "2026-11-30T00:00:00Z"}


def test_a_listed_invoice_whose_period_is_not_over_is_a_draft_until_it_is() -> None:
    (bill,) = bills(ListInvoices(), {"data": [changed(**RUNNING)], "meta": {}})
    assert (bill.state, bill.invoice_id, bill.problems) == (State.DRAFT, "4183280", ())
    last_day = {**RUNNING, "billing_end_date": "2026-11-14T00:00:00Z"}
    assert bills(ONE, changed(**last_day))[0].state is State.ISSUED


def test_what_is_over_is_told_by_the_vendors_clock_and_not_by_ours() -> None:
    (answer,) = Saved((ONE, changed(**RUNNING))).answers(GetInvoiceByInvoiceId)
    headers = {**answer.response.headers, "date": "Tue, 01 Dec 2026 00:00:00 GMT"}
    source = Source(answer._replace(response=answer.response._replace(headers=headers)), "$", "cdn")
    invoice = codec.decode_record(answer.response.body, records.Invoice)
    assert charges.build_invoice_bill(invoice, source).state is State.ISSUED
    assert charges.build_invoice_bill(invoice, source._replace(answer=answer)).state is State.DRAFT


def changed(**fields: Any) -> dict[str, Any]:
    body = sample("synthetic/v3_invoice.json")
    return {key: value for key, value in {**body, **fields}.items() if value != "absent"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"monthly_transaction_amount": None}, "no total"),
        ({"monthly_transaction_amount": "absent"}, "no total"),
        ({"monthly_transaction_amount": "NaN"}, "no total"),
        ({"invoice_id": "absent"}, "no id"),
        ({"currency_code": None}, "no currency"),
        ({"billing_start_date": "soon"}, "period is not known"),
        ({"billing_end_date": "absent"}, "period is not known"),
        ({"billing_end_date": "2024-06-01"}, "ends before it starts"),
        ({"billing_start_date": "2024-13-45T00:00:00Z"}, "period is not known"),
        ({"transaction_line_items": [{"description": "x", "amount": None}]}, "line 1 has no amount"),
        ({"transaction_line_items": [{"description": "x", "amount": "Infinity"}]}, "line 1 has no amount"),
        ({"transaction_line_items": [{"description": "x", "amount": "1E+900"}]}, "line 1 has no amount"),
    ],
)
def test_what_cannot_be_trusted_says_why_and_the_other_bills_stay(fields: dict[str, Any], words: str) -> None:
    good = changed(invoice_id="1")
    first, second = bills(ListInvoices(), {"data": [changed(**fields), good], "meta": {}})
    assert any(words in problem for problem in first.problems)
    assert second.problems == ()
    assert second.total == summed(second)


def test_a_cent_of_rounding_is_one_flagged_row_and_a_dollar_more_is_not_invented() -> None:
    (bill,) = bills(ONE, changed(monthly_transaction_amount=Decimal("2285.30")))
    assert summed(bill) == bill.total
    (row,) = [row for row in rows(bill) if row.x_Synthetic]
    assert (row.ChargeCategory, row.BilledCost, row.SkuId) == ("Adjustment", Decimal("0.01"), None)
    assert bill.line_count == 7
    (far,) = bills(ONE, changed(monthly_transaction_amount=Decimal("2287.30")))
    assert len(rows(far)) == 7


def test_an_invoice_without_any_lines_gets_no_row_that_is_called_rounding() -> None:
    (bill,) = bills(ONE, changed(transaction_line_items=[], monthly_transaction_amount=Decimal("0.95")))
    assert (rows(bill), bill.total) == ([], Decimal("0.95"))


def test_equal_lines_are_two_charges_with_two_ids() -> None:
    line = sample("synthetic/v3_invoice.json")["transaction_line_items"][0]
    (bill,) = bills(ONE, changed(transaction_line_items=[line, line], monthly_transaction_amount=2400))
    assert summed(bill) == 2400
    assert len({row.InvoiceDetailId for row in rows(bill)}) == 2


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ({"description": "Sales Tax", "amount": 3, "usage_type": ""}, "Tax"),
        ({"description": "VAT", "amount": -3, "usage_type": ""}, "Tax"),
        ({"description": "Bandwidth", "amount": -3, "usage_type": "Bandwidth"}, "Credit"),
        ({"description": "Promotion", "amount": 3, "credit_coupon_code": "X", "usage_type": "Bandwidth"}, "Credit"),
        ({"description": "Commit Shortfall", "amount": 3, "usage_type": "Minimum"}, "Purchase"),
        ({"description": "Vatican Bandwidth", "amount": 3, "usage_type": "Bandwidth"}, "Usage"),
        ({"description": "TLS", "amount": 3, "usage_type": ""}, "Purchase"),
    ],
)
def test_the_first_rule_that_fits_decides_the_category(line: dict[str, Any], category: str) -> None:
    (bill,) = bills(ONE, changed(transaction_line_items=[line], monthly_transaction_amount=line["amount"]))
    (row,) = rows(bill)
    assert row.ChargeCategory == category
    priced = (row.SkuId, row.SkuPriceId, row.PricingQuantity, row.ListUnitPrice, row.ContractedUnitPrice)
    assert all((value is not None) == (category in {"Usage", "Purchase"}) for value in priced)


def test_two_invoices_that_look_like_one_are_told() -> None:
    body = {"data": [changed(invoice_id="1"), changed(invoice_id="2")], "meta": {"total": 3}}
    first, second = PROVIDER.check_answers(Saved((ListInvoices(), body)))
    assert "1 and 2" in first
    assert second == "the list of invoices states 3 and holds 2"


def test_the_customer_is_known_from_the_token_or_from_the_invoices() -> None:
    token = (GetTokenSelf(), {"customer_id": "T"})
    assert PROVIDER.find_identity(Saved(token, (ONE, changed()))) == "T"
    assert PROVIDER.find_identity(Saved((ONE, changed()))) == "x4xCwxxJxGCx123Rx5xTx"
    assert PROVIDER.find_identity(Saved((BY_ID, sample("synthetic/v2_invoice.json")))) == "x4xCwxxJxGCx123Rx5xTx"
    assert PROVIDER.find_identity(Saved()) is None
    found = PROVIDER.read_listing(Saved((ListInvoices(), sample("synthetic/v3_list_invoices.json"))))
    assert found is not None
    assert (found.ids, found.has_end_mark, found.since) == (
        frozenset({"4183280", "4171110"}),
        True,
        parse_instant("2024-06-01T00:00:00Z"),
    )


def requested(**fields: Any) -> CostAndUsage:
    """Book the sample's line of North American requests alone, said otherwise."""
    line = {**sample("synthetic/v3_invoice.json")["transaction_line_items"][2], **fields}
    (bill,) = bills(ONE, changed(transaction_line_items=[line], monthly_transaction_amount=line["amount"]))
    (row,) = rows(bill)
    return row


def test_requests_that_are_counted_one_by_one_are_priced_one_by_one() -> None:
    row = requested(units=1045123456)
    assert (row.PricingQuantity, row.PricingUnit, row.ConsumedUnit) == (Decimal(1045123456), "Requests", "Requests")
    assert row.x_ListedUnitPrice == Decimal("0.00000075")
    exactly = requested(units=1_000_000, amount=Decimal("0.75"))
    assert (exactly.ListUnitPrice, exactly.x_ListedUnitPrice) == (Decimal("0.00000075"), None)
    assert (exactly.SkuPriceId or "").endswith("@north-america@0.00000075")
    known = {requested(units=units).InvoiceDetailId for units in (1045123456, Decimal("104512.3456"))}
    assert len(known) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"units": 1, "amount": Decimal("0.01")},
        {"units": 0, "amount": 0},
        {"rate": 0, "amount": 0},
        {"rate": None},
        {"amount": Decimal("700.00")},
        {"units": 1045123456, "amount": Decimal("700.00")},
    ],
)
def test_requests_are_in_10_000s_where_nothing_speaks_for_single_ones(fields: dict[str, Any]) -> None:
    assert requested(**fields).PricingUnit == "10000 Requests"


@pytest.mark.parametrize(
    ("group", "unit"),
    [
        ("Full Site Delivery", "10000 Requests"),
        ("Full-Site Delivery", "10000 Requests"),
        ("Image Optimizer", "Units"),
        ("Media Shield", "Units"),
        ("Compute", "Units"),
    ],
)
def test_only_the_requests_of_delivery_are_priced_by_10_000(group: str, unit: str) -> None:
    assert requested(product_group=group).PricingUnit == unit


def test_a_bill_is_its_own_customers_whoever_asks_and_is_named_by_the_id() -> None:
    token = (GetTokenSelf(), {"customer_id": "T"})
    for said, owner in (
        ([(ONE, changed())], "x4xCwxxJxGCx123Rx5xTx"),
        ([token, (ONE, changed())], "x4xCwxxJxGCx123Rx5xTx"),
        ([token, (ONE, changed(customer_id=None))], "T"),
        ([(ONE, changed(customer_id=None))], None),
    ):
        (bill,) = PROVIDER.read_bills(Saved(*said))
        assert {(row.BillingAccountId, row.BillingAccountName) for row in rows(bill)} == {(owner, owner)}


@pytest.mark.parametrize("group", ["Full-Site Delivery", "Compute", "KV Store", "Next-Gen WAF", "Widgets", ""])
def test_a_service_is_of_one_category_whatever_its_product_line(group: str) -> None:
    found = services.find_service(group, "Network Services")
    assert found.name == (group or "Fastly")
    if group != "Widgets":
        assert {services.find_service(group, line) for line in ("Security", "", "Else")} == {found}


# --- v2 ---------------------------------------------------------------------------------------------------------------


def old(**fields: Any) -> dict[str, Any]:
    return {**sample("synthetic/v2_invoice.json"), **fields}


def test_v2_counts_its_money_once_and_knows_the_same_invoice_as_v3() -> None:
    (bill,) = bills(BY_ID, old())
    assert bill.key == bills(ONE, sample("synthetic/v3_invoice.json"))[0].key == "4183280 USD"
    assert (bill.total, summed(bill), bill.line_count) == (Decimal("2856.49"), Decimal("2856.49"), 9)
    assert (bill.state, bill.terms, format_instant(bill.period.end)) == (State.ISSUED, "Net15", "2024-05-01T00:00:00Z")
    assert [row.x_NativeId for row in rows(bill)] == [f"li000{n}" for n in range(1, 10)]
    assert rows(bill)[-1].ChargeCategory == "Credit"


def test_a_number_where_the_sdks_have_a_text_does_not_make_a_bill_unreadable() -> None:
    body = old(customer_id=7)
    body["line_items"][0] |= {"client_service_id": 7, "credit_coupon_code": None, "service_name": 7, "id": 1}
    body["total"]["plan_code"] = 12
    (bill,) = bills(BY_ID, body)
    row = rows(bill)[0]
    assert (bill.total, summed(bill), bill.problems) == (Decimal("2856.49"), Decimal("2856.49"), ())
    assert (row.BillingAccountId, row.InvoiceDetailId) == ("7", "1")
    (bill,) = bills(ONE, changed(statement_number=12))
    assert json.loads(rows(bill)[0].x_Details or "")["StatementNumber"] == "12"


@pytest.mark.parametrize("number", [4183280, "4183280"])
def test_v2_has_ids_as_numbers_and_as_text(number: int | str) -> None:
    assert bills(BY_ID, old(invoice_id=number))[0].invoice_id == "4183280"


def test_a_v2_list_price_stands_in_the_regions_step() -> None:
    body = old()
    body["regions"]["usa"]["bandwidth"]["tiers"][0] |= {"price": Decimal("0.15")}
    row = rows(bills(BY_ID, body)[0])[0]
    assert (row.ListUnitPrice, row.ListCost) == (Decimal("0.15"), Decimal(1500))
    assert (row.ContractedUnitPrice, row.BilledCost) == (Decimal("0.12"), Decimal(1200))


def stepped(step: dict[str, Any], *, kind: str = "bandwidth", key: str = "usa", **line: Any) -> CostAndUsage:
    """Book the first line of the v2 sample, said otherwise, beside a region's only price step."""
    body = old()
    body["line_items"][0] |= line
    body["regions"] = {key: {kind: {"tiers": [step]}}}
    return rows(bills(BY_ID, body)[0])[0]


def test_a_v2_list_price_is_that_of_region_kind_and_units_whatever_the_rate() -> None:
    step = {"units": 10000, "price": Decimal("0.15"), "discounted_price": Decimal("0.13")}
    row = stepped(step)
    assert (row.ListUnitPrice, row.ContractedUnitPrice) == (Decimal("0.15"), Decimal("0.12"))
    for other in ({"units": 9999}, {"usage_type_cd": "Europe Bandwidth"}, {"usage_type_cd": "North America Requests"}):
        assert stepped(step, **other).ListCost == stepped(step, **other).BilledCost
    image = {"usage_type_cd": "North America Image Optimizer Requests"}
    assert stepped(step, kind="requests", **image).ListCost == 1200


def test_between_several_v2_steps_of_the_same_size_the_rate_decides() -> None:
    body = old()
    steps = body["regions"]["usa"]["bandwidth"]["tiers"]
    steps[0] |= {"price": Decimal("0.15")}
    steps[1] |= {"units": 10000, "price": Decimal("0.10")}
    assert rows(bills(BY_ID, body)[0])[0].ListUnitPrice == Decimal("0.15")
    body["line_items"][0]["rate_per_unit"] = None
    assert rows(bills(BY_ID, body)[0])[0].ListCost == 1200


def test_a_v2_line_without_a_rate_has_that_of_its_step() -> None:
    row = stepped({"units": 10000, "price": Decimal("0.15"), "discounted_price": Decimal("0.12")}, rate_per_unit=None)
    assert (row.ContractedUnitPrice, row.x_ListedUnitPrice, row.ListCost) == (Decimal("0.12"), None, Decimal(1500))


def test_percentile_bandwidth_has_its_own_steps_and_is_delivery() -> None:
    said = {"service_name": "North America Percentile Bandwidth", "usage_type_cd": "North America Percentile Bandwidth"}
    step = {"units": 10000, "price": Decimal("0.15"), "discounted_price": Decimal("0.12")}
    row = stepped(step, kind="percentile", **said)
    assert (row.ListUnitPrice, row.ServiceName, row.PricingUnit) == (Decimal("0.15"), "Full Site Delivery", "GB")
    assert stepped(step, **said).ListCost == 1200


@pytest.mark.parametrize("key", ["mexico", "saudi_arabia", "atlantis"])
def test_a_line_without_a_region_never_has_a_regions_list_price(key: str) -> None:
    step = {"units": 10000, "price": 9, "discounted_price": Decimal("0.12")}
    assert stepped(step, key=key, service_name="Bandwidth", usage_type_cd="Bandwidth").ListCost == 1200


@pytest.mark.parametrize(("key", "name"), [("mexico", "Mexico"), ("saudi_arabia", "Saudi Arabia")])
def test_the_regions_that_are_only_known_as_keys_have_names(key: str, name: str) -> None:
    step = {"units": 10000, "price": 9, "discounted_price": Decimal("0.12")}
    row = stepped(step, key=key, service_name=f"{name} Bandwidth", usage_type_cd=f"{name} Bandwidth")
    assert (row.RegionName, row.ServiceName, row.ListUnitPrice) == (name, "Full Site Delivery", Decimal(9))


def test_what_is_given_away_in_v2_keeps_its_list_cost() -> None:
    body = old(line_items=[])
    body["regions"]["usa"]["bandwidth"]["tiers"][0] |= {"discounted_price": 0, "total": 0}
    row = rows(bills(BY_ID, body)[0])[0]
    assert (row.BilledCost, row.ContractedUnitPrice) == (Decimal(0), Decimal(0))
    assert (row.ListUnitPrice, row.ListCost) == (Decimal("0.12"), Decimal(1200))


def test_v2_bandwidth_is_in_the_unit_that_the_bill_names() -> None:
    without: dict[str, Any] = {"line_items": []}
    for fields in ({}, without, {**without, "regions": {}}):
        body = old(**fields)
        assert rows(bills(BY_ID, body)[0])[0].PricingUnit == "GB"
        body["total"]["bandwidth_units"] = "TB"
        first = rows(bills(BY_ID, body)[0])[0]
        assert (first.PricingUnit, first.ConsumedUnit) == ("TB", "TB")


def test_v2_requests_that_are_counted_one_by_one_are_priced_one_by_one() -> None:
    body = old()
    body["line_items"][2] |= {"units": 1045123456}
    body["regions"]["usa"]["requests"]["tiers"][0] |= {"units": 1045123456, "price": Decimal("0.01")}
    row = rows(bills(BY_ID, body)[0])[2]
    assert (row.PricingUnit, row.ListUnitPrice) == ("Requests", Decimal("0.000001"))


@pytest.mark.parametrize(
    ("plan", "category"), [("Compute", "Compute"), ("Security", "Security"), ("Gold", "Networking"), ("", "Networking")]
)
def test_a_v2_service_is_of_its_plans_category_or_networking(plan: str, category: str) -> None:
    body = old()
    body["line_items"][5] |= {"service_name": "Widgets", "plan_name": plan}
    row = rows(bills(BY_ID, body)[0])[5]
    assert (row.ServiceName, row.ServiceCategory) == ("Widgets", category)


def test_native_fields_of_v2_without_a_column_are_details_and_a_deleted_line_is_kept() -> None:
    body = old()
    body["line_items"][0]["deleted_at"] = "2024-05-02T00:00:00Z"
    (bill,) = bills(BY_ID, body)
    assert summed(bill) == bill.total
    said = json.loads(rows(bill)[0].x_Details or "")
    assert said["DeletedAt"] == "2024-05-02T00:00:00Z"
    assert said["PlanCode"] == "cdn_metered"
    assert said["AriaInvoiceId"] == "4183280"
    assert "DeletedAt" not in json.loads(rows(bill)[1].x_Details or "")


def test_a_v2_invoice_that_is_paid_has_the_charges_that_it_had_while_it_was_not() -> None:
    (before,), (after,) = (bills(BY_ID, old() | {"status": {"status": word}}) for word in ("Outstanding", "Paid"))
    assert [row._replace(x_ArchiveSeq=None) for row in rows(before)] == [
        row._replace(x_ArchiveSeq=None) for row in rows(after)
    ]


@pytest.mark.parametrize(("kind", "frequency"), [("One-Time", "One-Time"), ("Recurring", "Recurring")])
def test_a_v2_estimate_says_what_is_charged_once(kind: str, frequency: str) -> None:
    body = sample("synthetic/v2_mtd_invoice.json")
    body["line_items"][5] |= {"description": "TLS onboarding", "service_type": kind}
    row = rows(bills(GetInvoiceMtd(customer_id="c"), body)[0])[5]
    assert (row.ChargeCategory, row.ChargeFrequency) == ("Purchase", frequency)


def test_a_v2_bill_without_lines_is_read_from_its_regions_and_extras() -> None:
    (bill,) = bills(BY_ID, old(line_items=[]))
    assert (summed(bill), bill.line_count, bill.problems) == (Decimal("2856.49"), 0, ())
    paths = [row.x_JsonPath or "" for row in rows(bill)]
    assert paths[0] == "$.regions.usa.bandwidth.tiers[0]"
    assert "$.total.extras[1].setup" in paths
    assert paths[-1] == "$.total.discount_amount"


def test_a_v2_bill_without_lines_and_regions_is_read_from_its_sums() -> None:
    (bill,) = bills(BY_ID, old(line_items=[], regions={}))
    assert summed(bill) == Decimal("2856.49")
    assert [row.x_JsonPath for row in rows(bill)][:2] == ["$.total.bandwidth_cost", "$.total.requests_cost"]


def test_the_documented_minimum_makes_8_70_of_usage_a_bill_of_50() -> None:
    known = sample("doc/bill_minimum_worked_example.json")
    total = {
        "bandwidth": 10, "bandwidth_cost": Decimal("1.20"), "requests": 10_000_000, "requests_cost": Decimal("7.50"),
        "plan_minimum": 50, "commit_shortfall": known["derived"]["commit_shortfall_usd"], "cost": known["billed_usd"],
    }  # fmt: skip
    lines = [
        {"id": "a", "service_name": "North America Bandwidth", "usage_type_cd": "North America Bandwidth", "amount": Decimal("1.20")},
        {"id": "b", "service_name": "Europe Requests", "usage_type_cd": "Europe Requests", "amount": Decimal("7.50")},
    ]  # fmt: skip
    for items in ([], lines):
        (bill,) = bills(BY_ID, old(regions={}, line_items=items, total=total))
        assert summed(bill) == 50
        short = rows(bill)[-1]
        assert (short.ChargeCategory, short.ChargeDescription) == ("Purchase", "Commit Shortfall")
        assert (short.BilledCost, short.PricingCategory, short.x_Synthetic) == (Decimal("41.30"), "Other", True)


def test_a_v2_estimate_takes_the_discount_from_its_sums() -> None:
    (bill,) = bills(GetInvoiceMtd(customer_id="c"), sample("synthetic/v2_mtd_invoice.json"))
    assert (bill.state, bill.invoice_id, bill.line_count) == (State.ESTIMATE, None, 8)
    assert summed(bill) == bill.total == Decimal("2856.49")
    assert [row.BilledCost for row in rows(bill) if row.x_Synthetic] == [Decimal("-317.39")]


@pytest.mark.parametrize(
    ("status", "state"),
    [({"status": "Pending"}, State.DRAFT), ({}, State.ISSUED), ({"status": "MTD"}, State.ESTIMATE)],
)
def test_v2_says_how_far_a_bill_has_come(status: dict[str, Any], state: State) -> None:
    (bill,) = bills(GetInvoice(year=2024, month=4), old(status=status))
    assert (bill.state, bill.problems) == (state, ())


@pytest.mark.parametrize(
    ("fields", "state", "key"),
    [
        ({"status": {}}, State.DRAFT, "4183280"),
        ({"status": {"status": "Outstanding"}}, State.DRAFT, "4183280"),
        ({"status": {}, "invoice_id": None}, State.ESTIMATE, None),
        ({"status": {"status": "MTD"}}, State.ESTIMATE, None),
    ],
)
def test_v2_knows_a_running_month_whatever_its_status(fields: dict[str, Any], state: State, key: str | None) -> None:
    span = {"start_time": "2026-11-01T00:00:00Z", "end_time": "2026-11-30T00:00:00Z"}
    (bill,) = bills(GetInvoice(year=2026, month=11), old(**span, **fields))
    assert (bill.state, bill.invoice_id, bill.problems) == (state, key, ())


@pytest.mark.parametrize(
    ("sums", "words"),
    [
        ({}, None),
        ({"incurred_cost": Decimal("2298.89")}, None),
        ({"incurred_cost": 2300}, "incurred_cost is 2300, and bandwidth_cost + requests_cost is 2298.88"),
        ({"bandwidth_cost": 1, "percentile_cost": 2}, None),
        ({"extras_cost": 1}, "extras_cost is 1, and the sum of the extras is 875.0"),
        ({"extras": None, "extras_cost": 875}, None),
        ({"cost_before_discount": 77}, "cost_before_discount is 77, and incurred_cost + extras_cost is 3173.88"),
        ({"overage": 0}, "overage is 0, and incurred_cost - plan_minimum is 2248.88"),
        ({"plan_minimum": 3000, "overage": 0}, None),
        ({"plan_minimum": 3000, "overage": 5}, "overage is 5, and incurred_cost - plan_minimum is 0"),
        ({"plan_minimum": 3000, "overage": 0, "commit_shortfall": 1}, None),
    ],
)
def test_a_v2_sum_that_is_not_what_it_is_documented_to_be_is_told_and_not_parked(
    sums: dict[str, Any], words: str | None
) -> None:
    body = old()
    body["total"] |= sums
    said = list(PROVIDER.check_answers(Saved((BY_ID, body), (GetInvoice(year=2024, month=4), body))))
    assert not said if words is None else f"invoice 4183280: {words}" in said
    assert len(said) == len(set(said))
    assert bills(BY_ID, body)[0].problems == ()


@pytest.mark.parametrize(("short", "told"), [(Decimal("41.30"), False), (Decimal("40.00"), True)])
def test_the_documented_shortfall_is_what_is_missing_to_the_minimum(short: Decimal, told: bool) -> None:
    total = {
        "bandwidth_cost": Decimal("1.20"), "requests_cost": Decimal("7.50"), "incurred_cost": Decimal("8.70"),
        "plan_minimum": 50, "commit_shortfall": short, "overage": 0, "cost": 50,
    }  # fmt: skip
    said = list(PROVIDER.check_answers(Saved((BY_ID, old(total=total)))))
    words = "invoice 4183280: commit_shortfall is 40.00, and plan_minimum - incurred_cost is 41.30"
    assert said == ([words] if told else [])
    span = {"start_time": "2026-11-01T00:00:00Z", "end_time": "2026-11-30T00:00:00Z"}
    for running in ({"status": {"status": "MTD"}}, {"status": {}, **span}):
        assert list(PROVIDER.check_answers(Saved((BY_ID, old(total=total, **running))))) == []


def test_an_answer_that_cannot_be_read_does_not_hide_what_others_contradict() -> None:
    body = old()
    body["total"] |= {"overage": 0}
    bad = (GetInvoiceByIdFile(customer_id="C", invoice_id=9, format="csv"), b"a,b\n1,2\n")
    (words,) = PROVIDER.check_answers(Saved(bad, (BY_ID, body)))
    assert "overage is 0" in words


def test_an_unknown_status_or_a_missing_total_parks_a_v2_bill() -> None:
    (bill,) = bills(BY_ID, old(status={"status": "Overdue"}))
    assert bill.problems == ("status 'Overdue' is not known: counted as issued",)
    (bill,) = bills(BY_ID, old(total=None))
    assert bill.problems == ("the bill has no total",)


CSV = """customer_id,invoice_id,start_time,end_time,status,cost,id,description,service_name,units,rate_per_unit,amount,usage_type_cd
C,77,2024-04-01T00:00:00Z,2024-04-30T00:00:00Z,Paid,12.50,a,"Bandwidth, Europe",Europe Bandwidth,100,0.125,12.50,Europe Bandwidth
C,77,2024-04-01T00:00:00Z,2024-04-30T00:00:00Z,Paid,12.50,b,=HYPERLINK(1),Europe Bandwidth,1,0,0.00,Europe Bandwidth
"""


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_csv_is_a_bill(mark: bytes) -> None:
    (bill,) = bills(GetInvoiceFile(year=2024, month=4, format="csv"), mark + CSV.encode())
    assert (bill.invoice_id, bill.total, summed(bill), bill.line_count) == ("77", Decimal("12.50"), Decimal("12.50"), 2)
    assert bill.problems == ()
    assert rows(bill)[0].ChargeDescription == "Bandwidth, Europe"


def test_a_csv_of_lines_only_takes_month_and_id_from_the_question() -> None:
    op = GetInvoiceFile(year="2024", month="4", format="csv")
    (bill,) = bills(op, b"id,description,amount\na,x,1.5\n")
    assert format_instant(bill.period.start) == "2024-04-01T00:00:00Z"
    assert (bill.invoice_id, bill.total, bill.problems) == ("unknown", None, ("the invoice has no id",))
    (bill,) = bills(GetInvoiceByIdFile(customer_id="C", invoice_id=9, format="csv"), b"id,amount\na,1.5\n")
    assert bill.invoice_id == "9"
    assert "period is not known" in bill.problems[0]


@pytest.mark.parametrize("body", [b"", b"a,b\n1,2\n", b"id,amount\nx,lots\n"])
def test_a_csv_that_holds_no_invoice_is_reported_after_all_that_can_be_read(body: bytes) -> None:
    reading = Saved((GetInvoiceFile(year=2024, month=4, format="csv"), body), (ONE, changed()))
    found = PROVIDER.read_bills(reading)
    assert next(found).invoice_id == "4183280"
    with pytest.raises(InvalidResponse):
        next(found)


def test_a_pdf_holds_nothing_that_can_be_booked() -> None:
    assert bills(GetInvoiceFile(year=2024, month=4, format="pdf"), b"%PDF-1.7") == []


def test_a_saved_question_for_a_file_is_not_taken_for_one_for_json() -> None:
    asked = codec.encode_json(GetInvoiceByIdFile(customer_id="C", invoice_id=9, format="csv"))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(asked, type=GetInvoiceById)


def test_a_saved_list_of_v2_invoices_is_read_like_its_members(tmp_path: Path) -> None:
    saved, books = tmp_path / "list.json", Workspace(tmp_path / "ledger")
    saved.write_bytes(codec.encode_json([old(), old(invoice_id=7, status={"status": "Pending"})]))
    told = import_files(books, PROVIDER, "cdn", [saved], None, {})
    assert (told.has_problems, [file.operation for file in told.files]) == (False, ["get_invoice_by_id"])
    assert [(bill["state"], bill["invoice_id"], bill["total"]) for bill in told.bills] == [
        ("issued", "4183280", "2856.49"),
        ("draft", "7", "2856.49"),
    ]
    assert import_files(books, PROVIDER, "cdn", [saved], None, {}).bills == []
    books.close()


@pytest.mark.parametrize("body", [b"[]", b"[5]", b'[{"billing_invoice":{"id":1}}]', b"[[]]"])
def test_a_list_of_something_else_is_not_taken_for_one_of_invoices(body: bytes) -> None:
    with pytest.raises(InvalidArgument):
        find_answers(body, PROVIDER, None, {})


def test_a_body_of_another_vendor_is_not_taken_for_ours() -> None:
    with pytest.raises(InvalidArgument):
        identify_answer(b'{"billing_invoice":{"id":1}}', PROVIDER, None, {})
