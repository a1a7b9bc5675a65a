"""Check a directory of FOCUS files, anybody's: its datasets, columns, cells, rows, and how they hang together."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from billfold.focus import versions
from billfold.focus.bundle import Bundle, opened
from billfold.focus.dataset_rules import ACROSS
from billfold.focus.metadata import NAME
from billfold.focus.rules import RULES, Rule
from billfold.focus.value_rules import flaw, in_sql, one_by_one
from billfold.focus.versions import COMMITMENT, COST, Column, Dataset, Version

_OURS = re.compile(r"x_[A-Z][A-Za-z0-9]*")
_BATCH = 10_000


class Finding(NamedTuple):
    """Something that is not as FOCUS has it: the rule, where, what, in how many rows (0: not counted), one example."""

    rule: str
    dataset: str
    column: str
    words: str
    rows: int = 0
    example: str = ""


def findings(directory: Path, version: str | None = None) -> list[Finding]:
    """Return everything that is wrong with a directory of FOCUS files; raises ``InvalidArgument`` where there are none.

    The version is the one that the directory's metadata names, else the newest.
    """
    said, problem = _metadata(directory)
    wanted = versions.load(version or _version(said))
    with opened(directory, wanted) as bundle:
        found = [*problem, *_structure(bundle, wanted, directory), *_files(bundle, wanted, said)]
        for dataset in wanted.datasets.values():
            if dataset.name in bundle.columns:
                found += [*_cells(bundle, dataset, wanted), *_rows(bundle, dataset)]
        return [*found, *_parents(bundle, wanted), *_across(bundle)]


def _metadata(directory: Path) -> tuple[dict[str, Any], list[Finding]]:
    try:
        said = json.loads((directory / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, RecursionError) as error:
        return {}, [Finding("metadata", NAME, "", f"cannot be read: {error}")]
    if not isinstance(said, dict):
        return {}, [Finding("metadata", NAME, "", "is no JSON object")]
    lists = {name: said.get(name) or [] for name in ("Schema", "x_Files")}
    good = {name: one for name, one in lists.items() if isinstance(one, list) and all(type(x) is dict for x in one)}
    return good, [Finding("metadata", NAME, name, "is no list of objects") for name in lists if name not in good]


def _version(said: dict[str, Any]) -> str:
    return next(
        (str(one["FocusVersion"]) for one in said.get("Schema", []) if one.get("FocusVersion")), versions.NEWEST
    )


def _files(bundle: Bundle, version: Version, said: dict[str, Any]) -> Iterator[Finding]:
    """Compare the files with what our own metadata says of them: an export that was cut short is told."""
    stated = Counter[str]()
    for file in said.get("x_Files", []):
        match file:
            case {"Dataset": str(name), "Rows": int(rows)}:
                stated[name] += rows
            case _:
                yield Finding("metadata", NAME, "x_Files", "has a file without its Dataset or its Rows")
    for name, count in stated.items():
        have = bundle.rows(name) if name in bundle.columns else 0
        if name in version.datasets and have != count:
            yield Finding("metadata-rows", name, "", f"has {have} rows, {NAME} says {count}")


def _structure(bundle: Bundle, version: Version, directory: Path) -> Iterator[Finding]:
    for dataset in version.datasets.values():
        have = bundle.columns.get(dataset.name)
        if have is None:
            if dataset.name != COMMITMENT or _applies(bundle):
                yield Finding("dataset-missing", dataset.name, "", f"there is no {dataset.file} in {directory}")
            continue
        for name, column in dataset.columns.items():
            if column.mandatory and name not in have:
                yield Finding("column-missing", dataset.name, name, "is mandatory, and not there")
        for name, kind in have.items():
            yield from _strange(dataset, name, kind)


def _strange(dataset: Dataset, name: str, kind: str) -> Iterator[Finding]:
    column = dataset.columns.get(name)
    if column is None and not _OURS.fullmatch(name):
        words = "is a custom column, to be named x_PascalCase" if name.startswith("x_") else "is no column of FOCUS"
        yield Finding("column-unknown", dataset.name, name, words)
    if column and column.type == "Decimal" and kind in {"DOUBLE", "FLOAT"}:
        yield Finding("column-float", dataset.name, name, "is stored as a binary float: its digits are not exact")


def _applies(bundle: Bundle) -> bool:
    if "ContractApplied" not in bundle.columns.get(COST, {}):
        return False
    return bool(bundle.db.execute(f'SELECT 1 FROM "{COST}" WHERE ContractApplied IS NOT NULL LIMIT 1').fetchall())


def _cells(bundle: Bundle, dataset: Dataset, version: Version) -> Iterator[Finding]:
    """Judge the cells: what can be told in SQL for all columns in one reading, the rest value by value."""
    kinds = bundle.columns[dataset.name]
    known = [column for name, column in dataset.columns.items() if name in kinds]
    asked = [(column, *test) for column in known for test in in_sql(column, kinds[column.name])]
    filled = _counts(bundle, dataset.name, [f'"{column.name}" IS NOT NULL' for column in known])
    counts = _counts(bundle, dataset.name, [broken for _, _, _, broken in asked])
    for (column, rule, words, broken), count in zip(asked, counts, strict=True):
        if count:
            query = f'SELECT any_value("{column.name}") FROM "{dataset.name}" WHERE {broken}'
            example = bundle.db.execute(query).fetchall()[0][0] or ""
            yield Finding(rule, dataset.name, column.name, words, count, example)
    for column, count in zip(known, filled, strict=True):
        if count and one_by_one(column):
            yield from _values(bundle, dataset, column, version)


def _counts(bundle: Bundle, dataset: str, broken: list[str]) -> list[int]:
    """Count the rows that break each of many conditions, in one reading."""
    if not broken:
        return []
    said = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in broken)
    return [int(count) for count in bundle.db.execute(f'SELECT {said} FROM "{dataset}"').fetchall()[0]]


def _values(bundle: Bundle, dataset: Dataset, column: Column, version: Version) -> Iterator[Finding]:
    """Judge every value of a column: each once, but JSON as it comes, because hardly any of it repeats."""
    name = f'"{column.name}"'
    each = "1" if column.type == "JSON" else "count(*)"
    grouped = "" if column.type == "JSON" else "GROUP BY ALL"
    result = bundle.db.execute(f'SELECT {name}, {each} FROM "{dataset.name}" WHERE {name} IS NOT NULL {grouped}')
    wrong: dict[str, tuple[int, str]] = {}
    while batch := result.fetchmany(_BATCH):
        for text, count in batch:
            if words := flaw(column, text):
                before = wrong.get(words, (0, text))
                wrong[words] = (before[0] + count, before[1])
    for words, (count, example) in wrong.items():
        yield Finding("value", dataset.name, column.name, words, count, example)


def _rows(bundle: Bundle, dataset: Dataset) -> Iterator[Finding]:
    have = set(bundle.columns[dataset.name])
    asked = [rule for rule in RULES if rule.dataset == dataset.name and rule.columns <= have]
    for rule, count in zip(asked, _counts(bundle, dataset.name, [rule.sql for rule in asked]), strict=True):
        if count:
            yield Finding(rule.name, rule.dataset, "", rule.words, count, _example(bundle, rule, have))


def _example(bundle: Bundle, rule: Rule, have: set[str]) -> str:
    wanted = ("InvoiceId", "InvoiceDetailId", "ChargeDescription", "BillingPeriodStart", "ContractCommitmentId")
    shown = ", ".join(f'"{name}"' for name in wanted if name in have)
    query = f"""SELECT concat_ws(' | ', {shown or "''"}) FROM "{rule.dataset}" WHERE {rule.sql} LIMIT 1"""
    return str(bundle.db.execute(query).fetchall()[0][0])


def _parents(bundle: Bundle, version: Version) -> Iterator[Finding]:
    if not {"ServiceCategory", "ServiceSubcategory"} <= set(bundle.columns.get(COST, {})):
        return
    query = f'SELECT ServiceSubcategory, ServiceCategory, count(*) FROM "{COST}" GROUP BY ALL'
    for sub, category, count in bundle.db.execute(query).fetchall():
        if sub in version.parents and version.parents[sub] != category:
            words = f"belongs to {version.parents[sub]}, not to {category}"
            yield Finding("subcategory-parent", COST, "ServiceSubcategory", words, count, sub)


def _across(bundle: Bundle) -> Iterator[Finding]:
    for rule in ACROSS:
        if not all(set(needs.split()) <= set(bundle.columns.get(name, ())) for name, needs in rule.needs.items()):
            continue
        named = f"SELECT count(*), any_value(example) FROM ({rule.broken}) AS broken(example)"
        try:
            count, example = bundle.db.execute(named).fetchall()[0]
        except duckdb.OutOfRangeException:
            yield Finding(rule.name, rule.dataset, "", "cannot be told: the amounts are too large to be added")
            continue
        if count:
            yield Finding(rule.name, rule.dataset, "", rule.words, count, str(example))
