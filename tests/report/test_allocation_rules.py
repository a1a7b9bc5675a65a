"""Patterns fit what they should, whatever the case, and a rule fits only what has all that it looks at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.report.allocation_rules import (
    AllocationMethod,
    AllocationRules,
    Condition,
    Rule,
    RuleMatcher,
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
    rule = Rule("r", (Condition("provider", ("v*",)),), AllocationMethod.TEAM, Target("{tag:team}", "cc-{account}"))
    assert rule.keys == {"provider", "tag:team", "account"}
    matcher = RuleMatcher(AllocationRules((rule,)))
    assert matcher.find_rule({"provider": "Vultr", "tag:team": "web", "account": "a"}) == 0
    assert matcher.find_rule({"provider": "Vultr", "tag:team": "", "account": "a"}) is None


@given(st.lists(st.tuples(LETTERS, LETTERS), max_size=5), LETTERS, LETTERS, st.integers(0, 6))
def test_the_first_rule_that_fits_is_found(patterns: list[tuple[str, str]], a: str, b: str, first: int) -> None:
    """Compared with asking rule by rule."""
    rules = AllocationRules(
        tuple(
            Rule(
                "r",
                (Condition("provider", (first_pattern,)), Condition("account", (second_pattern, "x"))),
                AllocationMethod.TEAM,
            )
            for first_pattern, second_pattern in patterns
        )
    )
    fitting = [fits_pattern(pattern, a) and fits_pattern(other, b) for pattern, other in patterns]
    expected = next((index for index, fits in enumerate(fitting) if fits and index >= first), None)
    assert RuleMatcher(rules).find_rule({"provider": a, "account": b}, min(first, len(patterns))) == expected


@pytest.mark.parametrize(("cost_center", "result"), [("", "4711"), ("{account}", "a")])
def test_a_team_has_its_cost_center_unless_a_rule_says(cost_center: str, result: str) -> None:
    rules = AllocationRules((), {"web": Target("web", "4711", "Ann")})
    assert rules.resolve_target(Target("web", cost_center), {"account": "a"}) == Target("web", result, "Ann")
