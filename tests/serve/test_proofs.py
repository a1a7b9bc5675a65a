"""Hashes, entries, documents and statements: what the API hands out is what the commands print and the archive holds."""

from __future__ import annotations

import hashlib
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.terminal import Terminal
from tests.serve.reader import Reader

ROOT = "/api/v1"


def test_hash_and_head_are_those_of_the_commands(reader: Reader, ledger: Terminal) -> None:
    row = reader.get(f"{ROOT}/hash?from=2026-10&to=2026-10").json
    assert row["hash"] == ledger.run("--ledger", "ledger", "hash", "--month", "2026-10").out.strip()
    verified = reader.get(f"{ROOT}/verify?head={row['head']}").json
    assert verified["whole"], verified
    assert f"head {verified['head']}" in ledger.run("--ledger", "ledger", "verify").out
    assert verified["head"] == row["head"]
    assert verified["head_entry"]
    assert not reader.get(f"{ROOT}/verify?head=sha256:{'0' * 64}").json["whole"]


def test_every_body_has_the_hash_that_its_entry_states(reader: Reader) -> None:
    """Entries are listed page by page, and each leads to its bytes, which a browser saves and does not show."""
    first, *_ = page = reader.get(f"{ROOT}/entries?limit=3").json
    assert [row["seq"] for row in reader.get(f"{ROOT}/entries?after={first['seq']}&limit=2").json] == [
        row["seq"] for row in page[1:]
    ]
    answer = reader.get(f"{ROOT}/entries/{first['seq']}")
    assert hashlib.sha256(answer.body).hexdigest() == first["body"]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; ")


def test_documents_are_listed_and_handed_out(reader: Reader) -> None:
    rows = reader.get(f"{ROOT}/documents").json
    archived = [row for row in rows if row["status"] == "archived"]
    assert archived
    assert {row["status"] for row in rows} == {"archived", "missing"}
    document = reader.get(f"{ROOT}/documents/{archived[0]['seq']}")
    assert hashlib.sha256(document.body).hexdigest() == archived[0]["sha256"]
    assert document.headers["content-type"] == "application/pdf"
    assert archived[0]["file"].endswith(".pdf")
    assert document.headers["content-disposition"] == f'attachment; filename="{archived[0]["file"]}"'
    assert document.headers["x-content-type-options"] == "nosniff"


def test_an_invoice_is_explained_to_the_place(reader: Reader) -> None:
    """Each charge names the entry and the path that it was read from."""
    invoice = next(row for row in reader.get(f"{ROOT}/invoices").json if row["state"] == "issued")
    origins = reader.get(f"{ROOT}/explain?reference={invoice['invoice_id']}").json
    assert len(origins) >= invoice["lines"]
    assert {row["total"] for row in origins} == {invoice["total"]}
    assert all(row["path"].startswith("$") for row in origins if row["seq"])


@pytest.mark.parametrize("suffix", ["md", "xlsx"])
def test_a_statement_is_the_commands_file(reader: Reader, ledger: Terminal, suffix: str) -> None:
    page = reader.get(f"{ROOT}/statement/2026-10.{suffix}")
    assert ledger.run("--ledger", "ledger", "statement", "2026-10", "-o", f"october.{suffix}").code == 0
    path = ledger.home / f"october.{suffix}"
    assert page.body == path.read_bytes()
    assert page.headers["content-disposition"] == f'attachment; filename="statement-2026-10.{suffix}"'
    assert (
        reader.get(f"{ROOT}/statement/2026-10").json["verdict"] in page.body.decode(errors="ignore") or suffix == "xlsx"
    )
    path.unlink()


def test_lists_are_parquet_with_exact_decimals(reader: Reader) -> None:
    """Decimals, whole numbers and texts are columns of their type, and what is nested is JSON."""
    table = pq.read_table(io.BytesIO(reader.get(f"{ROOT}/report.parquet").body))
    rows = reader.get(f"{ROOT}/report").json
    assert pa.types.is_decimal(table.schema.field("cost").type)
    assert [row["charges"] for row in table.to_pylist()] == [row["charges"] for row in rows]
    assert [f"{row['cost'].normalize():f}" for row in table.to_pylist()] == [
        f"{pa.scalar(row['cost']).cast(pa.decimal128(38, 12)).as_py().normalize():f}" for row in rows
    ]
    assert pq.read_table(io.BytesIO(reader.get(f"{ROOT}/completeness.parquet").body)).num_rows > 0
