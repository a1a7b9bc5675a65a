"""Ten thousand numbers go from JSON through record, ledger, JSON and CSV without a digit changed, and never as a float."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.ledger import query
from billfold.ledger.batch import make_exact_array
from billfold.ledger.columns import MONEY_DECIMAL, RATE_DECIMAL
from billfold.ledger.store import ROWS_PER_FETCH, OpenLedger
from billfold.model.bill import Charges
from billfold.model.focus import CostAndUsage
from billfold.model.money import EXACT_CONTEXT, exact_sum
from billfold.report.render import as_csv, as_json, csv_lines, json_lines, word
from billfold.wire import codec
from tests.ledger.kit import COMMON, bill, open_ledger
from tests.wire.kit import Thing

COUNT = 12_000


def literals(count: int) -> list[str]:
    """Make JSON numbers of up to 25 digits, with and without fraction, exponent and sign, -0 among them."""
    chance = Random(7)
    texts = ["0", "-0", "0.0", "-0.0", "1e-7", "-1E+3", "0e5", "1e0", "9" * 25, "0." + "9" * 24]
    while len(texts) < count:
        digits = str(chance.randrange(10 ** chance.randint(1, 25)))
        place = chance.randint(1, len(digits))
        whole, fraction = str(int(digits[:place])), digits[place:]
        exponent = chance.choice(["", "", "", f"e{chance.randint(-12, 12)}", f"E+{chance.randint(0, 9)}"])
        texts.append(f"{chance.choice(['', '-'])}{whole}{'.' + fraction if fraction else ''}{exponent}")
    return texts


def fits(number: Decimal, size: tuple[int, int]) -> bool:
    """Tell whether a number has a place in a column, to the last digit."""
    return (
        number.normalize().as_tuple().exponent >= -size[1] and number.adjusted() < size[0] - size[1]  # type: ignore[operator]
    )


def decoded(literal: str) -> Decimal:
    amount = codec.decode_record(f'{{"amount":{literal}}}'.encode(), Thing).amount
    assert isinstance(amount, Decimal), literal
    assert amount == Decimal(literal), literal
    return amount


def floats(tree: Any) -> bool:
    if isinstance(tree, dict):
        return any(map(floats, tree.values()))
    return any(map(floats, tree)) if isinstance(tree, list) else isinstance(tree, float)


def test_thousands_of_numbers_survive_the_whole_way(tmp_path: Path) -> None:
    numbers = [decoded(literal) for literal in literals(COUNT)]
    fitting = [number for number in numbers if fits(number, MONEY_DECIMAL) and fits(number, RATE_DECIMAL)]
    assert len(fitting) > COUNT / 4
    rows = [
        CostAndUsage(BilledCost=n, PricingQuantity=n, InvoiceDetailId=f"{i:06}", BillingCurrency="USD", ServiceName="S")
        for i, n in enumerate(fitting)
    ]
    with open_ledger(tmp_path) as books:
        books.book(bill(total=str(exact_sum(fitting)), charges=[Charges.of(rows)]))
        assert books.bills("parked") == [(None,)]
        charges = query.iter_charges(books.db, query.LedgerFilter())
        ledger_rows = sorted(charges, key=lambda charge: str(charge.InvoiceDetailId))
    printed_rows = json.loads(as_json(ledger_rows))
    cells = list(csv.DictReader(io.StringIO(as_csv(ledger_rows, CostAndUsage._fields))))
    assert not floats(printed_rows)
    for number, row, cell in zip(fitting, printed_rows, cells, strict=True):
        for column in ("BilledCost", "PricingQuantity"):
            assert "E" not in row[column]
            assert Decimal(row[column]) == Decimal(cell[column]) == number


def test_thousands_of_numbers_that_do_not_fit_are_all_parked(tmp_path: Path) -> None:
    numbers = [decoded(literal) for literal in literals(COUNT)]
    outside = [number for number in numbers if not fits(number, MONEY_DECIMAL)]
    assert len(outside) > COUNT / 4
    with open_ledger(tmp_path) as books:
        for number in outside[::200]:
            books.book(bill(str(number), invoice_id=f"i{number}", total=None))
        assert all("cannot be kept exactly" in parked for (parked,) in books.bills("parked"))
        assert books.costs() == []


@given(costs=st.lists(st.decimals(min_value=-(10**13), max_value=10**13, places=12), min_size=1, max_size=20))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_sums_as_exactly_as_we_do(costs: list[Decimal], tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_ledger(tmp_path_factory.mktemp("sums")) as books:
        books.book(bill(*map(str, costs)))
        assert [row.cost for row in query.sum_charges(books.db, query.LedgerFilter())] == [exact_sum(costs)]


def test_no_column_of_the_ledger_is_a_float(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        data_types = books.db.execute("SELECT DISTINCT data_type FROM duckdb_columns() WHERE NOT internal").fetchall()
        assert {"DECIMAL(26,12)", "DECIMAL(28,18)"} <= {kind for (kind,) in data_types}
        assert not {"DOUBLE", "FLOAT", "REAL"} & {kind for (kind,) in data_types}
        books.book(bill("1", "2"))
        for row in (
            *query.sum_charges(books.db, query.LedgerFilter()),
            *query.sum_by_bill(books.db, query.LedgerFilter()),
        ):
            assert not floats(list(row))


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**25), max_value=10**25))
def test_a_number_is_told_with_all_its_digits(number: Decimal) -> None:
    assert Decimal(word(number)) == number
    assert json.loads(as_json([{"n": number}])) == [{"n": word(number)}]
    assert as_csv([{"n": number}], ["n"]) == f"n\n{word(number)}\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "@x", "\tx", '=HYPERLINK("http://x")'])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert next(csv.reader(io.StringIO(as_csv([{"n": text}], ["n"]).partition("\n")[2]))) == [f"'{text}"]


@pytest.mark.parametrize("text", ["one\rtwo", "one\ntwo", "one\r\ntwo", 'say "so"\n'])
def test_a_text_with_an_end_of_line_is_one_cell(text: str) -> None:
    text_of_csv = as_csv([{"a": text, "b": "x"}], ["a", "b"])
    assert list(csv.reader(io.StringIO(text_of_csv, newline=""))) == [["a", "b"], [text, "x"]]


@pytest.mark.parametrize("zero", ["0e12", "0e5000", "0e-5000", "-0e-300", "0.000"])
def test_a_zero_fits_however_it_is_written(zero: str, tmp_path: Path) -> None:
    rows = [CostAndUsage(BilledCost=Decimal(0), PricingQuantity=decoded(zero), BillingCurrency="USD")]
    with open_ledger(tmp_path) as books:
        books.book(bill(total="0", charges=[Charges.of(rows)]))
        assert books.bills("parked") == [(None,)]


def test_a_negative_total_is_a_number_in_csv(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("-12.50"))
        rows = query.list_invoices(books.db, query.LedgerFilter())
    assert next(csv.DictReader(io.StringIO(as_csv(rows, rows[0]._fields))))["total"] == "-12.50"


def test_no_number_reaches_the_database_as_a_float(tmp_path: Path) -> None:
    long = Decimal("0.123456789012345678901234567890123456789")
    with open_ledger(tmp_path) as books:
        books.book(bill("1", charges=[Charges(COMMON._replace(ListUnitPrice=long), bill("1").charges[0].columns)]))  # type: ignore[index]
        assert books.bills("parked") != [(None,)]


@given(st.integers(-(10**40), 10**40), st.integers(-6000, 6000), st.sampled_from([MONEY_DECIMAL, RATE_DECIMAL]))
def test_a_number_becomes_itself_or_is_refused(digits: int, exponent: int, size: tuple[int, int]) -> None:
    """A number of any size becomes itself in a column or is refused."""
    number = Decimal(digits).scaleb(exponent, EXACT_CONTEXT)
    try:
        (stored,) = make_exact_array([number], pa.decimal128(*size)).to_pylist()
    except pa.ArrowInvalid:
        assert number
        assert number.adjusted() >= size[0] - size[1] - 1 or number.as_tuple().exponent < -size[1]  # type: ignore[operator]
    else:
        assert stored == number


def test_a_listing_is_written_row_by_row() -> None:
    """A listing is written row by row and not only at its end."""

    def rows() -> Iterator[dict[str, Any]]:
        yield {"n": Decimal("1.50")}
        raise EOFError

    as_it_comes = json_lines(rows())
    assert next(as_it_comes) == '[{"n": "1.5"}'
    as_it_comes = csv_lines(rows(), ["n"])
    assert [next(as_it_comes), next(as_it_comes)] == ["n\n", "1.5\n"]


def test_no_rows_are_an_empty_list_and_a_line_of_names() -> None:
    assert (as_json([]), as_csv([], ["a", "b"])) == ("[]", "a,b\n")


def test_a_result_is_read_in_batches_and_no_row_is_lost() -> None:
    class Row(NamedTuple):
        n: int
        at: datetime

    with duckdb.connect() as connection:
        numbers_sql = f"SELECT range AS n, TIMESTAMP '2026-05-01' AS at FROM range({ROWS_PER_FETCH} + 1)"
        rows = OpenLedger(connection, Path()).select(Row, numbers_sql)
        with pytest.raises(TypeError, match="Row has other fields than at, n"):
            OpenLedger(connection, Path()).select(Row, "SELECT now() AS at, 1 AS n")
    assert [row.n for row in rows] == list(range(ROWS_PER_FETCH + 1))
    assert {row.at for row in rows} == {datetime(2026, 5, 1, tzinfo=UTC)}
