"""Whether the lines of a Vultr invoice were read to their end."""

from __future__ import annotations

import pytest

from billfold.model.errors import IncompleteList
from billfold.providers.vultr import PROVIDER
from billfold.providers.vultr.api import ListInvoices
from tests.findings import list_wrong
from tests.providers.kit import SavedAnswers
from tests.providers.vultr.kit import LINES_REQUEST, make_invoice_answer, make_item, make_page, read_bills, read_sample
from tests.stage import whole


def test_unfinished_list_gives_no_bill() -> None:
    """The documented page of an unfinished list gives no bill but an error."""
    answers = SavedAnswers(
        (ListInvoices(), read_sample("doc_billing_invoices.json")),
        (LINES_REQUEST, read_sample("doc_billing_invoice_items.json")),
    )
    bills = PROVIDER.read_bills(answers)
    with pytest.raises(IncompleteList, match=r"\(2 read, 3 stated\)"):
        whole(next(bills))


def test_unproven_or_short_list_is_parked() -> None:
    """A list without an end mark, or with another size than stated, is parked."""
    (bill, _), *_ = read_bills(make_invoice_answer(), (LINES_REQUEST, {"invoice_items": [make_item()]}))
    assert list_wrong(bill.findings) == ("the list of its lines has no end mark",)
    (bill, _), *_ = read_bills(make_invoice_answer(), (LINES_REQUEST, make_page(make_item(), total=2)))
    assert list_wrong(bill.findings) == ("the vendor counts 2 lines, 1 were read",)
