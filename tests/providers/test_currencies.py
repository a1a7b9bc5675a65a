"""A currency is read alike at every vendor that states one, and what is no money parks its bill."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from billfold.model.bill import Bill
from billfold.providers.currencies import check_currency, read_currency
from tests.findings import list_wrong
from tests.providers.cockroach import kit as cockroach
from tests.providers.fastly import kit as fastly
from tests.providers.genesys import kit as genesys


def read_fastly_bill(currency: str) -> Bill:
    """Return the bill of a Fastly invoice in a currency."""
    return fastly.read_bills(fastly.V3_REQUEST, fastly.make_invoice(currency_code=currency))[0]


def read_cockroach_bill(currency: str) -> Bill:
    """Return the bill of an invoice of CockroachDB Cloud in a currency."""
    amount, line = cockroach.make_amount(2, currency), cockroach.make_line(2, currency)
    return cockroach.read_bills(totals=[amount], invoice_items=[cockroach.make_item(line)])[0]


def read_genesys_bill(currency: str) -> Bill:
    """Return the bill of an invoice of Genesys Cloud in a currency."""
    return genesys.make_bill("5.00", genesys.make_line(1, "5.00"), currencyIsoCode=currency)


READ_BILL: dict[str, Callable[[str], Bill]] = {
    "fastly": read_fastly_bill,
    "cockroach": read_cockroach_bill,
    "genesys": read_genesys_bill,
}


@pytest.mark.parametrize("read_bill", READ_BILL.values(), ids=READ_BILL)
@pytest.mark.parametrize("text", ["usd", "USD ", "\tUsd\n"])
def test_spelling_of_a_currency_does_not_matter(read_bill: Callable[[str], Bill], text: str) -> None:
    """Blanks and small letters make no other currency."""
    bill = read_bill(text)
    assert (bill.currency, list_wrong(bill.findings)) == ("USD", ())


@pytest.mark.parametrize("read_bill", READ_BILL.values(), ids=READ_BILL)
@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("QQQ", "QQQ"),
        ("xts", "XTS"),
        ("garbage\0\x1b[31m", "XXX"),
        ("US Dollar", "XXX"),
        ("$", "XXX"),
        ("U" * 99, "XXX"),
    ],
)
def test_what_is_no_money_parks_its_bill(read_bill: Callable[[str], Bill], text: str, currency: str) -> None:
    """An unknown code is kept as it is, and what can be no code is no currency."""
    bill = read_bill(text)
    assert bill.currency == currency
    (problem,) = list_wrong(bill.findings)
    assert "is neither one of ISO 4217 nor a credit" in problem
    assert "\x1b" not in problem


def test_credits_are_known_to_their_vendor_only() -> None:
    """A credit that one vendor documents is none at another."""
    assert list_wrong(read_cockroach_bill("crdb_cloud_credits").findings) == ()
    assert list_wrong(read_genesys_bill("CRDB_CLOUD_CREDITS").findings) != ()
    assert list(check_currency("POINTS", {"POINTS"})) == []


def test_currency_that_is_not_stated_is_named() -> None:
    """Without a currency there is a finding, and no code."""
    assert (read_currency(None), read_currency(" ")) == ("", "")
    assert [finding.text for finding in check_currency("")] == ["the invoice states no currency"]
