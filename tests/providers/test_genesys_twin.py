"""Genesys Cloud's twin: what it answers over the wire, and that its truth comes back from it."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.model.bill import Bill
from billfold.model.errors import BadRequest, Forbidden, Unauthorized
from billfold.model.money import exact_sum, format_decimal
from billfold.model.period import Month, parse_instant
from billfold.providers.genesys import PROVIDER
from billfold.providers.genesys.api import GetBillingContracts, GetBillingContractsInvoices
from billfold.providers.genesys.twin import customers, handlers, scenario
from billfold.providers.provider import ArchivedAnswer, SyncState
from billfold.providers.twin_api import TwinAccount
from billfold.twin.faults import Fault
from billfold.twin.host import TwinHost
from billfold.twin.world import describe_bill
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation, read_response
from tests import stage as stages

API = "/genesys/api/v2/billing"


@pytest.fixture
def host() -> TwinHost:
    return stages.twin()


def account_of(host: TwinHost) -> TwinAccount:
    return stages.stage(host, "genesys").accounts[0]


class Desk:
    """Asks the twin as a bare HTTP client does, with a token of its own."""

    def __init__(self, host: TwinHost, client: str = "twin-genesys-client", **headers: str) -> None:
        self.host = host
        answer = login(host, client, "twin-genesys-secret")
        self.headers = {
            "authorization": f"Bearer {json.loads(answer.body)['access_token']}",
            "host": "twin.test",
            **headers,
        }

    def get(self, path: str, **said: str) -> tuple[Response, Any]:
        answer = self.host.answer_request(
            Request("GET", path if path.startswith("/genesys") else API + path, tuple(said.items()), self.headers)
        )
        assert answer
        return answer, json.loads(answer.body) if answer.media_type == "application/json" else answer.body


def login(host: TwinHost, client: str, secret: str, grant: bytes = b"grant_type=client_credentials") -> Response:
    pair = base64.b64encode(f"{client}:{secret}".encode()).decode()
    answer = host.answer_request(Request("POST", "/genesys/oauth/token", (), {"authorization": f"Basic {pair}"}, grant))
    assert answer
    return answer


def answers(host: TwinHost, known: SyncState) -> list[ArchivedAnswer]:
    """Walk the plan against the twin."""
    wires, plan, found = (
        stages.connection(host, account_of(host)),
        PROVIDER.plan_requests(known),
        list[ArchivedAnswer](),
    )
    try:
        ask = next(plan)
        while True:
            response = wires.send(ask.op)
            said = read_response(ask.op, response)
            if ask.find_document_url:
                response = wires.fetch(ask.find_document_url(said))
            found.append(ArchivedAnswer(ask.op, response, len(found) + 1, host.clock.now()))
            ask = plan.send(response.body if ask.find_document_url else said)
    except StopIteration:
        return found


class Heard:
    """A reading of what the twin answered."""

    account = "genesys"

    def __init__(self, found: list[ArchivedAnswer]) -> None:
        self.found = found

    def requests(self, operation_type: Any) -> Iterator[Operation[Any]]:
        return (one.op for one in self.answers(operation_type))

    def answers(self, operation_type: Any, **fields: object) -> Iterator[ArchivedAnswer]:
        for one in self.found:
            if isinstance(one.op, operation_type) and all(
                getattr(one.op, name) == value for name, value in fields.items()
            ):
                yield one


def worded(bill: Bill, columns: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for batch in bill.charges:
        for row in batch.iter_rows():
            said = row._asdict()
            kept = () if row.x_Synthetic else tuple(said[column] for column in columns)
            words = (row.ChargeCategory, row.BilledCost, row.x_Synthetic, *kept)
            found[tuple(format_decimal(v.normalize()) if hasattr(v, "normalize") else v for v in words)] += 1
    return found


@pytest.mark.parametrize(
    ("at", "seed"), [("2026-11-15T00:00:00Z", 1), ("2026-12-01T00:00:00Z", 2), ("2027-03-31T12:00:00Z", 7)]
)
def test_the_truth_comes_back_from_the_wire_bill_by_bill(at: str, seed: int) -> None:
    host = stages.twin(parse_instant(at), seed=seed)
    account, now = account_of(host), host.clock.now()
    ours = {bill.key: bill for bill in PROVIDER.read_bills(Heard(answers(host, SyncState(now, account.first_month))))}
    true = {bill.key: bill for bill in handlers.true_bills(account, now)}
    assert set(ours) == set(true)
    for key, bill in ours.items():
        told = true[key]
        assert bill.problems == ()
        assert (bill.state, bill.period, bill.line_count, bill.corrects) == (
            told.state,
            told.period,
            told.line_count,
            told.corrects,
        )
        assert worded(bill, handlers.CARRIED_COLUMNS) == worded(told, handlers.CARRIED_COLUMNS), key
        assert exact_sum(row.BilledCost for batch in bill.charges for row in batch.iter_rows()) == told.total  # type: ignore[misc]
        if bill.invoice_id:
            assert (bill.total, bill.terms, bill.due_on, bill.issued_on) == (
                told.total,
                told.terms,
                told.due_on,
                told.issued_on,
            )


def test_the_story_has_what_a_partner_sees(host: TwinHost) -> None:
    account = account_of(host)
    bills = list(handlers.true_bills(account, host.clock.now()))
    rows = [row for bill in bills for batch in bill.charges for row in batch.iter_rows()]
    assert {row.ChargeCategory for row in rows} == {"Usage", "Purchase", "Tax", "Credit"}
    assert any(row.ChargeClass == "Correction" for row in rows)
    assert any((bill.total or 0) < 0 for bill in bills)
    by_month = Counter[Month]()
    for bill in bills:
        by_month[Month.of(bill.period.start)] += bill.line_count or 0
    assert len(by_month) == 13
    assert all(40 <= count <= 75 for count in by_month.values())
    over = [
        customers.make_wallet(account, customers.make_contracts(account)[0], month, 30).overage for month in by_month
    ]
    assert any(over)
    assert not all(over)


def test_what_is_used_moves_only_at_midnight_and_never_back(host: TwinHost) -> None:
    account, month, before = account_of(host), Month(2026, 11), [Decimal(0), Decimal(0)]
    for day in range(31):
        totals = [bill.total or Decimal(0) for bill in scenario.make_estimates(account, month, day)]
        assert all(now >= then for now, then in zip(totals, before, strict=True))
        before = totals
    noon = host.clock.now() + timedelta(hours=12)
    first, second = (
        [bill.total for bill in handlers.true_bills(account, when)][-2:] for when in (host.clock.now(), noon)
    )
    assert first == second


@pytest.mark.parametrize("story", ["restated-added", "restated-changed", "restated-split"])
def test_a_restated_invoice_is_told_and_read_as_it_then_is(tmp_path: Path, story: str) -> None:
    host, books = stages.twin(months=2), Workspace(tmp_path)
    stages.collected(host, books, "genesys")
    host.set_fault(Fault("genesys", story))
    stages.collected(host, books, "genesys", recheck_months=3)
    with books.open_ledger() as db:
        ours = [bill for bill in query.list_invoices(db, query.LedgerFilter()) if bill["provider"] == "genesys"]
        assert not query.list_parked_bills(db, query.LedgerFilter())
    assert ours == [
        describe_bill(a, bill) for a, bill in host.world.iter_bills(host.clock.now()) if a.provider == "genesys"
    ]
    books.close()


@pytest.mark.parametrize(
    ("version", "old", "whole", "named"),
    [("236.0.0", True, True, False), ("241.0.0", True, True, False), ("242.0.0", False, True, False),
     ("261.0.0", False, False, False), ("269.0.0", False, False, True), ("", False, False, True)],
)  # fmt: skip
def test_the_dialect_is_that_of_the_sdk_that_asks(
    host: TwinHost, version: str, old: bool, whole: bool, named: bool
) -> None:
    desk = Desk(host, **({"purecloud-sdk": version} if version else {}))
    _, contracts = desk.get("/contracts")
    contract = contracts["entities"][0]
    assert ("getpurchaseOrderNumbers" in contract) == old
    assert ("purchaseOrderNumbers" in contract) != old
    _, detail = desk.get(f"/contracts/{contract['id']}/billingperiods/202610")
    charge = next(one for one in detail["charges"] if one["product"]["sku"] == "GC-170-NV-BYOC")
    actual = charge["getactualQuantity" if old else "actualQuantity"]
    assert (int(actual) == actual) == whole
    assert ("name" in charge) == named
    _, invoices = desk.get("/contracts/invoices")
    assert ("getdateEffective" in invoices["entities"][0]["billToAddress"]) == old
    status, _ = desk.get("/contracts", pageSize="200")
    assert status.status == (400 if version in {"269.0.0", ""} else 200)


def test_nothing_is_ever_null(host: TwinHost) -> None:
    desk = Desk(host)
    for op in handlers.example_operations(account_of(host), host.clock.now()):
        stages.connection(host, account_of(host)).send(op)
    answer, _ = desk.get("/contracts")
    for path in ("/contracts", "/contracts/invoices"):
        answer, _ = desk.get(path)
        assert b"null" not in answer.body


def test_pages_lead_on_and_back_and_keep_the_filters(host: TwinHost) -> None:
    desk = Desk(host)
    _, whole = desk.get("/contracts/invoices", pageSize="200", dateStart="2026-03-01")
    ids = [one["id"] for one in whole["entities"]]
    assert "nextUri" not in whole
    assert "previousUri" not in whole
    _, first = desk.get("/contracts/invoices", pageSize="4", dateStart="2026-03-01")
    _, second = desk.get("/genesys" + first["nextUri"].split("?")[0], **query_of(first["nextUri"]))
    assert [one["id"] for one in first["entities"] + second["entities"]] == ids[:8]
    assert query_of(second["nextUri"])["dateStart"] == "2026-03-01"
    _, back = desk.get("/contracts/invoices", **query_of(second["previousUri"]))
    assert back["entities"] == first["entities"]
    assert back["nextUri"] == first["nextUri"]


def query_of(uri: str) -> dict[str, str]:
    from urllib.parse import parse_qsl, urlsplit

    return dict(parse_qsl(urlsplit(uri).query))


@pytest.mark.parametrize(
    ("path", "said", "code"),
    [
        ("/contracts", {"pageSize": "11"}, "invalid.value"),
        ("/contracts", {"pageSize": "0"}, "invalid.value"),
        ("/contracts", {"pageSize": "None"}, "invalid.value"),
        ("/contracts/invoices", {"pageSize": "201"}, "invalid.value"),
        ("/contracts", {"status": "Bogus"}, "invalid.value"),
        ("/contracts/invoices", {"paymentStatus": "Overdue"}, "invalid.value"),
        ("/contracts", {"after": "garbage"}, "bad.request"),
        ("/contracts", {"after": "QQ==", "before": "QQ=="}, "bad.request"),
        ("/contracts/invoices", {"dateStart": "yesterday"}, "invalid.date"),
        ("/reports/billableusage", {}, "bad.request"),
        ("/reports/billableusage", {"startDate": "2026-10-01T00:00:00", "endDate": "2026-11-01T00:00:00"}, "invalid.date"),
        ("/contracts/nobody", {}, "not.found"),
        ("/contracts/nobody/billingperiods/202610", {}, "not.found"),
        ("/contracts/invoices/nobody/lines", {}, "not.found"),
        ("/contracts/invoices/nobody/document", {}, "not.found"),
        ("/trusteebillingoverview/nobody", {}, "not.found"),
        ("/trusteebillingoverview/nobody", {"billingPeriodIndex": "-1"}, "invalid.value"),
        ("/no/such/path", {}, "not.found"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused_in_the_vendors_words(
    host: TwinHost, path: str, said: dict[str, str], code: str
) -> None:
    answer, body = Desk(host).get(path, **said)
    assert body["code"] == code
    assert body["status"] == answer.status == (404 if code == "not.found" else 400)
    assert body["contextId"] == answer.headers["inin-correlation-id"]


def test_times_are_taken_with_z_offset_and_three_to_six_digits(host: TwinHost) -> None:
    desk = Desk(host)
    for start in ("2026-10-01T00:00:00Z", "2026-10-01T00:00:00.000Z", "2026-10-01T02:00:00.000000+02:00"):
        answer, body = desk.get("/reports/billableusage", startDate=start, endDate="2026-11-01T00:00:00Z")
        assert answer.status == 200
        assert body["startDate"] == "2026-10-01T00:00:00Z"


def test_payment_status_is_taken_in_any_case(host: TwinHost) -> None:
    desk = Desk(host)
    first, second, third = (
        desk.get("/contracts/invoices", paymentStatus=word)[1]["entities"] for word in ("UnPaid", "Unpaid", "unpaid")
    )
    assert first == second == third
    assert {one["paymentStatus"] for one in first} == {"Unpaid"}


def test_a_report_is_prepared_first_and_then_stays_for_the_day(host: TwinHost) -> None:
    desk, said = Desk(host), {"startDate": "2026-11-01T00:00:00Z", "endDate": "2026-11-15T00:00:00Z"}
    assert desk.get("/reports/billableusage", **said)[1] | {"selfUri": ""} == {
        "startDate": "2026-11-01T00:00:00Z", "endDate": "2026-11-15T00:00:00Z", "status": "InProgress", "usages": [], "selfUri": "",
    }  # fmt: skip
    host.clock.advance(timedelta(seconds=2))
    report = desk.get("/reports/billableusage", **said)[1]
    assert report["status"] == "Complete"
    seats = report["usages"][0]
    assert seats["totalUsage"] == str(len(seats["resources"]))
    assert desk.get("/reports/billableusage", **said)[1]["status"] == "Complete"


def report(host: TwinHost, start: str, end: str) -> dict[str, Any]:
    """Return what a report says was used between two days, by name."""
    desk, said = Desk(host), {"startDate": f"{start}T00:00:00Z", "endDate": f"{end}T00:00:00Z"}
    desk.get("/reports/billableusage", **said)
    host.clock.advance(timedelta(seconds=2))
    return {one["name"]: one for one in desk.get("/reports/billableusage", **said)[1]["usages"]}


def test_a_report_tells_the_days_that_were_asked_and_none_to_come(host: TwinHost) -> None:
    minutes = "Genesys Cloud BYOC Cloud"
    whole, first, rest = (
        Decimal(report(host, *days)[minutes]["totalUsage"])
        for days in (("2026-10-01", "2026-11-03"), ("2026-10-01", "2026-10-15"), ("2026-10-15", "2026-11-03"))
    )
    assert whole == first + rest > first > 0
    assert report(host, "2026-12-01", "2027-01-01") == {}
    until_now, far = report(host, "2026-11-14", "2026-11-15"), report(host, "2026-11-14", "2026-12-15")
    assert far == until_now
    assert max(seen["date"] for one in far.values() for seen in one["resources"]) < "2026-11-15"


def test_an_overview_counts_periods_back_and_ends_before_the_first(host: TwinHost) -> None:
    desk, account = Desk(host), account_of(host)
    path = f"/trusteebillingoverview/{account.public_facts['trustor_org_ids'][0]}"
    assert desk.get(path)[1]["rampPeriodEndDate"] == "2026-01-31T23:59:59.999Z"
    assert {row["unitOfMeasureType"] for row in desk.get(path)[1]["usages"] if "SMS" in row["name"]} == {"message"}
    running, before, first = (desk.get(path, billingPeriodIndex=index)[1] for index in ("0", "1", "12"))
    assert running["billingPeriodStartDate"] == "2026-11-01T00:00:00Z"
    assert before["billingPeriodEndDate"] == "2026-10-31T23:59:59Z"
    assert first["billingPeriodStartDate"] == "2025-11-01T00:00:00Z"
    assert desk.get(path, billingPeriodIndex="13")[0].status == 404
    assert desk.get(path)[1] == running
    pairs = Counter(row["partNumber"] for row in running["usages"])
    assert set(pairs.values()) == {1, 2}
    assert all(isinstance(row["usageQuantity"], str) for row in running["usages"])
    assert not [row for row in running["usages"] if "Voice United" in row["name"] or "BYOC" in row["name"]]


@pytest.mark.parametrize(
    ("client", "secret", "status", "description"),
    [("nobody", "x", 400, "client not found"), ("twin-genesys-client", "x", 401, "authentication failed")],
)
def test_a_wrong_login_is_refused_as_the_sample_has_it(
    host: TwinHost, client: str, secret: str, status: int, description: str
) -> None:
    answer = login(host, client, secret)
    body = json.loads(answer.body)
    assert (answer.status, body["error"], body["description"]) == (status, "invalid_client", description)
    account = account_of(host)._replace(
        credentials={**account_of(host).credentials, "client_id": client, "client_secret": secret}
    )
    with pytest.raises(Unauthorized, match=description):
        stages.client(host, account, credentials=dict(account.credentials)).get_billing_contract(contract_id="x")


def test_another_grant_is_refused(host: TwinHost) -> None:
    assert login(host, "twin-genesys-client", "twin-genesys-secret", b"grant_type=password").status == 400


def test_a_token_counts_for_a_day_and_the_client_logs_in_again(host: TwinHost) -> None:
    desk, client = Desk(host), stages.client(host, account_of(host))
    assert desk.get("/contracts")[0].status == 200
    assert list(client.get_billing_contracts())
    host.clock.advance(timedelta(days=1, seconds=1))
    answer, body = desk.get("/contracts")
    assert (answer.status, body["code"]) == (401, "credentials.expired")
    assert list(client.get_billing_contracts())


@pytest.mark.parametrize(
    ("said", "value", "allowed"),
    [
        ({"status": "Foo"}, "Foo", "Active, Inactive"),
        ({"pageSize": "11"}, "11", "1 to 10"),
        ({"pageSize": "many"}, "many", "whole numbers"),
        ({"status": "a\x1fb"}, "a\x1fb", "Active, Inactive"),
    ],
)
def test_a_wrong_value_is_told_with_the_documented_words_and_their_parts(
    host: TwinHost, said: dict[str, str], value: str, allowed: str
) -> None:
    _, body = Desk(host).get("/contracts", **said)
    (field,) = said
    assert body["messageParams"] == {"value": value, "type": field, "allowableValues": allowed}
    assert body["message"] == f"Value [{value}] is not valid for field type [{field}]. Allowable values are: {allowed}"


def test_lines_have_whole_quantities_for_every_sdk_and_amounts_of_all_that_was_used(host: TwinHost) -> None:
    for desk in (Desk(host), Desk(host, **{"purecloud-sdk": "236.0.0"})):
        _, invoices = desk.get("/contracts/invoices", pageSize="200")
        numbers = [one["id"] for one in invoices["entities"]]
        lines = [line for one in numbers for line in desk.get(f"/contracts/invoices/{one}/lines")[1]["entities"]]
        assert all(line["quantity"] == int(line["quantity"]) != 0 for line in lines)
        minutes = [line for line in lines if line.get("unitOfMeasure") == "Minute" and line["amount"] > 0]
        assert any(line["amount"] != round(line["quantity"] * 0.006, 2) for line in minutes)


def test_the_page_before_the_first_item_is_empty_and_leads_on_to_it(host: TwinHost) -> None:
    desk = Desk(host)
    _, first = desk.get("/contracts/invoices", pageSize="3")
    _, second = desk.get("/contracts/invoices", **query_of(first["nextUri"]))
    cursor = base64.b64encode(first["entities"][0]["id"].encode()).decode()
    _, none = desk.get("/contracts/invoices", pageSize="3", before=cursor)
    assert (none["entities"], none.get("previousUri")) == ([], None)
    assert desk.get("/contracts/invoices", **query_of(none["nextUri"]))[1]["entities"] == first["entities"]
    assert second["previousUri"]


def test_nothing_is_charged_beyond_the_end_of_a_contract(host: TwinHost) -> None:
    _, contracts = Desk(host).get("/contracts", status="Inactive")
    (one,) = contracts["entities"]
    assert {item["dateChargedThrough"] for plan in one["plans"] for item in plan["items"]} == {one["dateEnd"]}


def test_a_missing_and_a_wrong_token_are_told_apart(host: TwinHost) -> None:
    basic, wrong = {"authorization": "Basic eDp4"}, {"authorization": "Bearer x"}
    for headers, code in (
        ({}, "authentication.required"),
        (basic, "authentication.required"),
        (wrong, "bad.credentials"),
    ):
        answer = host.answer_request(Request("GET", f"{API}/contracts", (), headers))
        assert answer
        assert (answer.status, json.loads(answer.body)["code"]) == (401, code)


def test_a_client_without_the_right_is_told_which_one_it_lacks(host: TwinHost) -> None:
    desk, account = Desk(host, "twin-genesys-noright"), account_of(host)
    answer, body = desk.get("/contracts")
    assert (answer.status, body["messageParams"]) == (403, {"permissions": "[billing:subscription:view]"})
    _, body = desk.get(f"/trusteebillingoverview/{account.public_facts['trustor_org_ids'][0]}")
    assert "affiliateOrganization:clientBilling:view" in body["message"]
    with pytest.raises(Forbidden):
        list(
            stages.client(
                host, account, credentials=dict(account.unprivileged_credentials)
            ).get_billing_contracts_invoices()
        )


def test_every_answer_carries_the_rate_limit_and_one_too_many_the_time_to_wait() -> None:
    host = stages.twin(limits=True)
    desk = Desk(host)
    for count in (1, 2):
        answer, _ = desk.get("/contracts/nobody")
        assert answer.headers["inin-ratelimit-count"] == str(count)
        assert answer.headers["inin-ratelimit-allowed"] == "300"
        assert answer.headers["inin-ratelimit-reset"] == "60"
        assert "no-store" in answer.headers["cache-control"]
    host.clock.advance(timedelta(seconds=48))
    refused = [desk.get("/contracts/nobody")[0] for _ in range(299)][-1]
    assert (refused.status, refused.headers["retry-after"]) == (429, "12")
    assert (refused.headers["inin-ratelimit-count"], refused.headers["inin-ratelimit-reset"]) == ("301", "12")
    said = json.loads(refused.body)
    assert (said["limit"]["value"], said["messageParams"]) == (300, {"retryAfter": "12"})
    assert said["message"].endswith("[12] seconds")
    host.clock.advance(timedelta(seconds=12))
    assert desk.get("/contracts/nobody")[0].status == 404


def test_the_rate_limit_is_counted_for_each_token_and_told_in_every_refusal() -> None:
    host = stages.twin(limits=True)
    desk = Desk(host)
    assert [desk.get("/contracts/nobody")[0].status for _ in range(301)][-1] == 429
    other, stranger = Desk(host), Desk(host, "twin-genesys-noright")
    assert other.get("/contracts/nobody")[0].status == 404
    wrong = Desk(host)
    wrong.headers |= {"authorization": "Bearer x"}
    for asking, said, status in ((stranger, {}, 403), (wrong, {}, 401), (other, {"pageSize": "0"}, 400)):
        answer, _ = asking.get("/contracts", **said)
        assert (answer.status, answer.headers["inin-ratelimit-allowed"]) == (status, "300")
        assert answer.headers["inin-ratelimit-count"] == ("2" if asking is other else "1")


def test_a_document_has_a_url_of_the_twins_own_that_expires(host: TwinHost) -> None:
    desk, account = Desk(host), account_of(host)
    number = scenario.invoice_id_of(account, customers.make_contracts(account)[0], Month(2026, 10))
    url = desk.get(f"/contracts/invoices/{number}/document")[1]["url"]
    path, _, asked = url.removeprefix("http://twin.test").partition("?")
    said = tuple(pair.partition("=")[::2] for pair in asked.split("&"))

    def fetched(query: Any) -> Response:
        answer = host.answer_request(Request("GET", path, query, {}))
        assert answer
        return answer

    good = fetched(said)
    assert (good.status, good.media_type, good.body[:5]) == (200, "application/pdf", b"%PDF-")
    assert good.body == fetched(said).body
    forged = fetched(tuple((key, "0" if key.endswith("Signature") else value) for key, value in said))
    assert (forged.status, b"SignatureDoesNotMatch" in forged.body) == (403, True)
    host.clock.advance(timedelta(minutes=11))
    late = fetched(said)
    assert (late.status, late.media_type, b"Request has expired" in late.body) == (403, "application/xml", True)


def test_a_filter_is_what_the_client_sends(host: TwinHost) -> None:
    client, account = stages.client(host, account_of(host)), account_of(host)
    own = customers.make_contracts(account)[0]
    assert [one.id for one in client.get_billing_contracts(external_number=own.number)] == [own.id]
    assert len(list(client.get_billing_contracts(status="Inactive"))) == 1
    pages = list(client.get_billing_contracts_invoices(page_size=10).pages())
    cursor = GetBillingContractsInvoices(page_size=10).next_operation(pages[0]).after  # type: ignore[union-attr]
    assert next(iter(client.get_billing_contracts_invoices(page_size=10, after=cursor).pages())) == pages[1]
    with pytest.raises(BadRequest, match="1 to 10"):
        list(client.get_billing_contracts(page_size=200))


def test_a_contract_is_renewed_before_it_runs_out() -> None:
    account = account_of(stages.twin())
    own = customers.make_contracts(account)[0]
    for month in (Month(2026, 11), Month(2028, 10), Month(2028, 11), Month(2031, 12)):
        first, last = customers.find_contract_months(account, own, month)
        assert first <= month <= last
    assert GetBillingContracts().page_size is None
