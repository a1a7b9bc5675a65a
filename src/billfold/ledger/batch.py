"""A batch of charges as Arrow columns without a digit lost, and what it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from billfold.ledger.columns import CHARGE_COLUMN_TYPES, CHARGE_COLUMNS
from billfold.model.bill import Charges, State, transpose_rows
from billfold.model.money import ZERO, exact_product, exact_sum

SMALL_BATCH_LINES = 1024
"""Lines below which a batch is written out in full, so that it can go with others: a statement costs as much as these."""
_UNSTORED_COLUMNS = {"x_AccountName", "x_InvoiceIssueDate", "x_State"}
"""The first is looked up when it is read, the others are the bill's."""


class Columns(NamedTuple):
    """The columns that vary, as a table, and the values of those that are the same in every line."""

    table: pa.Table
    common_values: Mapping[str, object]


def build_columns(batch: Charges, state: State, issued_on: datetime | None = None) -> Columns:
    """Turn a batch of a bill into columns; raises ``pa.ArrowInvalid`` for a value that would be rounded, ``TypeError`` for a float."""
    arrays = dict(_iter_arrays(batch.columns))
    if batch.shared_rows:
        arrays |= _expand_shared(batch) if batch.line_count < SMALL_BATCH_LINES else _encode_shared(batch)
    common = batch.common._replace(x_AccountName=None, x_State=str(state), x_InvoiceIssueDate=issued_on)
    common_values = {
        column: column_value
        for column in CHARGE_COLUMNS
        if column not in arrays and (column_value := getattr(common, column)) is not None
    }
    for name, value in common_values.items():
        make_exact_array([value], CHARGE_COLUMN_TYPES[name][1])
    return Columns(pa.table(arrays), common_values)


def _encode_shared(batch: Charges) -> dict[str, pa.Array]:
    indices = pa.array(batch.shared_index, type=pa.int32())
    shared_columns = _iter_arrays(transpose_rows(batch.shared_rows))
    return {name: pa.DictionaryArray.from_arrays(indices, values) for name, values in shared_columns}


def _expand_shared(batch: Charges) -> dict[str, pa.Array]:
    """Write the columns of kinds out line by line; Arrow would do it too, but loads slowly what it does it with."""
    shared_arrays = _iter_arrays(transpose_rows(batch.shared_rows))
    shared_columns = ((name, values.to_pylist(), values.type) for name, values in shared_arrays)
    return {
        name: pa.array([values[index] for index in batch.shared_index], arrow_type)
        for name, values, arrow_type in shared_columns
    }


def _iter_arrays(columns: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, pa.Array]]:
    """Yield columns, converted; a cost that equals the one before it is converted once."""
    previous_values: Sequence[Any] = ()
    array: pa.Array = None
    for name, values in columns.items():
        if name not in _UNSTORED_COLUMNS:
            arrow_type = CHARGE_COLUMN_TYPES[name][1]
            if array is None or array.type != arrow_type or values != previous_values:
                array = _make_named_array(name, values, arrow_type)
            previous_values = values
            yield name, array


def _make_named_array(name: str, values: Sequence[Any], arrow_type: pa.DataType) -> pa.Array:
    try:
        return make_exact_array(values, arrow_type)
    except pa.ArrowInvalid as error:
        inexact_value = next(
            (
                value
                for value in values
                if isinstance(value, Decimal) and value.is_finite() and not _fits_type(value, arrow_type)
            ),
            None,
        )
        if inexact_value is None:
            raise
        capacity = f"{arrow_type.precision - arrow_type.scale} digits before the point and {arrow_type.scale} after it"
        raise pa.ArrowInvalid(f"{name} {str(inexact_value)[:60]} has more than {capacity}") from error


def _fits_type(value: Decimal, arrow_type: pa.DataType) -> bool:
    try:
        make_exact_array([value], arrow_type)
    except pa.ArrowInvalid:
        return False
    return True


def make_exact_array(values: Sequence[Any], arrow_type: pa.DataType) -> pa.Array:
    """Make a column; raises ``pa.ArrowInvalid`` for a value that would be rounded.

    Arrow reads beyond its tables where a decimal has hundreds of decimals, and takes the exponent of a zero for digits:
    neither is left to it.
    """
    if pa.types.is_decimal(arrow_type) and any(map(_is_unusual, values)):
        values = list(map(_normalize_decimal, values))
    return pa.array(values, type=arrow_type)


def _is_unusual(value: Any) -> bool:
    return isinstance(value, Decimal) and (not -7 < value.adjusted() < 10 or len(str(value)) > 36)


def _normalize_decimal(value: Any) -> Any:
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    if not value:
        return ZERO
    if not -36 < int(value.as_tuple().exponent) < 36:
        raise pa.ArrowInvalid(f"a number of the order of 1E{value.adjusted():+d} has more digits than are kept")
    return value


def sum_batch(batch: Charges, currency: str) -> tuple[Decimal, int]:
    """Return what a batch comes to in its bill's currency, and how many of its lines the vendor lists."""
    first_charge = next(batch.iter_rows())
    column = "BilledCost" if first_charge.BillingCurrency == currency else "PricingCurrencyEffectiveCost"
    synthetic_count = sum(line_count for value, line_count in _count_values(batch, "x_Synthetic") if value)
    total = exact_sum(
        exact_product(value or ZERO, Decimal(line_count)) for value, line_count in _count_values(batch, column)
    )
    return total, batch.line_count - synthetic_count


def _count_values(batch: Charges, column: str) -> Iterator[tuple[Any, int]]:
    """Yield the values of a column, each with how many lines say it."""
    if batch.shared_rows and column in batch.shared_rows[0]._fields:
        yield from (
            (getattr(batch.shared_rows[index], column), line_count)
            for index, line_count in Counter(batch.shared_index).items()
        )
    elif column in batch.columns:
        yield from ((value, 1) for value in batch.columns[column])
    else:
        yield getattr(batch.common, column), batch.line_count


def to_stored_value(value: Any) -> Any:
    """Return a value as the ledger stores it."""
    return to_naive_utc(value) if isinstance(value, datetime) else value


def to_naive_utc(instant: datetime | None) -> datetime | None:
    """Return a time as the ledger stores it: UTC, without saying so."""
    return None if instant is None else instant.astimezone(UTC).replace(tzinfo=None)
