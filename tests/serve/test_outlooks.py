"""What lies ahead: commitments run down to what the command says is left, and months end where the forecast says."""

from __future__ import annotations

import json
from decimal import Decimal

from tests.cli.terminal import Terminal
from tests.serve.content import read_page
from tests.serve.reader import Reader


def test_a_burn_down_ends_where_the_command_does(reader: Reader, ledger: Terminal) -> None:
    """The last month that is known of each commitment is the row of `billfold commitments`."""
    rows = json.loads(ledger.run("commitments", "--ledger", "ledger", "--format", "json").out)
    points = [row for row in reader.get("/api/v1/burndown").json if not row["is_expected"]]
    last_points = {(row["account"], row["commitment_id"], row["unit"]): row for row in points}
    stated = [row for row in rows if row["left"] is not None]
    assert len(stated) > 3
    for row in stated:
        point = last_points[row["account"], row["commitment_id"], row["unit"]]
        assert [point[name] for name in ("month", "committed", "used", "left")] == [
            row[name] for name in ("month", "committed", "used", "left")
        ]


def test_a_narrowed_burn_down_is_that_commitment(reader: Reader) -> None:
    first = reader.get("/api/v1/burndown").json[0]
    rows = reader.get(f"/api/v1/burndown?account={first['account']}&id={first['commitment_id']}").json
    assert {row["commitment_id"] for row in rows} == {first["commitment_id"]}
    assert [row["month"] for row in rows] == sorted(row["month"] for row in rows)


def test_a_commitment_that_there_is_not_is_told(reader: Reader) -> None:
    assert "no commitment is called" in read_page(reader, "/commitment?id=nothing", 400)[0].text
    assert read_page(reader, "/commitment", 400)


def test_estimates_name_the_forecast(reader: Reader) -> None:
    """The screen has a chart for each currency, and what is expected of a month is the sum of its accounts."""
    rows = reader.get("/api/v1/forecast").json
    page, content = read_page(reader, "/estimates")
    assert content.tags["svg"] == len({row["currency"] for row in rows})
    month = max(row["month"] for row in rows)
    total = sum(Decimal(row["forecast"]) for row in rows if row["month"] == month)
    assert f"{month}: {total:,.2f} USD expected" in page.text
    records = reader.get("/api/v1/estimates").json
    assert {row["state"] for row in records} <= {"estimate", "draft"}
    assert len(records) > 2
