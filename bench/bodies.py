"""Bodies of 10,000 lines each: the shapes of the samples and of the twin, repeated with varied numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import bare

from billfold.model.period import Month, parse_instant
from billfold.providers import provider
from billfold.providers.twin_api import RequestContext, TwinMemory
from billfold.wire import codec
from billfold.wire.message import Request

LINES = 10_000
PROVIDERS = Path(provider.__file__).parent


class Body(NamedTuple):
    """What is decoded: the pages of one operation, the bare struct for them, and the witness that reads them."""

    provider: str
    operation: str
    description: str
    pages: tuple[bytes, ...]
    bare: type
    witness: str
    script: str
    target: float | None = None

    @property
    def kind(self) -> Any:
        return provider.find_provider(self.provider).find_operation(self.operation).reply


def sample(path: str) -> Any:
    """Read a sample of a provider's folder, without the notes in it."""
    record = json.loads((PROVIDERS / path).read_text(encoding="utf-8"), parse_float=Decimal)
    return {key: value for key, value in record.items() if not key.startswith("_")}


def varied(value: Any, number: int) -> Any:
    """Return the same shape with other digits; words stay as they are."""
    match value:
        case dict():
            return {key: varied(inner, number) for key, inner in value.items()}
        case list():
            return [varied(inner, number) for inner in value]
        case Decimal():
            return value + Decimal(number) / 100
        case int() if not isinstance(value, bool):
            return value + number % 7
    return value


def lines(shapes: list[Any], count: int = LINES) -> Iterator[Any]:
    """Repeat some shapes until there are so many lines."""
    return (varied(line, number) for number, line in enumerate(islice(cycle(shapes), count)))


def paged(envelope: Any, key: str, size: int) -> tuple[bytes, ...]:
    """Cut the lines into pages of so many, each in its envelope."""
    every = list(lines(envelope[key]))
    return tuple(codec.encode_json(envelope | {key: every[at : at + size]}) for at in range(0, LINES, size))


def vultr() -> tuple[bytes, ...]:
    return paged(sample("vultr/samples/constructed_billing_invoice_items.json"), "invoice_items", 500)


def fastly_v2() -> tuple[bytes, ...]:
    return paged(sample("fastly/samples/synthetic/v2_invoice.json"), "line_items", 100)


def fastly_v3() -> tuple[bytes, ...]:
    return paged(sample("fastly/samples/synthetic/v3_invoice.json"), "transaction_line_items", LINES)


def fastly_v3_list() -> tuple[bytes, ...]:
    page = sample("fastly/samples/synthetic/v3_list_invoices.json")
    invoice, key = page["data"][0], "transaction_line_items"
    every = list(lines(invoice[key]))
    invoices = [invoice | {key: every[at : at + 100]} for at in range(0, LINES, 100)]
    return (codec.encode_json(page | {"data": invoices}),)


def cockroach() -> tuple[bytes, ...]:
    """Make a hundred invoices of the twin's first account, with a hundred lines each."""
    vendor_provider = provider.find_provider("cockroach")
    twin, now = vendor_provider.load_twin(), parse_instant("2026-11-15T00:00:00Z")
    account = twin.make_accounts(1, Month.of(now).add_months(-12))[0]
    ask: Any = vendor_provider.find_operation("list_invoices")
    answer = codec.parse_json(
        codec.encode_json(twin.answer_operation(ask(), RequestContext(account, now, Request("GET", "/"), TwinMemory())))
    )
    invoice = max(answer["invoices"], key=lambda candidate: len(candidate["invoice_items"]))
    shapes = [line for item in invoice["invoice_items"] for line in item["line_items"]]
    every, first = list(lines(shapes)), invoice["invoice_items"][0]
    parts = [first | {"line_items": every[at : at + 25]} for at in range(0, LINES, 25)]
    pages = [invoice | {"invoice_items": parts[at : at + 4]} for at in range(0, len(parts), 4)]
    return (codec.encode_json(answer | {"invoices": pages}),)


def genesys() -> tuple[bytes, ...]:
    return paged(sample("genesys/samples/invoice_lines.page1.json"), "entities", 200)


Row = tuple[str, str, str, Callable[[], tuple[bytes, ...]], type, str, str, float | None]
TABLE: tuple[Row, ...] = (
    ("vultr", "get_invoice_items", "20 pages", vultr, bare.VultrItems, "vultr-1.0.2", "vultr", 50),
    ("fastly", "get_invoice", "v2, 100 invoices", fastly_v2, bare.FastlyInvoice2, "fastly-7.0.0", "fastly_v2", 50),
    ("fastly", "get_invoice_by_invoice_id", "v3", fastly_v3, bare.FastlyInvoice3, "fastly-15.0.0", "fastly_v3", None),
    ("fastly", "list_invoices", "v3", fastly_v3_list, bare.FastlyInvoices3, "fastly-15.0.0", "fastly_v3_list", None),
    ("cockroach", "list_invoices", "100", cockroach, bare.CockroachInvoices, "cockroach-openapi", "cockroach", None),
    (
        *("genesys", "get_billing_contracts_invoice_lines", "50 pages"),
        *(genesys, bare.GenesysLines, "genesys-269.0.0", "genesys", 40),
    ),
)  # type: ignore[assignment]


def bodies() -> Iterator[Body]:
    """Make one after another; a provider that cannot be loaded raises here."""
    for vendor, operation, description, pages, kind, witness, script, target in TABLE:
        yield Body(vendor, operation, description, pages(), kind, witness, script, target)
