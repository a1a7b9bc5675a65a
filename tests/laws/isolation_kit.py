"""One collection in memory: a plan's questions and the answers of a twin, some of which a test changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

import pyarrow as pa

from billfold.ledger.batch import build_columns, sum_batch
from billfold.ledger.bill_values import check_total
from billfold.ledger.charge_writer import WrittenBill
from billfold.model.bill import Bill
from billfold.model.errors import ApiError, BillfoldError, InvalidArgument
from billfold.model.finding import Finding, describe_finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, ZERO
from billfold.model.period import Month
from billfold.providers.provider import ArchivedAnswer, Provider, SyncState
from billfold.wire.message import Response
from billfold.wire.operation import Operation, build_request, operation_name, question_text, salvage_response
from tests import stage
from tests.providers.kit import StoredAnswers

NOW = datetime(2026, 11, 15, tzinfo=UTC)
Change = Callable[[Operation[Any], Any], Any]
"""Changes the tree of an answer's JSON, and returns it."""


class JudgedBill(NamedTuple):
    """What the ledger would make of a bill: whether it is trusted, its total, its charges, and what is said against it."""

    is_trusted: bool
    total: Decimal | None
    costs: tuple[Decimal, ...]
    text: str


@dataclass
class Collected:
    """What a collection came to: its bills by key, what failed, and all that is said."""

    bills: dict[str, JudgedBill] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    answers: list[ArchivedAnswer] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that is said of anything."""
        bill_texts = [f"{key}: {bill.text}" for key, bill in self.bills.items() if bill.text]
        return "; ".join(
            [*bill_texts, *self.errors, *(f"{finding.subject}: {finding.text}" for finding in self.findings)]
        )


class RecordedVendor:
    """A vendor whose good answers were asked of its twin once."""

    def __init__(self, provider: Provider, months: int = 2) -> None:
        self.provider = provider
        host = stage.twin(NOW, months=months)
        self._transport = stage.connection(host, stage.stage(host, provider.name).accounts[0])
        self._responses: dict[tuple[str, str], Response | ApiError] = {}

    def _ask(self, op: Operation[Any], document_url: Callable[[Any], str] | None) -> Response:
        key = operation_name(op), question_text(op)
        if key not in self._responses:
            self._responses[key] = self._send(op, document_url)
        response = self._responses[key]
        if isinstance(response, ApiError):
            raise response
        return response

    def _send(self, op: Operation[Any], document_url: Callable[[Any], str] | None) -> Response | ApiError:
        try:
            response = self._transport.send(op)
            return self._transport.fetch(document_url(salvage_response(op, response))) if document_url else response
        except ApiError as error:
            return error

    def collect(self, change: Change | None = None) -> Collected:
        """Run a plan, with each answer changed; read the bills as the ledger does."""
        collected = Collected()
        plan, reply = self.provider.plan_requests(SyncState(NOW, Month(2026, 8))), None
        try:
            while True:
                reply = self._answer_fetch(plan.send(reply), collected, change)
        except StopIteration:
            pass
        except BillfoldError as error:
            collected.errors.append(str(error))
        self._read_bills(collected)
        return collected

    def _answer_fetch(self, fetch: Any, collected: Collected, change: Change | None) -> Any:
        try:
            build_request(fetch.op)
            response = self._ask(fetch.op, fetch.find_document_url)
            if change and response.media_type == "application/json":
                tree = change(fetch.op, json.loads(response.body, parse_float=Raw, parse_int=Raw))
                response = response._replace(body=write_json(tree).encode())
            reply = response.body if fetch.find_document_url else salvage_response(fetch.op, response)
        except (ApiError, InvalidArgument) as error:
            if isinstance(error, InvalidArgument) or not fetch.may_fail(error):
                raise
            if missing := fetch.find_missing(error):
                collected.findings.append(missing)
            return None
        collected.answers.append(ArchivedAnswer(fetch.op, response, len(collected.answers) + 1, NOW))
        return reply

    def _read_bills(self, collected: Collected) -> None:
        run_answers = StoredAnswers(collected.answers)
        with suppress(BillfoldError):  # whoever asks takes it for unknown then
            self.provider.read_listing(run_answers)
            self.provider.find_identity(run_answers)
        for read_answers in (self._judge_bills, self._check):
            try:
                read_answers(run_answers, collected)
            except (BillfoldError, ValueError, ArithmeticError) as error:
                collected.errors.append(str(error))

    def _check(self, run_answers: StoredAnswers, collected: Collected) -> None:
        collected.findings += self.provider.check_answers(run_answers)

    def _judge_bills(self, run_answers: StoredAnswers, collected: Collected) -> None:
        for bill in self.provider.read_bills(run_answers):
            try:
                collected.bills[bill.key] = judge_bill(stage.whole(bill))
            except (BillfoldError, ValueError, ArithmeticError) as error:
                collected.findings.append(make_finding(FindingCode.BILL_UNBOOKABLE, str(error), bill.key))


def judge_bill(bill: Bill) -> JudgedBill:
    """Judge a bill as the ledger does."""
    is_complete, charge_sum, costs = True, ZERO, list[Decimal]()
    for batch in filter(attrgetter("line_count"), bill.charges):
        try:
            build_columns(batch, bill.state)
        except pa.ArrowInvalid:
            is_complete = False
        charge_sum = EXACT_CONTEXT.add(charge_sum, sum_batch(batch, bill.currency)[0])
        costs += [row.BilledCost or ZERO for row in batch.iter_rows()]
    written_bill = WrittenBill(len(costs), len(costs), charge_sum, (), is_complete)
    findings = [finding for finding in (*bill.findings, *check_total(bill, written_bill)) if finding.is_wrong]
    text = "; ".join(describe_finding(finding) for finding in findings)
    return JudgedBill(
        is_complete and not findings, bill.total, tuple(sorted(costs)), text or "left out" * (not is_complete)
    )


class Raw(str):  # noqa: SLOT000 - the glossary retires the word that it asks for
    """A number of JSON as it is spelled, or anything else to be written as it stands."""


def write_json(tree: Any) -> str:
    """Write JSON in which what is ``Raw`` stands as it is spelled."""
    if isinstance(tree, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{write_json(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ",".join(map(write_json, tree)) + "]"
    return str(tree) if isinstance(tree, Raw) else json.dumps(tree)


def iter_paths(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the places of all fields in a tree; of a list, those of its first item and the item itself."""
    steps = tree.items() if isinstance(tree, dict) else enumerate(tree[:1]) if isinstance(tree, list) else ()
    for step, value in steps:
        yield (*path, step)
        yield from iter_paths(value, (*path, step))


def replace_value(tree: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Return a tree with another value in a place."""
    if not path:
        return value
    copy: Any = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = replace_value(tree[path[0]], path[1:], value)
    return copy
