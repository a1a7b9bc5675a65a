"""The ledger's tables follow from the columns of the datasets."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.columns import MONEY_DECIMAL, RATE_DECIMAL, list_column_types


class Dataset(NamedTuple):
    """Columns of each sort that a new one can be of."""

    BilledCost: Decimal | None
    x_SurchargeCost: Decimal | None
    x_CostIndex: Decimal | None
    x_Note: str | None


def test_a_decimal_is_money_where_its_name_ends_in_cost() -> None:
    """Amounts are stored with the digits of money, and all other decimals with those of prices."""
    sql_types = {name: sql_type for name, (sql_type, _) in list_column_types(Dataset).items()}
    money, rate = (f"DECIMAL({size[0]},{size[1]})" for size in (MONEY_DECIMAL, RATE_DECIMAL))
    assert sql_types == {"BilledCost": money, "x_SurchargeCost": money, "x_CostIndex": rate, "x_Note": "VARCHAR"}
