"""Laws 6 and 7: waits are as declared, every fault gives its declared error, and no secret is in any message."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from billfold.model.errors import (
    ApiError,
    Forbidden,
    InvalidResponse,
    NotFound,
    NotReady,
    RateLimited,
    ServerError,
    Unauthorized,
)
from billfold.providers.provider import Provider
from billfold.wire.operation import OperationType, operation_name, read_response
from tests import stage as stages
from tests.laws.kit import KINDS, examples, named

JSON = [(provider, kind) for provider, kind in KINDS if kind.reply is not bytes]
WAITING = [(provider, kind) for provider, kind in KINDS if kind.waiting]
EXPECTED: dict[str, type[ApiError]] = {
    "unauthorized": Unauthorized,
    "forbidden": Forbidden,
    "not-found": NotFound,
    "rate-limited": RateLimited,
    "rate-limited-silent": RateLimited,
    "server-error": ServerError,
    "server-html": ServerError,
    "cut-body": InvalidResponse,
}


@pytest.mark.parametrize("fault", EXPECTED)
@pytest.mark.parametrize(("provider", "kind"), JSON, ids=named)
def test_law_7_a_lasting_fault_gives_its_declared_error(
    provider: Provider, kind: OperationType, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host = stages.twin()
    account, questions = examples(host, provider)
    transport = stages.connection(host, account)
    transport.send(questions[kind])
    host.faults.append(stages.fault(provider.name, fault, at=1, times=10**6))
    with pytest.raises(EXPECTED[fault]) as caught:
        read_response(questions[kind], transport.send(questions[kind]))
    error = caught.value
    text = f"{error} {error!r} {error.message} {caplog.text}"
    for secret in (*account.credentials.values(), *transport.context.auth.secrets):
        assert secret not in text or secret == "us-east-1"
    if fault != "cut-body":
        assert error.provider == provider.name
        assert error.operation in {operation_name(kind), "login"}
        assert error.status


@pytest.mark.parametrize("fault", ["rate-limited", "rate-limited-silent", "server-error", "server-html"])
@pytest.mark.parametrize(("provider", "kind"), JSON, ids=named)
def test_law_7_a_passing_fault_is_waited_out(provider: Provider, kind: OperationType, fault: str) -> None:
    host = stages.twin()
    account, questions = examples(host, provider)
    transport = stages.connection(host, account)
    before = transport.send(questions[kind])
    host.faults.append(stages.fault(provider.name, fault, at=1, times=2))
    after = transport.send(questions[kind])
    assert after.status == before.status == 200
    assert len([wait for wait in transport.waits if "preparing" not in wait.reason]) >= 2
    if fault == "rate-limited":
        assert any(wait.seconds == 1.0 for wait in transport.waits)


@pytest.mark.parametrize(("provider", "kind"), WAITING, ids=named)
@pytest.mark.parametrize("times", [1, 3])
def test_law_6_k_times_not_ready_is_k_declared_waits(provider: Provider, kind: OperationType, times: int) -> None:
    host = stages.twin()
    account, questions = examples(host, provider)
    op: Any = questions[kind]
    stages.connection(host, account).send(op)
    transport = stages.connection(host, account)
    host.faults.append(stages.fault(provider.name, not_ready(kind), at=1, times=times, operation=operation_name(kind)))
    transport.send(op)
    assert kind.waiting
    declared = list(kind.waiting.iter_delays())[:times]
    assert [wait.seconds for wait in transport.waits] == declared


@pytest.mark.parametrize(("provider", "kind"), WAITING, ids=named)
def test_law_6_an_answer_that_never_gets_ready_is_given_up(provider: Provider, kind: OperationType) -> None:
    host = stages.twin()
    account, questions = examples(host, provider)
    transport = stages.connection(host, account)
    host.faults.append(stages.fault(provider.name, not_ready(kind), at=1, times=10**6, operation=operation_name(kind)))
    with pytest.raises(NotReady):
        transport.send(questions[kind])
    assert kind.waiting
    assert sum(wait.seconds for wait in transport.waits) <= kind.waiting.timeout_s


def not_ready(kind: OperationType) -> str:
    assert kind.waiting
    return "in-progress" if kind.waiting.field else "accepted-202"
