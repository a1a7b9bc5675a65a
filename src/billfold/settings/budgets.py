"""The sections ``[[budgets]]``: how much of a currency a month may cost, of which vendor, account, service, team or tag."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from billfold.ledger.grouping import TAG_PREFIX
from billfold.model.errors import ConfigurationError
from billfold.model.money import CURRENCY_PATTERN
from billfold.model.plain_values import read_plain_amount
from billfold.report.budget import Budget

EXAMPLE = 'name = "cdn", currency = "USD", amount = "35000", vendor = "fastly"'
SCOPE_KEYS = {"vendor": "provider", "account": "account", "service": "service", "team": "team"}
_BUDGET_KEYS = {"name", "currency", "amount", "tag", *SCOPE_KEYS}


def read_budgets(section: object, location: str) -> list[Budget]:
    """Read the budgets (None: there are none); raises ``ConfigurationError`` with the one thing to change."""
    if section is None:
        return []
    if not isinstance(section, list) or not all(isinstance(block, dict) for block in section):
        raise ConfigurationError(f"{location}: budgets are written as [[budgets]] blocks, each with {EXAMPLE}")
    budgets = [_read_budget(block, f"{location}, budget {number}") for number, block in enumerate(section, 1)]
    names = [budget.name for budget in budgets]
    if duplicates := sorted(name for name in set(names) if names.count(name) > 1):
        raise ConfigurationError(f"{location}: two budgets are called {duplicates[0]!r}; give each a name of its own")
    return budgets


def _read_budget(block: Mapping[str, object], place: str) -> Budget:
    if unknown := sorted(set(block) - _BUDGET_KEYS):
        raise ConfigurationError(
            f"{place}: {unknown[0]!r} is not known; a budget has {', '.join(sorted(_BUDGET_KEYS))}"
        )
    texts = {key: value for key, value in block.items() if isinstance(value, str) and value.strip()}
    for key in block:
        if key not in texts:
            raise ConfigurationError(f"{place}: write {key} as text in quotes, as {EXAMPLE}")
    for key in ("name", "currency", "amount"):
        if key not in texts:
            raise ConfigurationError(f"{place}: it has no {key}; a budget is {EXAMPLE}")
    if not CURRENCY_PATTERN.fullmatch(texts["currency"]):
        raise ConfigurationError(f'{place}: write the code of a currency, as currency = "USD"')
    scope = [(key, texts[name]) for name, key in SCOPE_KEYS.items() if name in texts]
    if "tag" in texts:
        scope.append(_read_tag(texts["tag"], place))
    return Budget(texts["name"], texts["currency"], _read_amount(texts["amount"], place), tuple(scope))


def _read_tag(text: str, place: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise ConfigurationError(f'{place}: write a tag with its value, as tag = "team=web"')
    return f"{TAG_PREFIX}{key}", value


def _read_amount(text: str, place: str) -> Decimal:
    amount = read_plain_amount(text)
    if amount is None or amount <= 0:
        raise ConfigurationError(f'{place}: write what a month may cost, above 0, as amount = "35000"')
    return amount
