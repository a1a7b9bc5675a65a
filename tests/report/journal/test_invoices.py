"""An invoice is an entry, a credit memo names its invoice, and a restatement takes the earlier entry back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from billfold.ledger.query import LedgerFilter
from billfold.model.bill import Charges, State
from billfold.model.period import Month, parse_instant
from billfold.report.journal.mapping import Coding, JournalMapping, JournalRule
from tests.ledger.kit import COMMON, Line, bill, open_ledger
from tests.report.journal.kit import ALL, journal

JUNE = parse_instant("2026-06-01T00:00:00Z")


def test_an_invoice_is_an_entry_of_its_date(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1.004", "2", issued_on=JUNE, terms="Net 30", purchase_order="PO"))
        books.book(bill("9", invoice_id="draft", state=State.DRAFT))
        (entry,) = journal(books, terms={("vendor", "me"): "Net 10"}).entries
    assert (entry.kind, entry.number, entry.vendor, entry.currency) == ("Invoice", "i1", "I", "USD")
    assert (str(entry.posted_on), str(entry.due_on), entry.purchase_order) == ("2026-06-01", "2026-07-01", "PO")
    assert (entry.total, entry.exact_total, entry.residue) == (Decimal("3.00"), Decimal("3.004"), Decimal("0.004"))


def test_terms_of_the_configuration_say_when_it_is_due(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1", issued_on=JUNE))
        assert journal(books).entries[0].due_on is None
        (entry,) = journal(books, terms={("vendor", "me"): "Net 10"}).entries
    assert str(entry.due_on) == "2026-06-11"


def test_an_invoice_without_a_date_is_of_its_last_day(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1"))
        assert str(journal(books).entries[0].posted_on) == "2026-05-31"


def test_a_credit_memo_names_its_invoice(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("-5", invoice_id="cm", corrects="i1", issued_on=JUNE))
        (entry,) = journal(books).entries
    assert (entry.kind, entry.reference, entry.total) == ("Credit memo", "i1", Decimal(-5))


def test_a_restated_invoice_is_reversed_and_booked_anew(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("5", issued_on=JUNE))
        first = journal(books).entries
        books.book(bill("7", issued_on=JUNE))
        entries = journal(books).entries
        as_of = journal(books, filters=LedgerFilter(seq=10)).entries
        books.book(bill("7", issued_on=JUNE, due_on=JUNE))  # another due date is not another content
        later = journal(books).entries
    assert [(entry.key.rpartition("-")[2], entry.number, entry.total) for entry in entries] == [
        ("1", "i1", Decimal(5)),
        ("1R", "i1-R", Decimal(-5)),
        ("2", "i1-2", Decimal(7)),
    ]
    assert as_of == first == entries[:1]
    assert {entry.key for entry in later} == {entry.key for entry in entries}


def test_months_are_those_of_the_invoices(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("5"))
        assert journal(books, filters=LedgerFilter(first_month=Month(2026, 6))).entries == []
        assert len(journal(books, filters=LedgerFilter(last_month=Month(2026, 5))).entries) == 1


def test_what_no_rule_fits_goes_to_suspense(tmp_path: Path) -> None:
    mapping = JournalMapping([JournalRule({"service": "Other*"}, Coding("6400"))], suspense="9999")
    with open_ledger(tmp_path) as books:
        books.book(bill("5"))
        (entry,) = journal(books, mapping).entries
    assert [(line.gl_account, line.is_suspended) for line in entry.lines] == [("9999", True)]


def test_a_tag_is_a_cost_center(tmp_path: Path) -> None:
    tagged = COMMON._replace(BillingCurrency="USD", Tags='{"team": "web"}')
    rules = [JournalRule({"tag:team": "w*"}, Coding(cost_center="C1")), *ALL.rules]
    with open_ledger(tmp_path) as books:
        lines = [Charges.of([Line(Decimal(5))], tagged), Charges.of([Line(Decimal(1), InvoiceDetailId="e")], COMMON)]
        books.book(bill("6", charges=lines))
        (entry,) = journal(books, ALL._replace(rules=rules)).entries
    assert [(line.gl_account, line.cost_center, line.amount) for line in entry.lines] == [
        ("6400", "", Decimal(1)),
        ("6400", "C1", Decimal(5)),
    ]


def test_credits_are_money_only_at_a_rate(tmp_path: Path) -> None:
    spent = COMMON._replace(BilledCost=Decimal(0), PricingCurrencyEffectiveCost=Decimal("3.5"))
    with open_ledger(tmp_path) as books:
        books.book(bill(total="3.5", currency="CRDB_CLOUD_CREDITS", charges=[Charges.of([Line(Decimal(0))], spent)]))
        assert [bill.is_wrong for bill in journal(books).left_out] == [True]
        (entry,) = journal(books, rates={"CRDB_CLOUD_CREDITS": Decimal("0.5")}).entries
    assert (entry.kind, entry.currency, entry.contra_account) == ("Credits used", "USD", "1400")
    assert (entry.total, entry.exact_total) == (Decimal("1.75"), Decimal("1.75"))


def test_an_invoice_of_nothing_is_no_entry(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("0"))
        result = journal(books)
    assert (result.entries, [bill.is_wrong for bill in result.left_out]) == ([], [False])


def test_one_id_at_two_accounts_is_two_entries(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("5"))
        books.book(bill("6"), account="you")
        assert len({entry.key for entry in journal(books).entries}) == 2
