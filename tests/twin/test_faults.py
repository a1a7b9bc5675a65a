"""Each named fault strikes the requests it is set for, no others, and makes of an answer what its name says."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import InvalidArgument
from billfold.twin.faults import DOCUMENT_OPERATION, EXPECTATIONS, FAULTS, RESTATEMENTS, Fault, parse_fault
from billfold.twin.host import TwinHost
from billfold.wire import codec
from billfold.wire.message import Request, Response
from tests import stage
from tests.stage import AT
from tests.twin.kit import alone, make_request

LIST = "/cockroach/api/v1/invoices"
KEY = {"authorization": "Bearer twin-cockroach-key", "accept": "application/json"}


@pytest.fixture
def host() -> TwinHost:
    return alone()


def ask(host: TwinHost, path: str = LIST, **headers: str) -> Response:
    answer = host.answer_request(Request("GET", path, (), {**KEY, **headers}))
    assert answer is not None
    return answer


def struck(host: TwinHost, name: str, **settings: Any) -> Response:
    host.set_fault(Fault("cockroach", name, **settings))
    return ask(host)


def test_names_are_kebab_case_and_not_doubled() -> None:
    names = [*FAULTS, *RESTATEMENTS]
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)
    assert len(names) == len(set(names)) >= 30


@given(st.integers(1, 6), st.integers(1, 6))
def test_a_fault_strikes_from_its_number_on_as_often_as_it_says(at: int, times: int) -> None:
    fault = Fault("p", "server-error", at=at, times=times)
    assert [fault.matches("p", "get_it") for _ in range(14)] == [at <= n < at + times for n in range(1, 15)]


def test_a_fault_counts_only_what_it_is_set_for() -> None:
    fault = Fault("p", "server-error", "get_it", at=2)
    requests = [("q", "get_it"), ("p", "other"), ("p", None), ("p", "get_it"), ("q", "get_it"), ("p", "get_it")]
    assert [fault.matches(*pair) for pair in requests] == [False] * 5 + [True]


def test_only_a_documents_fault_strikes_documents() -> None:
    """A fault of a document strikes documents, and no other does unless told."""
    assert Fault("p", "document-empty").matches("p", DOCUMENT_OPERATION)
    assert not Fault("p", "document-empty").matches("p", "get_it")
    assert not Fault("p", "server-error").matches("p", DOCUMENT_OPERATION)
    assert Fault("p", "server-error", DOCUMENT_OPERATION).matches("p", DOCUMENT_OPERATION)


def test_after_a_fault_the_vendor_is_as_it_was(host: TwinHost) -> None:
    before = ask(host)
    assert struck(host, "server-error").status == 500
    assert ask(host) == before


def test_the_first_of_two_faults_strikes_first(host: TwinHost) -> None:
    host.set_fault(Fault("cockroach", "forbidden"))
    host.set_fault(Fault("cockroach", "not-found"))
    assert [ask(host).status for _ in range(3)] == [403, 404, 200]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("unauthorized", 401),
        ("token-expired", 401),
        ("forbidden", 403),
        ("not-found", 404),
        ("rate-limited", 429),
        ("rate-limited-silent", 429),
        ("server-error", 500),
        ("server-html", 503),
        ("accepted-202", 202),
        ("document-expired", 403),
        ("document-redirect", 302),
        ("html-200", 200),
    ],
)
def test_a_fault_has_its_status(name: str, status: int, host: TwinHost) -> None:
    assert struck(host, name, operation="list_invoices").status == status


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rate-limited", "1"),
        ("rate-limited-zero", "0"),
        ("rate-limited-huge", "86400"),
        ("rate-limited-date", "Wed, 21 Oct 2015 07:28:00 GMT"),
        ("rate-limited-silent", None),
    ],
)
def test_a_rate_limit_says_when_to_come_back_or_not(name: str, text: str | None, host: TwinHost) -> None:
    assert struck(host, name).headers.get("retry-after") == text


def totals(response: Response) -> list[Any]:
    return [invoice["totals"][0]["amount"] for invoice in codec.parse_json(response.body)["invoices"]]


def test_a_cut_body_is_half_of_it(host: TwinHost) -> None:
    whole = ask(host)
    assert struck(host, "cut-body").body == whole.body[: len(whole.body) // 2]


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("number-tiny", b"1E-7"),
        ("number-negative-zero", b"-0"),
        ("number-25-digits", b"1234567890123.123456789012"),
        ("number-as-null", b"null"),
    ],
)
def test_a_number_is_written_in_another_way_on_the_wire(name: str, literal: bytes, host: TwinHost) -> None:
    assert b'"amount":' + literal in struck(host, name).body


def test_a_number_as_a_string_has_the_same_digits(host: TwinHost) -> None:
    before = totals(ask(host))
    assert totals(struck(host, "number-as-string")) == [*before[:-1], str(before[-1])]


@pytest.mark.parametrize(("name", "off"), [("total-off-by-a-cent", "0.01"), ("total-off-by-a-lot", "1234.56")])
def test_a_total_is_off_by_what_the_fault_says(name: str, off: str, host: TwinHost) -> None:
    from decimal import Decimal

    before, after = totals(ask(host)), totals(struck(host, name))
    assert (after[:-1], after[-1] - before[-1]) == (before[:-1], Decimal(off))


def test_items_vanish_double_and_move_as_named(host: TwinHost) -> None:
    before = totals(ask(host))
    left = totals(struck(host, "invoice-vanishing"))
    assert len(left) == len(before) - 1
    assert [item for item in before if item in left] == left
    assert totals(struck(host, "identical-lines")) == [before[0], *before]
    assert totals(struck(host, "item-moved")) == [before[-1], *before[1:]]
    assert totals(struck(host, "short-page")) == before[: (len(before) + 1) // 2]


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_gives_an_answer_to_every_question(name: str, host: TwinHost) -> None:
    host.set_fault(Fault("cockroach", name, times=9))
    for path in (LIST, f"{LIST}/none", "/cockroach/api/v1/organization", "/cockroach/nowhere"):
        answer = ask(host, path)
        assert 200 <= answer.status < 600
        assert answer.headers["x-billfold-twin"] == "cockroach"


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_gives_an_answer_to_whom_it_should_not(name: str, host: TwinHost) -> None:
    host.set_fault(Fault("cockroach", name))
    answer = ask(host, authorization="Bearer wrong")
    assert b"invoice_items" not in answer.body


@pytest.mark.parametrize("name", RESTATEMENTS)
def test_a_restatement_lasts_until_it_is_cleared(name: str, host: TwinHost) -> None:
    """A restatement changes the truth and the answer until it is cleared."""

    def truth() -> list[str]:
        return [
            repr((account.name, bill.key, [list(c.iter_rows()) for c in bill.charges]))
            for account, bill in host.world.iter_bills(host.clock.now())
            if account.provider == "cockroach"
        ]

    before, answer = truth(), ask(host)
    host.set_fault(Fault("cockroach", name))
    assert sum(earlier != other for earlier, other in zip(before, truth(), strict=True)) == 1
    assert ask(host).body != answer.body
    host.clear_faults()
    assert (truth(), ask(host)) == (before, answer)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"provider": "cockroach"},
        {"fault": "server-error"},
        {"provider": "nobody", "fault": "server-error"},
        {"provider": "cockroach", "fault": "no-such"},
        {"provider": "cockroach", "fault": None},
        {"provider": "cockroach", "fault": ["server-error"]},
        {"provider": ["cockroach"], "fault": "server-error"},
        {"provider": "cockroach", "fault": "server-error", "at": 0},
        {"provider": "cockroach", "fault": "server-error", "times": -1},
        {"provider": "cockroach", "fault": "server-error", "times": "2"},
        {"provider": "cockroach", "fault": "server-error", "at": 1.5},
        {"provider": "cockroach", "fault": "server-error", "at": None},
    ],
)
def test_a_fault_that_is_not_one_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        parse_fault(fields, ["cockroach"])


@pytest.mark.parametrize("more", [{"operation": 5}, {"operation": "get_invoce"}, {"tims": 3}, {"at": True}])
def test_a_fault_with_a_slip_of_the_pen_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        parse_fault({"provider": "cockroach", "fault": "server-error", **more}, ["cockroach"])


def test_a_fault_is_told_as_it_was_set() -> None:
    fields = {"provider": "cockroach", "fault": "server-error", "operation": "get_invoice", "at": 2, "times": 3}
    assert parse_fault(fields, ["cockroach"]).as_dict() == {**fields, "seen": 0}
    short = {"provider": "cockroach", "fault": "server-error"}
    assert parse_fault(short, ["cockroach"]).as_dict() == {**short, "at": 1, "times": 1, "seen": 0}


ABSENT = {
    "cockroach": r"in-progress|total-moving|line-ids-.*|csv-.*|document-.*|contract-.*|.*-wallet|.*-memo|invoice-overdue|payment-.*",
    "fastly": r"in-progress|draft-finalized|new-enum|document-.*|contract-.*|.*-wallet|.*-memo|invoice-overdue|payment-.*",
    "genesys": r"total-moving|draft-finalized|csv-.*|payment-.*",
    "vultr": r"in-progress|line-ids-.*|draft-finalized|two-currencies|document-.*|contract-.*|.*-wallet|.*-memo|invoice-overdue|.*-currency",
}
"""Faults of what a vendor does not have."""


@pytest.mark.parametrize("vendor", ABSENT)
def test_a_fault_that_can_change_nothing_is_refused(vendor: str) -> None:
    """A fault is refused where the vendor has no such thing, with a sentence."""
    for name in (*FAULTS, *RESTATEMENTS):
        if re.fullmatch(ABSENT[vendor], name):
            with pytest.raises(InvalidArgument, match="can change nothing of"):
                parse_fault({"provider": vendor, "fault": name}, [vendor])
        else:
            assert parse_fault({"provider": vendor, "fault": name}, [vendor]).fault == name


@pytest.mark.parametrize("vendor", ABSENT)
def test_a_fault_that_is_set_changes_an_answer(vendor: str) -> None:
    """A fault that is not refused changes what some operation answers."""
    host = stage.twin(months=4)
    played = stage.stage(host, vendor)
    operation_types = [type(op) for op in played.twin.example_operations(played.accounts[0], host.clock.now())]
    requests = [make_request(host, played.provider, operation_type) for operation_type in operation_types]
    host.clock.set(AT.replace(day=5))
    for _ in range(2):  # what takes a while to make is ready then
        answers = [host.answer_request(request) for request in requests]
        host.clock.advance(timedelta(minutes=1))
    assert {answer.status for answer in answers if answer} == {200}
    for name in FAULTS:
        if not re.fullmatch(ABSENT[vendor] + "|document-.*|dropped-line|empty-as-.*", name):
            host.faults[:] = [parse_fault({"provider": vendor, "fault": name, "times": 10**6, "at": 1}, [vendor])]
            for request in requests:
                host.answer_request(request)
            assert host.faults[0].change_count, name


def test_a_vendor_without_places_refuses_what_needs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of an answer's JSON is refused at a vendor whose twin names no places."""
    twin = type(stage.stage(stage.twin(months=1), "cockroach").twin)
    monkeypatch.setattr(twin, "field_maps", {})
    for name in ("total-off-by-a-lot", "invoice-late", "empty-as-null", "short-page"):
        with pytest.raises(InvalidArgument, match="none of its answers has what it changes"):
            parse_fault({"provider": "cockroach", "fault": name}, ["cockroach"])
    parse_fault({"provider": "cockroach", "fault": "server-error"}, ["cockroach"])


def test_a_fault_of_invoices_lasts_unless_told() -> None:
    late = {"provider": "cockroach", "fault": "invoice-late"}
    assert parse_fault(late, ["cockroach"]).as_dict()["days"] == 10
    assert parse_fault({**late, "days": 3, "times": 1}, ["cockroach"]).as_dict() == {
        **late, "days": 3, "at": 1, "times": 1, "seen": 0
    }  # fmt: skip
    assert parse_fault(late, ["cockroach"]).times > 10**6
    with pytest.raises(InvalidArgument):
        parse_fault({"provider": "cockroach", "fault": "dropped-line", "days": 3}, ["cockroach"])


def test_a_wrong_date_is_the_fault_s_own(host: TwinHost) -> None:
    assert struck(host, "wrong-date-header").headers["date"] == "Wed, 21 Oct 2015 07:28:00 GMT"
    assert ask(host).headers["date"] == "Sun, 15 Nov 2026 00:00:00 GMT"


def test_what_should_be_seen_is_told_of_faults_that_are() -> None:
    assert EXPECTATIONS.keys() <= FAULTS.keys()
