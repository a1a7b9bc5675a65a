"""What Fastly's answers say beside the charges."""

from __future__ import annotations

from billfold.model.finding import describe_finding
from billfold.model.period import parse_instant
from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api import GetTokenSelf, ListInvoices
from billfold.providers.fastly.api_v2 import GetInvoiceByIdFile
from tests.providers.fastly.kit import V2_REQUEST, V3_REQUEST, make_invoice, make_v2_invoice, read_sample
from tests.providers.kit import SavedAnswers


def test_a_list_that_lacks_invoices_is_told() -> None:
    """A list of fewer invoices than it states is told; two of one period overlap."""
    body = {"data": [make_invoice(invoice_id="1"), make_invoice(invoice_id="2")], "meta": {"total": 3}}
    *_, size_finding = PROVIDER.check_answers(SavedAnswers((ListInvoices(), body)))
    assert describe_finding(size_finding) == "list of invoices: states 3 and holds 2"


def test_customer_comes_from_token_or_invoices() -> None:
    """The customer is identified by the token or by the invoices."""
    token = (GetTokenSelf(), {"customer_id": "T"})
    assert PROVIDER.find_identity(SavedAnswers(token, (V3_REQUEST, make_invoice()))) == "T"
    assert PROVIDER.find_identity(SavedAnswers((V3_REQUEST, make_invoice()))) == "x4xCwxxJxGCx123Rx5xTx"
    assert (
        PROVIDER.find_identity(SavedAnswers((V2_REQUEST, read_sample("synthetic/v2_invoice.json"))))
        == "x4xCwxxJxGCx123Rx5xTx"
    )
    assert PROVIDER.find_identity(SavedAnswers()) is None
    listing = PROVIDER.read_listing(SavedAnswers((ListInvoices(), read_sample("synthetic/v3_list_invoices.json"))))
    assert listing is not None
    assert (listing.ids, listing.has_end_mark, listing.since) == (
        frozenset({"4183280", "4171110"}),
        True,
        parse_instant("2024-06-01T00:00:00Z"),
    )


def test_unreadable_answer_hides_no_finding() -> None:
    """An answer that cannot be read does not hide what others contradict."""
    body = make_v2_invoice()
    body["total"] |= {"overage": 0}
    unreadable_answer = (GetInvoiceByIdFile(customer_id="C", invoice_id=9, format="csv"), b"a,b\n1,2\n")
    (finding,) = PROVIDER.check_answers(SavedAnswers(unreadable_answer, (V2_REQUEST, body)))
    assert "overage is 0" in finding.text
