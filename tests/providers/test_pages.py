"""The pages of a list: asked for one by one, and read again out of their answers."""

from __future__ import annotations

from typing import Any

import pytest

from billfold.model.errors import InvalidResponse
from billfold.providers.pages import find_reply, iter_pages, plan_pages
from billfold.providers.vultr.api import GetAccount, ListInvoices
from billfold.providers.vultr.records import Account, Invoice, InvoiceList
from tests.providers.kit import SavedAnswers

FIRST_PAGE: dict[str, Any] = {
    "billing_invoices": [{"id": 2}, {"id": 1}],
    "meta": {"total": 3, "links": {"next": "n", "prev": ""}},
}
LAST_PAGE: dict[str, Any] = {
    "billing_invoices": [{"id": 0}],
    "meta": {"total": 3, "links": {"next": "", "prev": "p"}},
}
LIST_ANSWERS = SavedAnswers((ListInvoices(), FIRST_PAGE), (ListInvoices(cursor="n"), LAST_PAGE))


def test_every_page_is_asked_for_and_handed_over() -> None:
    """A list is asked for to its end, its items are handed over, and the walk tells that it ended."""
    items = list[Invoice]()
    plan = plan_pages(ListInvoices(), items.extend)
    fetches, replies = [next(plan)], [page.reply for page in iter_pages(LIST_ANSWERS, ListInvoices)]
    fetches.append(plan.send(replies[0]))
    with pytest.raises(StopIteration) as stop:
        plan.send(replies[1])
    assert [fetch.op for fetch in fetches] == [ListInvoices(), ListInvoices(cursor="n")]
    assert [item.id for item in items] == [2, 1, 0]
    assert stop.value.value.end_confirmed


def test_page_tells_what_its_answer_holds() -> None:
    """A page has its items and their path, the answer's number, the vendor's count, and whether it is the last."""
    first_page, last_page = iter_pages(LIST_ANSWERS, ListInvoices)
    assert [item.id for item in first_page.items] == [2, 1]
    assert (first_page.path, first_page.seq, first_page.stated_total) == ("$.billing_invoices", 1, 3)
    assert (first_page.has_end_mark, last_page.has_end_mark) == (False, True)
    assert [page.seq for page in iter_pages(LIST_ANSWERS, ListInvoices, cursor="n")] == [2]


def test_page_without_its_list_is_no_empty_page() -> None:
    """The items of an answer without a list cannot be read; what else it says can."""
    (page,) = iter_pages(SavedAnswers((ListInvoices(), {"meta": {"total": 3}})), ListInvoices)
    assert isinstance(page.reply, InvoiceList)
    with pytest.raises(InvalidResponse, match="billing_invoices"):
        _ = page.items


def test_first_reply_or_default_is_found() -> None:
    """The first answer to an operation is found, or else the default."""
    answers = SavedAnswers((GetAccount(), {"account": {"name": "a"}}), (GetAccount(), {"account": {"name": "b"}}))
    assert find_reply(answers, GetAccount, Account()).name == "a"
    assert find_reply(LIST_ANSWERS, GetAccount, Account(name="none")).name == "none"
