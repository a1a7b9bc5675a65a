"""What a vendor states of its invoices, read from its answers by hand: nothing here knows billfold's own reading."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from billfold.ledger.entries import UNREADABLE_SUFFIX
from tests.fuzz.play import MemoryArchive

LARGEST_EXPONENT = 60


class Pairs(list[tuple[str, Any]]):
    """An object of JSON with all its keys, those that stand twice too."""

    def find_all(self, *keys: str) -> list[Any]:
        """Return all values of some keys."""
        return [value for key, value in self if key in keys]


class Statement(NamedTuple):
    """One telling of an invoice: its totals by currency, and its lines' amounts by currency where they stand beside it."""

    invoice_id: str
    totals: tuple[tuple[str, Decimal], ...]
    lines: tuple[tuple[str, Decimal], ...] | None


class Statements(NamedTuple):
    """All that the answers of a run state."""

    invoices: list[Statement]
    numbers: frozenset[Decimal]
    """All numbers in all answers: what an estimate comes to must be among them."""


def parse_number(value: Any) -> Decimal | None:
    """Return a number, or a text that is one; None for anything else."""
    if isinstance(value, str):
        if len(value) > 60:
            return None
        try:
            value = Decimal(value.strip())
        except InvalidOperation:
            return None
    is_sane = isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < LARGEST_EXPONENT
    return value if is_sane else None


def parse_body(body: bytes) -> Any:
    """Return the tree of an answer; None where it is no JSON."""
    text = body.decode("utf-8-sig", errors="replace")
    try:
        return json.loads(text, parse_float=_parse, parse_int=_parse, object_pairs_hook=Pairs, strict=False)
    except (ValueError, RecursionError):
        return None


def _parse(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def iter_nodes(tree: Any) -> Iterator[Any]:
    """Yield every value of a tree."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Pairs):
            pending += [value for _, value in node]
        elif isinstance(node, list):
            pending += node


def _read_ids(node: Pairs, *keys: str) -> set[str]:
    values = node.find_all(*keys)
    return {str(value) if not isinstance(value, Decimal) else format(value, "f") for value in values}


def _list_numbers(values: list[Any]) -> list[Decimal]:
    return [number for value in values if (number := parse_number(value)) is not None]


def _list_currencies(node: Pairs, *keys: str, default: str = "") -> list[str]:
    codes = [value.strip().upper() for value in node.find_all(*keys) if isinstance(value, str)]
    return [code for code in codes if code] or ([default] if default else [])


def _list_records(node: Pairs, key: str) -> list[Pairs]:
    return [
        item for value in node.find_all(key) if isinstance(value, list) for item in value if isinstance(item, Pairs)
    ]


def _read_fastly(node: Pairs) -> Iterator[Statement]:
    currencies = _list_currencies(node, "currency_code", default="USD")
    totals = _list_numbers(node.find_all("monthly_transaction_amount"))
    amounts = [item.find_all("amount")[-1:] for item in _list_records(node, "transaction_line_items")]
    lines = tuple(("", number) for values in amounts for number in _list_numbers(values))
    for invoice_id in _read_ids(node, "invoice_id"):
        if totals:
            yield Statement(invoice_id, tuple((code, total) for code in currencies for total in totals), lines)
        costs = [
            cost for total in node.find_all("total") if isinstance(total, Pairs) for cost in total.find_all("cost")
        ]
        if v2_totals := _list_numbers(costs):
            yield Statement(invoice_id, tuple(("USD", total) for total in v2_totals), None)


def _read_amounts(nodes: list[Any]) -> list[tuple[str, Decimal]]:
    """Read amounts of CockroachDB: dollars where no currency is said, nothing where no number is."""
    return [
        (code, number)
        for node in nodes
        if isinstance(node, Pairs)
        for code in _list_currencies(node, "currency", default="USD")
        for number in _list_numbers(node.find_all("amount")) or [Decimal(0)]
    ]


def _read_cockroach(node: Pairs) -> Iterator[Statement]:
    totals = _read_amounts([*_list_records(node, "totals")])
    line_amounts = [
        amount
        for item in _list_records(node, "invoice_items")
        for line in _list_records(item, "line_items")
        for amount in line.find_all("total")[-1:]
    ]
    line_amounts += [amount for line in _list_records(node, "adjustments") for amount in line.find_all("amount")[-1:]]
    for invoice_id in _read_ids(node, "invoice_id"):
        yield Statement(invoice_id, tuple(totals), tuple(_read_amounts(line_amounts)))


def _read_listed(node: Pairs, currency_key: str) -> Iterator[Statement]:
    """Read an invoice whose lines are another answer."""
    currencies = _list_currencies(node, currency_key) if currency_key else ["USD"]
    totals = _list_numbers(node.find_all("amount"))
    for invoice_id in _read_ids(node, "id"):
        yield Statement(invoice_id, tuple((code, total) for code in currencies for total in totals), None)


READERS: dict[tuple[str, str], Callable[[Pairs], Iterator[Statement]]] = {
    ("cockroach", "list_invoices"): _read_cockroach,
    ("cockroach", "get_invoice"): _read_cockroach,
    **{
        ("fastly", name): _read_fastly
        for name in ("list_invoices", "get_invoice_by_invoice_id", "get_invoice", "get_invoice_by_id")
    },
    ("genesys", "get_billing_contracts_invoices"): lambda node: _read_listed(node, "currencyIsoCode"),
    ("vultr", "list_invoices"): lambda node: _read_listed(node, ""),
    ("vultr", "get_invoice"): lambda node: _read_listed(node, ""),
}
"""What reads an object of each operation's answers as an invoice."""
LINE_LISTS = {
    ("genesys", "get_billing_contracts_invoice_lines"): ("invoiceId", "entities", "amount"),
    ("vultr", "get_invoice_items"): ("invoice_id", "invoice_items", "total"),
}
"""Of answers that are the lines of an invoice: the question's field with its id, the list, the amount of a line."""


class AnswerStatements(NamedTuple):
    """What one answer states."""

    invoices: list[Statement]
    numbers: frozenset[Decimal]
    line_amounts: list[Decimal]


@lru_cache(maxsize=512)
def _read_answer(key: tuple[str, str], body: bytes) -> AnswerStatements:
    invoices, numbers, line_amounts, tree = list[Statement](), set[Decimal](), list[Decimal](), parse_body(body)
    for node in iter_nodes(tree):
        if isinstance(node, Pairs):
            invoices += READERS[key](node) if key in READERS else ()
        elif (number := parse_number(node)) is not None:
            numbers.add(number)
    if tree is None:
        invoices += _read_csv(body)
    if key in LINE_LISTS and isinstance(tree, Pairs):
        _, list_key, amount_key = LINE_LISTS[key]
        for line in _list_records(tree, list_key):
            line_amounts += _list_numbers(line.find_all(amount_key)[-1:])
    return AnswerStatements(invoices, frozenset(numbers), line_amounts)


def read_statements(provider: str, archive: MemoryArchive) -> Statements:
    """Read what the good answers of a run state."""
    invoices, numbers, lines = list[Statement](), set[Decimal](), dict[str, list[tuple[str, Decimal]]]()
    for entry in archive.entries:
        if entry.status != 200 or entry.operation.endswith(UNREADABLE_SUFFIX):
            continue
        key = provider, entry.operation
        answer = _read_answer(key, archive.read_body(entry.body))
        invoices += answer.invoices
        numbers |= answer.numbers
        if key in LINE_LISTS:
            invoice_id = str(entry.question_fields.get(LINE_LISTS[key][0]))
            lines.setdefault(invoice_id, []).extend(("", amount) for amount in answer.line_amounts)
    invoices = [
        invoice
        if invoice.lines is not None
        else invoice._replace(lines=tuple(lines.get(invoice.invoice_id, ())) or None)
        for invoice in invoices
    ]
    return Statements(invoices, frozenset(numbers))


def _read_csv(body: bytes) -> Iterator[Statement]:
    """Read a saved CSV of Fastly's: where it states no cost, its lines are all that there is."""
    try:
        rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig", "replace"), newline="")))
    except csv.Error:
        return
    if rows and "amount" in rows[0]:
        cost = parse_number(rows[0].get("cost"))
        totals = (("USD", cost),) if cost is not None else ()
        yield Statement(str(rows[0].get("invoice_id") or ""), totals, None)
