"""What the tests of all vendors share: a run's answers, the charges of a bill, and JSON with all its digits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeVar, cast

from billfold.model.bill import Bill, DerivedTax
from billfold.model.focus import CostAndUsage
from billfold.model.period import parse_instant
from billfold.providers.provider import ArchivedAnswer
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import MEDIA_TYPES, Operation

O = TypeVar("O", bound=Operation[Any])  # noqa: E741 - an operation
NOW = parse_instant("2026-11-15T00:00:00Z")


class StoredAnswers:
    """The answers of a run, in the order they came."""

    derived_taxes: Sequence[DerivedTax] = ()

    def __init__(self, answers: Sequence[ArchivedAnswer]) -> None:
        self._answers = answers

    def requests(self, operation_type: type[O]) -> Iterator[O]:
        return (answer.op for answer in self.answers(operation_type))

    def has_bills_of(self, inputs_hash: str) -> bool:
        return False

    def list_derived_taxes(self) -> Sequence[DerivedTax]:
        return self.derived_taxes

    def answers(self, operation_type: type[O], **fields: object) -> Iterator[ArchivedAnswer[O]]:
        for answer in self._answers:
            if isinstance(answer.op, operation_type) and all(
                getattr(answer.op, name) == value for name, value in fields.items()
            ):
                yield cast("ArchivedAnswer[O]", answer)


class SavedAnswers(StoredAnswers):
    """The answers of a run, by their operations and bodies."""

    def __init__(self, *answers: tuple[Operation[Any], Any]) -> None:
        super().__init__([save_answer(op, body, seq) for seq, (op, body) in enumerate(answers, 1)])


def save_answer(op: Operation[Any], body: Any, seq: int) -> ArchivedAnswer:
    """Return a good answer to an operation; a body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else codec.encode_json(body)
    headers = {"content-type": MEDIA_TYPES[getattr(op, "format", "json")]}
    return ArchivedAnswer(op, Response(200, headers, content), seq, NOW)


def list_rows(bill: Bill) -> list[CostAndUsage]:
    """Return the charges of a bill."""
    return [row for batch in bill.charges for row in batch.iter_rows()]


def parse_exact(body: bytes) -> Any:
    """Return the value of JSON in which every number stands with all its digits."""
    return json.loads(body, parse_float=lambda text: f"#{Decimal(text)}", parse_int=lambda text: f"#{Decimal(text)}")
