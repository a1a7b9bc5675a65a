"""How long a ledger of ten million charges takes to be summed, and to find one invoice among many parts."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
from measure import interleaved
from table import Row, between, digits, ms, reached

from billfold.ledger.columns import BILL_COLUMN_TYPES, CHARGE_SCHEMA
from billfold.ledger.part_merge import merge_small_parts
from billfold.ledger.store import MEMORY_LIMIT, OpenLedger, open_ledger, open_read_only, open_transaction
from billfold.model.period import Month

ROUNDS, QUICK = 11, 3
CHARGES, QUICK_CHARGES = 10_000_000, 1_000_000
BILLS = 1000
PART_COUNTS = (20, 200, 1000)
ISSUERS, SERVICES, MONTHS = 4, 25, 36
OF_NATIVE, FIND_SECONDS = 3.0, 0.1
GROUP_SQL = """SELECT InvoiceIssuerName, ServiceName, BillingPeriodStart, BillingCurrency, x_State, sum(BilledCost), count(*)
    FROM {} GROUP BY ALL"""
FIND_SQL = "SELECT id FROM bills WHERE invoice_id = ?"


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Sum and search ledgers of few, of many and of very many parts."""
    charge_count, rounds = (QUICK_CHARGES, QUICK) if quick else (CHARGES, ROUNDS)
    for part_count in PART_COUNTS:
        with tempfile.TemporaryDirectory(prefix="billfold-bench-") as directory:
            path = Path(directory, "catalog.sqlite")
            write_ledger(path, charge_count, part_count)
            yield from _ask(path, f"{charge_count:,} charges booked in {part_count} parts", rounds)


def write_ledger(path: Path, charge_count: int, part_count: int) -> None:
    """Write charges as bookings do, in so many parts and all bills alike in size; then those parts are merged as after one."""
    bills_per_part = BILLS // part_count
    with open_ledger(path) as ledger:
        for first_bill in range(1, BILLS + 1, bills_per_part):
            with open_transaction(ledger):
                for bill_id in range(first_bill, first_bill + bills_per_part):
                    ledger.add_charges({bill_id}, make_charges(bill_id, charge_count // BILLS))
                    _insert_bill(ledger, bill_id)
        merge_small_parts(ledger)


def _insert_bill(ledger: OpenLedger, bill_id: int) -> None:
    start = str(month_of(bill_id))
    values = {"id": bill_id, "provider": "vendor", "account": "me", "state": "issued", "invoice_id": f"i{bill_id}"}
    values |= {"bill_key": f"i{bill_id} USD", "currency": "USD", "period_start": start, "from_seq": bill_id}
    ledger.catalog.insert_rows("bills", [[values.get(column) for column in BILL_COLUMN_TYPES]])


def month_of(bill_id: int) -> datetime:
    return Month(2026, 12).add_months(-(bill_id % MONTHS)).start.replace(tzinfo=None)


def make_charges(bill_id: int, count: int) -> pa.Table:
    """Return the charges of a bill: each with an id, a description and a resource of its own, as instances have them."""
    values = {
        "bill": [bill_id] * count,
        "BilledCost": [Decimal(index % 5000) / 100 for index in range(count)],
        "BillingCurrency": ["USD"] * count,
        "BillingPeriodStart": [month_of(bill_id)] * count,
        "ChargeDescription": [f"10.0.0.{index} (8192 MB) [node-{index}]" for index in range(count)],
        "InvoiceDetailId": [f"{bill_id * count + index:020x}" for index in range(count)],
        "InvoiceId": [f"i{bill_id}"] * count,
        "InvoiceIssuerName": [f"Vendor {bill_id % ISSUERS}"] * count,
        "ResourceId": [f"10.0.0.{index}" for index in range(count)],
        "ServiceName": [f"Service {index % SERVICES}" for index in range(count)],
        "x_State": ["issued"] * count,
    }
    arrays = [
        pa.array(values[field.name], field.type) if field.name in values else pa.nulls(count, field.type)
        for field in CHARGE_SCHEMA
    ]
    return pa.table(arrays, schema=CHARGE_SCHEMA)


def _ask(path: Path, title: str, rounds: int) -> Iterator[Row]:
    ledger = open_read_only(path)
    native = duckdb.connect(path.with_name("native.duckdb"), config={"memory_limit": MEMORY_LIMIT})
    native.execute(f"CREATE TABLE charges AS SELECT * FROM read_parquet('{ledger.parts_directory}/*.parquet')")
    last_id = f"i{BILLS - 1}"
    calls: dict[str, Callable[[], object]] = {
        "sum": lambda: ledger.execute(GROUP_SQL.format("charges")).fetchall(),
        "native": lambda: native.execute(GROUP_SQL.format("charges")).fetchall(),
        "find": lambda: find_charges(ledger, last_id),
        "open": lambda: open_read_only(path).close(),
    }
    samples = interleaved({name: _timed(call) for name, call in calls.items()}, rounds)
    ratio = samples["sum"].middle / samples["native"].middle
    yield Row(
        "questions",
        f"{title}: summed by issuer, service, month, currency, state",
        ms(samples["sum"].middle),
        f"{ms(samples['native'].middle)} native DuckDB table",
        f"{digits(ratio)}x more",
        reached(f"at most {OF_NATIVE:g}x", good=ratio <= OF_NATIVE),
        f"{between(samples['sum'])} / {between(samples['native'])}",
    )
    for name, what in (("find", "one invoice's charges found"), ("open", "opened")):
        good = samples[name].middle < FIND_SECONDS
        target = reached(f"under {ms(FIND_SECONDS)}", good=good) if name == "find" else ""
        yield Row("questions", f"{title}: {what}", ms(samples[name].middle), "", "", target, between(samples[name]))
    ledger.close()
    native.close()


def find_charges(ledger: OpenLedger, invoice_id: str) -> int:
    """Read all charges of an invoice, every column, and count them."""
    ((bill_id,),) = ledger.execute(FIND_SQL, [invoice_id]).fetchall()
    return ledger.connection.sql(ledger.build_bill_sql(bill_id)).to_arrow_table().num_rows


def _timed(call: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return measure
