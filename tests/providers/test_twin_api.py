"""A twin states what it has, and the defaults of ``TwinApi`` say what happens otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from billfold.model.bill import Bill
from billfold.model.period import Month
from billfold.providers.twin_api import (
    ApiFault,
    Caller,
    RateLimit,
    RequestContext,
    TwinAccount,
    TwinApi,
    find_caller,
)
from billfold.twin.host import TwinHost
from billfold.wire.answer import build_response
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation
from tests import stage


class SmallTwin(TwinApi):
    """Plays a vendor with nothing but what a twin must have."""

    mount_path = "/vultr/v2"
    rate_limit = RateLimit(2, 1.0)
    carried_columns = ()
    field_maps = {}

    def make_accounts(self, seed: int, first_month: Month) -> tuple[TwinAccount, ...]:
        return (TwinAccount("vultr", "v", {"key": "k"}, seed, first_month, unprivileged_credentials={"key": "other"}),)

    def identify_caller(
        self, request: Request, accounts: tuple[TwinAccount, ...], context: RequestContext
    ) -> Caller | None:
        return find_caller(accounts, "key", request.headers.get("key"))

    def answer_operation(self, op: Operation[Any], context: RequestContext) -> object:
        return {"account": context.account.name}

    def refuse_request(self, fault: ApiFault, detail: str, request: Request) -> Response:
        return build_response({"fault": fault}, status=400)

    def true_bills(self, account: TwinAccount, now: datetime) -> Iterator[Bill]:
        return iter(())

    def example_operations(self, account: TwinAccount, now: datetime) -> tuple[Operation[Any], ...]:
        return ()


@pytest.fixture
def host() -> TwinHost:
    """Return a twin in which the small one plays Vultr, with its rate limit."""
    host, twin = stage.twin(limits=True, months=1), SmallTwin()
    accounts = twin.make_accounts(1, Month(2026, 10))
    host.world.vendors[:] = [stage.stage(host, "vultr")._replace(twin=twin, accounts=accounts)]
    return host


def test_a_twin_needs_its_facts_and_six_answers_only(host: TwinHost) -> None:
    """A twin without optional parts answers, and refuses who is over its limit or unknown."""
    request = Request("GET", "/vultr/v2/account", (), {"key": "k"})
    bodies = [response.body for response in map(host.answer_request, [request, request, request]) if response]
    assert bodies == [b'{"account":"v"}', b'{"account":"v"}', b'{"fault":"rate-limited"}']
    refusal = host.answer_request(request._replace(headers={}))
    assert refusal is not None
    assert refusal.body == b'{"fault":"unauthorized"}'
    assert set(refusal.headers) == {"content-type", "date", "x-billfold-twin", "x-billfold-twin-date"}


def test_a_twin_without_an_answer_is_none() -> None:
    """A twin that lacks one of the six cannot be made, so that it is noticed before a request comes."""
    lacking_twin = type("LackingTwin", (SmallTwin,), {"true_bills": TwinApi.true_bills})
    with pytest.raises(TypeError, match="true_bills"):
        lacking_twin()


@pytest.mark.parametrize(
    ("value", "is_allowed"), [("k", True), ("other", False), ("x", None), ("", None), (None, None)]
)
def test_a_credential_tells_who_calls(value: str | None, is_allowed: bool | None) -> None:
    """A credential is an account's own, its one without the billing right, or nobody's."""
    caller = find_caller(SmallTwin().make_accounts(1, Month(2026, 10)), "key", value)
    assert (caller.is_allowed if caller else None) is is_allowed
