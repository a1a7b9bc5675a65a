"""Random decimals all the way: wire, archive, ledger, then Parquet, CSV, JSON and Arrow; no digit may change.

The short form is a test. The long one: ``python -m tests.focus.digits 10000000``.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq

from billfold.collect.workspace import Workspace
from billfold.focus.export import ExportSpec, export_focus
from billfold.focus.reader import Ledger
from billfold.ledger.entries import ArchivedResponse
from billfold.ledger.focus_views import Selection
from billfold.model.money import exact_sum, format_decimal
from billfold.providers.vultr.api import GetInvoiceItems, ListInvoices
from billfold.report import render
from billfold.wire.operation import Operation, operation_name, question_text

NOW = datetime(2026, 11, 15, tzinfo=UTC)
TOGETHER = 2000
COLUMNS = ("ChargeDescription", "BilledCost", "PricingQuantity", "x_UnitPrice", "EffectiveCost")
Row = tuple[Any, ...]


def decimals(number: int) -> tuple[Decimal, Decimal, Decimal]:
    """Return a line's total, units and rate: any digits, from 1 to 20 of them, known by the line's number alone."""
    dice = Random(number)
    decimal_places = dice.randrange(13)
    total = Decimal(dice.randrange(1, 10 ** dice.randrange(1, 9 + decimal_places))).scaleb(-decimal_places)
    units = 1 + Decimal(dice.randrange(10 ** dice.randrange(1, 20))).scaleb(-18)
    return total, units, Decimal(dice.randrange(10 ** dice.randrange(1, 19))).scaleb(-18)


def spelled(number: Decimal, dice: Random) -> str:
    """Write a number as one of the ways in which JSON can."""
    text = format_decimal(number)
    more = text + ("0" if "." in text else ".0") if dice.random() < 0.3 else text
    return f"{number:E}" if dice.random() < 0.2 else more


def pages(lines: int) -> Iterator[tuple[str, bytes, Decimal]]:
    """Yield an invoice's id, its lines as they come over the wire, and its total, for so many lines in all."""
    for start in range(0, lines, TOGETHER):
        numbers, dice = range(start, min(start + TOGETHER, lines)), Random(start)
        rows = [(number, *decimals(number)) for number in numbers]
        items = ",".join(
            f'{{"description":"line {number}","product":"Cloud Compute","start_date":"2026-10-01T00:00:00+00:00",'
            f'"end_date":"2026-11-01T00:00:00+00:00","unit_type":"hours","units":{spelled(units, dice)},'
            f'"unit_price":{spelled(rate, dice)},"total":{spelled(total, dice)}}}'
            for number, total, units, rate in rows
        )
        meta = f'{{"total":{len(numbers)},"links":{{"next":"","prev":""}}}}'
        body = f'{{"invoice_items":[{items}],"meta":{meta}}}'
        yield str(1000 + start // TOGETHER), body.encode(), exact_sum(total for _, total, *_ in rows)


def archived(books: Workspace, lines: int) -> None:
    """Archive a collection of one Vultr account with so many lines, and book it."""
    run, listed = books.archive.start_run("vultr", "digits", "sync", NOW), list[str]()

    def keep(op: Operation[Any], body: bytes) -> None:
        headers = {"content-type": "application/json"}
        books.archive.add_responses(
            run, ArchivedResponse(operation_name(type(op)), question_text(op), 200, headers, body, NOW)
        )

    for number, body, total in pages(lines):
        keep(GetInvoiceItems(invoice_id=int(number)), body)
        listed.append(f'{{"id":{number},"date":"2026-11-01T00:00:00+00:00","amount":{format_decimal(total)}}}')
    meta = f'{{"total":{len(listed)},"links":{{"next":"","prev":""}}}}'
    keep(ListInvoices(), f'{{"billing_invoices":[{",".join(listed)}],"meta":{meta}}}'.encode())
    books.archive.end_run(run, "complete", NOW)
    books.catch_up()


def through_arrow(directory: Path) -> Iterator[Row]:
    with Ledger(directory) as ledger:
        for batch in ledger.charges():
            yield from zip(*(batch.column(name).to_pylist() for name in COLUMNS), strict=True)


def through_json(directory: Path) -> Iterator[Row]:
    with Ledger(directory) as ledger:
        _, rows = ledger.rows(f"SELECT {', '.join(COLUMNS)} FROM CostAndUsage")
        for row in rows:
            record = json.loads(render.as_json([row]))[0]
            yield tuple(_number(record[name]) if name != COLUMNS[0] else record[name] for name in COLUMNS)


def through_parquet(directory: Path) -> Iterator[Row]:
    _exported(directory, "parquet")
    for batch in pq.ParquetFile(directory / "out" / "cost_and_usage.parquet").iter_batches(columns=list(COLUMNS)):
        yield from zip(*(batch.column(name).to_pylist() for name in COLUMNS), strict=True)


def through_csv(directory: Path) -> Iterator[Row]:
    _exported(directory, "csv")
    with (directory / "out" / "cost_and_usage.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield tuple(_number(row[name]) if name != COLUMNS[0] else row[name] for name in COLUMNS)


def _number(text: str | None) -> Decimal | None:
    assert text is None or isinstance(text, str), f"{text!r} was written as a binary number"
    return Decimal(text) if text else None


def _exported(directory: Path, file_format: str) -> None:
    books = Workspace(directory)
    with books.open_ledger() as db:
        export_focus(db, ExportSpec(directory / "out", file_format), Selection(), NOW)
    books.close()


def changed(rows: Iterator[Row], lines: int) -> int:
    """Count the numbers that are not what was sent."""
    wrong = read_count = 0
    for name, billed, quantity, rate, effective in rows:
        total, units, price = decimals(int(name.split()[1]))
        wrong += (billed != total) + (effective != total) + (quantity != units) + (rate != price)
        read_count += 1
    return wrong + abs(read_count - lines)


WAYS = {"arrow": through_arrow, "json": through_json, "parquet": through_parquet, "csv": through_csv}


def main(count: int) -> int:
    """Send so many decimals, three a line, and compare each way out; returns how many changed."""
    lines, wrong = -(-count // 3), 0
    with tempfile.TemporaryDirectory() as room:
        directory, began = Path(room), time.monotonic()
        books = Workspace(directory)
        archived(books, lines)
        books.close()
        sys.stdout.write(f"{lines} lines booked in {time.monotonic() - began:.0f} s\n")
        for name, way in WAYS.items():
            changed_count = changed(way(directory), lines)
            sys.stdout.write(
                f"{name}: {changed_count} of {lines * 3} decimals changed ({time.monotonic() - began:.0f} s)\n"
            )
            sys.stdout.flush()
            wrong += changed_count
    return wrong


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1])) else 0)
