"""Usage by region is asked for by month as it was believed, and invoices' usage by its price, in the order of the steps."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from billfold.ledger import catalog
from billfold.ledger.query import LedgerFilter
from billfold.ledger.usage_basis import BilledUsage, list_billed_usage, list_region_usage
from billfold.model.bill import Charges
from billfold.model.period import Month, Period
from billfold.model.usage import MeasuredUsage, UserType
from tests.ledger.kit import COMMON, MAY, Line, bill, open_ledger
from tests.ledger.test_usages import book

JUNE = MAY.add_months(1)


def test_a_later_measurement_of_a_month_replaces_the_earlier(tmp_path: Path) -> None:
    def measure(month: Month, days: int, quantity: str) -> MeasuredUsage:
        period = Period(month.start, month.start.replace(day=days))
        return MeasuredUsage(period, "gb", UserType.REGION, "asia", "Asia", "GB", Decimal(quantity))

    with open_ledger(tmp_path) as books:
        book(books, measure(MAY, 31, "31"), measure(JUNE, 3, "2"))
        seq = books.seq
        book(books, measure(JUNE, 9, "8")._replace(user_type=UserType.RESOURCE), measure(JUNE, 5, "4"))
        rows = list_region_usage(books.db, MAY, JUNE)
        assert [(row.end.day, row.region, row.quantity) for row in rows] == [
            (31, "Asia", Decimal(31)),
            (5, "Asia", Decimal(4)),
        ]
        assert [row.quantity for row in list_region_usage(books.db, JUNE, JUNE, seq)] == [Decimal(2)]


def test_billed_usage_comes_by_price_in_its_order(tmp_path: Path) -> None:
    common = COMMON._replace(
        ChargeCategory="Usage", ServiceName="S", SkuId="net/gb", RegionName="Asia", PricingUnit="GB", ResourceId=None
    )
    lines = [
        Charges.of(
            [Line(Decimal(cost))],
            common._replace(PricingQuantity=Decimal(5), x_UnitPrice=Decimal(price), x_JsonPath=f"$.lines[{place}]"),
        )
        for place, (cost, price) in enumerate([("10", "2"), ("5", "1"), ("5", "1")])
    ]
    rented = Charges.of([Line(Decimal(7))], common._replace(ResourceId="r", x_UnitPrice=Decimal(7)))
    with open_ledger(tmp_path) as books:
        assert books.book(bill("27", period=MAY.period, charges=[*lines, rented]))
        (invoice,) = catalog.list_bills(books.db, LedgerFilter())
        rows = list_billed_usage(books.db, [invoice.id])
        assert [row[6:8] for row in rows if row.price] == [(Decimal(2), Decimal(5)), (Decimal(1), Decimal(10))]
        assert {row[1:6] for row in rows} == {("S", "net/gb", "gb", "Asia", "GB")}
        assert [row for row in rows if row.price is None] == [BilledUsage(invoice.id, *rows[0][1:6], None, None, 0)]
        assert list_billed_usage(books.db, []) == []
