"""FOCUS versions as data: which datasets and columns each has, and how the older ones are views of the newest.

A version is one file in ``data``; another is added by adding its file. A version with a ``base`` says what it drops,
which columns are its ``only`` ones, and what it adds ``from`` a column of the base.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple, NotRequired, TypedDict

from billfold.model.errors import InvalidArgument

NEWEST = "1.4"


class FocusColumn(NamedTuple):
    """A column: its FOCUS type, its level, whether cells may be null, its form or values, and where it is taken from."""

    name: str
    type: str = "String"
    level: str = "Custom"
    nulls: bool = True
    value_format: str = ""
    values: tuple[str, ...] = ()
    source: str = ""

    @property
    def is_mandatory(self) -> bool:
        """Whether the column must be there."""
        return self.level == "Mandatory"


class FocusDataset(NamedTuple):
    """A dataset: the stem of its file's name, and its columns by name, in the order in which they are written."""

    name: str
    file: str
    columns: Mapping[str, FocusColumn]


class FocusVersion(NamedTuple):
    """A FOCUS version: its datasets, and each ServiceSubcategory's ServiceCategory."""

    name: str
    datasets: Mapping[str, FocusDataset]
    parents: Mapping[str, str]


class ColumnFacts(TypedDict):
    """A column as a version's file has it."""

    type: str
    level: str
    nulls: bool
    value_format: NotRequired[str]
    values: NotRequired[list[str]]


class DatasetFacts(TypedDict):
    """A dataset as a version's file has it."""

    file: str
    columns: dict[str, ColumnFacts]


class VersionFacts(TypedDict):
    """The file of a version that stands by itself."""

    version: str
    subcategories: dict[str, list[str]]
    datasets: dict[str, DatasetFacts]


class DatasetChange(TypedDict, total=False):
    """How a dataset differs from the base's; an added column says from which one it is taken."""

    only: list[str]
    drop: list[str]
    add: dict[str, dict[str, str]]


class VersionChange(TypedDict):
    """The file of a version that differs from its base; a dataset that it has not is None."""

    version: str
    base: str
    datasets: dict[str, DatasetChange | None]


@cache
def version_names() -> tuple[str, ...]:
    """Return the versions that there is data for, oldest first."""
    stems = (path.name.removesuffix(".json") for path in (files(__package__) / "data").iterdir())
    return tuple(sorted(stems, key=lambda name: [int(part) for part in name.split(".")]))


@cache
def load_version(name: str = NEWEST) -> FocusVersion:
    """Return a version; raises ``InvalidArgument`` for one that there is no data for."""
    if name not in version_names():
        raise InvalidArgument(f"FOCUS {name} is not known; known are {', '.join(version_names())}")
    document = json.loads((files(__package__) / "data" / f"{name}.json").read_text(encoding="utf-8"))
    return _derive_version(document) if "base" in document else _build_version(document)


def _build_version(document: VersionFacts) -> FocusVersion:
    parents = {
        subcategory: category
        for category, subcategories in document["subcategories"].items()
        for subcategory in subcategories
    }
    datasets = {
        key: _build_dataset(key, dataset_fields["file"], dataset_fields["columns"])
        for key, dataset_fields in document["datasets"].items()
    }
    return FocusVersion(document["version"], datasets, parents)


def _build_dataset(name: str, file: str, columns: Mapping[str, ColumnFacts]) -> FocusDataset:
    return FocusDataset(name, file, {key: _build_column(key, facts) for key, facts in columns.items()})


def _build_column(name: str, facts: ColumnFacts) -> FocusColumn:
    level, value_format, values = facts["level"], facts.get("value_format", ""), tuple(facts.get("values", ()))
    return FocusColumn(name, facts["type"], level, facts["nulls"], value_format, values, source=name)


def _derive_version(document: VersionChange) -> FocusVersion:
    base, datasets = load_version(document["base"]), dict[str, FocusDataset]()
    for key, dataset in base.datasets.items():
        change = document["datasets"].get(key, {})
        if change is not None:
            datasets[key] = dataset._replace(columns=_change_columns(dataset.columns, change))
    return base._replace(name=document["version"], datasets=datasets)


def _change_columns(columns: Mapping[str, FocusColumn], change: DatasetChange) -> dict[str, FocusColumn]:
    kept_names = change.get("only") or [name for name in columns if name not in change.get("drop", ())]
    changed_columns = {name: columns[name] for name in kept_names}
    for name, facts in change.get("add", {}).items():
        changed_columns[name] = columns[facts["from"]]._replace(name=name)
    return {
        name: changed_columns[name] for name in sorted(changed_columns, key=lambda name: (name.startswith("x_"), name))
    }
