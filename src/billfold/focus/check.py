"""Check a directory of FOCUS files, anybody's: its datasets, columns, cells, rows, and how they hang together."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from billfold.focus import versions
from billfold.focus.bundle import open_bundle
from billfold.focus.dataset_rules import DATASET_RULES
from billfold.focus.metadata import FORMULA_GUARD_KEY, METADATA_NAME
from billfold.focus.rules import ROW_RULES
from billfold.focus.value_rules import find_flaw, list_sql_tests, needs_each_value
from billfold.focus.versions import FocusColumn, FocusDataset, FocusVersion
from billfold.ledger.file_tables import FileTables
from billfold.model.focus import COMMITMENT, COST

_IDENTIFYING_COLUMNS = (
    "InvoiceId",
    "InvoiceDetailId",
    "ChargeDescription",
    "BillingPeriodStart",
    "ContractCommitmentId",
)
"""Columns that show which row is meant."""
_CUSTOM_COLUMN = re.compile(r"x_[A-Z][A-Za-z0-9]*")


MetadataLists = Mapping[str, Sequence[Mapping[str, object]]]
"""What is read of an export's metadata: its lists of objects, by their names."""


class CheckFinding(NamedTuple):
    """Something that is not as FOCUS has it: the rule, where, what, in how many rows (0: not counted), one example."""

    rule: str
    dataset: str
    column: str
    message: str
    rows: int = 0
    example: str = ""


def check_directory(directory: Path, version: str | None = None) -> list[CheckFinding]:
    """Return everything that is wrong with a directory of FOCUS files; raises ``InvalidArgument`` where there are none.

    The version is the one that the directory's metadata names, else the newest.
    """
    export_metadata, problem = _read_metadata(directory)
    focus_version = versions.load_version(version or _read_version(export_metadata))
    with open_bundle(directory, focus_version, is_guarded=FORMULA_GUARD_KEY in export_metadata) as tables:
        check_findings = [
            *problem,
            *_check_structure(tables, focus_version, directory),
            *_check_row_counts(tables, focus_version, export_metadata),
        ]
        for dataset in focus_version.datasets.values():
            if dataset.name in tables.column_types:
                check_findings += [*_check_cells(tables, dataset, focus_version), *_check_rows(tables, dataset)]
                check_findings += _check_formulas(tables, dataset)
        return [*check_findings, *_check_parents(tables, focus_version), *_check_across_rows(tables)]


def _read_metadata(directory: Path) -> tuple[MetadataLists, list[CheckFinding]]:
    try:
        document = json.loads((directory / METADATA_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, RecursionError) as error:
        return {}, [CheckFinding("metadata", METADATA_NAME, "", f"cannot be read: {error}")]
    if not isinstance(document, dict):
        return {}, [CheckFinding("metadata", METADATA_NAME, "", "is no JSON object")]
    guard_note: MetadataLists = {FORMULA_GUARD_KEY: []} if document.get(FORMULA_GUARD_KEY) else {}
    object_lists = {name: document.get(name) or [] for name in ("Schema", "x_Files")} | {**guard_note}
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


def _read_version(export_metadata: MetadataLists) -> str:
    return next(
        (str(schema["FocusVersion"]) for schema in export_metadata.get("Schema", []) if schema.get("FocusVersion")),
        versions.NEWEST,
    )


def _check_row_counts(
    tables: FileTables, version: FocusVersion, export_metadata: MetadataLists
) -> Iterator[CheckFinding]:
    """Compare the files with what our own metadata says of them: an export that was cut short is told."""
    stated_counts = Counter[str]()
    for file in export_metadata.get("x_Files", []):
        match file:
            case {"Dataset": str(name), "Rows": int(rows)}:
                stated_counts[name] += rows
            case _:
                yield CheckFinding("metadata", METADATA_NAME, "x_Files", "has a file without its Dataset or its Rows")
    for name, count in stated_counts.items():
        row_count = tables.count_rows(name) if name in tables.column_types else 0
        if name in version.datasets and row_count != count:
            yield CheckFinding("metadata-rows", name, "", f"has {row_count} rows, {METADATA_NAME} says {count}")


def _check_structure(tables: FileTables, version: FocusVersion, directory: Path) -> Iterator[CheckFinding]:
    for dataset in version.datasets.values():
        column_types = tables.column_types.get(dataset.name)
        if column_types is None:
            if dataset.name != COMMITMENT or _has_commitments(tables):
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


def _has_commitments(tables: FileTables) -> bool:
    if "ContractApplied" not in tables.column_types.get(COST, {}):
        return False
    return bool(tables.count_matching(COST, ["ContractApplied IS NOT NULL"])[0])


def _check_cells(tables: FileTables, dataset: FocusDataset, version: FocusVersion) -> Iterator[CheckFinding]:
    """Judge the cells: what can be told in SQL for all columns in one reading, the rest value by value."""
    column_types = tables.column_types[dataset.name]
    focus_columns = [column for name, column in dataset.columns.items() if name in column_types]
    sql_tests = [
        (column, *test) for column in focus_columns for test in list_sql_tests(column, column_types[column.name])
    ]
    filled_counts = tables.count_matching(dataset.name, [f'"{column.name}" IS NOT NULL' for column in focus_columns])
    counts = tables.count_matching(dataset.name, [broken for _, _, _, broken in sql_tests])
    for (column, rule, message, broken), count in zip(sql_tests, counts, strict=True):
        if count:
            example = tables.find_value(dataset.name, column.name, broken)
            yield CheckFinding(rule, dataset.name, column.name, message, count, example)
    for column, count in zip(focus_columns, filled_counts, strict=True):
        if count and needs_each_value(column):
            yield from _check_values(tables, dataset, column, version)


def _check_values(
    tables: FileTables, dataset: FocusDataset, column: FocusColumn, version: FocusVersion
) -> Iterator[CheckFinding]:
    """Judge every value of a column: each once, but JSON as it comes, because hardly any of it repeats."""
    flawed_values: dict[str, tuple[int, str]] = {}
    for text, count in tables.count_values(dataset.name, column.name, is_grouped=column.type != "JSON"):
        if message := find_flaw(column, text):
            counted_flaw = flawed_values.get(message, (0, text))
            flawed_values[message] = (counted_flaw[0] + count, counted_flaw[1])
    for message, (count, example) in flawed_values.items():
        yield CheckFinding("value", dataset.name, column.name, message, count, example)


def _check_formulas(tables: FileTables, dataset: FocusDataset) -> Iterator[CheckFinding]:
    for column, count, example in tables.find_formulas(dataset.name):
        message = "is a formula that a spreadsheet runs: put a ' in front, or write Parquet"
        yield CheckFinding("formula", dataset.name, column, message, count, example)


def _check_rows(tables: FileTables, dataset: FocusDataset) -> Iterator[CheckFinding]:
    column_names = set(tables.column_types[dataset.name])
    applicable_rules = [rule for rule in ROW_RULES if rule.dataset == dataset.name and rule.columns <= column_names]
    counts = tables.count_matching(dataset.name, [rule.sql for rule in applicable_rules])
    shown_columns = [name for name in _IDENTIFYING_COLUMNS if name in column_names]
    for rule, count in zip(applicable_rules, counts, strict=True):
        if count:
            example = tables.find_row(dataset.name, shown_columns, rule.sql)
            yield CheckFinding(rule.name, rule.dataset, "", rule.message, count, example)


def _check_parents(tables: FileTables, version: FocusVersion) -> Iterator[CheckFinding]:
    if not {"ServiceCategory", "ServiceSubcategory"} <= set(tables.column_types.get(COST, {})):
        return
    for subcategory, category, count in tables.count_pairs(COST, "ServiceSubcategory", "ServiceCategory"):
        parent = version.parents.get(subcategory or "")
        if parent and parent != category:
            message = f"belongs to {parent}, not to {category}"
            yield CheckFinding("subcategory-parent", COST, "ServiceSubcategory", message, count, str(subcategory))


def _check_across_rows(tables: FileTables) -> Iterator[CheckFinding]:
    for rule in DATASET_RULES:
        if not all(set(needs.split()) <= set(tables.column_types.get(name, ())) for name, needs in rule.needs.items()):
            continue
        broken = tables.answer_question(rule.broken)
        if broken is None:
            yield CheckFinding(rule.name, rule.dataset, "", "cannot be told: the amounts are too large to be added")
        elif broken[0]:
            yield CheckFinding(rule.name, rule.dataset, "", rule.message, *broken)
