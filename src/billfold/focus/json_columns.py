"""What FOCUS says of its JSON cells: flat ones, and the shapes of the four object columns of FOCUS 1.4."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

_CUSTOM = re.compile(r"x_[A-Z][a-zA-Z0-9]*")
_OPERATORS = {
    *("In", "NotIn", "StartsWith", "NotStartsWith", "Contains", "NotContains", "EndsWith"),
    *("Exists", "DoesNotExist"),
}


class _DoubledError(ValueError):
    """A key stands twice in a JSON object."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(said := dict(pairs)) < len(pairs):
        raise _DoubledError
    return said


def _no_number(word: str) -> Any:
    raise ValueError(word)


def read(text: str) -> tuple[dict[str, Any], str]:
    """Read a cell as a JSON object with exact numbers; returns it and what is wrong with it."""
    try:
        said = json.loads(text, object_pairs_hook=_pairs, parse_float=Decimal, parse_constant=_no_number)
    except _DoubledError:
        return {}, "has a key twice"
    except ValueError:
        return {}, "is no JSON"
    return (said, "") if isinstance(said, dict) else ({}, "is no JSON object")


def flat(said: Mapping[str, Any], keys: Collection[str] | None) -> str:
    """Say what is wrong with a key-value cell: nested values, or keys that FOCUS does not define (None: any key)."""
    if any(isinstance(value, (dict, list)) for value in said.values()):
        return "is nested: its values are text, numbers, true, false or null"
    return _keys(said, keys) if keys is not None else ""


def _keys(said: Mapping[str, Any], known: Collection[str]) -> str:
    strange = [key for key in said if key not in known and not key.startswith("x_")]
    return f"has the key {strange[0]!r}, which FOCUS does not define; ours begin with x_" if strange else ""


def _custom(said: Mapping[str, Any], known: Collection[str]) -> str:
    strange = [key for key in said if key not in known and not _CUSTOM.fullmatch(key)]
    return f"has the key {strange[0]!r}, which FOCUS does not define" if strange else ""


def _number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _each(said: Mapping[str, Any], key: str, judge: Callable[[Mapping[str, Any]], str]) -> str:
    elements = said.get(key)
    if not isinstance(elements, list) or not elements:
        return f"has no list {key}"
    for one in elements:
        problem = judge(one) if isinstance(one, dict) else f"has {key} that are no objects"
        if problem:
            return problem
    return _custom(said, {key})


def _applied(one: Mapping[str, Any]) -> str:
    cost, quantity, unit = (one.get(f"ContractCommitmentApplied{what}") for what in ("Cost", "Quantity", "Unit"))
    if not all(isinstance(one.get(key), str) for key in ("ContractId", "ContractCommitmentId")):
        return "names no ContractId or no ContractCommitmentId"
    by_cost = _number(cost) and quantity is None and unit is None
    by_quantity = _number(quantity) and isinstance(unit, str) and cost is None
    if not by_cost and not by_quantity:
        return "applies neither a cost nor a quantity with its unit, or both"
    measures = {f"ContractCommitmentApplied{what}" for what in ("Cost", "Quantity", "Unit")}
    return _custom(one, {"ContractId", "ContractCommitmentId"} | measures)


def _allocated(one: Mapping[str, Any]) -> str:
    ratio = one.get("AllocatedRatio")
    if not _number(ratio) or not 0 <= ratio <= 1:  # type: ignore[operator]
        return "has an AllocatedRatio that is no fraction"
    if one.get("UsageQuantity") is not None and not (
        _number(one["UsageQuantity"]) and isinstance(one.get("UsageUnit"), str)
    ):
        return "has a UsageQuantity without its unit"
    return _custom(one, {"AllocatedRatio", "UsageUnit", "UsageQuantity"})


def _programme(one: Mapping[str, Any]) -> str:
    return _custom(one, {"ProgramType"}) if isinstance(one.get("ProgramType"), str) else "names no ProgramType"


def _applicability(said: Mapping[str, Any]) -> str:
    whole = [key for key in ("IsGlobalScope", "IsComplexScope") if said.get(key) is True]
    lists = {key: said.get(key, []) for key in ("Inclusions", "Exclusions")}
    if len(whole) > 1 or (whole and (lists["Inclusions"] or "InclusionOperator" in said)):
        return "is of two scopes at once"
    if not whole and not (lists["Inclusions"] and said.get("InclusionOperator") in {"And", "Or"}):
        return "says neither a whole scope nor what is included"
    if "Exclusions" in said and not (lists["Exclusions"] and said.get("ExclusionOperator") in {"And", "Or"}):
        return "has exclusions without a rule or an operator"
    known = {*lists, "IsGlobalScope", "IsComplexScope", "Applicability", "InclusionOperator", "ExclusionOperator"}
    rules = [problem for rule in (*lists["Inclusions"], *lists["Exclusions"]) if (problem := _rule(rule))]
    return next(iter(rules), "") or _share(said.get("Applicability")) or _custom(said, known)


def _rule(rule: Any) -> str:
    if not isinstance(rule, dict) or not isinstance(rule.get("Dimension"), str):
        return "has a rule without a Dimension"
    values, operator = rule.get("Values"), rule.get("Operator")
    if operator not in _OPERATORS or not isinstance(values, list) or not values:
        return "has a rule without an operator of FOCUS or without values"
    alone = "*" in values
    if (alone and len(values) > 1) or (operator in {"Exists", "DoesNotExist"} and values != ["*"]):
        return "has a rule in which * does not stand alone"
    strange = set(rule) - {"Dimension", "Operator", "Values", "Applicability"}
    return f"has a rule with the key {min(strange)!r}" if strange else _share(rule.get("Applicability"))


def _share(said: Any) -> str:
    if said is None:
        return ""
    good = isinstance(said, dict) and set(said) <= {"Cost", "Usage"}
    good = good and all(_number(share) and 0 <= share <= 1 for share in said.values())
    return "" if good else "has an Applicability that is no fraction of Cost or Usage"


OBJECTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "ContractApplied": lambda said: _each(said, "Elements", _applied),
    "AllocatedMethodDetails": lambda said: _each(said, "Elements", _allocated),
    "CommitmentProgramEligibilityDetails": lambda said: _each(said, "CommitmentPrograms", _programme),
    "ContractCommitmentApplicability": _applicability,
}
