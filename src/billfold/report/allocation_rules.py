"""Whose cost a charge is, as a company's rules say: patterns for what a charge has, and what becomes of those that fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

UNALLOCATED = "unallocated"
"""The team of what no rule fits."""
MATCH_KEYS = (
    *("provider", "account", "sub-account", "sub-account-id", "resource", "resource-id"),
    *("service", "sku", "region", "description", "charge-category", "invoice"),
)
"""What a rule can look at, and ``tag:KEY``: the value of a tag."""
TAG_PREFIX = "tag:"
MAX_PATTERN_CHARS = 200
_PLACEHOLDER_PATTERN = re.compile(r"\{([^{}]*)\}")


class AllocationMethod(StrEnum):
    """What becomes of the charges that fit a rule."""

    TEAM = "team"
    """They are one team's."""
    SPLIT = "split"
    """They are split by fixed weights."""
    USAGE = "usage"
    """They are split over what used the account, as its vendor measured it; later rules say whose each part is."""
    DIRECT = "direct"
    """They are shared by what is allocated already."""
    EQUAL = "equal"
    """They are shared by all who have something allocated already, each the same."""


class Scope(StrEnum):
    """Whose direct costs weigh what is shared."""

    ACCOUNT = "account"
    PROVIDER = "provider"
    ALL = "all"


class Target(NamedTuple):
    """Whose cost something is; in a rule each may hold placeholders, as ``{tag:team}``. "" is nobody's."""

    team: str
    cost_center: str = ""
    customer: str = ""


NO_TARGET = Target(UNALLOCATED)


class Condition(NamedTuple):
    """A key of a charge, and the patterns of which its value must fit any; the empty pattern fits a charge without one."""

    key: str
    patterns: tuple[str, ...]


class Rule(NamedTuple):
    """One rule: what a charge must be like, and whose it is then; ``weights`` are those of a fixed split."""

    name: str
    conditions: tuple[Condition, ...]
    method: AllocationMethod
    target: Target = NO_TARGET
    weights: tuple[tuple[str, Decimal], ...] = ()
    scope: Scope = Scope.ACCOUNT

    @property
    def keys(self) -> set[str]:
        """The keys that the rule looks at."""
        return {condition.key for condition in self.conditions} | set(list_placeholders(self.target))


class AllocationRules(NamedTuple):
    """The rules in their order, and the cost center and customer that a team has where a rule says no other."""

    rules: tuple[Rule, ...] = ()
    teams: Mapping[str, Target] = {}

    @property
    def keys(self) -> list[str]:
        """The keys that any rule looks at, sorted."""
        return sorted({key for rule in self.rules for key in rule.keys})

    @property
    def conditions(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """What each rule is called, and the key and the patterns of each of its conditions."""
        return [(rule.name, *condition) for rule in self.rules for condition in rule.conditions]

    @property
    def has_usage(self) -> bool:
        """Whether a rule splits by usage."""
        return any(rule.method is AllocationMethod.USAGE for rule in self.rules)

    def resolve_target(self, target: Target, values: Mapping[str, str]) -> Target:
        """Return whose cost it is, the placeholders filled in, with what its team has where the rule says nothing."""
        filled = Target(*(fill_placeholders(text, values) for text in target))
        defaults = self.teams.get(filled.team, Target(filled.team))
        return Target(filled.team, filled.cost_center or defaults.cost_center, filled.customer or defaults.customer)


class _KeyBits(NamedTuple):
    """Which rules look at a key, each a bit: with a condition, or with a placeholder, which wants a value."""

    conditions: Sequence[tuple[int, Callable[[str], object]]]
    placeholder_mask: int


def _list_key_bits(rules: Sequence[Rule], key: str) -> _KeyBits:
    conditions = [
        (1 << index, _compile_patterns(condition.patterns).fullmatch)
        for index, rule in enumerate(rules)
        for condition in rule.conditions
        if condition.key == key
    ]
    placeholder_bits = [1 << index for index, rule in enumerate(rules) if key in list_placeholders(rule.target)]
    return _KeyBits(conditions, sum(placeholder_bits))


class RuleMatcher:
    """Finds the first rule that a charge fits; of each value of each key it is worked out once which rules allow it."""

    def __init__(self, rules: AllocationRules) -> None:
        self._rules = rules.rules
        self._masks_by_key: dict[str, dict[str, int]] = {key: {} for key in rules.keys}
        self._bits_by_key = {key: _list_key_bits(rules.rules, key) for key in rules.keys}

    def find_rule(self, values: Mapping[str, str], first: int = 0) -> int | None:
        """Return the index of the first rule that a charge fits, from ``first`` on; None where it fits none."""
        mask = (1 << len(self._rules)) - (1 << first)
        for key, masks in self._masks_by_key.items():
            value = values[key]
            value_mask = masks.get(value)
            if value_mask is None:
                value_mask = masks[value] = self._build_mask(key, value)
            mask &= value_mask
        return (mask & -mask).bit_length() - 1 if mask else None

    def _build_mask(self, key: str, value: str) -> int:
        """Return a number with a bit for each rule that allows a value: one that names a placeholder wants some."""
        key_bits = self._bits_by_key[key]
        refused_mask = sum(bit for bit, fullmatch in key_bits.conditions if not fullmatch(value))
        return ~(refused_mask if value else refused_mask | key_bits.placeholder_mask)


def list_placeholders(texts: Iterable[str]) -> list[str]:
    """Return the keys that texts name as ``{KEY}``."""
    return [key for text in texts for key in _PLACEHOLDER_PATTERN.findall(text)]


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """Put a charge's values in the place of the keys that a text names."""
    return _PLACEHOLDER_PATTERN.sub(lambda match: values[match[1]], text)


def fits_pattern(pattern: str, text: str) -> bool:
    """Tell whether a text fits a pattern, whatever its case: ``*`` is any text, ``?`` any letter; "" fits only "".

    No other pattern fits a text that is empty: a charge without a tag has no team by it.
    """
    return _compile_patterns((pattern,)).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compile_patterns(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Write patterns as one expression that goes back over no text twice: each piece is taken where it first stands."""
    expressions = (_write_pattern(pattern) if pattern else r"\Z" for pattern in patterns)
    return re.compile("|".join(expressions), re.DOTALL | re.IGNORECASE)


def _write_pattern(pattern: str) -> str:
    first, *others = pattern.split("*")
    if not others:
        return _escape_piece(first)
    middle = "".join(f"(?>.*?{_escape_piece(piece)})" for piece in others[:-1] if piece)
    return f"(?!\\Z){_escape_piece(first)}{middle}.*{_escape_piece(others[-1])}"


def _escape_piece(piece: str) -> str:
    return "".join("." if letter == "?" else re.escape(letter) for letter in piece)
