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

JSON = [(door, kind) for door, kind in KINDS if kind.reply is not bytes]
WAITING = [(door, kind) for door, kind in KINDS if kind.waiting]
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
@pytest.mark.parametrize(("door", "kind"), JSON, ids=named)
def test_law_7_a_lasting_fault_gives_its_declared_error(
    door: Provider, kind: OperationType, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host = stages.twin()
    account, questions = examples(host, door)
    wires = stages.connection(host, account)
    wires.send(questions[kind])
    host.faults.append(stages.fault(door.name, fault, at=1, times=10**6))
    with pytest.raises(EXPECTED[fault]) as caught:
        read_response(questions[kind], wires.send(questions[kind]))
    error = caught.value
    said = f"{error} {error!r} {error.message} {caplog.text}"
    for secret in (*account.credentials.values(), *wires.context.auth.secrets):
        assert secret not in said or secret == "us-east-1"
    if fault != "cut-body":
        assert error.provider == door.name
        assert error.operation in {operation_name(kind), "login"}
        assert error.status


@pytest.mark.parametrize("fault", ["rate-limited", "rate-limited-silent", "server-error", "server-html"])
@pytest.mark.parametrize(("door", "kind"), JSON, ids=named)
def test_law_7_a_passing_fault_is_waited_out(door: Provider, kind: OperationType, fault: str) -> None:
    host = stages.twin()
    account, questions = examples(host, door)
    wires = stages.connection(host, account)
    before = wires.send(questions[kind])
    host.faults.append(stages.fault(door.name, fault, at=1, times=2))
    after = wires.send(questions[kind])
    assert after.status == before.status == 200
    assert len([wait for wait in wires.waits if "preparing" not in wait.reason]) >= 2
    if fault == "rate-limited":
        assert any(wait.seconds == 1.0 for wait in wires.waits)


@pytest.mark.parametrize(("door", "kind"), WAITING, ids=named)
@pytest.mark.parametrize("times", [1, 3])
def test_law_6_k_times_not_ready_is_k_declared_waits(door: Provider, kind: OperationType, times: int) -> None:
    host = stages.twin()
    account, questions = examples(host, door)
    op: Any = questions[kind]
    stages.connection(host, account).send(op)
    wires = stages.connection(host, account)
    host.faults.append(stages.fault(door.name, not_ready(kind), at=1, times=times, operation=operation_name(kind)))
    wires.send(op)
    assert kind.waiting
    declared = list(kind.waiting.iter_delays())[:times]
    assert [wait.seconds for wait in wires.waits] == declared


@pytest.mark.parametrize(("door", "kind"), WAITING, ids=named)
def test_law_6_an_answer_that_never_gets_ready_is_given_up(door: Provider, kind: OperationType) -> None:
    host = stages.twin()
    account, questions = examples(host, door)
    wires = stages.connection(host, account)
    host.faults.append(stages.fault(door.name, not_ready(kind), at=1, times=10**6, operation=operation_name(kind)))
    with pytest.raises(NotReady):
        wires.send(questions[kind])
    assert kind.waiting
    assert sum(wait.seconds for wait in wires.waits) <= kind.waiting.timeout_s


def not_ready(kind: OperationType) -> str:
    assert kind.waiting
    return "in-progress" if kind.waiting.field else "accepted-202"
