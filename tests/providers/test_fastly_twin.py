"""Fastly's twin: its dialects, its estimate that is not ready at once, its refusals, and the books that balance."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billfold.model.bill import Bill, State
from billfold.model.money import exact_sum
from billfold.model.period import Month, parse_instant
from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api import (
    GetCurrentUser,
    GetInvoice,
    GetInvoiceById,
    GetInvoiceByInvoiceId,
    GetInvoiceFile,
    GetInvoiceMtd,
    GetMonthToDateInvoice,
    GetServiceLevelUsage,
    GetUsageMetrics,
    ListInvoices,
    read_error,
)
from billfold.providers.fastly.twin import handlers, scenario, sdk_compat
from billfold.providers.provider import SyncState
from billfold.providers.twin_api import AccessDenied, RequestContext, TwinAccount
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation
from tests import stage as stages
from tests.providers.test_fastly import HOME, NOW, Saved

PLAYED, PARENT_PAY = handlers.make_accounts(1, Month(2025, 11))
OWNER = scenario.customer_id_of(PLAYED)


def answered(
    op: Operation[Any],
    now: datetime = NOW,
    account: TwinAccount = PLAYED,
    memory: dict[str, Any] | None = None,
    agent: str = "",
) -> Any:
    request = Request("GET", "/", (), {"fastly-key": account.credentials["token"], "user-agent": agent})
    return handlers.answer_operation(op, RequestContext(account, now, request, {} if memory is None else memory))


def body(op: Operation[Any], *args: Any, **settings: Any) -> bytes:
    said = answered(op, *args, **settings)
    return said.body if isinstance(said, Response) else codec.encode_json(said)


def asked(path: str, token: str = "twin-fastly-token", **query: str) -> Response:
    request = Request("GET", f"/fastly{path}", tuple(query.items()), {"fastly-key": token})
    response = stages.twin().answer_request(request)
    assert response is not None
    return response


# --- the month to date ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", [GetMonthToDateInvoice(), GetInvoiceMtd(customer_id=OWNER)])
def test_an_estimate_takes_5_seconds_is_kept_4_hours_and_never_over_midnight(op: Operation[Any]) -> None:
    memory: dict[str, Any] = {}

    def status(**later: int) -> int:
        said = answered(op, NOW + timedelta(**later), memory=memory)
        return said.status if isinstance(said, Response) else 200

    assert [status(), status(seconds=4), status(seconds=5), status(hours=4)] == [202, 202, 200, 200]
    assert [status(hours=4, seconds=5), status(hours=4, seconds=9), status(hours=4, seconds=10)] == [202, 202, 200]
    assert [status(hours=23), status(hours=23, seconds=5), status(hours=24), status(hours=24, seconds=5)] == [
        202,
        200,
        202,
        200,
    ]


def test_an_estimate_has_an_id_of_letters_and_digits() -> None:
    for op in (GetMonthToDateInvoice(), GetInvoiceMtd(customer_id=OWNER)):
        memory: dict[str, Any] = {}
        answered(op, memory=memory)
        number = answered(op, NOW + timedelta(seconds=5), memory=memory).invoice_id
        assert number.isalnum()
        assert not number.isdecimal()


def test_an_account_whose_parent_pays_has_no_estimate() -> None:
    token = PARENT_PAY.credentials["token"]
    response = asked("/billing/v3/invoices/month-to-date", token)
    assert response.status == 422
    assert set(json.loads(response.body)) == {"type", "title", "code", "status"}
    assert (
        asked(f"/billing/v2/account_customers/{scenario.customer_id_of(PARENT_PAY)}/mtd_invoice", token).status == 422
    )
    assert all(bill.state is State.ISSUED for bill in handlers.true_bills(PARENT_PAY, NOW))
    assert len(list(handlers.true_bills(PARENT_PAY, NOW))) == 12


# --- dialects ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "number", "regions", "aria", "nulls"),
    [
        ("fastly-py/5.3.0", str, False, False, False),
        ("fastly-py/5.6.0", str, False, False, False),
        ("fastly-py/5.7.0", int, True, True, False),
        ("fastly-py/5.9.0", int, True, True, True),
        ("fastly-py/7.0.0", int, True, True, True),
        ("curl/8.5.0", int, True, True, True),
    ],
)
def test_v2_speaks_as_the_sdk_that_asks_can_read(
    agent: str, number: type, regions: bool, aria: bool, nulls: bool
) -> None:
    month = next(m for m in PLAYED.first_month.iter_until(Month(2026, 10)) if scenario.is_discounted(PLAYED, m))
    said = json.loads(body(GetInvoice(year=month.year, month=month.number), agent=agent))
    assert type(said["invoice_id"]) is number
    assert bool(said["regions"]) == regions
    assert ("aria_invoice_id" in said["line_items"][0]) == aria
    assert any(line["rate_per_unit"] is None for line in said["line_items"]) == nulls


def test_the_same_invoice_has_the_same_id_in_v2_and_v3() -> None:
    for bill in list(handlers.true_bills(PLAYED, NOW))[:-1]:
        month = Month.of(bill.period.start)
        assert answered(GetInvoice(year=month.year, month=month.number)).invoice_id == int(bill.invoice_id or "")
        assert answered(GetInvoiceByInvoiceId(invoice_id=bill.invoice_id or "")).invoice_id == bill.invoice_id
        old = GetInvoiceById(customer_id=OWNER, invoice_id=bill.invoice_id or "")
        assert answered(old) == answered(GetInvoice(year=month.year, month=month.number))


def test_months_are_answered_from_the_first_to_the_running_one_padded_or_not() -> None:
    assert answered(GetInvoice(year="2026", month="7")) == answered(GetInvoice(year="2026", month="07"))
    running = answered(GetInvoice(year=2026, month=11))
    assert (running.status.status, running.invoice_id) == ("MTD", codec.UNSET)
    for year, month in ((2025, 10), (2026, 12), (1999, 1)):
        with pytest.raises(AccessDenied, match="not-found"):
            answered(GetInvoice(year=year, month=month))
    for wrong in (("2026", "13"), ("26", "05"), ("2026", "x")):
        with pytest.raises(AccessDenied, match="bad-request"):
            answered(GetInvoice(year=wrong[0], month=wrong[1]))


ACCOUNTS = [account for seed in (1, 2, 7) for account in handlers.make_accounts(seed, Month(2025, 11))]


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: f"{account.name} {account.seed}")
def test_the_sums_of_every_v2_bill_hold_to_what_is_documented(account: TwinAccount) -> None:
    seen = Counter[str]()
    for month in account.first_month.iter_until(Month(2026, 10)):
        bill = answered(GetInvoice(year=month.year, month=month.number), account=account)
        total = bill.total
        extras = [codec.get_or(v, Decimal(0)) for extra in total.extras for v in (extra.recurring, extra.setup)]
        assert total.incurred_cost == total.bandwidth_cost + total.requests_cost
        assert total.extras_cost == exact_sum(extras)
        assert total.cost_before_discount == total.incurred_cost + total.extras_cost
        assert total.discount_amount == scenario.round_amount(total.discount * total.cost_before_discount)
        assert total.overage == max(total.incurred_cost - total.plan_minimum, 0)
        assert total.commit_shortfall == max(total.plan_minimum - total.incurred_cost, 0)
        assert total.cost == total.cost_before_discount - total.discount_amount + total.commit_shortfall
        assert total.cost == exact_sum([line.amount for line in bill.line_items])
        seen.update(name for name in ("overage", "commit_shortfall", "discount_amount") if getattr(total, name))
        op = GetInvoice(year=month.year, month=month.number)
        assert list(PROVIDER.check_answers(Saved((op, codec.encode_json(bill))))) == []
    assert set(seen) == {"overage", "commit_shortfall", "discount_amount"}
    if account.account_type != scenario.PARENT_PAY:
        mtd = GetInvoiceMtd(customer_id=scenario.customer_id_of(account))
        memory: dict[str, Any] = {}
        assert answered(mtd, NOW, account, memory).status == 202
        running = body(mtd, NOW + timedelta(seconds=5), account, memory)
        assert list(PROVIDER.check_answers(Saved((mtd, running)))) == []


def test_the_regions_of_a_v2_bill_are_its_traffic() -> None:
    invoice = answered(GetInvoice(year=2026, month=10))
    assert exact_sum([region.cost for region in invoice.regions.values()]) == invoice.total.incurred_cost
    assert set(invoice.regions) == set(sdk_compat.REGION_KEYS.values())
    assert invoice.total.requests == exact_sum([region.requests.total for region in invoice.regions.values()])


def test_a_csv_says_what_the_json_says_and_a_pdf_is_one() -> None:
    table = answered(GetInvoiceFile(year=2026, month=10, format="csv"))
    assert table.headers["content-type"] == "text/csv"
    assert table.headers["content-disposition"].startswith("attachment; filename=")
    lines = json.loads(body(GetInvoice(year=2026, month=10)), parse_float=str, parse_int=str)["line_items"]
    rows = list(csv.DictReader(io.StringIO(table.body.decode())))
    for row, line in zip(rows, lines, strict=True):
        assert {key: row[key] for key in line} == {key: value or "" for key, value in line.items()}
    assert answered(GetInvoiceFile(year=2026, month=10, format="pdf")).body.startswith(b"%PDF-")


# --- lists and refusals -----------------------------------------------------------------------------------------------


def test_the_list_begins_with_the_newest_and_ends_with_an_empty_cursor() -> None:
    page = json.loads(body(ListInvoices(limit=5)))
    starts = [invoice["billing_start_date"] for invoice in page["data"]]
    assert starts == sorted(starts, reverse=True)
    assert starts[0] == "2026-10-01T00:00:00Z"
    assert {k: page["meta"][k] for k in ("limit", "total", "sort")} == {
        "limit": 5,
        "total": 12,
        "sort": "billing_start_date",
    }
    assert json.loads(body(ListInvoices(limit=12)))["meta"]["next_cursor"] == ""


@pytest.mark.parametrize(("agent", "status"), [("fastly-py/5.1.0", 200), ("fastly-py/5.4.0", 400), ("curl", 400)])
def test_only_the_sdks_that_write_a_date_with_a_time_may_do_so(agent: str, status: int) -> None:
    query = (("billing_start_date", "2026-05-01T00:00:00+00:00"), ("billing_end_date", "2026-05-31T23:59:59Z"))
    headers = {"fastly-key": "twin-fastly-token", "user-agent": agent}
    response = stages.twin().answer_request(Request("GET", "/fastly/billing/v3/invoices", query, headers))
    assert response is not None
    assert response.status == status
    assert status != 200 or len(json.loads(response.body)["data"]) == 1


def test_a_cursor_stays_good_when_a_month_is_posted_in_between() -> None:
    first = json.loads(body(ListInvoices(limit=5)))
    later = parse_instant("2026-12-01T00:00:00Z")
    second = json.loads(body(ListInvoices(limit=5, cursor=first["meta"]["next_cursor"]), later))
    assert second["data"][0]["billing_start_date"] == "2026-05-01T00:00:00Z"
    assert second["meta"]["total"] == 13


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/billing/v3/invoices", {"limit": "200"}, 200),
        ("/billing/v3/invoices", {"limit": "201"}, 400),
        ("/billing/v3/invoices", {"limit": "0"}, 400),
        ("/billing/v3/invoices", {"limit": "many"}, 400),
        ("/billing/v3/invoices", {"cursor": "nowhere"}, 400),
        ("/billing/v3/invoices", {"billing_start_date": "2026-13-01"}, 400),
        ("/billing/v3/invoices/1", {}, 404),
        ("/billing/v3/usage-metrics", {}, 400),
        ("/billing/v3/usage-metrics", {"start_month": "2026-08", "end_month": "2026-10"}, 200),
        ("/billing/v3/usage-metrics", {"start_month": "2026-07", "end_month": "2026-10"}, 400),
        ("/billing/v3/usage-metrics", {"start_month": "2026-10", "end_month": "2026-08"}, 400),
        ("/billing/v3/usage-metrics", {"start_month": "0000-01", "end_month": "0000-02"}, 400),
        ("/billing/v3/service-usage-metrics", {"limit": "10000"}, 200),
        ("/billing/v3/service-usage-metrics", {"limit": "10001"}, 400),
        ("/billing/v3/service-usage-metrics", {"product_id": "cdn_usage"}, 400),
        ("/billing/v2/account_customers/nobody/invoices/1", {}, 404),
        ("/billing/v2/account_customers/nobody/mtd_invoice", {}, 404),
        ("/billing/v1/invoices", {}, 404),
    ],
)
def test_parameters_are_taken_or_refused_in_the_vendors_envelopes(
    path: str, query: dict[str, str], status: int
) -> None:
    response = asked(path, **query)
    assert response.status == status
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"S\d+\.\d+,VS\d+,VE\d+", response.headers["x-timer"])
    assert status == 200 or read_error(response).request_id == response.headers["fastly-trace-id"]
    if status != 200:
        said = json.loads(response.body)
        assert said.get("msg") or said.get("title")
        assert b"$." not in response.body


def test_who_is_not_known_and_who_may_not_are_told_so() -> None:
    for token in ("", "nobody", "twin-fastly-noright"):
        response = asked("/billing/v3/invoices", token)
        known = token == "twin-fastly-noright"
        assert response.status == (403 if known else 401)
        assert response.headers["content-type"] == ("application/json" if known else "text/plain")
        assert set(json.loads(response.body)) == {"msg"}
    assert asked("/tokens/self", "twin-fastly-noright").status == 200
    assert json.loads(asked("/current_user", "twin-fastly-noright").body)["role"] == "user"
    assert answered(GetCurrentUser()).role == "billing"


def test_usage_by_service_sums_to_the_usage_of_the_account() -> None:
    months = {"start_month": "2026-09", "end_month": "2026-10"}
    rows = answered(GetUsageMetrics(start_month="2026-09", end_month="2026-10")).data
    wanted = exact_sum([row.quantity for row in rows if row.usage_type == "Europe Requests"])
    op = GetServiceLevelUsage(
        product_id="cdn_usage", usage_type_name="Europe Requests", start_month="2026-09", end_month="2026-10"
    )
    assert exact_sum([one.usage_units for one in answered(op).data.details]) == wanted
    assert {row.month for row in rows} == set(months.values())


# --- the story --------------------------------------------------------------------------------------------------------


def test_a_year_has_every_kind_of_charge_and_a_lifelike_number_of_lines() -> None:
    bills = list(handlers.true_bills(PLAYED, NOW))
    assert [bill.state for bill in bills] == [State.ISSUED] * 12 + [State.ESTIMATE]
    assert all(39 <= (bill.line_count or 0) <= 60 for bill in bills)
    rows = [row for bill in bills for batch in bill.charges for row in batch.iter_rows()]
    assert {row.ChargeCategory for row in rows} == {"Usage", "Purchase", "Credit", "Tax"}
    words = {row.ChargeDescription for row in rows}
    assert {"Commit Shortfall", "Discount 5%", "Sales Tax", "Image Optimizer (setup)"} <= words


def test_the_running_month_only_grows_and_moves_at_midnight_only() -> None:
    totals = [
        list(handlers.true_bills(PLAYED, NOW + timedelta(hours=h)))[-1].total or Decimal(0) for h in range(0, 240, 6)
    ]
    assert totals == sorted(totals)
    assert len(set(totals)) == 10


# --- the books balance ------------------------------------------------------------------------------------------------


def collected(account: TwinAccount, now: datetime) -> Saved:
    plan, said = PROVIDER.plan_requests(SyncState(now, account.first_month)), None
    answers = list[tuple[Operation[Any], bytes]]()
    begun = now - timedelta(seconds=6)
    memory = {f"estimate of {account.name} v3": begun} if begun.date() == now.date() else {}
    while True:
        try:
            ask = plan.send(said)
        except StopIteration:
            return Saved(*answers)
        try:
            found = answered(ask.op, now, account, memory)
        except AccessDenied:
            said = None
            continue
        made = found.body if isinstance(found, Response) else codec.encode_json(found)
        if isinstance(found, Response) and found.status == 202:
            said = None
            continue
        answers.append((ask.op, made))
        said = ask.op.extract_result(codec.decode_record(made, ask.op.reply))


def told(bills: Iterable[Bill], columns: tuple[str, ...] = handlers.CARRIED_COLUMNS) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for bill in bills:
        assert bill.problems == ()
        found[bill.state, bill.invoice_id, bill.period, bill.currency, str(bill.total), bill.line_count] += 1
        for batch in bill.charges:
            found.update(tuple(getattr(row, column) for column in columns) for row in batch.iter_rows())
    return found


@pytest.mark.parametrize("account", [PLAYED, PARENT_PAY], ids=lambda account: account.name)
@pytest.mark.parametrize("at", ["2026-11-15T00:00:10Z", "2026-11-01T00:00:10Z", "2026-11-30T23:59:59Z"])
def test_the_books_balance(account: TwinAccount, at: str) -> None:
    reading = collected(account, parse_instant(at))
    assert told(PROVIDER.read_bills(reading)) == told(handlers.true_bills(account, parse_instant(at)))
    assert list(PROVIDER.check_answers(reading)) == []


@pytest.mark.parametrize("story", ["restated-added", "restated-changed", "restated-split"])
def test_a_restated_invoice_is_told_as_it_now_is(story: str) -> None:
    account = PLAYED._replace(restatement=(story, Month(2026, 10)))
    assert told(handlers.true_bills(account, NOW)) != told(handlers.true_bills(PLAYED, NOW))
    reading = collected(account, NOW + timedelta(seconds=10))
    assert told(PROVIDER.read_bills(reading)) == told(handlers.true_bills(account, NOW))


OLD_TELLS = tuple(set(handlers.CARRIED_COLUMNS) - {"ServiceName", "SkuMeter", "RegionName"})


@pytest.mark.parametrize("agent", ["fastly-py/5.6.0", "fastly-py/7.0.0"])
def test_the_books_balance_through_v2(agent: str) -> None:
    months = [Month.of(bill.period.start) for bill in handlers.true_bills(PLAYED, NOW)]
    asks = [GetInvoice(year=month.year, month=month.number) for month in months]
    reading = Saved(*((op, body(op, agent=agent)) for op in asks))
    assert told(PROVIDER.read_bills(reading), OLD_TELLS) == told(handlers.true_bills(PLAYED, NOW), OLD_TELLS)
    files = [GetInvoiceFile(year=month.year, month=month.number, format="csv") for month in months]
    reading = Saved(*((op, body(op, agent=agent)) for op in files))
    assert told(PROVIDER.read_bills(reading), OLD_TELLS) == told(handlers.true_bills(PLAYED, NOW), OLD_TELLS)


def test_v2_bills_without_lines_come_to_the_same_totals() -> None:
    account = PLAYED._replace(account_type=sdk_compat.NO_LINES)
    for true in list(handlers.true_bills(account, NOW))[:-1]:
        month = Month.of(true.period.start)
        op = GetInvoice(year=month.year, month=month.number)
        (bill,) = PROVIDER.read_bills(Saved((op, body(op, account=account))))
        assert bill.total == true.total
        assert exact_sum([row.BilledCost or Decimal(0) for b in bill.charges for row in b.iter_rows()]) == true.total
        assert bill.line_count == 0


def test_every_guess_in_the_code_is_listed_in_the_readme() -> None:
    readme = (HOME / "README.md").read_text(encoding="utf-8")
    guesses = [
        (path.name, guess.strip().rstrip("."))
        for path in HOME.glob("*.py")
        for guess in re.findall(r"# GUESS: (.+)", path.read_text(encoding="utf-8"))
    ]
    assert guesses
    for name, guess in guesses:
        assert guess in readme, (name, guess)
        assert f"`{name}`" in readme
