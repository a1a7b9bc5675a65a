"""No guess becomes money: a line that an answer leaves out, or says twice, is never made up for by tax or rounding."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from billfold.collect.run_answers import ArchiveRunAnswers
from billfold.collect.workspace import Workspace
from billfold.model.bill import Bill, DerivedTax, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum
from billfold.providers.provider import ArchivedAnswer, find_provider
from billfold.wire import codec
from billfold.wire.operation import operation_name
from tests import stage
from tests.providers.kit import StoredAnswers, list_rows

VENDORS = ("cockroach", "fastly", "genesys", "vultr")
LINES_OPERATIONS = {
    "cockroach": "list_invoices",
    "fastly": "list_invoices",
    "genesys": "get_billing_contracts_invoice_lines",
    "vultr": "get_invoice_items",
}
HALF_A_CENT, HALF_A_MILLIONTH = Decimal("0.005"), Decimal("0.0000005")
"""What a line can round: CockroachDB states millionths, the others cents."""


class LoneInvoice(NamedTuple):
    """The answers of a run with one of its invoices only, and where the lists of its lines stand."""

    answers: list[ArchivedAnswer]
    position: int
    body: Any
    line_lists: list[list[Any]]

    def save(self) -> StoredAnswers:
        """Return the answers with the body as it is now; a count of lines that the vendor states lies as well."""
        body, answers = self.body, list(self.answers)
        if "invoice_items" in body:
            body = body | {"meta": {**body["meta"], "total": len(self.line_lists[0])}}
        old = answers[self.position]
        answers[self.position] = old._replace(response=old.response._replace(body=codec.encode_json(body)))
        return StoredAnswers(answers)


def list_line_lists(vendor: str, body: Any) -> Iterator[tuple[Any, list[list[Any]]]]:
    """Yield bodies with one invoice each, and the lists of its lines; clusters' own totals are left out, too."""
    if vendor == "fastly":
        for invoice in body["data"]:
            yield body | {"data": [invoice]}, [invoice["transaction_line_items"]]
    elif vendor == "cockroach":
        for invoice in body["invoices"]:
            for item in invoice["invoice_items"]:
                item["totals"] = []
            lists = [item["line_items"] for item in invoice["invoice_items"]]
            yield body | {"invoices": [invoice]}, [*lists, invoice["adjustments"]]
    else:
        yield body, [body["entities" if vendor == "genesys" else "invoice_items"]]


def iter_lone_invoices(vendor: str, answers: list[ArchivedAnswer]) -> Iterator[LoneInvoice]:
    """Yield each invoice of a run by itself; one of several pages of lines once for each page."""
    line_answers = [answer for answer in answers if operation_name(type(answer.op)) == LINES_OPERATIONS[vendor]]
    for line_answer in line_answers:
        invoice_id = getattr(line_answer.op, "invoice_id", None)
        kept_answers = [
            answer
            for answer in answers
            if answer not in line_answers
            or answer.op == line_answer.op
            or getattr(answer.op, "invoice_id", None) == invoice_id
        ]
        body = json.loads(line_answer.response.body, parse_float=Decimal)
        for lone_body, line_lists in list_line_lists(vendor, body):
            yield LoneInvoice(kept_answers, kept_answers.index(line_answer), lone_body, line_lists)


def read_trusted_bill(vendor: str, answers: StoredAnswers) -> Bill | None:
    """Return the one issued bill of the answers if nothing is wrong with it and it adds up."""
    bills = [stage.whole(bill) for bill in find_provider(vendor).read_bills(answers) if bill.state is State.ISSUED]
    trusted_bills = [
        bill
        for bill in bills
        if not bill.has_wrong_findings and exact_sum(_amount_of(row) for row in list_rows(bill)) == bill.total
    ]
    return trusted_bills[0] if len(trusted_bills) == 1 else None


def _amount_of(row: CostAndUsage) -> Decimal:
    cost = row.BilledCost if row.BillingCurrency == row.PricingCurrency else row.PricingCurrencyEffectiveCost
    return cost or Decimal(0)


def list_taxes(bill: Bill) -> list[DerivedTax]:
    """Return the taxes that were derived for a bill, as the ledger keeps them."""
    return [
        DerivedTax(
            bill.invoice_id or "",
            row.BillingAccountId or "",
            bill.total or Decimal(0),
            details["TaxBase"],
            Decimal(rate),
        )
        for row in list_rows(bill)
        if row.ChargeCategory == "Tax" and (rate := (details := json.loads(row.x_Details or "{}")).get("TaxRate"))
    ]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[list[ArchivedAnswer]]]]:
    """Return the answers of each run of a clean world of twelve months, by vendor; no estimate is asked for."""
    books = Workspace(tmp_path_factory.mktemp("ledger"))
    stage.collected(stage.twin(), books)
    answers_by_vendor: dict[str, list[list[ArchivedAnswer]]] = {vendor: [] for vendor in VENDORS}
    for run in books.list_ended_runs():
        run_answers = ArchiveRunAnswers(books.archive, run)
        operations = [
            operation
            for operation in find_provider(run.provider).operations
            if "period" not in operation_name(operation) and "usage" not in operation_name(operation)
        ]
        answers = [answer for operation in operations for answer in run_answers.answers(operation)]
        answers_by_vendor[run.provider].append(answers)
    yield answers_by_vendor
    books.close()


@pytest.mark.parametrize("times", [0, 2], ids=["left out", "doubled"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_lost_or_doubled_line_is_not_made_up_for(
    vendor: str, times: int, runs: dict[str, list[list[ArchivedAnswer]]]
) -> None:
    """Of every single line of every invoice, no more is trusted than the lines that remain can round."""
    counts = Counter[str]()
    for answers in runs[vendor]:
        clean_bills = [
            (invoice, bill)
            for invoice in iter_lone_invoices(vendor, answers)
            if (bill := read_trusted_bill(vendor, invoice.save()))
        ]
        assert len(clean_bills) >= 12
        taxes = [tax for _, bill in clean_bills for tax in list_taxes(bill)]
        for invoice, _ in clean_bills:
            for line_list in invoice.line_lists:
                for index, line in enumerate(list(line_list)):
                    line_list[index : index + 1] = [line] * times
                    mutated_answers = invoice.save()
                    line_list[index : index + times] = [line]
                    mutated_answers.derived_taxes = taxes
                    counts["lines"] += 1
                    if bill := read_trusted_bill(vendor, mutated_answers):
                        counts["trusted"] += check_rounding(vendor, bill, line)
    assert counts["lines"] > 300
    assert counts["trusted"] <= counts["lines"] // 10, "most lines cost more than a rounding"


def check_rounding(vendor: str, bill: Bill, line: Any) -> bool:
    """Hold what a trusted bill lacks against what its lines can round; False for a line that costs nothing."""
    amounts = [_amount_of(row) for row in list_rows(bill) if row.x_Synthetic and row.ChargeCategory != "Tax"]
    line_unit = HALF_A_MILLIONTH if vendor == "cockroach" else HALF_A_CENT
    line_count = sum(not row.x_Synthetic for row in list_rows(bill))
    assert abs(exact_sum(amounts)) <= min((line_count + 1) * line_unit, Decimal(1)), (bill.invoice_id, line)
    cost = next(value for name in ("amount", "total") if (value := line.get(name)) is not None)
    amount = Decimal(str(cost["amount"] if isinstance(cost, dict) else cost))
    assert abs(amount) <= (line_count + 1) * line_unit, (bill.invoice_id, line)
    return bool(amount)
