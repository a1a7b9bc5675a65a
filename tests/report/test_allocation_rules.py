"""Patterns fit what they should, whatever the case, and a rule fits only what has all that it looks at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.report.allocation_rules import (
    AllocationRules,
    Condition,
    Method,
    Rule,
    Target,
    fits_pattern,
)

LETTERS = st.text("aB*?.[", max_size=6)


def fits_slowly(pattern: str, text: str) -> bool:
    """Decide letter by letter, in any time."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(fits_slowly(pattern[1:], text[index:]) for index in range(len(text) + 1))
    return bool(text) and pattern[0] in {"?", text[0]} and fits_slowly(pattern[1:], text[1:])


@given(LETTERS, LETTERS)
def test_a_pattern_fits_what_its_letters_say(pattern: str, text: str) -> None:
    """Compared with a search that goes back as often as it likes; a text that is empty fits the empty pattern only."""
    expected = fits_slowly(pattern.lower(), text.lower()) if text else not pattern
    assert fits_pattern(pattern, text) == expected


def test_a_rule_fits_only_what_fills_its_placeholders() -> None:
    rule = Rule("r", (Condition("provider", ("v*",)),), Method.TEAM, Target("{tag:team}", "cc-{account}"))
    assert rule.keys == {"provider", "tag:team", "account"}
    assert rule.fits({"provider": "Vultr", "tag:team": "web", "account": "a"})
    assert not rule.fits({"provider": "Vultr", "tag:team": "", "account": "a"})


@pytest.mark.parametrize(("cost_center", "result"), [("", "4711"), ("{account}", "a")])
def test_a_team_has_its_cost_center_unless_a_rule_says(cost_center: str, result: str) -> None:
    rules = AllocationRules((), {"web": Target("web", "4711", "Ann")})
    assert rules.resolve_target(Target("web", cost_center), {"account": "a"}) == Target("web", result, "Ann")
