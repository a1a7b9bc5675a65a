"""JSON cells: whatever a file holds in one is told as a flaw, and never an error."""

from __future__ import annotations

import pytest

from billfold.focus.json_columns import OBJECT_JUDGES, read_object


@pytest.mark.parametrize("rules", ["5", "true", '"*"', "{}", "[5]", "null", '[{"Dimension": "SkuId", "Values": 5}]'])
def test_rules_of_any_shape_are_told_as_a_flaw(rules: str) -> None:
    """An applicability whose rules are no list of rules is wrong, whatever stands in their place."""
    cell, flaw = read_object(f'{{"Inclusions": {rules}, "InclusionOperator": "And"}}')
    assert flaw == ""
    assert OBJECT_JUDGES["ContractCommitmentApplicability"](cell).startswith(("has a rule", "says neither"))
