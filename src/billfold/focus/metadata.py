"""The metadata of an export: who made it, which columns it has, how recent and how complete it is, what was left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import duckdb

from billfold.focus.sql_cells import guarded
from billfold.focus.versions import COMMITMENT, Dataset, Version
from billfold.focus.views import TERMS, Part
from billfold.ledger import query
from billfold.model.money import format_decimal
from billfold.model.period import Month, format_instant
from billfold.report.completeness import COMPLETE, Completeness, records
from billfold.report.gaps import failed, unbooked
from billfold.version import __version__

NAME = "metadata.json"
DELIVERY = (
    "Overwrite: every export replaces the whole of the directory's earlier one, so nothing has to be deduplicated. "
    "Corrections of closed periods come as the invoice issuer sends them; an invoice that is restated replaces its rows."
)
PRICES = (
    "Where an issuer publishes no list price for a charge, ListCost and ContractedCost are BilledCost. A unit price is the "
    "published one where it gives the cost exactly, else the cost divided by the quantity; the issuer's own rate is then "
    "in x_ListedUnitPrice."
)
STATES = (
    "x_State is estimate, draft or issued. Estimates have no InvoiceId and lie in open billing periods only; drafts have "
    "the issuer's provisional InvoiceId."
)


class File(NamedTuple):
    """A file of the export, by its path inside the directory."""

    dataset: str
    path: str
    rows: int
    size: int


class Facts(NamedTuple):
    """What the metadata is made of."""

    form: str
    version: Version
    part: Part
    when: datetime
    left_out: list[dict[str, Any]]


def write(db: duckdb.DuckDBPyConnection, facts: Facts, files: Iterable[File]) -> str:
    """Return the text of ``metadata.json`` for views that were prepared on an open ledger."""
    judged = _judged(db, facts.part)
    last = format_instant(_last(db))
    datasets = facts.version.datasets.values()
    said = {
        "DataGenerator": {"DataGenerator": f"billfold {__version__}"},
        "DatasetInstance": [_instance(dataset) for dataset in datasets],
        "Schema": [_schema(db, dataset, facts) for dataset in datasets],
        "Recency": [_recency(dataset, judged, last, facts) for dataset in datasets],
        "x_Files": [{"Dataset": f.dataset, "Path": f.path, "Rows": f.rows, "Bytes": f.size} for f in files],
        "x_DeliveryHandling": DELIVERY,
        "x_States": STATES,
        "x_Prices": PRICES,
        "x_PaymentTerms": f"{TERMS!r} where the issuer names none",
        "x_VirtualCurrencyRates": {name: format_decimal(rate) for name, rate in facts.part.rates.items()},
        "x_LeftOut": [_left_out(bill) for bill in facts.left_out],
        "x_Completeness": [_completeness(record) for record in judged],
        "x_NotComplete": [
            {"provider": gap.provider, "account": gap.account, "words": gap.words}
            for gap in (*failed(db, facts.part.wanted), *unbooked(db, facts.part.wanted))
            if gap.wrong
        ],
    }
    if facts.form == "csv":
        said["x_FormulaGuard"] = "texts of descriptions and names that begin with = + - @ tab or CR have a ' in front"
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"


def _judged(db: duckdb.DuckDBPyConnection, part: Part) -> list[Completeness]:
    return records(query.list_bills(db, part.wanted), query.list_last_runs(db, part.wanted.seq))


def _completeness(record: Completeness) -> dict[str, Any]:
    said = record._asdict() | {"month": str(record.month)}
    return {name: value for name, value in said.items() if name not in {"wrong", "problems"}}


def _last(db: duckdb.DuckDBPyConnection) -> datetime:
    found = db.execute("SELECT max(updated) FROM picked").fetchall()[0][0]
    return (found or datetime.fromtimestamp(0, UTC)).replace(tzinfo=UTC)


def _instance(dataset: Dataset) -> dict[str, str]:
    return {
        "DatasetInstanceId": f"billfold-{dataset.file}",
        "DatasetInstanceName": dataset.file,
        "FocusDatasetId": dataset.name,
    }


def _schema(db: duckdb.DuckDBPyConnection, dataset: Dataset, facts: Facts) -> dict[str, Any]:
    kinds = dict(row[:2] for row in db.execute(f'DESCRIBE "{dataset.name}"').fetchall())
    names = [*dataset.columns, *(name for name in kinds if name.startswith("x_") and name not in dataset.columns)]
    columns = [
        _column(db, dataset, name, kinds) for name in sorted(names, key=lambda name: (name.startswith("x_"), name))
    ]
    digest = hashlib.sha256(json.dumps([facts.version.name, facts.form, columns]).encode()).hexdigest()
    return {
        "SchemaId": f"billfold-{dataset.file}-{digest[:16]}",
        "DatasetInstanceId": f"billfold-{dataset.file}",
        "FocusVersion": facts.version.name,
        "CreationDate": format_instant(facts.when.replace(microsecond=0)),
        "DataGeneratorVersion": __version__,
        "ColumnDefinition": columns,
    }


def _column(db: duckdb.DuckDBPyConnection, dataset: Dataset, name: str, kinds: dict[str, str]) -> dict[str, Any]:
    known = dataset.columns.get(name)
    source = known.source if known else name
    kind = kinds[source]
    said: dict[str, Any] = {"ColumnName": name, "DataType": _type(kind, known.type if known else "")}
    if kind.startswith("DECIMAL"):
        precision, scale = kind.removeprefix("DECIMAL(").removesuffix(")").split(",")
        said |= {"NumericPrecision": int(precision), "NumberScale": int(scale)}
    elif kind == "VARCHAR":
        said["StringEncoding"] = "UTF-8"
        if name.endswith("Description"):
            found = db.execute(f'SELECT max(length("{source}")) FROM "{dataset.name}"').fetchall()
            said["StringMaxLength"] = (found[0][0] or 0) + guarded(name)
    return said


def _type(kind: str, focus: str) -> str:
    words = {"TIMESTAMP": "DATETIME", "BOOLEAN": "BOOLEAN", "BIGINT": "DECIMAL"}
    return "JSON" if focus == "JSON" else "DECIMAL" if kind.startswith("DECIMAL") else words.get(kind, "STRING")


def _recency(dataset: Dataset, judged: list[Completeness], last: str, facts: Facts) -> dict[str, Any]:
    done = all(record.state == COMPLETE for record in judged)
    said: dict[str, Any] = {
        "DatasetInstanceId": f"billfold-{dataset.file}",
        "RecencyLastUpdated": format_instant(facts.when.replace(microsecond=0)),
        "DatasetInstanceLastUpdated": last,
        "DatasetInstanceComplete": done,
    }
    if dataset.name != COMMITMENT:
        said["TimeSectors"] = [_sector(month, judged, last) for month in sorted({one.month for one in judged})]
    return said


def _sector(month: Month, judged: list[Completeness], last: str) -> dict[str, Any]:
    return {
        "TimeSectorStart": format_instant(month.start),
        "TimeSectorEnd": format_instant(month.end),
        "TimeSectorComplete": all(one.state == COMPLETE for one in judged if one.month == month),
        "TimeSectorLastUpdated": last,
    }


def _left_out(bill: dict[str, Any]) -> dict[str, Any]:
    names = ("provider", "account", "invoice_id", "state", "currency", "parked")
    return {name: bill[name] for name in names} | {"month": str(Month.of(bill["period_start"]))}
