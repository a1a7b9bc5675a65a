"""FOCUS versions as data: which datasets and columns each has, and how the older ones are views of the newest.

A version is one file in ``data``; another is added by adding its file. A version with a ``base`` says what it drops,
which columns are its ``only`` ones, and what it adds ``from`` a column of the base.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from billfold.model.errors import InvalidArgument

NEWEST = "1.4"
COST, INVOICE, PERIOD, COMMITMENT = "CostAndUsage", "InvoiceDetail", "BillingPeriod", "ContractCommitment"


class Column(NamedTuple):
    """A column: its FOCUS type, its level, whether cells may be null, its form or values, and where it is taken from."""

    name: str
    type: str = "String"
    level: str = "Custom"
    nulls: bool = True
    form: str = ""
    values: tuple[str, ...] = ()
    source: str = ""

    @property
    def mandatory(self) -> bool:
        """Whether the column must be there."""
        return self.level == "Mandatory"


class Dataset(NamedTuple):
    """A dataset: the stem of its file's name, and its columns by name, in the order in which they are written."""

    name: str
    file: str
    columns: Mapping[str, Column]


class Version(NamedTuple):
    """A FOCUS version: its datasets, and each ServiceSubcategory's ServiceCategory."""

    name: str
    datasets: Mapping[str, Dataset]
    parents: Mapping[str, str]


@cache
def names() -> tuple[str, ...]:
    """Return the versions that there is data for, oldest first."""
    stems = (path.name.removesuffix(".json") for path in (files(__package__) / "data").iterdir())
    return tuple(sorted(stems, key=lambda name: [int(part) for part in name.split(".")]))


@cache
def load(name: str = NEWEST) -> Version:
    """Return a version; raises ``InvalidArgument`` for one that there is no data for."""
    if name not in names():
        raise InvalidArgument(f"FOCUS {name} is not known; known are {', '.join(names())}")
    said = json.loads((files(__package__) / "data" / f"{name}.json").read_text(encoding="utf-8"))
    return _view(said) if "base" in said else _whole(said)


def _whole(said: dict[str, Any]) -> Version:
    parents = {sub: category for category, subs in said["subcategories"].items() for sub in subs}
    made = {key: _dataset(key, one["file"], one["columns"]) for key, one in said["datasets"].items()}
    return Version(said["version"], made, parents)


def _dataset(name: str, file: str, columns: dict[str, dict[str, Any]]) -> Dataset:
    return Dataset(name, file, {key: _column(key, facts) for key, facts in columns.items()})


def _column(name: str, facts: dict[str, Any]) -> Column:
    level, form, values = facts["level"], facts.get("form", ""), tuple(facts.get("values", ()))
    return Column(name, facts["type"], level, facts["nulls"], form, values, source=name)


def _view(said: dict[str, Any]) -> Version:
    base, datasets = load(said["base"]), dict[str, Dataset]()
    for key, one in base.datasets.items():
        change = said["datasets"].get(key, {})
        if change is not None:
            datasets[key] = one._replace(columns=_changed(one.columns, change))
    return base._replace(name=said["version"], datasets=datasets)


def _changed(columns: Mapping[str, Column], change: dict[str, Any]) -> dict[str, Column]:
    kept = change.get("only") or [name for name in columns if name not in change.get("drop", ())]
    made = {name: columns[name] for name in kept}
    for name, facts in change.get("add", {}).items():
        made[name] = columns[facts["from"]]._replace(name=name)
    return {name: made[name] for name in sorted(made, key=lambda name: (name.startswith("x_"), name))}
