"""Rates of a reporting currency have a table, a day or a month, and are exact text; what cannot hold is refused."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal

import pytest

from billfold.model.errors import ConfigurationError
from billfold.model.period import Month
from billfold.report.exchange import ExchangeRate
from billfold.settings.reporting import Reporting, read_reporting

RATE = 'name = "ECB"\ndate = 2026-10-30\nfrom = "USD"\nrate = "0.9217"\n'


def read(text: str) -> Reporting:
    return read_reporting(tomllib.loads(text)["reporting"], "billfold.toml")


def test_rates_have_a_table_a_time_and_exact_digits() -> None:
    rates = read(
        f'[reporting]\ncurrency = "EUR"\n[[reporting.rates]]\n{RATE}'
        '[[reporting.rates]]\nname = "ours"\nmonth = "2026-09"\nfrom = "GBP"\nto = "CHF"\nrate = "1.1"\n'
    )
    assert rates == Reporting(
        "EUR",
        (
            ExchangeRate("ECB", "USD", "EUR", Month(2026, 10), date(2026, 10, 30), Decimal("0.9217")),
            ExchangeRate("ours", "GBP", "CHF", Month(2026, 9), None, Decimal("1.1")),
        ),
    )
    assert read_reporting(None, "billfold.toml") == Reporting()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('rate = "0.9217"', "rate = 0.9217", "as text"),
        ('rate = "0.9217"', 'rate = "-1"', "above 0"),
        ('rate = "0.9217"', 'rate = "NaN"', "above 0"),
        ("date = 2026-10-30", "", "either date"),
        ("date = 2026-10-30", 'date = 2026-10-30\nmonth = "2026-10"', "either date"),
        ("date = 2026-10-30", 'month = "October"', "not a month"),
        ('name = "ECB"', "", "name"),
        ('from = "USD"', 'from = "usd"', "code of a currency"),
        ('from = "USD"', 'from = "EUR"', "needs no rate"),
        ('from = "USD"', 'from = "USD"\ncolor = "red"', "'color' is not known"),
        (RATE, f"{RATE}[[reporting.rates]]\n{RATE}", "two rates"),
        (RATE, f"{RATE}[[reporting.rates]]\n{RATE.replace('ECB', 'bank').replace('-30', '-29')}", "two tables"),
    ],
)
def test_a_rate_that_cannot_hold_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(f'[reporting]\ncurrency = "EUR"\n[[reporting.rates]]\n{RATE}'.replace(old, new))


def test_a_rate_without_a_currency_to_go_to_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="to: write the code"):
        read(f"[[reporting.rates]]\n{RATE}")
    with pytest.raises(ConfigurationError, match="nothing else"):
        read_reporting({"rate": "1"}, "billfold.toml")
