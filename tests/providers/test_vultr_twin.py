"""Vultr's twin: its words, its pages, its story, and the books that balance between it and the client."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from billfold.model.bill import Bill
from billfold.model.money import exact_sum, format_decimal
from billfold.model.period import Month, parse_instant
from billfold.providers.provider import SyncState
from billfold.providers.twin_api import RequestContext, TwinAccount
from billfold.providers.vultr import PROVIDER
from billfold.providers.vultr.api import (
    GetAccount,
    GetInvoice,
    GetInvoiceItems,
    ListBillingHistory,
    ListInvoices,
    ListPendingCharges,
)
from billfold.providers.vultr.twin import handlers, inventory, scenario
from billfold.providers.vultr.twin.history import BilledItem
from billfold.providers.vultr.twin.large_invoices import LargeInvoice
from billfold.providers.vultr.twin.pages import make_cursor
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation, read_response
from tests import stage as stages
from tests.providers.test_vultr import HOME, NOW, Saved, exact, sample
from tests.stage import whole

PLAYED = handlers.make_accounts(1, Month(2025, 11))[0]


def answered(op: Operation[Any], now: datetime = NOW, account: TwinAccount = PLAYED) -> Any:
    request = Request("GET", "/", (), {"authorization": f"Bearer {account.credentials['api_key']}"})
    said = handlers.answer_operation(op, RequestContext(account, now, request, {}))
    return read_response(op, said) if isinstance(said, Response) and op.reply is not bytes else said


def test_the_recorded_cursors_are_written_the_same_way() -> None:
    assert make_cursor("next", "1319815") == "bmV4dF9fMTMxOTgxNQ=="
    assert make_cursor("next", "WAW") == "bmV4dF9fV0FX"


def test_pages_lead_there_and_back() -> None:
    first = answered(ListBillingHistory(per_page=5))
    assert first.meta.links.prev == ""
    assert first.meta.total == 27
    second = answered(ListBillingHistory(per_page=5, cursor=first.meta.links.next))
    back = answered(ListBillingHistory(per_page=5, cursor=second.meta.links.prev))
    assert back == first
    dates = [row.date for row in answered(ListBillingHistory()).billing_history]
    assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("per_page=0", 400),
        ("per_page=501", 400),
        ("per_page=500", 200),
        ("per_page=many", 400),
        ("cursor=!", 400),
        ("cursor=bmV4dF9fOTk5", 400),
        ("date_range=30", 200),
    ],
)
def test_parameters_are_taken_or_refused(query: str, status: int) -> None:
    host = stages.twin()
    headers = {"authorization": "Bearer twin-vultr-key"}
    pair = tuple(query.split("="))
    response = host.answer_request(Request("GET", "/vultr/v2/billing/invoices", (pair,), headers))  # type: ignore[arg-type]
    assert response is not None
    assert response.status == status
    assert response.headers["content-type"] == "application/json"
    assert status == 200 or json.loads(response.body)["status"] == status
    assert b"$." not in response.body


def test_the_31st_request_of_a_second_is_refused_in_the_recorded_words() -> None:
    host = stages.twin(limits=True)
    request = Request("GET", "/vultr/v2/account", (), {"authorization": "Bearer twin-vultr-key"})
    answers = [host.answer_request(request) for _ in range(31)]
    assert [one.status for one in answers if one] == [200] * 30 + [429]
    assert answers[30] is not None
    assert exact(answers[30].body) == exact(sample("error_429_rate_limit.json"))
    assert answers[30].body.startswith(b'{"status"')
    assert "retry-after" not in answers[30].headers


def test_a_month_is_pending_until_its_invoice_is_issued_half_an_hour_into_the_next() -> None:
    before, after = (datetime(2026, 12, 1, 0, minute, tzinfo=UTC) for minute in (20, 40))
    assert {charge.end_date[:10] for charge in answered(ListPendingCharges(), before).pending_charges} >= {"2026-12-01"}
    assert answered(ListPendingCharges(), after).pending_charges == []
    assert answered(GetAccount(), after).account.pending_charges == 0
    latest = answered(ListInvoices(per_page=1), after).billing_invoices[0]
    assert latest.date.startswith("2026-12-01T00:30:")
    assert latest.id != answered(ListInvoices(per_page=1), before).billing_invoices[0].id
    assert answered(ListPendingCharges(), after + timedelta(days=1)).pending_charges


def test_what_a_month_costs_only_grows_while_it_runs_and_moves_at_midnight_only() -> None:
    totals = [
        answered(GetAccount(), NOW + timedelta(hours=hours)).account.pending_charges for hours in range(0, 240, 6)
    ]
    assert totals == sorted(totals)
    assert len(set(totals)) == 10


def test_the_account_agrees_with_its_history_and_its_pending_charges() -> None:
    account = answered(GetAccount()).account
    rows = answered(ListBillingHistory()).billing_history
    assert account.balance == rows[0].balance
    pending = answered(ListPendingCharges()).pending_charges
    assert account.pending_charges == exact_sum(charge.total for charge in pending)
    for row, older in pairwise(rows):
        assert row.balance == older.balance + (-row.amount if row.type == "credit" else row.amount)
    assert [row.amount > 0 for row in rows if row.type == "credit"] == [True] * 3
    assert {row.type for row in rows} == {"invoice", "payment", "credit"}


def test_an_account_before_its_first_row_owes_nothing() -> None:
    account = answered(GetAccount(), datetime(2025, 9, 1, tzinfo=UTC)).account
    assert (account.balance, account.last_payment_amount) == (0, 0)


@pytest.mark.parametrize(
    ("cents", "cap", "spelled"),
    [(500, 672, "0.00744047619047619"), (8000, 672, "0.11904761904761904"), (4300, 730, "0.05890410958904110")],
)
def test_a_pending_rate_is_a_float_in_its_shortest_spelling(cents: int, cap: int, spelled: str) -> None:
    rate = inventory.hourly_rate(cents, cap, pending=True)
    assert str(rate) == repr(float(spelled))
    assert float(rate) == cents / (cap * 100)


def test_every_month_has_a_lifelike_number_of_lines_and_things_that_come_and_go() -> None:
    for month in scenario.closed_months(PLAYED, NOW):
        lines = scenario.list_items(PLAYED, month)
        assert 70 <= len(lines) <= 110
        whole = [line for line in lines if (line.start, line.end) == month.period]
        assert len(whole) < len(lines) - 8
        assert len({line.product for line in lines}) >= 9
    categories = {
        line.category for month in scenario.closed_months(PLAYED, NOW) for line in scenario.list_items(PLAYED, month)
    }
    assert categories == {"Usage", "Adjustment", "Credit", "Tax"}


def test_a_full_month_costs_its_monthly_price_and_not_720_hours() -> None:
    month = Month(2026, 9)
    line = next(
        line for line in scenario.list_items(PLAYED, month) if line.product == "Load Balancer" and line.units == 720
    )
    assert line.total in {Decimal(10), Decimal(20)}
    assert line.units * line.rate > line.total


def test_the_csv_says_what_the_list_says() -> None:
    account = handlers.example_operations(PLAYED, NOW)[5]
    table = answered(account).body.decode().splitlines()
    pending = answered(ListPendingCharges()).pending_charges
    assert len(table) == len(pending) + 1
    assert table[1].endswith(
        f",{pending[0].unit_type},{format_decimal(pending[0].unit_price)},{format_decimal(pending[0].total)}"
    )


def test_a_large_invoice_costs_only_the_lines_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    large = PLAYED._replace(account_type="lines-1000000")
    number = scenario.invoice_number_of(large, large.first_month)
    counted: list[int] = []
    describe = LargeInvoice.describe_item

    def description(self: LargeInvoice, index: int) -> str:
        counted.append(index)
        return describe(self, index)

    monkeypatch.setattr(LargeInvoice, "describe_item", description)
    said = answered(GetInvoiceItems(invoice_id=number, cursor=make_cursor("next", "999899")), account=large)
    assert (len(said.invoice_items), said.meta.total, said.meta.links.next) == (100, 1_000_000, "")
    assert counted == list(range(999_900, 1_000_000))
    assert answered(GetInvoice(invoice_id=number), account=large).billing_invoice.amount > 10**6
    assert len(counted) == 100


def test_a_large_invoice_states_what_its_lines_sum_to() -> None:
    lines: Sequence[BilledItem] = LargeInvoice(Month(2026, 2), 2345)
    assert isinstance(lines, LargeInvoice)
    assert lines.total == exact_sum(line.total for line in lines)
    assert len({line.description for line in lines}) == 2345


def collected(account: TwinAccount, now: datetime = NOW) -> Saved:
    plan = PROVIDER.plan_requests(SyncState(now, account.first_month))
    said, answers = None, list[tuple[Operation[Any], bytes]]()
    while True:
        try:
            ask = plan.send(said)
        except StopIteration:
            return Saved(*answers)
        body = codec.encode_json(answered(ask.op, now, account))
        answers.append((ask.op, body))
        said = ask.op.extract_result(codec.decode_record(body, ask.op.reply))


def told(bills: Iterator[Bill]) -> Counter[Any]:
    columns = [column for column in handlers.CARRIED_COLUMNS if column != "BillingAccountName"]
    found: Counter[Any] = Counter()
    for bill in map(whole, bills):
        found[bill.state, bill.invoice_id, bill.period, bill.currency, str(bill.total), bill.line_count] += 1
        for batch in bill.charges:
            found.update(tuple(getattr(row, column) for column in columns) for row in batch.iter_rows())
    return found


@pytest.mark.parametrize("kind", ["ordinary", "lines-1234"])
@pytest.mark.parametrize(
    "at", ["2026-11-15T00:00:00Z", "2026-12-01T00:10:00Z", "2026-12-01T00:40:00Z", "2026-11-30T23:59:59Z"]
)
def test_the_books_balance(at: str, kind: str) -> None:
    account, now = PLAYED._replace(account_type=kind), parse_instant(at)
    reading = collected(account, now)
    assert told(PROVIDER.read_bills(reading)) == told(handlers.true_bills(account, now))
    assert list(PROVIDER.check_answers(reading)) == []


def test_every_guess_in_the_code_is_listed_in_the_readme() -> None:
    readme = (HOME / "README.md").read_text(encoding="utf-8")
    guesses = [
        (path.name, guess.strip())
        for path in HOME.glob("*.py")
        for guess in re.findall(r"# GUESS: (.+)", path.read_text(encoding="utf-8"))
    ]
    assert guesses
    for name, guess in guesses:
        assert guess in readme, (name, guess)
        assert f"`{name}`" in readme
