"""The invented Genesys Cloud partner's charges."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from billfold.model.period import Month
from billfold.providers.genesys.twin import customers, scenario
from billfold.providers.genesys.twin.handlers import TWIN
from billfold.twin.host import TwinHost
from tests.providers.genesys.twin.kit import first_account


def test_year_has_every_charge_type(host: TwinHost) -> None:
    """The scenario has every type of charge that a partner sees."""
    account = first_account(host)
    bills = list(TWIN.true_bills(account, host.clock.now()))
    rows = [row for bill in bills for batch in bill.charges for row in batch.iter_rows()]
    assert {row.ChargeCategory for row in rows} == {"Usage", "Purchase", "Tax", "Adjustment"}
    assert any(row.ChargeClass == "Correction" for row in rows)
    assert any((bill.total or 0) < 0 for bill in bills)
    lines_by_month = Counter[Month]()
    for bill in bills:
        lines_by_month[Month.of(bill.period.start)] += bill.line_count or 0
    assert len(lines_by_month) == 13
    assert all(40 <= count <= 75 for count in lines_by_month.values())
    overages = [
        customers.make_wallet(account, customers.make_contracts(account)[0], month, 30).overage
        for month in lines_by_month
    ]
    assert any(overages)
    assert not all(overages)


def test_use_grows_only_at_midnight(host: TwinHost) -> None:
    """Use changes only at midnight and never falls."""
    account, month, previous = first_account(host), Month(2026, 11), [Decimal(0), Decimal(0)]
    for day in range(31):
        totals = [bill.total or Decimal(0) for bill in scenario.make_estimates(account, month, day)]
        assert all(now >= earlier for now, earlier in zip(totals, previous, strict=True))
        previous = totals
    noon = host.clock.now() + timedelta(hours=12)
    midnight_totals, noon_totals = (
        [bill.total for bill in TWIN.true_bills(account, moment)][-2:] for moment in (host.clock.now(), noon)
    )
    assert midnight_totals == noon_totals
