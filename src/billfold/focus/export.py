"""Write the ledger as FOCUS files: the whole of a directory's export is replaced, or nothing is.

Rows go from the ledger to the files in DuckDB, a row group at a time: memory does not grow with them, and no amount
passes a float. Files are written aside and then moved, and the old ones are moved back where that fails. Who is killed
between two moves leaves a directory without ``metadata.json``, which goes first and comes last: no finished export.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from billfold.focus import metadata, versions, views
from billfold.focus.metadata import File
from billfold.focus.sql_cells import cell, options
from billfold.focus.versions import COST, INVOICE, Dataset
from billfold.ledger.batch import to_naive_utc
from billfold.ledger.store import MEMORY_LIMIT
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month

FORMS = ("parquet", "csv")
PARTITIONED = (COST, INVOICE)
"""Datasets that a partition by billing period divides; the others are small."""
_DRAFT, _ASIDE = ".focus-draft", "before"


class Order(NamedTuple):
    """What is to be written: where, as ``parquet`` or ``csv``, in which FOCUS version, one file or one a billing period."""

    directory: Path
    form: str = "parquet"
    version: str = versions.NEWEST
    by_period: bool = False


class Written(NamedTuple):
    """What was written: rows by dataset, and the parked bills that were left out."""

    rows: dict[str, int]
    left_out: list[dict[str, Any]]


def export(db: duckdb.DuckDBPyConnection, order: Order, part: views.Part, when: datetime) -> Written:
    """Write the wanted part of an open ledger in the place of an earlier export; raises ``InvalidArgument`` where it cannot."""
    if order.form not in FORMS:
        raise InvalidArgument(f"{order.form} is no form of file; known are {', '.join(FORMS)}")
    version, left_out = versions.load(order.version), views.prepare(db, part)
    try:
        files = _write(db, order, metadata.Facts(order.form, version, part, when, left_out))
    except (OSError, duckdb.IOException) as error:
        words = str(error).splitlines()[0]
        raise InvalidArgument(f"{order.directory} cannot be written: {words}") from error
    counts = {name: sum(file.rows for file in files if file.dataset == name) for name in version.datasets}
    return Written(counts, left_out)


def _write(db: duckdb.DuckDBPyConnection, order: Order, facts: metadata.Facts) -> list[File]:
    order.directory.mkdir(parents=True, exist_ok=True)
    with _draft(order.directory) as draft, _frugal(db):
        files = [file for dataset in facts.version.datasets.values() for file in _dataset(db, dataset, order, draft)]
        (draft / metadata.NAME).write_text(metadata.write(db, facts, files), encoding="utf-8")
        _replace(order.directory, draft)
    return files


@contextmanager
def _draft(directory: Path) -> Iterator[Path]:
    draft = directory / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _frugal(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let the rows keep their order and take little memory, whatever their number."""
    db.execute("SET threads = 1; SET memory_limit = '200MB'; SET preserve_insertion_order = true; SET TimeZone = 'UTC'")
    try:
        yield
    finally:
        db.execute(f"RESET threads; SET memory_limit = '{MEMORY_LIMIT}'; SET preserve_insertion_order = false")


def _dataset(db: duckdb.DuckDBPyConnection, dataset: Dataset, order: Order, draft: Path) -> Iterator[File]:
    query = _select(db, dataset, order)
    if not order.by_period or dataset.name not in PARTITIONED:
        yield _copy(db, query, dataset, order, draft, f"{dataset.file}.{order.form}")
        return
    months = db.execute(
        "SELECT DISTINCT date_trunc('month', period_start)::TIMESTAMP FROM picked ORDER BY 1"
    ).fetchall()
    for (start,) in months:
        month = Month.of(start.date())
        first, last = map(to_naive_utc, month.period)
        where = f"WHERE BillingPeriodStart >= '{first}' AND BillingPeriodStart < '{last}'"
        path = f"{dataset.file}/period={month}/{dataset.file}.{order.form}"
        yield _copy(db, f"{query} {where}", dataset, order, draft, path)


def _select(db: duckdb.DuckDBPyConnection, dataset: Dataset, order: Order) -> str:
    """Say which columns are written, and how: those of the version, then our own."""
    found = db.execute(f'DESCRIBE "{dataset.name}"').fetchall()
    kinds = {name: kind for name, kind, *_ in found}
    sources = {name: column.source for name, column in dataset.columns.items()}
    sources |= {name: name for name in kinds if name.startswith("x_")}
    ordered = sorted(sources, key=lambda name: (name.startswith("x_"), name))
    cells = (f'{cell(order.form, sources[name], kinds[sources[name]], name)} AS "{name}"' for name in ordered)
    return f'SELECT {", ".join(cells)} FROM "{dataset.name}"'


def _copy(db: duckdb.DuckDBPyConnection, query: str, dataset: Dataset, order: Order, draft: Path, name: str) -> File:
    path = draft / name
    path.parent.mkdir(parents=True, exist_ok=True)
    place = str(path).replace("'", "''")
    count = db.execute(f"COPY ({query}) TO '{place}' ({options(order.form)})").fetchone()
    return File(dataset.name, name, int(count[0]) if count else 0, path.stat().st_size)


def _replace(directory: Path, draft: Path) -> None:
    """Put the new files in the places of the old, all or none."""
    new = sorted((path.name for path in draft.iterdir()), key=lambda name: name == metadata.NAME)
    stems = [dataset.file for dataset in versions.load().datasets.values()]
    old = [metadata.NAME, *(name for stem in stems for name in (stem, *(f"{stem}.{form}" for form in FORMS)))]
    aside = draft / _ASIDE
    aside.mkdir()
    moves = [(directory / name, aside / name) for name in old if (directory / name).exists()]
    moves += [(draft / name, directory / name) for name in new]
    done: list[tuple[Path, Path]] = []
    try:
        for source, place in moves:
            source.replace(place)
            done.append((source, place))
    except BaseException:
        for source, place in reversed(done):
            place.replace(source)
        raise
