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
from billfold.focus.bundle import Bundle, open_bundle
from billfold.focus.dataset_rules import DATASET_RULES
from billfold.focus.metadata import METADATA_NAME
from billfold.focus.rules import ROW_RULES, RowRule
from billfold.focus.value_rules import find_flaw, list_sql_tests, needs_each_value
from billfold.focus.versions import COMMITMENT, COST, FocusColumn, FocusDataset, FocusVersion

_CUSTOM_COLUMN = re.compile(r"x_[A-Z][A-Za-z0-9]*")
_ROWS_PER_FETCH = 10_000


class CheckFinding(NamedTuple):
    """Something that is not as FOCUS has it: the rule, where, what, in how many rows (0: not counted), one example."""

    rule: str
    dataset: str
    column: str
    words: str
    rows: int = 0
    example: str = ""


def check_directory(directory: Path, version: str | None = None) -> list[CheckFinding]:
    """Return everything that is wrong with a directory of FOCUS files; raises ``InvalidArgument`` where there are none.

    The version is the one that the directory's metadata names, else the newest.
    """
    export_metadata, problem = _read_metadata(directory)
    focus_version = versions.load_version(version or _read_version(export_metadata))
    with open_bundle(directory, focus_version) as bundle:
        check_findings = [
            *problem,
            *_check_structure(bundle, focus_version, directory),
            *_check_row_counts(bundle, focus_version, export_metadata),
        ]
        for dataset in focus_version.datasets.values():
            if dataset.name in bundle.columns:
                check_findings += [*_check_cells(bundle, dataset, focus_version), *_check_rows(bundle, dataset)]
        return [*check_findings, *_check_parents(bundle, focus_version), *_check_across_rows(bundle)]


def _read_metadata(directory: Path) -> tuple[dict[str, Any], list[CheckFinding]]:
    try:
        document = json.loads((directory / METADATA_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, RecursionError) as error:
        return {}, [CheckFinding("metadata", METADATA_NAME, "", f"cannot be read: {error}")]
    if not isinstance(document, dict):
        return {}, [CheckFinding("metadata", METADATA_NAME, "", "is no JSON object")]
    object_lists = {name: document.get(name) or [] for name in ("Schema", "x_Files")}
    valid_lists = {
        name: values
        for name, values in object_lists.items()
        if isinstance(values, list) and all(type(x) is dict for x in values)
    }
    return valid_lists, [
        CheckFinding("metadata", METADATA_NAME, name, "is no list of objects")
        for name in object_lists
        if name not in valid_lists
    ]


def _read_version(export_metadata: dict[str, Any]) -> str:
    return next(
        (str(schema["FocusVersion"]) for schema in export_metadata.get("Schema", []) if schema.get("FocusVersion")),
        versions.NEWEST,
    )


def _check_row_counts(bundle: Bundle, version: FocusVersion, export_metadata: dict[str, Any]) -> Iterator[CheckFinding]:
    """Compare the files with what our own metadata says of them: an export that was cut short is told."""
    stated_counts = Counter[str]()
    for file in export_metadata.get("x_Files", []):
        match file:
            case {"Dataset": str(name), "Rows": int(rows)}:
                stated_counts[name] += rows
            case _:
                yield CheckFinding("metadata", METADATA_NAME, "x_Files", "has a file without its Dataset or its Rows")
    for name, count in stated_counts.items():
        row_count = bundle.count_rows(name) if name in bundle.columns else 0
        if name in version.datasets and row_count != count:
            yield CheckFinding("metadata-rows", name, "", f"has {row_count} rows, {METADATA_NAME} says {count}")


def _check_structure(bundle: Bundle, version: FocusVersion, directory: Path) -> Iterator[CheckFinding]:
    for dataset in version.datasets.values():
        column_types = bundle.columns.get(dataset.name)
        if column_types is None:
            if dataset.name != COMMITMENT or _has_commitments(bundle):
                yield CheckFinding("dataset-missing", dataset.name, "", f"there is no {dataset.file} in {directory}")
            continue
        for name, column in dataset.columns.items():
            if column.is_mandatory and name not in column_types:
                yield CheckFinding("column-missing", dataset.name, name, "is mandatory, and not there")
        for name, column_type in column_types.items():
            yield from _check_column(dataset, name, column_type)


def _check_column(dataset: FocusDataset, name: str, column_type: str) -> Iterator[CheckFinding]:
    column = dataset.columns.get(name)
    if column is None and not _CUSTOM_COLUMN.fullmatch(name):
        message = "is a custom column, to be named x_PascalCase" if name.startswith("x_") else "is no column of FOCUS"
        yield CheckFinding("column-unknown", dataset.name, name, message)
    if column and column.type == "Decimal" and column_type in {"DOUBLE", "FLOAT"}:
        yield CheckFinding("column-float", dataset.name, name, "is stored as a binary float: its digits are not exact")


def _has_commitments(bundle: Bundle) -> bool:
    if "ContractApplied" not in bundle.columns.get(COST, {}):
        return False
    return bool(bundle.db.execute(f'SELECT 1 FROM "{COST}" WHERE ContractApplied IS NOT NULL LIMIT 1').fetchall())


def _check_cells(bundle: Bundle, dataset: FocusDataset, version: FocusVersion) -> Iterator[CheckFinding]:
    """Judge the cells: what can be told in SQL for all columns in one reading, the rest value by value."""
    column_types = bundle.columns[dataset.name]
    focus_columns = [column for name, column in dataset.columns.items() if name in column_types]
    sql_tests = [
        (column, *test) for column in focus_columns for test in list_sql_tests(column, column_types[column.name])
    ]
    filled_counts = _count_broken(bundle, dataset.name, [f'"{column.name}" IS NOT NULL' for column in focus_columns])
    counts = _count_broken(bundle, dataset.name, [broken for _, _, _, broken in sql_tests])
    for (column, rule, message, broken), count in zip(sql_tests, counts, strict=True):
        if count:
            query = f'SELECT any_value("{column.name}") FROM "{dataset.name}" WHERE {broken}'
            example = bundle.db.execute(query).fetchall()[0][0] or ""
            yield CheckFinding(rule, dataset.name, column.name, message, count, example)
    for column, count in zip(focus_columns, filled_counts, strict=True):
        if count and needs_each_value(column):
            yield from _check_values(bundle, dataset, column, version)


def _count_broken(bundle: Bundle, dataset: str, broken: list[str]) -> list[int]:
    """Count the rows that break each of many conditions, in one reading."""
    if not broken:
        return []
    count_expressions = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in broken)
    return [int(count) for count in bundle.db.execute(f'SELECT {count_expressions} FROM "{dataset}"').fetchall()[0]]


def _check_values(
    bundle: Bundle, dataset: FocusDataset, column: FocusColumn, version: FocusVersion
) -> Iterator[CheckFinding]:
    """Judge every value of a column: each once, but JSON as it comes, because hardly any of it repeats."""
    name = f'"{column.name}"'
    count_expression = "1" if column.type == "JSON" else "count(*)"
    group_clause = "" if column.type == "JSON" else "GROUP BY ALL"
    result = bundle.db.execute(
        f'SELECT {name}, {count_expression} FROM "{dataset.name}" WHERE {name} IS NOT NULL {group_clause}'
    )
    flawed_values: dict[str, tuple[int, str]] = {}
    while batch := result.fetchmany(_ROWS_PER_FETCH):
        for text, count in batch:
            if message := find_flaw(column, text):
                counted_flaw = flawed_values.get(message, (0, text))
                flawed_values[message] = (counted_flaw[0] + count, counted_flaw[1])
    for message, (count, example) in flawed_values.items():
        yield CheckFinding("value", dataset.name, column.name, message, count, example)


def _check_rows(bundle: Bundle, dataset: FocusDataset) -> Iterator[CheckFinding]:
    column_names = set(bundle.columns[dataset.name])
    applicable_rules = [rule for rule in ROW_RULES if rule.dataset == dataset.name and rule.columns <= column_names]
    for rule, count in zip(
        applicable_rules, _count_broken(bundle, dataset.name, [rule.sql for rule in applicable_rules]), strict=True
    ):
        if count:
            yield CheckFinding(
                rule.name, rule.dataset, "", rule.words, count, _read_example(bundle, rule, column_names)
            )


def _read_example(bundle: Bundle, rule: RowRule, column_names: set[str]) -> str:
    identifying_columns = (
        "InvoiceId",
        "InvoiceDetailId",
        "ChargeDescription",
        "BillingPeriodStart",
        "ContractCommitmentId",
    )
    shown_columns = ", ".join(f'"{name}"' for name in identifying_columns if name in column_names)
    query = f"""SELECT concat_ws(' | ', {shown_columns or "''"}) FROM "{rule.dataset}" WHERE {rule.sql} LIMIT 1"""
    return str(bundle.db.execute(query).fetchall()[0][0])


def _check_parents(bundle: Bundle, version: FocusVersion) -> Iterator[CheckFinding]:
    if not {"ServiceCategory", "ServiceSubcategory"} <= set(bundle.columns.get(COST, {})):
        return
    query = f'SELECT ServiceSubcategory, ServiceCategory, count(*) FROM "{COST}" GROUP BY ALL'
    for subcategory, category, count in bundle.db.execute(query).fetchall():
        if subcategory in version.parents and version.parents[subcategory] != category:
            message = f"belongs to {version.parents[subcategory]}, not to {category}"
            yield CheckFinding("subcategory-parent", COST, "ServiceSubcategory", message, count, subcategory)


def _check_across_rows(bundle: Bundle) -> Iterator[CheckFinding]:
    for rule in DATASET_RULES:
        if not all(set(needs.split()) <= set(bundle.columns.get(name, ())) for name, needs in rule.needs.items()):
            continue
        count_query = f"SELECT count(*), any_value(example) FROM ({rule.broken}) AS broken(example)"
        try:
            count, example = bundle.db.execute(count_query).fetchall()[0]
        except duckdb.OutOfRangeException:
            yield CheckFinding(rule.name, rule.dataset, "", "cannot be told: the amounts are too large to be added")
            continue
        if count:
            yield CheckFinding(rule.name, rule.dataset, "", rule.words, count, str(example))
