"""What is owed is booked on the month's last day and taken back on the next, to the cent and by the same rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.report.accrual_rows import AccrualMethod, AccrualRow
from billfold.report.journal.accrued import build_accrual_journal
from billfold.report.journal.mapping import Coding, JournalMapping, JournalRule
from billfold.report.line_history import LineKind

MAPPING = JournalMapping(
    [JournalRule({"charge-category": "Tax"}, Coding("1576")), JournalRule({"service": "C*"}, Coding("6400"))],
    suspense="9999",
    accrued="2300",
)


def row(amount: str, *parts: tuple[LineKind, str], account: str = "me", currency: str = "USD") -> AccrualRow:
    spelled = tuple((kind, Decimal(part)) for kind, part in parts)
    return AccrualRow(
        *("fastly", account, "", currency, AccrualMethod.ESTIMATE, Decimal(amount), "why"),
        Month(2026, 10),
        date(2026, 11, 1),
        spelled,
    )


CDN, TAX = LineKind("Usage", "CDN", ""), LineKind("Tax", "Taxes", "")


def test_an_accrual_and_its_reversal_are_nothing() -> None:
    rows = [row("10.006", (CDN, "10.006")), row("2.002", (TAX, "2"), (CDN, "0.002")), row("1")]
    accrual, reversal = build_accrual_journal(rows, MAPPING).entries
    assert (accrual.posted_on, reversal.posted_on) == (date(2026, 10, 31), date(2026, 11, 1))
    assert (accrual.contra_account, accrual.total, accrual.exact_total) == ("2300", Decimal("13.01"), Decimal("13.008"))
    assert exact_sum([accrual.total, reversal.total]) == 0
    assert [(line.gl_account, line.amount) for line in accrual.lines] == [
        ("1576", Decimal(2)),
        ("6400", Decimal("10.01")),
        ("9999", Decimal(1)),
    ]
    assert [line.is_suspended for line in accrual.lines] == [False, False, True]
    assert reversal.key == f"{accrual.key}R"


def test_a_key_changes_with_the_amounts_alone() -> None:
    keys = [build_accrual_journal([row(amount)], MAPPING).entries[0].key for amount in ("1", "1.001", "2")]
    assert keys[0] == keys[1] != keys[2]
    assert keys[0].rpartition("-")[0] == keys[2].rpartition("-")[0]


def test_each_account_has_a_pair_and_credits_have_none() -> None:
    rows = [row("1"), row("2", account="you"), row("3", currency="CRDB_CLOUD_CREDITS")]
    journal = build_accrual_journal(rows, MAPPING)
    assert [entry.account for entry in journal.entries] == ["me", "you", "me", "you"]
    assert [bill.is_wrong for bill in journal.left_out] == [False]
