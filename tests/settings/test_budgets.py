"""Budgets have a name, a currency and an exact amount; what cannot hold is refused with what to change."""

from __future__ import annotations

import tomllib
from decimal import Decimal

import pytest

from billfold.model.errors import ConfigurationError
from billfold.report.budget import Budget
from billfold.settings.budgets import read_budgets

BUDGET = '[[budgets]]\nname = "cdn"\ncurrency = "USD"\namount = "35000.50"\n'


def read(text: str) -> list[Budget]:
    return read_budgets(tomllib.loads(text)["budgets"], "billfold.toml")


def test_a_budget_is_of_everything_that_its_keys_fit() -> None:
    [budget] = read(f'{BUDGET}vendor = "fastly"\ntag = "team=web"\n')
    assert budget == Budget("cdn", "USD", Decimal("35000.50"), (("provider", "fastly"), ("tag:team", "web")))
    assert budget.fits({"currency": "USD", "provider": "fastly", "tag:team": "web"})
    assert not budget.fits({"currency": "EUR", "provider": "fastly", "tag:team": "web"})
    assert not budget.fits({"currency": "USD", "provider": "fastly", "tag:team": ""})
    assert read_budgets(None, "billfold.toml") == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('amount = "35000.50"', "amount = 35000.50", "write amount as text"),
        ('amount = "35000.50"', 'amount = "0"', "above 0"),
        ('amount = "35000.50"', 'amount = "much"', "above 0"),
        ('amount = "35000.50"', "", "has no amount"),
        ('currency = "USD"', 'currency = "dollars"', "code of a currency"),
        ('name = "cdn"', 'name = "cdn"\ncolor = "red"', "'color' is not known"),
        ('name = "cdn"', 'name = "cdn"\ntag = "web"', "with its value"),
        (BUDGET, BUDGET * 2, "two budgets are called 'cdn'"),
    ],
)
def test_a_budget_that_cannot_hold_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(BUDGET.replace(old, new))
    with pytest.raises(ConfigurationError, match="blocks"):
        read_budgets({"name": "cdn"}, "billfold.toml")
