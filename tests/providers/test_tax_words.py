"""A tax is a tax at every vendor: each word of the list decides the category of a line, and no longer word does."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from billfold.model.focus import CostAndUsage
from billfold.providers.mapping import TAX_WORDS, is_tax
from billfold.providers.provider import provider_names
from tests.providers.cockroach import kit as cockroach
from tests.providers.fastly import kit as fastly
from tests.providers.genesys import kit as genesys
from tests.providers.kit import list_rows
from tests.providers.vultr import kit as vultr


def book_vultr_line(text: str) -> CostAndUsage:
    """Return the charge of a Vultr line with this description."""
    _, (row,) = vultr.read_bill(vultr.make_item(product="Fee", description=text, unit_type="", total=Decimal("2.35")))
    return row


def book_fastly_line(text: str) -> CostAndUsage:
    """Return the charge of a Fastly line with this description."""
    line = {"description": text, "amount": 3, "usage_type": ""}
    invoice = fastly.make_invoice(transaction_line_items=[line], monthly_transaction_amount=3)
    return list_rows(fastly.read_bills(fastly.V3_REQUEST, invoice)[0])[0]


def book_fastly_v2_line(text: str) -> CostAndUsage:
    """Return the charge of a line of Fastly's billing v2 with this description."""
    body = fastly.make_v2_invoice()
    body["line_items"] = [{"description": text, "amount": 3}]
    return list_rows(fastly.read_bills(fastly.V2_REQUEST, body)[0])[0]


def book_cockroach_adjustment(text: str) -> CostAndUsage:
    """Return the charge of an adjustment of CockroachDB Cloud with this name."""
    (row,) = cockroach.read_rows(
        adjustments=[{"name": text, "amount": cockroach.make_amount(2)}], totals=[cockroach.make_amount(2)]
    )
    return row


def book_genesys_line(text: str) -> CostAndUsage:
    """Return the charge of a line of Genesys Cloud with this description."""
    return list_rows(genesys.make_bill("5.00", genesys.make_line(1, "5.00", description=text)))[0]


BOOK_LINE: dict[str, Callable[[str], CostAndUsage]] = {
    "vultr": book_vultr_line,
    "fastly": book_fastly_line,
    "fastly v2": book_fastly_v2_line,
    "cockroach": book_cockroach_adjustment,
    "genesys": book_genesys_line,
}


def test_every_vendor_is_held_to_the_words() -> None:
    """The tests below run a line through the mapping of every vendor."""
    assert {name.split()[0] for name in BOOK_LINE} == set(provider_names())


@pytest.mark.parametrize("book_line", BOOK_LINE.values(), ids=BOOK_LINE)
@pytest.mark.parametrize("word", TAX_WORDS)
def test_tax_word_is_tax_at_every_vendor(word: str, book_line: Callable[[str], CostAndUsage]) -> None:
    """A line that is called by a tax word is Tax, however it is written and whatever stands beside it."""
    texts = (word, word.upper(), f"{word.capitalize()} 19%", f"US_{word.upper()}_CA", f"Fees ({word}19)")
    rows = {text: book_line(text) for text in texts}
    assert {text: row.ChargeCategory for text, row in rows.items()} == dict.fromkeys(texts, "Tax")
    assert {(row.ServiceName, row.ServiceCategory) for row in rows.values()} == {("Taxes", "Other")}


@pytest.mark.parametrize("book_line", BOOK_LINE.values(), ids=BOOK_LINE)
@pytest.mark.parametrize(
    "text", ["Taxi", "GSTREAMER", "Vatican", "Syntax check", "HSTS", "Taxonomy", "Psté", "QSTs", "Untaxed"]
)
def test_longer_word_is_no_tax(text: str, book_line: Callable[[str], CostAndUsage]) -> None:
    """A word that only contains a tax word is no tax."""
    assert not is_tax(text)
    assert book_line(text).ChargeCategory != "Tax"
