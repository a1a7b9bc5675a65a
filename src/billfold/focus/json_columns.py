"""What FOCUS says of its JSON cells: flat ones, and the shapes of the four object columns of FOCUS 1.4."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import TypeGuard

JsonObject = Mapping[str, object]
"""A cell's JSON object, or one inside it; numbers are exact."""
_CUSTOM_KEY = re.compile(r"x_[A-Z][a-zA-Z0-9]*")
_OPERATORS = {
    *("In", "NotIn", "StartsWith", "NotStartsWith", "Contains", "NotContains", "EndsWith"),
    *("Exists", "DoesNotExist"),
}


class _DuplicateKeyError(ValueError):
    """A key stands twice in a JSON object."""


def _build_object(pairs: list[tuple[str, object]]) -> JsonObject:
    if len(cell_object := dict(pairs)) < len(pairs):
        raise _DuplicateKeyError
    return cell_object


def _reject_constant(word: str) -> object:
    raise ValueError(word)


def read_object(text: str) -> tuple[JsonObject, str]:
    """Read a cell as a JSON object with exact numbers; returns it and what is wrong with it."""
    try:
        cell_object = json.loads(
            text, object_pairs_hook=_build_object, parse_float=Decimal, parse_constant=_reject_constant
        )
    except _DuplicateKeyError:
        return {}, "has a key twice"
    except ValueError:
        return {}, "is no JSON"
    return (cell_object, "") if isinstance(cell_object, dict) else ({}, "is no JSON object")


def find_flat_flaw(cell_object: JsonObject, keys: Collection[str] | None) -> str:
    """Say what is wrong with a key-value cell: nested values, or keys that FOCUS does not define (None: any key)."""
    if any(isinstance(value, (dict, list)) for value in cell_object.values()):
        return "is nested: its values are text, numbers, true, false or null"
    return _find_unknown_key(cell_object, keys) if keys is not None else ""


def _find_unknown_key(cell_object: JsonObject, allowed_keys: Collection[str]) -> str:
    unknown_keys = [key for key in cell_object if key not in allowed_keys and not key.startswith("x_")]
    return f"has the key {unknown_keys[0]!r}, which FOCUS does not define; ours begin with x_" if unknown_keys else ""


def _find_unnamed_key(cell_object: JsonObject, allowed_keys: Collection[str]) -> str:
    unknown_keys = [key for key in cell_object if key not in allowed_keys and not _CUSTOM_KEY.fullmatch(key)]
    return f"has the key {unknown_keys[0]!r}, which FOCUS does not define" if unknown_keys else ""


def _is_number(value: object) -> TypeGuard[int | Decimal]:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _judge_elements(cell_object: JsonObject, key: str, judge: Callable[[JsonObject], str]) -> str:
    elements = cell_object.get(key)
    if not isinstance(elements, list) or not elements:
        return f"has no list {key}"
    for element in elements:
        problem = judge(element) if isinstance(element, dict) else f"has {key} that are no objects"
        if problem:
            return problem
    return _find_unnamed_key(cell_object, {key})


def _judge_applied(element: JsonObject) -> str:
    cost, quantity, unit = (element.get(f"ContractCommitmentApplied{what}") for what in ("Cost", "Quantity", "Unit"))
    if not all(isinstance(element.get(key), str) for key in ("ContractId", "ContractCommitmentId")):
        return "names no ContractId or no ContractCommitmentId"
    by_cost = _is_number(cost) and quantity is None and unit is None
    by_quantity = _is_number(quantity) and isinstance(unit, str) and cost is None
    if not by_cost and not by_quantity:
        return "applies neither a cost nor a quantity with its unit, or both"
    measures = {f"ContractCommitmentApplied{what}" for what in ("Cost", "Quantity", "Unit")}
    return _find_unnamed_key(element, {"ContractId", "ContractCommitmentId"} | measures)


def _judge_allocated(element: JsonObject) -> str:
    ratio = element.get("AllocatedRatio")
    if not _is_number(ratio) or not 0 <= ratio <= 1:
        return "has an AllocatedRatio that is no fraction"
    if element.get("UsageQuantity") is not None and not (
        _is_number(element["UsageQuantity"]) and isinstance(element.get("UsageUnit"), str)
    ):
        return "has a UsageQuantity without its unit"
    return _find_unnamed_key(element, {"AllocatedRatio", "UsageUnit", "UsageQuantity"})


def _judge_program(element: JsonObject) -> str:
    return (
        _find_unnamed_key(element, {"ProgramType"})
        if isinstance(element.get("ProgramType"), str)
        else "names no ProgramType"
    )


def _judge_applicability(cell_object: JsonObject) -> str:
    whole_scopes = [key for key in ("IsGlobalScope", "IsComplexScope") if cell_object.get(key) is True]
    lists = {key: _read_list(cell_object, key) for key in ("Inclusions", "Exclusions")}
    if len(whole_scopes) > 1 or (whole_scopes and (lists["Inclusions"] or "InclusionOperator" in cell_object)):
        return "is of two scopes at once"
    if not whole_scopes and not (lists["Inclusions"] and cell_object.get("InclusionOperator") in {"And", "Or"}):
        return "says neither a whole scope nor what is included"
    if "Exclusions" in cell_object and not (
        lists["Exclusions"] and cell_object.get("ExclusionOperator") in {"And", "Or"}
    ):
        return "has exclusions without a rule or an operator"
    allowed_keys = {
        *lists,
        "IsGlobalScope",
        "IsComplexScope",
        "Applicability",
        "InclusionOperator",
        "ExclusionOperator",
    }
    rule_problems = [problem for rule in (*lists["Inclusions"], *lists["Exclusions"]) if (problem := _judge_rule(rule))]
    return (
        next(iter(rule_problems), "")
        or _judge_share(cell_object.get("Applicability"))
        or _find_unnamed_key(cell_object, allowed_keys)
    )


def _read_list(cell_object: JsonObject, key: str) -> list[object]:
    """Return the list under a key; what is no list counts as the only one in it."""
    value = cell_object.get(key) or []
    return value if isinstance(value, list) else [value]


def _judge_rule(rule: object) -> str:
    if not isinstance(rule, dict) or not isinstance(rule.get("Dimension"), str):
        return "has a rule without a Dimension"
    values, operator = rule.get("Values"), rule.get("Operator")
    if operator not in _OPERATORS or not isinstance(values, list) or not values:
        return "has a rule without an operator of FOCUS or without values"
    has_wildcard = "*" in values
    if (has_wildcard and len(values) > 1) or (operator in {"Exists", "DoesNotExist"} and values != ["*"]):
        return "has a rule in which * does not stand alone"
    unknown_keys = set(rule) - {"Dimension", "Operator", "Values", "Applicability"}
    return f"has a rule with the key {min(unknown_keys)!r}" if unknown_keys else _judge_share(rule.get("Applicability"))


def _judge_share(share_object: object) -> str:
    if share_object is None:
        return ""
    is_valid = (
        isinstance(share_object, dict)
        and set(share_object) <= {"Cost", "Usage"}
        and all(_is_number(share) and 0 <= share <= 1 for share in share_object.values())
    )
    return "" if is_valid else "has an Applicability that is no fraction of Cost or Usage"


OBJECT_JUDGES: Mapping[str, Callable[[JsonObject], str]] = {
    "ContractApplied": lambda cell: _judge_elements(cell, "Elements", _judge_applied),
    "AllocatedMethodDetails": lambda cell: _judge_elements(cell, "Elements", _judge_allocated),
    "CommitmentProgramEligibilityDetails": lambda cell: _judge_elements(cell, "CommitmentPrograms", _judge_program),
    "ContractCommitmentApplicability": _judge_applicability,
}
