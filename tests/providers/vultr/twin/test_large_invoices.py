"""Invoices with very many lines."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.providers.vultr.api import GetInvoice, GetInvoiceItems
from billfold.providers.vultr.twin import scenario
from billfold.providers.vultr.twin.history import BilledItem
from billfold.providers.vultr.twin.large_invoices import LargeInvoice
from billfold.providers.vultr.twin.pages import make_cursor
from tests.providers.vultr.twin.kit import ACCOUNT, answer_request


def test_only_requested_lines_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large invoice only the requested lines are built."""
    large = ACCOUNT._replace(account_type="lines-1000000")
    number = scenario.invoice_number_of(large, large.first_month)
    indexes: list[int] = []
    describe_original = LargeInvoice.describe_item

    def count_description(self: LargeInvoice, index: int) -> str:
        indexes.append(index)
        return describe_original(self, index)

    monkeypatch.setattr(LargeInvoice, "describe_item", count_description)
    lines_page = answer_request(GetInvoiceItems(invoice_id=number, cursor=make_cursor("next", "999899")), account=large)
    assert (len(lines_page.invoice_items), lines_page.meta.total, lines_page.meta.links.next) == (100, 1_000_000, "")
    assert indexes == list(range(999_900, 1_000_000))
    assert answer_request(GetInvoice(invoice_id=number), account=large).billing_invoice.amount > 10**6
    assert len(indexes) == 100


def test_large_invoice_states_sum_of_lines() -> None:
    """A large invoice states the sum of its lines."""
    lines: Sequence[BilledItem] = LargeInvoice(Month(2026, 2), 2345)
    assert isinstance(lines, LargeInvoice)
    assert lines.total == exact_sum(line.total for line in lines)
    assert len({line.description for line in lines}) == 2345
