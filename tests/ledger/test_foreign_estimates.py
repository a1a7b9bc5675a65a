"""What is estimated in one currency and invoiced in another is one thing: it is forecast and budgeted once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from billfold.ledger.foreign_estimates import list_foreign_estimates
from billfold.ledger.query import LedgerFilter
from billfold.model.bill import Bill, Charges, State
from billfold.model.period import Month
from billfold.report.budget import Budget
from billfold.tasks.accruals import list_accruals
from billfold.tasks.budgets import check_budgets
from billfold.tasks.forecast import make_forecaster
from tests.ledger.kit import COMMON, MAY, Ledger, Line, bill, open_ledger
from tests.tasks.test_accruals import collect

JUNE = MAY.add_months(1)


def list_bills(invoice_currency: str, estimate_currency: str) -> Sequence[Bill]:
    """Return an invoice of May and an estimate of June."""
    return _make_bill("100", invoice_currency), _make_bill("50", estimate_currency, State.ESTIMATE, JUNE)


def _make_bill(cost: str, currency: str, state: State = State.ISSUED, month: Month = MAY) -> Bill:
    common = COMMON._replace(BillingCurrency=currency, PricingCurrency=currency)
    charges = [Charges.of([Line(Decimal(cost))], common)]
    return bill(cost, state=state, period=month.period, currency=currency, charges=charges)


def list_currencies(ledger: Ledger) -> list[set[str]]:
    """Return in which currencies June is forecast, accrued, and billed by budgets."""
    forecaster = make_forecaster(ledger.db, LedgerFilter())
    assert forecaster
    budgets = [Budget(currency, currency, Decimal(1000)) for currency in ("USD", "EUR")]
    rows = check_budgets(ledger.db, LedgerFilter(), budgets, JUNE)
    return [
        {row.currency for row in forecaster.forecast_month(JUNE)},
        {row.currency for row in list_accruals(ledger.db, LedgerFilter(), JUNE)},
        {row.currency for row in rows if row.billed or row.expected},
    ]


def test_an_estimate_in_a_foreign_currency_is_left_out(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        collect(ledger, JUNE, 14, list_bills("EUR", "USD"))
        [estimate] = list_foreign_estimates(ledger.db, LedgerFilter())
        assert estimate == ("vendor", "me", "USD", JUNE, ("EUR",))
        forecast, accrued, budgeted = list_currencies(ledger)
        assert forecast == {"EUR"} == budgeted
        assert accrued <= {"EUR"}
        assert list_foreign_estimates(ledger.db, LedgerFilter(first_month=MAY, last_month=MAY)) == []


def test_an_estimate_in_the_currency_of_the_invoices_counts(tmp_path: Path) -> None:
    """So does that of an account without invoices: nothing tells what they will be in."""
    with open_ledger(tmp_path) as ledger:
        collect(ledger, JUNE, 14, list_bills("USD", "USD"))
        assert list_foreign_estimates(ledger.db, LedgerFilter()) == []
        assert list_currencies(ledger) == [{"USD"}] * 3
    (tmp_path / "new").mkdir()
    with open_ledger(tmp_path / "new") as ledger:
        collect(ledger, JUNE, 14, list_bills("EUR", "USD")[1:])
        assert list_foreign_estimates(ledger.db, LedgerFilter()) == []
        assert list_currencies(ledger) == [{"USD"}] * 3
