"""What invoices say is left, by currency."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from billfold.providers import cockroach
from billfold.providers.cockroach.api import ListInvoices
from billfold.providers.cockroach.mapping.balances import read_balances
from tests.providers.kit import SavedAnswers

SAMPLE = Path(str(cockroach.__file__)).parent / "samples" / "list_invoices_three_months.json"


def read(**changes: Any) -> list[tuple[str, Decimal | None, Decimal | None, bool]]:
    """Return unit, use, closing and openness of what the sample states; ``changes`` are of its second invoice."""
    body = json.loads(SAMPLE.read_text(encoding="utf-8"), parse_float=Decimal)
    body["invoices"][1] |= changes
    balances = read_balances(SavedAnswers((ListInvoices(), body)))
    return [(balance.unit, balance.used, balance.closing, balance.is_open) for balance in balances]


def test_each_invoice_states_what_is_left() -> None:
    """Dollars and credits apart; a draft's month still runs."""
    assert read() == [
        ("USD", Decimal("2890.516172"), Decimal(0), False),
        ("CRDB_CLOUD_CREDITS", Decimal("2655.516172"), Decimal("47335.27"), False),
        ("CRDB_CLOUD_CREDITS", Decimal("2461.3956"), Decimal(45001), True),
    ]


def test_what_is_no_balance_is_left_out() -> None:
    """A balance without an amount, and an invoice without a period, state nothing."""
    assert len(read(balances=[{"currency": "USD"}])) == 2
    assert len(read(period_start="soon")) == 2
