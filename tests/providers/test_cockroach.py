"""CockroachDB Cloud: what its invoices become, and why some of them are parked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.model.bill import Bill, State
from billfold.model.errors import InvalidResponse
from billfold.model.focus import CostAndUsage
from billfold.model.period import parse_instant
from billfold.providers.cockroach import PROVIDER
from billfold.providers.cockroach.api import GetInvoice
from billfold.providers.cockroach.records import Organization
from billfold.providers.provider import ArchivedAnswer
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import Operation, read_response
from tests.ledger.kit import collected

INVOICE = {"invoice_id": "i-1", "status": "FINALIZED", "period_start": "2026-10-01T00:00:00Z",
           "period_end": "2026-11-01T00:00:00Z", "totals": [{"amount": 2, "currency": "USD"}]}  # fmt: skip
LINE = {"description": "Compute", "quantity": 2, "quantity_unit": "VCPU_HOURS", "unit_cost": 1,
        "total": {"amount": 2, "currency": "USD"}}  # fmt: skip
TEAM = {"resource_id": "f-1", "resource_type": "FOLDER", "name": "payments"}
INSIDE = {"resource_id": "f-2", "name": "cards", "path": [{"id": "f-1", "name": "payments"}]}


class Saved:
    """A reading of one answer: of one invoice, as it came."""

    account = "db"

    def __init__(self, body: Any) -> None:
        self._answer = ArchivedAnswer(
            GetInvoice(invoice_id="i-1"),
            Response(200, {"content-type": "application/json"}, codec.encode_json(body)),
            1,
            parse_instant("2026-11-15T00:00:00Z"),
        )

    def requests(self, operation_type: Any) -> Iterator[Operation[Any]]:
        return (one.op for one in self.answers(operation_type))

    def answers(self, operation_type: Any, **fields: object) -> Iterator[ArchivedAnswer]:
        if isinstance(self._answer.op, operation_type):
            yield self._answer


def item(*lines: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Return a cluster's part of an invoice."""
    return {"cluster": {"id": "c-1", "name": "orders"}, "line_items": list(lines)} | said


def bills(**words: Any) -> list[Bill]:
    """Return the bills of an invoice."""
    return list(PROVIDER.read_bills(Saved(INVOICE | words)))


def rows(**words: Any) -> list[CostAndUsage]:
    """Return the charges of an invoice."""
    return [row for bill in bills(**words) for batch in bill.charges for row in batch.iter_rows()]


def amount(number: Any, currency: str = "USD") -> dict[str, Any]:
    return {"amount": Decimal(str(number)), "currency": currency}


def line(number: Any, currency: str = "USD", **said: Any) -> dict[str, Any]:
    """Return a line that costs so much."""
    return LINE | {"quantity": 1, "unit_cost": Decimal(str(number)), "total": amount(number, currency)} | said


def booked(directory: Path, **words: Any) -> list[tuple[Any, ...]]:
    """Collect an invoice into a ledger, and return what is believed: invoice, total, why it is parked."""
    books = Workspace(directory)
    try:
        collected(books, codec.encode_json({"invoices": [INVOICE | words]}))
        with books.open_ledger() as db:
            return [
                (row["invoice_id"], row["total"], row["parked"]) for row in query.list_bills(db, query.LedgerFilter())
            ]
    finally:
        books.close()


def billed(folders: list[dict[str, Any]], *regions: str) -> CostAndUsage:
    """Return the one charge of an invoice for a cluster in a folder and regions."""
    cluster = {"id": "c-1", "name": "orders", "parent_id": "f-1", "regions": [{"name": name} for name in regions]}
    (row,) = rows(invoice_items=[item(LINE, cluster=cluster)], folder_resources=folders)
    return row


@pytest.mark.parametrize(
    ("folders", "name"),
    [([TEAM], "payments"), ([INSIDE], "payments"), ([{**TEAM, "name": ""}, INSIDE], "payments"), ([], "f-1")],
)
def test_a_folder_is_called_by_any_name_in_the_answer_and_only_else_by_its_id(
    folders: list[dict[str, Any]], name: str
) -> None:
    row = billed(folders, "us-east-1")
    assert (row.SubAccountId, row.SubAccountName, row.SubAccountType) == ("f-1", name, "Folder")


def test_a_cluster_has_a_region_only_where_it_is_in_one() -> None:
    one, two = billed([], "us-east-1"), billed([], "us-east-1", "us-west-2")
    assert (one.RegionId, one.RegionName) == ("us-east-1", "us-east-1")
    assert (two.RegionId, two.RegionName) == (None, None)


@pytest.mark.parametrize(
    ("quantity", "unit_cost", "cost"),
    [
        ("7200", "0.0006849315068493151", "4.931506849315069"),
        ("3.3527612686157227e-05", "0.0010338", "3.466e-8"),
        ("3.3527612686157227e-05", "0", "0"),
        ("0.30000000000000004", "1", "0.3"),
    ],
)
def test_quantities_and_prices_with_float_dust_are_booked(
    quantity: str, unit_cost: str, cost: str, tmp_path: Path
) -> None:
    one = line(cost, quantity=Decimal(quantity), unit_cost=Decimal(unit_cost))
    ((_, _, parked),) = booked(tmp_path, invoice_items=[item(one)], totals=[amount(cost)])
    assert parked is None


def test_float_dust_is_no_other_quantity_and_no_other_price() -> None:
    one = line("0.3", quantity=Decimal("0.30000000000000004"), unit_cost=Decimal("1.0000000000000002"))
    (row,) = rows(invoice_items=[item(one)], totals=[amount("0.3")])
    assert (row.PricingQuantity, row.ListUnitPrice, row.x_ListedUnitPrice) == (Decimal("0.3"), Decimal(1), None)
    assert row.SkuPriceId == "cockroachdb-cloud/cockroach-labs/compute@1"


@pytest.mark.parametrize("said", [{"quantity": Decimal("1e300")}, {"unit_cost": Decimal("1e300")}])
def test_a_number_that_no_ledger_can_keep_parks_its_invoice(said: dict[str, Any], tmp_path: Path) -> None:
    ((_, _, parked),) = booked(tmp_path, invoice_items=[item(line(2, **said))])
    assert "cannot be kept exactly" in parked


@pytest.mark.parametrize("said", [{"unit_cost": None}, {"unit_cost": 0}, {"unit_cost": Decimal("0.0")}])
def test_a_price_that_is_not_said_is_called_as_one_of_nothing(said: dict[str, Any]) -> None:
    (row,) = rows(invoice_items=[item(line(2) | said)])
    assert row.SkuPriceId == "cockroachdb-cloud/cockroach-labs/compute@0"


def test_a_price_has_one_name_however_it_is_spelled() -> None:
    spelled = [line(2, quantity=1, unit_cost=Decimal(text)) for text in ("2e-07", "0.0000002", "0.00000020")]
    assert len({row.SkuPriceId for row in rows(invoice_items=[item(*spelled)], totals=[amount(6)])}) == 1


@pytest.mark.parametrize("virtual", ["CRDB_CLOUD_CREDITS", "COCKROACH_CREDITS", "POINTS"])
def test_what_is_paid_in_any_credits_costs_no_dollars(virtual: str, tmp_path: Path) -> None:
    said: dict[str, Any] = {
        "totals": [amount("6.01", virtual)],
        "invoice_items": [item(line(5, virtual))],
        "adjustments": [{"name": "Premium Support", "amount": amount(1, virtual)}],
    }
    made = rows(**said)
    assert [row.PricingCurrencyEffectiveCost for row in made] == [5, 1, Decimal("0.01")]
    for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
        assert [getattr(row, name) for row in made] == [0, 0, 0]
    assert {(row.BillingCurrency, row.PricingCurrency) for row in made} == {("USD", virtual)}
    assert booked(tmp_path, **said) == [("i-1", "6.01", None)]


@pytest.mark.parametrize("money", ["EUR", "JPY", "usd"])
def test_a_bill_in_the_money_of_another_country_is_parked_and_the_dollars_beside_it_are_not(
    money: str, tmp_path: Path
) -> None:
    said = {"totals": [amount(2), amount(5, money)], "invoice_items": [item(line(2), line(5, money))]}
    parked = {total: why for _, total, why in booked(tmp_path, **said)}
    assert parked == {"2": None, "5": f"it is in {money}, and the vendor documents USD and credits only"}


@pytest.mark.parametrize(
    ("period_end", "state"), [("2026-11-15T00:00:00Z", State.ISSUED), ("2026-11-15T00:00:01Z", State.DRAFT)]
)
@pytest.mark.parametrize("status", [None, ""])
def test_an_invoice_without_a_status_is_a_draft_until_its_period_has_ended(
    period_end: str, state: State, status: str | None
) -> None:
    (bill,) = bills(invoice_items=[item(LINE)], status=status, period_end=period_end)
    assert (bill.state, bill.problems) == (state, ())
    assert bill.issued_on == (parse_instant(period_end) if state is State.ISSUED else None)


def test_a_clusters_total_that_is_not_the_sum_of_its_lines_parks_the_bill_in_that_currency(tmp_path: Path) -> None:
    wrong = item(line(2), line(3, "CREDITS"), totals=[amount("2.01"), amount(3, "CREDITS")])
    said = {"totals": [amount(2), amount(3, "CREDITS")], "invoice_items": [wrong]}
    parked = {total: why for _, total, why in booked(tmp_path, **said)}
    assert parked == {"2": "the lines of orders sum to 2 USD, its total is 2.01", "3": None}


@pytest.mark.parametrize("totals", [[], None, [{"amount": Decimal("1.995")}], [amount(1), amount(1)]])
def test_a_clusters_total_may_be_absent_or_half_a_cent_away(totals: Any) -> None:
    (bill,) = bills(invoice_items=[item(line(2), totals=totals)])
    assert bill.problems == ()


@pytest.mark.parametrize("totals", [[amount(2)], [amount(2), amount(5, "CREDITS")]])
def test_a_clusters_total_in_a_currency_that_none_of_its_lines_has_is_a_problem(totals: list[dict[str, Any]]) -> None:
    wrong = item(line(2), totals=[amount(2), amount(5, "CREDITS")])
    both = {bill.currency: bill.problems for bill in bills(invoice_items=[wrong], totals=totals)}
    assert both == {"USD": (), "CREDITS": ("the lines of orders sum to 0 CREDITS, its total is 5",)}


@pytest.mark.parametrize(
    ("name", "cost", "category"),
    [
        ("Sales Taxes", 1, "Tax"),
        ("Sales Tax", -1, "Tax"),
        ("TAX_US_CA", 1, "Tax"),
        ("VAT 20%", 1, "Tax"),
        ("gst/hst", 1, "Tax"),
        ("PST (BC)", 1, "Tax"),
        ("Taxonomy workshop", 1, "Adjustment"),
        ("Private link", 1, "Adjustment"),
        ("Innovate discount", -1, "Credit"),
        ("Premium Support", 250, "Purchase"),
        ("Premium Support", 0, "Adjustment"),
        ("Support credit", -5, "Credit"),
    ],
)
def test_an_adjustment_is_a_tax_by_whole_words_and_support_is_bought_only_where_it_costs(
    name: str, cost: int, category: str
) -> None:
    (row,) = rows(adjustments=[{"name": name, "amount": amount(cost)}], totals=[amount(cost)])
    assert row.ChargeCategory == category


@pytest.mark.parametrize("body", [{}, {"invoices": []}, {"invoices": [], "pagination": None}, {"invoices": [{}]}])
def test_an_answer_without_an_invoice_is_not_read_as_an_empty_one(body: Any) -> None:
    response = Response(200, {"content-type": "application/json"}, codec.encode_json(body))
    with pytest.raises(InvalidResponse, match="the answer has none of invoice_id, totals, invoice_items"):
        read_response(GetInvoice(invoice_id="i-1"), response)


def test_a_charge_of_one_invoice_points_into_the_body_as_it_came() -> None:
    one = INVOICE | {"invoice_items": [item(LINE)]}
    for body, path in ((one, "$"), ({"invoices": [one], "pagination": None}, "$.invoices[0]")):
        (row,) = [
            row for bill in PROVIDER.read_bills(Saved(body)) for batch in bill.charges for row in batch.iter_rows()
        ]
        assert row.x_JsonPath == f"{path}.invoice_items[0].line_items[0]"


def test_an_older_plan_is_todays_service_and_keeps_its_own_word_in_the_details() -> None:
    (row,) = rows(invoice_items=[item(LINE, cluster={"id": "c-1", "plan": "DEDICATED"})])
    assert (row.ServiceName, json.loads(row.x_Details or "")["Plan"]) == ("CockroachDB Advanced", "DEDICATED")


def test_an_organization_keeps_every_documented_field() -> None:
    body = b'{"id":"o","cockroach_cloud_service_principals":{"gcp":{"service_account_email":"a@b"}}}'
    assert codec.parse_json(codec.encode_json(codec.decode_record(body, Organization))) == codec.parse_json(body)
