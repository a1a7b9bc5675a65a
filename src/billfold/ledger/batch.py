"""A batch of charges as Arrow columns without a digit lost, and what it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from billfold.ledger.columns import CHARGE_COLUMNS, KINDS
from billfold.model.bill import Charges, State
from billfold.model.money import ZERO, exact_sum, times

SMALL = 1024
"""Lines below which a batch is written out in full, so that it can go with others: a statement costs as much as these."""
_NOT_STORED = {"x_AccountName", "x_State"}
"""The first is looked up when it is read, the second is the bill's."""


class Columns(NamedTuple):
    """The columns that vary, as a table, and the values of those that are the same in every line."""

    lines: pa.Table
    fixed: dict[str, Any]


def columns(batch: Charges, state: State) -> Columns:
    """Turn a batch into columns; raises ``pa.ArrowInvalid`` for a value that would be rounded, ``TypeError`` for a float."""
    arrays = dict(_arrays(batch.lines))
    if batch.kinds:
        arrays |= _in_full(batch) if len(batch.lines) < SMALL else _by_kind(batch)
    common = batch.common._replace(x_AccountName=None, x_State=str(state))
    fixed = {n: v for n in CHARGE_COLUMNS if n not in arrays and (v := getattr(common, n)) is not None}
    for name, value in fixed.items():
        exact([value], KINDS[name][1])
    return Columns(pa.table(arrays), fixed)


def _by_kind(batch: Charges) -> dict[str, pa.Array]:
    places = pa.array(batch.places, type=pa.int32())
    return {name: pa.DictionaryArray.from_arrays(places, values) for name, values in _arrays(batch.kinds)}


def _in_full(batch: Charges) -> dict[str, pa.Array]:
    """Write the columns of kinds out line by line; Arrow would do it too, but loads slowly what it does it with."""
    said = ((name, values.to_pylist(), values.type) for name, values in _arrays(batch.kinds))
    return {name: pa.array([values[place] for place in batch.places], kind) for name, values, kind in said}


def _arrays(rows: Sequence[Any]) -> Iterator[tuple[str, pa.Array]]:
    """Yield the columns of named tuples; a cost that equals the one before it is converted once."""
    before: tuple[Any, ...] = ()
    array: pa.Array = None
    for name, values in zip(rows[0]._fields, zip(*rows, strict=True), strict=True):
        if name not in _NOT_STORED:
            kind = KINDS[name][1]
            if array is None or array.type != kind or values != before:
                array = _named(name, values, kind)
            before = values
            yield name, array


def _named(name: str, values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    try:
        return exact(values, kind)
    except pa.ArrowInvalid as error:
        odd = next(
            (one for one in values if isinstance(one, Decimal) and one.is_finite() and not _fits(one, kind)), None
        )
        if odd is None:
            raise
        room = f"{kind.precision - kind.scale} digits before the point and {kind.scale} after it"
        raise pa.ArrowInvalid(f"{name} {str(odd)[:60]} has more than {room}") from error


def _fits(value: Decimal, kind: pa.DataType) -> bool:
    try:
        exact([value], kind)
    except pa.ArrowInvalid:
        return False
    return True


def exact(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Make a column; raises ``pa.ArrowInvalid`` for a value that would be rounded.

    Arrow reads beyond its tables where a decimal has hundreds of decimals, and takes the exponent of a zero for digits:
    neither is left to it.
    """
    if pa.types.is_decimal(kind) and any(map(_odd, values)):
        values = list(map(_plain, values))
    return pa.array(values, type=kind)


def _odd(value: Any) -> bool:
    return isinstance(value, Decimal) and (not -7 < value.adjusted() < 10 or len(str(value)) > 36)


def _plain(value: Any) -> Any:
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    if not value:
        return ZERO
    if not -36 < int(value.as_tuple().exponent) < 36:
        raise pa.ArrowInvalid(f"a number of the order of 1E{value.adjusted():+d} has more digits than are kept")
    return value


def comes_to(batch: Charges, currency: str) -> tuple[Decimal, int]:
    """Return what a batch comes to in its bill's currency, and how many of its lines the vendor lists."""
    first = next(batch.rows())
    column = "BilledCost" if first.BillingCurrency == currency else "PricingCurrencyEffectiveCost"
    synthetic = sum(times_said for value, times_said in _values(batch, "x_Synthetic") if value)
    total = exact_sum(times(value or ZERO, Decimal(said)) for value, said in _values(batch, column))
    return total, len(batch.lines) - synthetic


def _values(batch: Charges, column: str) -> Iterator[tuple[Any, int]]:
    """Yield the values of a column, each with how many lines say it."""
    if batch.kinds and column in batch.kinds[0]._fields:
        yield from ((getattr(batch.kinds[place], column), said) for place, said in Counter(batch.places).items())
    elif column in batch.lines[0]._fields:
        yield from ((getattr(line, column), 1) for line in batch.lines)
    else:
        yield getattr(batch.common, column), len(batch.lines)


def stored(value: Any) -> Any:
    """Return a value as the ledger stores it."""
    return naive(value) if isinstance(value, datetime) else value


def naive(when: datetime | None) -> datetime | None:
    """Return a time as the ledger stores it: UTC, without saying so."""
    return None if when is None else when.astimezone(UTC).replace(tzinfo=None)
