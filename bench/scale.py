"""How long each command of the month-end takes over 504 accounts and 10,000,000 charges of 24 months."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from measure import BILLFOLD, ENVIRON, Spread, spend
from played import Twin
from table import Row, between, digits, reached

from billfold.ledger.columns import BILL_COLUMN_TYPES, CATALOG_TABLES, CHARGE_SCHEMA
from billfold.ledger.layout import CATALOG_FILE
from billfold.ledger.store import OpenLedger, open_ledger, open_transaction

COPIES, QUICK_COPIES = 84, 3
"""How many times six accounts are there."""
CHARGES, QUICK_CHARGES = 10_000_000, 20_000
ROUNDS, QUICK = 3, 1
MONTH = "2026-10"
MAX_SECONDS = 5.0
COMMANDS = {
    "report": ["report"],
    "report --by service": ["report", "--by", "service"],
    "why": ["why", MONTH],
    "close": ["close", MONTH],
    "closes": ["closes"],
    "changes": ["changes", "--since", f"{MONTH}-01"],
    "accruals": ["accruals", "2026-11"],
    "payables": ["payables"],
    "commitments": ["commitments"],
    "forecast": ["forecast"],
    "budget": ["budget"],
    "allocate": ["allocate", MONTH, "--rules", "allocation.toml"],
    "hash --month": ["hash", "--month", MONTH],
    "export journal": ["export", "journal", "--for", "beancount", "-o", "out.beancount", "--month", MONTH],
    "statement": ["statement", MONTH, "-o", "out.html"],
    "evidence": ["evidence", MONTH, "out.zip"],
}
RULES = '[[rules]]\nmatch = { provider = "vultr" }\nteam = "web"\n\n[[rules]]\nmatch = { "tag:team" = "*" }\nteam = "{tag:team}"\n'


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Copy a ledger of six accounts until it is large, then ask each command."""
    copies, charges, rounds = (QUICK_COPIES, QUICK_CHARGES, QUICK) if quick else (COPIES, CHARGES, ROUNDS)
    with tempfile.TemporaryDirectory(prefix="billfold-bench-") as directory:
        make_large_ledger(Path(directory), copies, charges)
        for name, arguments in COMMANDS.items():
            times = Spread.of(run_command(Path(directory), arguments) for _ in range(rounds))
            target = reached(f"under {_write_seconds(MAX_SECONDS)}", good=times.middle < MAX_SECONDS)
            yield Row(
                "scale",
                f"{copies * 6} accounts, {charges:,} charges: {name}",
                _write_seconds(times.middle),
                target=target,
                spread=between(times, _write_seconds),
            )


def _write_seconds(value: float) -> str:
    return f"{digits(value)} s"


def run_command(directory: Path, arguments: list[str]) -> float:
    """Run a command over the large ledger and return its seconds by the clock, whatever its exit code says of the ledger."""
    return spend([*BILLFOLD, "--ledger", "ledger", *arguments], cwd=directory, codes=(0, 1)).wall


def make_large_ledger(directory: Path, copies: int, charges: int) -> None:
    """Collect a twin's six accounts into ``directory/ledger``, then book copies of them beside, each charge many times.

    The archive stays that of the six: what is computed from it is what this measures, not the collection.
    """
    with Twin("company") as twin:
        config = directory / "billfold.toml"
        write_config(twin, config)
        subprocess.run(
            [*BILLFOLD, "--config", config, "--ledger", directory / "ledger", "sync", "--quiet"],
            env=ENVIRON,
            check=False,
        )
    (directory / "allocation.toml").write_text(RULES, encoding="utf-8")
    config.unlink()
    with open_ledger(directory / "ledger" / CATALOG_FILE) as ledger:
        _copy_accounts(ledger, copies, charges)


def write_config(twin: Twin, path: Path) -> None:
    """Write a configuration of all accounts of a twin."""
    blocks = []
    for account in twin.ask("/_twin/accounts"):
        fields = {
            "name": account["name"],
            "provider": account["provider"],
            "base_url": account["base_url"],
            "rate": "off",
        }
        for name, value in account["credentials"].items():
            key = path.with_name(f"{account['name']}-{name}.key")
            key.write_text(value, encoding="utf-8")
            fields[name] = f"file:{key}"
        blocks.append("[[accounts]]\n" + "".join(f'{name} = "{value}"\n' for name, value in fields.items()))
    path.write_text("\n".join(blocks), encoding="utf-8")


def _copy_accounts(ledger: OpenLedger, copies: int, charges: int) -> None:
    bills = [dict(zip(BILL_COLUMN_TYPES, row, strict=True)) for row in ledger.catalog.select("SELECT * FROM bills")]
    tables = {bill["id"]: ledger.connection.sql(ledger.build_bill_sql(bill["id"])).to_arrow_table() for bill in bills}
    tables = {bill_id: table.select(CHARGE_SCHEMA.names).cast(CHARGE_SCHEMA) for bill_id, table in tables.items()}
    repeats = max(charges // (copies * sum(table.num_rows for table in tables.values())), 1)
    next_id = max(tables) + 1
    for copy in range(1, copies):
        with open_transaction(ledger):
            new_ids = {bill["id"]: next_id + number for number, bill in enumerate(bills)}
            next_id += len(bills)
            for name in ("accounts", "runs", "payments", "balances", "usages", "commitments"):
                _copy_rows(ledger, name, copy, new_ids)
            for bill in bills:
                _copy_bill(ledger, bill, copy, new_ids[bill["id"]], repeats, tables[bill["id"]])
            ledger.note_last_bill(next_id - 1)


def _copy_rows(ledger: OpenLedger, table: str, copy: int, new_ids: dict[int, int]) -> None:
    names = list(CATALOG_TABLES[table])
    first_runs = max(row[0] for row in ledger.catalog.select("SELECT max(run) FROM runs WHERE account NOT LIKE '%~%'"))
    new_rows = []
    for row in ledger.catalog.select(f"SELECT * FROM {table}"):
        cells = dict(zip(names, row, strict=True))
        if "~" in str(cells.get("account", "")) or (table == "commitments" and cells["bill"] not in new_ids):
            continue
        for name in ("account", "name"):
            if name in cells and table != "balances":
                cells[name] = f"{cells[name]}~{copy}"
        if table == "balances":
            cells["account"] = f"{cells['account']}~{copy}"
        if cells.get("run") is not None:
            cells["run"] += first_runs * copy
        if "bill" in cells:
            cells["bill"] = new_ids[cells["bill"]]
        new_rows.append(list(cells.values()))
    ledger.catalog.insert_rows(table, new_rows)


def _copy_bill(
    ledger: OpenLedger, bill: dict[str, object], copy: int, new_id: int, repeats: int, table: pa.Table
) -> None:
    ids = pa.array([new_id] * (table.num_rows * repeats), pa.int32())
    repeated = pa.concat_tables([table] * repeats).set_column(0, CHARGE_SCHEMA.field(0), ids)
    ledger.add_charges({new_id}, repeated)
    total = str(Decimal(str(bill["total"])) * repeats) if bill["total"] is not None else None
    runs = ledger.catalog.select("SELECT max(run) FROM runs WHERE account NOT LIKE '%~%'")[0][0]
    changes = {"id": new_id, "account": f"{bill['account']}~{copy}", "total": total, "summed": total}
    changes |= {"run": int(str(bill["run"])) + runs * copy, "charges": table.num_rows * repeats}
    ledger.catalog.insert_rows("bills", [list((bill | changes).values())])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="Where to make the large ledger, to look at it.")
    parser.add_argument("--copies", type=int, default=COPIES)
    parser.add_argument("--charges", type=int, default=CHARGES)
    options = parser.parse_args()
    shutil.rmtree(options.directory, ignore_errors=True)
    options.directory.mkdir(parents=True)
    make_large_ledger(options.directory, options.copies, options.charges)
