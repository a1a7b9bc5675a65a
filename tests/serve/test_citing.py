"""Citations: what the rows name, account by account, or else the issued invoices of what was asked."""

from __future__ import annotations

from billfold.serve.citing import MAX_CITED, Citation, cite_rows
from billfold.serve.questions import build_question
from tests.serve.reader import Reader


def test_what_rows_name_is_cited_once(reader: Reader) -> None:
    head = {"provider": "vultr", "account": "main"}
    rows = [
        head | {"invoice_id": "i1", "detail": "l1"},
        head | {"invoice_id": "i1", "detail": "l2"},
        head | {"invoices": ["i2", "i 3"], "charges": ["l1"]},
        {"provider": "fastly", "account": "cdn", "invoice_id": None},
    ]
    with reader.pool.borrow_view() as view:
        question = build_question(view, {})
        assert cite_rows(question, rows) == [Citation("vultr", "main", ["i1", "i2", "i_3"], ["l1", "l2"], 0)]
        many = [head | {"invoice_id": f"i{number}"} for number in range(MAX_CITED + 7)]
        (citation,) = cite_rows(question, many)
    assert (len(citation.invoices), citation.left_out) == (MAX_CITED, 7)


def test_rows_without_invoices_rest_on_those_asked_for(reader: Reader) -> None:
    with reader.pool.borrow_view() as view:
        question = build_question(view, {"provider": "fastly"}, "2026-10")
        (citation,) = cite_rows(question, [{"provider": "fastly", "cost": "1"}])
        all_rows = cite_rows(build_question(view, {"provider": "fastly"}), [])
    assert (citation.account, len(citation.invoices)) == ("fastly", 1)
    assert set(citation.invoices) < set(all_rows[0].invoices)
