"""What was billed so far says what is due, and since when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from billfold.ledger.catalog import BillRow, ListingRow, RunRow
from billfold.ledger.expectation import DueInvoice, Expectation, describe_due, find_expectation
from billfold.model.finding import AccountFinding
from billfold.model.period import Month, parse_instant
from billfold.report.completeness import judge_months

FIRST = Month(2026, 5)


def make_bill(month: Month, **fields: Any) -> BillRow:
    """Make an invoice of a month that came on the third of the next one."""
    values: dict[str, Any] = dict.fromkeys(BillRow._fields)
    values |= {"id": 1, "provider": "acme", "account": "me", "invoice_id": f"i{month}", "state": "issued", "total": "7"}
    values |= {
        "period_start": month.start,
        "period_end": month.end,
        "currency": "USD",
        "issuer": "Acme",
        "findings": (),
    }
    values |= {"issued_on": month.end + timedelta(days=2), "is_imported": False, "is_disputing": False}
    return BillRow(**values | {"id": month.number} | fields)


def make_run(asked_at: datetime, quiet: frozenset[Month] = frozenset(), *, has_listing: bool = True) -> RunRow:
    listing = (
        ListingRow(frozenset(f"i{FIRST.add_months(index)}" for index in range(12)), True, None, {}, quiet)
        if has_listing
        else None
    )
    return RunRow(1, "acme", "me", "complete", listing, asked_at)


def list_months(count: int, **fields: Any) -> list[BillRow]:
    return [make_bill(FIRST.add_months(index), **fields) for index in range(count)]


def find_due(bills: list[BillRow], run: RunRow, quiet: tuple[Any, ...] = ()) -> list[DueInvoice]:
    return list(find_expectation(bills, [run], quiet).due_invoices)


@pytest.mark.parametrize(
    ("asked_on", "due", "late"),
    [
        ("2026-09-01", [], []),
        ("2026-10-01", ["2026-09"], []),
        ("2026-10-04", ["2026-09"], []),
        ("2026-10-05", ["2026-09"], ["2026-09"]),
        ("2026-11-06", ["2026-09", "2026-10"], ["2026-09", "2026-10"]),
    ],
)
def test_an_invoice_is_late_after_its_usual_day(asked_on: str, due: list[str], late: list[str]) -> None:
    """Who was billed by the third of every month misses an invoice on the fifth."""
    due_invoices = find_due(list_months(4), make_run(parse_instant(f"{asked_on}T00:00:00Z")))
    assert [str(due_invoice.month) for due_invoice in due_invoices] == due
    assert [str(due_invoice.month) for due_invoice in due_invoices if due_invoice.is_late] == late
    assert {str(due_invoice.last_month) for due_invoice in due_invoices} <= {"2026-08"}


def test_who_is_billed_late_is_waited_for() -> None:
    """An account whose invoices take 20 days has a late one after 22."""
    bills = [bill._replace(issued_on=bill.period_end + timedelta(days=20)) for bill in list_months(3)]
    asked_at = FIRST.add_months(4).start
    assert [due_invoice.is_late for due_invoice in find_due(bills, make_run(asked_at + timedelta(days=21)))] == [False]
    assert [due_invoice.is_late for due_invoice in find_due(bills, make_run(asked_at + timedelta(days=22)))] == [True]


def test_what_was_never_regular_is_not_expected() -> None:
    """One invoice, memos, invoices of other months and lists that were not read say of no month that it is due."""
    asked_at = parse_instant("2027-01-01T00:00:00Z")
    assert not find_due(list_months(1), make_run(asked_at))
    assert not find_due([make_bill(FIRST), make_bill(FIRST.add_months(3))], make_run(asked_at))
    assert not find_due(list_months(4, corrects="i"), make_run(asked_at))
    assert not find_due(list_months(4), make_run(asked_at, has_listing=False))
    long_bill = make_bill(FIRST, period_end=FIRST.add_months(1).start + timedelta(days=14))
    assert not find_due([long_bill], make_run(asked_at))
    assert {
        record.state for record in judge_months([long_bill, make_bill(FIRST.add_months(2))], [make_run(asked_at)])
    } == {"complete"}
    year = make_bill(FIRST, period_end=FIRST.add_months(9).start)
    assert not find_due([year], make_run(FIRST.add_months(9).start))


def test_every_contract_has_invoices_of_its_own() -> None:
    """Of two contracts the one whose invoice does not come is named; they are told apart by purchase order or by contract."""
    first_contract, second_contract = (
        list_months(4, purchase_order="PO-1"),
        list_months(3, ended_estimates='["estimate 2026-05-01 c2 USD"]'),
    )
    (due,) = find_due([*first_contract, *second_contract], make_run(parse_instant("2026-09-02T00:00:00Z")))
    assert (due.series, str(due.month), due.is_late) == ("c2", "2026-08", False)
    (due,) = find_due([*first_contract, *second_contract], make_run(parse_instant("2026-09-05T00:00:00Z")))
    assert due.is_late


def test_a_hole_of_one_contract_is_found() -> None:
    """A contract that was billed before and after a month, and in it only estimated, is named; an idle one is not."""
    first_contract, second_contract = list_months(5, purchase_order="PO-1"), list_months(5, purchase_order="PO-2")
    del second_contract[3]
    bills, run = [*first_contract, *second_contract], make_run(parse_instant("2026-10-01T00:00:00Z"))
    used = Expectation(used_months={("acme", "me", Month(2026, 8), "PO-2")})
    records = judge_months(bills, [run], used)
    findings = [(str(record.month), finding.code, finding.subject) for record in records for finding in record.findings]
    assert findings == [("2026-08", "month-empty", "PO-2")]
    assert {record.state for record in judge_months(bills, [run])} == {"complete"}


def test_an_estimate_that_stays_is_late() -> None:
    """A draft or an estimate of an amount that is there long after its period waits for an invoice that does not come."""
    estimate = make_bill(FIRST, state="estimate", invoice_id=None, issued_on=None)
    for days, count in ((9, 0), (10, 1)):
        assert len(find_due([estimate], make_run(FIRST.end + timedelta(days=days)))) == count
    assert not find_due([estimate._replace(total="0.00")], make_run(FIRST.end + timedelta(days=40)))


def test_a_quiet_month_is_whole() -> None:
    """A month in which the vendor's history or estimate says that nothing happened is complete."""
    bills, asked_at = list_months(4), parse_instant("2026-10-05T00:00:00Z")
    quiet = ("acme", "me", Month(2026, 9), "")
    assert not find_due(bills, make_run(asked_at), (quiet,))
    assert not find_due(bills, make_run(asked_at, frozenset({quiet[2]})))
    del bills[2]
    hole = ("acme", "me", Month(2026, 7), "")
    run = make_run(parse_instant("2026-09-01T00:00:00Z"))
    assert [record.state for record in judge_months(bills, [run])] == ["complete", "complete", "disputed", "complete"]
    assert {record.state for record in judge_months(bills, [run], Expectation((), {hole}))} == {"complete"}


def test_an_idle_contract_is_quiet() -> None:
    """A contract of which nothing was used in a month has no invoice of it, while another one's is waited for."""
    first_contract = list_months(4, ended_estimates='["estimate 2026-05-01 c1 USD"]')
    second_contract = list_months(3, purchase_order="PO-2", ended_estimates='["estimate 2026-05-01 c2 USD"]')
    run, idle = make_run(parse_instant("2026-09-05T00:00:00Z")), ("acme", "me", Month(2026, 8))
    assert [due.series for due in find_due([*first_contract, *second_contract], run)] == ["PO-2"]
    assert not find_due([*first_contract, *second_contract], run, ((*idle, "c2"),))
    assert find_due([*first_contract, *second_contract], run, ((*idle, "c1"),))


def test_a_late_invoice_stays_accepted_when_the_next_comes() -> None:
    """A month that was accepted as late is no other finding once later ones are there; a later hole is one."""
    bills = list_months(4)
    run = make_run(parse_instant("2026-10-06T00:00:00Z"))
    (late,) = [record for record in judge_months(bills, [run], find_expectation(bills, [run], ())) if record.findings]
    accepted_id = AccountFinding(late.provider, late.account, str(late.month), late.findings[0]).id
    for index in (5, 7):
        bills.append(make_bill(FIRST.add_months(index)))
    run = make_run(parse_instant("2027-01-02T00:00:00Z"))
    records = judge_months(bills, [run], find_expectation(bills, [run], ()), {accepted_id})
    states = {str(record.month): record.state for record in records}
    assert (states["2026-09"], states["2026-11"]) == ("complete", "disputed")


def test_a_staying_estimate_is_the_same_when_the_next_comes() -> None:
    """What is late of a month has one id, whatever is invoiced after it."""
    estimate = make_bill(FIRST.add_months(2), state="estimate", invoice_id=None, issued_on=None)
    ids = set()
    for later_bills in ([], [make_bill(FIRST.add_months(3))]):
        bills = [make_bill(FIRST), estimate, *later_bills]
        ids |= {
            describe_due(due).id
            for due in find_due(bills, make_run(parse_instant("2026-09-01T00:00:00Z")))
            if due.is_late and due.month == estimate.month
        }
    assert len(ids) == 1
