"""The rules of allocation: which file holds them, and what stands in it, each error with the rule and its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from billfold.model.errors import ConfigurationError
from billfold.model.plain_values import check_document, resolve_path
from billfold.providers.credential_references import read_text
from billfold.report.allocation_rules import (
    MATCH_KEYS,
    MAX_PATTERN_CHARS,
    TAG_PREFIX,
    AllocationMethod,
    AllocationRules,
    Condition,
    Rule,
    Scope,
    Target,
    list_placeholders,
)

_TARGET_FIELDS = ("team", "cost_center", "customer")
_RULE_KEYS = {"name", "match", "split", "shared", "over", *_TARGET_FIELDS}
_RULE_HEADING = re.compile(r"^[ \t]*\[\[[ \t]*rules[ \t]*\]\]", re.MULTILINE)
_SHARED_METHODS = {str(method): method for method in (AllocationMethod.DIRECT, AllocationMethod.EQUAL)}
MAX_RULES = 1000
MAX_TEXT_CHARS = 200


def find_rules_file(section: object, config_path: Path) -> Path | None:
    """Return the file that ``[allocation]`` of a configuration names, None without one; raises ``ConfigurationError``."""
    if section is None:
        return None
    rules_file = section.get("rules") if isinstance(section, dict) and set(section) == {"rules"} else None
    if not isinstance(rules_file, str) or not rules_file:
        raise ConfigurationError(
            f'{config_path}, [allocation]: write the file of the rules, as rules = "allocation.toml"'
        )
    return resolve_path(rules_file, config_path, f"{config_path}, [allocation]")


def load_rules(path: Path) -> AllocationRules:
    """Read a file of rules; raises ``ConfigurationError`` with the file, the rule, its line, and what to write."""
    try:
        text = read_text(path)
        document = tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        raise ConfigurationError(f"there is no file of rules at {path}; docs/how-to/allocate.md shows one") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    check_document(document, path)
    return parse_rules(document, str(path), text)


def parse_rules(document: Mapping[str, object], path: str, text: str = "") -> AllocationRules:
    """Read rules from plain values; ``text`` is what they were read from, for the lines of errors."""
    if unknown := set(document) - {"rules", "teams"}:
        raise ConfigurationError(f"{path}: {min(unknown)!r} is not known; write [[rules]] and [teams]")
    blocks = document.get("rules", [])
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ConfigurationError(f"{path}: rules are written as [[rules]] blocks")
    if len(blocks) > MAX_RULES:
        raise ConfigurationError(f"{path}: there are {len(blocks)} rules; write at most {MAX_RULES}, with patterns")
    lines = [text.count("\n", 0, match.end()) + 1 for match in _RULE_HEADING.finditer(text)]
    has_lines = len(lines) == len(blocks)
    rules = tuple(
        _RuleReader(block, number, f"{path}, {f'line {lines[number - 1]}, ' if has_lines else ''}rule {number}").read()
        for number, block in enumerate(blocks, 1)
    )
    return AllocationRules(rules, dict(_parse_teams(document.get("teams", {}), f"{path}, [teams]")))


def _parse_teams(table: object, location: str) -> Iterator[tuple[str, Target]]:
    if not isinstance(table, dict):
        raise ConfigurationError(f'{location}: write platform = {{ cost_center = "4711" }}')
    for team, fields in table.items():
        _require_text(team, f"{location}, the name of a team")
        if not isinstance(fields, dict) or set(fields) - {"cost_center", "customer"}:
            raise ConfigurationError(f'{location}: write {team} = {{ cost_center = "4711", customer = "..." }}')
        texts = {key: _require_text(value, f"{location}, {team}.{key}") for key, value in fields.items()}
        yield team, Target(team, texts.get("cost_center", ""), texts.get("customer", ""))


class _RuleReader(NamedTuple):
    """One rule as it is written, its number, and where it stands."""

    block: Mapping[str, object]
    number: int
    location: str

    def read(self) -> Rule:
        """Read the rule; raises ``ConfigurationError``."""
        if unknown := set(self.block) - _RULE_KEYS:
            raise self._error(f"{min(unknown)!r} is not known; a rule has {', '.join(sorted(_RULE_KEYS))}")
        actions = [key for key in ("team", "split", "shared") if key in self.block]
        if len(actions) != 1:
            raise self._error("write one of team, split and shared: what becomes of the charges")
        name = _require_text(self.block.get("name", f"rule {self.number}"), f"{self.location}, name")
        conditions = tuple(self._read_conditions(self.block.get("match", {})))
        if actions[0] == "team":
            self._refuse("over", "it says whose direct costs weigh what is shared")
            return Rule(name, conditions, AllocationMethod.TEAM, self._read_target())
        for field in ("cost_center", "customer"):
            self._refuse(field, "write it in [teams], for each team")
        if actions[0] == "split":
            self._refuse("over", "it says whose direct costs weigh what is shared")
            return self._read_split(name, conditions)
        return self._read_shared(name, conditions)

    def _read_conditions(self, table: object) -> Iterator[Condition]:
        if not isinstance(table, dict):
            raise self._error('write match = { provider = "vultr", resource = "web-*" }')
        for key, patterns in table.items():
            self._check_key(key)
            texts = patterns if isinstance(patterns, list) else [patterns]
            for pattern in texts:
                if not isinstance(pattern, str) or len(pattern) > MAX_PATTERN_CHARS:
                    raise self._error(f'match.{key}: write a pattern as text, or a list of some, as "web-*"')
            if not texts:
                raise self._error(f"match.{key}: write at least one pattern")
            yield Condition(key, tuple(texts))

    def _check_key(self, key: str) -> None:
        if key not in MATCH_KEYS and not (key.startswith(TAG_PREFIX) and key != TAG_PREFIX):
            raise self._error(f'there is no {key!r} to match; there are {", ".join(MATCH_KEYS)} and "tag:KEY"')

    def _read_target(self) -> Target:
        texts = {
            field: _require_text(self.block[field], f"{self.location}, {field}")
            for field in _TARGET_FIELDS
            if field in self.block
        }
        for key in list_placeholders(texts.values()):
            self._check_key(key)
        return Target(texts["team"], texts.get("cost_center", ""), texts.get("customer", ""))

    def _read_split(self, name: str, conditions: tuple[Condition, ...]) -> Rule:
        split = self.block["split"]
        if split == str(AllocationMethod.USAGE):
            return Rule(name, conditions, AllocationMethod.USAGE)
        if not isinstance(split, dict) or not split:
            raise self._error('write split = { platform = 2, web = 1 }, or split = "usage"')
        weights = tuple(
            (_require_text(team, f"{self.location}, split, the name of a team"), self._read_weight(team, weight))
            for team, weight in split.items()
        )
        if len({team for team, _ in weights}) < len(weights):
            raise self._error("split: it names a team twice")
        if not any(weight for _, weight in weights):
            raise self._error("split: one weight must be above 0")
        return Rule(name, conditions, AllocationMethod.SPLIT, weights=weights)

    def _read_weight(self, team: str, weight: object) -> Decimal:
        try:
            is_number = isinstance(weight, int | Decimal | str) and not isinstance(weight, bool)
            number = Decimal(str(weight)) if is_number else Decimal("NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number < 0 or abs(number.adjusted()) > 20 or len(number.as_tuple().digits) > 20:
            raise self._error(f"split.{team}: write a number of 0 or more")
        return number

    def _read_shared(self, name: str, conditions: tuple[Condition, ...]) -> Rule:
        method, scope = self.block["shared"], self.block.get("over", "account")
        if method not in _SHARED_METHODS:
            raise self._error('write shared = "direct" (by direct costs) or shared = "equal"')
        if scope not in list(Scope):
            raise self._error(f"over is one of {', '.join(Scope)}: whose direct costs weigh")
        return Rule(name, conditions, _SHARED_METHODS[str(method)], scope=Scope(str(scope)))

    def _refuse(self, key: str, advice: str) -> None:
        if key in self.block:
            raise self._error(f"{key} says nothing here: {advice}")

    def _error(self, text: str) -> ConfigurationError:
        return ConfigurationError(f"{self.location}: {text}")


def _require_text(value: object, location: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > MAX_TEXT_CHARS:
        raise ConfigurationError(f"{location}: write some words as text")
    return value.strip()
