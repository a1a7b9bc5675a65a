"""What is another now than it was: exactly what moved a month's sum, and nothing that was undone."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from billfold.ledger.closings import RegisterLine
from billfold.ledger.issued_bills import list_issued_bills, list_issued_versions
from billfold.ledger.query import MAX_SEQ, LedgerFilter
from billfold.model.bill import State
from billfold.model.finding import make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month
from billfold.report.changes import (
    BillChange,
    collect_states,
    compare_states,
    list_possible_changes,
    restrict_to_registers,
)
from tests.ledger.kit import Ledger, bill, open_ledger

PARKING = (make_finding(FindingCode.TOTAL_MISMATCH, "it does not add up"),)
MONTHS = [Month(2026, 5), Month(2026, 6)]


def list_changes(ledger: Ledger, seq: int) -> list[BillChange]:
    """Return what is another now than at an archive number."""
    before, after = (collect_states(list_issued_bills(ledger.db, LedgerFilter(seq=at))) for at in (seq, MAX_SEQ))
    return compare_states(before, after)


def sum_by_month(ledger: Ledger, seq: int = MAX_SEQ) -> dict[tuple[str, str, str], Decimal]:
    """Sum what is counted by account, month and currency, from the charges themselves."""
    rows = ledger.db.execute(
        """SELECT a.name, strftime(b.period_start, '%Y-%m'), b.currency, sum(c.BilledCost)
           FROM charges c JOIN bills b ON c.bill = b.id JOIN accounts a USING (provider, account)
           WHERE b.state = 'issued' AND b.parked IS NULL AND b.from_seq <= $1 AND coalesce(b.until_seq, $1 + 1) > $1
           GROUP BY ALL""",
        [seq],
    ).fetchall()
    return {(account, month, currency): cost for account, month, currency, cost in rows}


def describe(change: BillChange) -> str:
    """Return what happened, and its three amounts."""
    return f"{change.change} {change.before} {change.after} {change.moved}"


def make_random_bill(random: Random) -> Any:
    """Make a bill of one of few invoices, months and currencies; some do not add up, some are no invoice yet."""
    state = random.choice([State.ISSUED, State.ISSUED, State.ISSUED, State.DRAFT, State.ESTIMATE])
    currency = random.choice(["USD", "EUR"])
    number = f"{currency}{random.randrange(3)}"
    costs = [str(Decimal(random.randrange(-900, 900)) / 100) for _ in range(random.randrange(1, 3))]
    return bill(
        *costs,
        state=state,
        invoice_id=None if state is State.ESTIMATE else number,
        currency=currency,
        period=random.choice(MONTHS).period,
        findings=PARKING if random.random() < 0.2 else (),
    )


@pytest.mark.parametrize("seed", range(6))
def test_before_and_what_moved_are_what_is_there_now(tmp_path: Path, seed: int) -> None:
    """Of each account, month and currency the sum of then plus all that moved is the sum of now, since whatever time."""
    random = Random(seed)
    with open_ledger(tmp_path) as ledger:
        seqs = [0]
        for _ in range(14):
            ledger.book(make_random_bill(random), account=random.choice("ab"))
            seqs.append(ledger.seq)
        possible_ids = {
            change.id for change in list_possible_changes(list_issued_versions(ledger.db, LedgerFilter()), ())
        }
        now = sum_by_month(ledger)
        for seq in seqs:
            changes = list_changes(ledger, seq)
            sums = defaultdict(Decimal, sum_by_month(ledger, seq))
            for change in changes:
                sums[change.account, change.month, change.currency] += change.moved
            assert {key: cost for key, cost in sums.items() if cost} == {key: cost for key, cost in now.items() if cost}
            assert {change.id for change in changes} <= possible_ids
        assert list_changes(ledger, ledger.seq) == []


def test_what_was_undone_is_no_change(tmp_path: Path) -> None:
    """A bill that was changed and changed back is none, nor is a draft or an estimate of it."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("5"))
        seq = ledger.seq
        ledger.book(bill("7"))
        (change,) = list_changes(ledger, seq)
        assert describe(change) == "changed 5 7 2"
        assert list_changes(ledger, seq)[0].id == change.id
        ledger.book(bill("5"))
        ledger.book(bill("9", state=State.DRAFT, invoice_id="i2"))
        ledger.book(bill("9", state=State.ESTIMATE, period=MONTHS[1].period))
        assert list_changes(ledger, seq) == []


def test_other_lines_of_one_total_are_a_change(tmp_path: Path) -> None:
    """A split line is told, each version of it by an id of its own."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("5"))
        seq, ids = ledger.seq, set()
        for costs in (("2", "3"), ("1", "4")):
            ledger.book(bill(*costs))
            (change,) = list_changes(ledger, seq)
            assert describe(change) == "changed 5 5 0"
            ids.add(change.id)
        assert len(ids) == 2


def test_what_does_not_add_up_is_parked_or_disputed(tmp_path: Path) -> None:
    """What was counted stays, with what it is told as now; a bill that was never trusted is parked; told once it is known."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("5"))
        seq = ledger.seq
        ledger.book(bill("8", findings=PARKING))
        ledger.book(bill("3", invoice_id="i2", findings=PARKING))
        disputed, parked = list_changes(ledger, seq)
        assert describe(disputed) == "disputed 5 8 0"
        assert describe(parked) == "parked None 3 0"
        assert list_changes(ledger, ledger.seq) == []
        ledger.book(bill("3", invoice_id="i2"))
        assert [change.change for change in list_changes(ledger, seq)] == ["disputed", "appeared"]


def test_an_invoice_that_is_listed_no_longer_vanished(tmp_path: Path) -> None:
    """It stays counted, and is told until it is listed again."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("5"))
        bills = list_issued_bills(ledger.db, LedgerFilter())
        before, after = collect_states(bills), collect_states(bills, {("vendor", "me", "i1")})
        (change,) = compare_states(before, after)
        assert describe(change) == "vanished 5 None 0"
        assert compare_states(after, after) == compare_states(after, before) == []


def test_a_bill_of_another_month_moves_both_months(tmp_path: Path) -> None:
    """Both months' sums move."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("5"))
        seq = ledger.seq
        ledger.book(bill("5", period=MONTHS[1].period))
        changes = list_changes(ledger, seq)
        assert [(change.month, describe(change)) for change in changes] == [
            ("2026-05", "vanished 5 None -5"),
            ("2026-06", "appeared None 5 5"),
        ]


def test_what_a_register_lacks_was_not_signed(tmp_path: Path) -> None:
    """What a merge brought of before the signature is a change, and so is what it took; other months are left alone."""
    register = {("vendor", "me"): [RegisterLine("i1", "USD", "4"), RegisterLine("gone", "USD", "6")]}
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("5"))
        ledger.book(bill("7", invoice_id="merged"))
        ledger.book(bill("9", invoice_id="june", period=MONTHS[1].period))
        states = collect_states(list_issued_bills(ledger.db, LedgerFilter()))
        changes = compare_states(restrict_to_registers(states, MONTHS[0], register), states)
        assert [(change.invoice_id, describe(change)) for change in changes] == [
            ("gone", "vanished 6 None -6"),
            ("i1", "changed 4 5 1"),
            ("merged", "appeared None 7 7"),
        ]
