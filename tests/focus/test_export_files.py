"""What an export does to a directory and to a spreadsheet, and what is left out of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billfold.focus import check, export, metadata, versions
from billfold.focus.bundle import open_bundle
from billfold.focus.export import ExportSpec
from billfold.ledger import booking, identities, store
from billfold.ledger.focus_views import Selection
from billfold.model.bill import Bill, State
from billfold.model.csv_text import guard_formula
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.model.plain_text import escape_commands
from tests.focus import sample

MAY, JUNE = Month(2026, 5), Month(2026, 6)


def written(path: Path, directory: Path, part: Selection | None = None, **order: Any) -> Path:
    with store.open_ledger(path) as db:
        export.export_focus(db, ExportSpec(directory, **order), part or Selection(), sample.NOW)
    return directory


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def described(texts: list[str]) -> Iterator[Bill]:
    """Yield one bill whose charges say these words, as description, id and tag alike."""
    rows = [
        row._replace(ChargeDescription=word, ResourceName=word, ResourceId=word, Tags=json.dumps({"a": word}))
        for row, word in zip(sample.month_rows(MAY, "i")[:1] * len(texts), texts, strict=True)
    ]
    yield sample.bill(State.ISSUED, "i", MAY, sample.numbered(rows), issued_on=MAY.end)


@given(
    st.lists(
        st.text(
            st.one_of(
                st.characters(exclude_categories=["Cs"], exclude_characters="\0"), st.sampled_from("'=+-@ \t\x1b")
            ),
            min_size=1,
        ),
        min_size=1,
        max_size=20,
    )
)
@settings(max_examples=15, deadline=None)
def test_texts_of_a_csv_run_nothing_and_come_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Every text is guarded as a listing guards it, its controls are escaped, and our own check reads the guard away."""
    home = tmp_path_factory.mktemp("texts")
    out = written(sample.booked(home, described(texts)), home / "out", format="csv")
    for row, word in zip(rows(out / "cost_and_usage.csv"), texts, strict=True):
        assert (
            row["ChargeDescription"] == row["ResourceName"] == row["ResourceId"] == escape_commands(guard_formula(word))
        )
        assert json.loads(row["Tags"]) == {"a": word}
    with open_bundle(out, versions.load_version(), is_guarded=True) as tables:
        read_texts = {text for text, _ in tables.count_values("CostAndUsage", "ResourceId", is_grouped=True)}
        assert tables.find_formulas("CostAndUsage") == []
    assert read_texts == set(map(escape_commands, texts))


@pytest.mark.parametrize("cell", ['=HYPERLINK("http://a.example","pay")', "=1+1", "@SUM(1)", "+cmd|' /C calc'!A0"])
def test_a_formula_in_anybodys_csv_is_told(cell: str, tmp_path: Path) -> None:
    """A cell that a spreadsheet runs is a finding in CSV, and none in Parquet, which no spreadsheet runs."""
    path = sample.booked(tmp_path, described([cell]))
    out = written(path, tmp_path / "out", format="csv")
    assert "formula" not in {finding.rule for finding in check.check_directory(out)}
    file = out / "cost_and_usage.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(f"'{cell[0]}", cell[0]), encoding="utf-8")
    formula_findings = [finding for finding in check.check_directory(out) if finding.rule == "formula"]
    assert [finding.column for finding in formula_findings] == ["ChargeDescription", "ResourceId", "ResourceName"]
    assert "formula" not in {finding.rule for finding in check.check_directory(written(path, tmp_path / "parquet"))}


def test_an_export_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = sample.booked(tmp_path / "ledger", sample.everything())
    out = tmp_path / "out"
    (out / "notes").mkdir(parents=True)
    (out / "mine.csv").write_text("kept")
    written(path, out, format="csv", by_period=True)
    written(path, out, format="csv")
    assert not (out / "cost_and_usage").exists()
    written(path, out)
    names = {path.name for path in out.iterdir()}
    stems = {f"{dataset.file}.parquet" for dataset in versions.load_version().datasets.values()}
    assert names == {*stems, "metadata.json", "mine.csv", "notes"}
    written(path, out, version="1.2")
    assert {path.name for path in out.iterdir()} == {"cost_and_usage.parquet", "metadata.json", "mine.csv", "notes"}


def test_a_failed_export_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sample.booked(tmp_path / "ledger", sample.everything())
    out = written(path, tmp_path / "out", format="csv")
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(metadata, "render_metadata", full)
    with pytest.raises(InvalidArgument, match="No space"):
        written(path, out, format="csv")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize("failing", range(10))
def test_failing_between_two_files_leaves_the_one_before(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export that fails between two files leaves the one before."""
    path = sample.booked(tmp_path / "ledger", sample.everything())
    out = written(path, tmp_path / "out", format="csv")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    moves, move = iter(range(100)), Path.replace

    def refused(source: Path, place: Path) -> Path:
        if next(moves) == failing:
            raise OSError(28, "No space left on device")
        return move(source, place)

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(InvalidArgument, match="No space"):
        written(path, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_an_export_leaves_the_ledger_the_memory_that_it_had(tmp_path: Path) -> None:
    with store.open_ledger(sample.booked(tmp_path, sample.everything())) as db:
        before = db.execute("SELECT current_setting('memory_limit')").fetchall()
        export.export_focus(db, ExportSpec(tmp_path / "out"), Selection(), sample.NOW)
        assert db.execute("SELECT current_setting('memory_limit')").fetchall() == before


def test_the_same_ledger_gives_the_same_bytes(tmp_path: Path) -> None:
    path = sample.booked(tmp_path / "ledger", sample.everything())
    first, other = written(path, tmp_path / "one"), written(path, tmp_path / "other")
    for file in first.iterdir():
        assert file.read_bytes() == (other / file.name).read_bytes(), file.name


def test_a_cut_export_is_told_by_its_metadata(tmp_path: Path) -> None:
    out = written(sample.booked(tmp_path / "ledger", sample.everything()), tmp_path / "out", format="csv")
    file = out / "contract_commitment.csv"
    file.write_text(file.read_text().splitlines()[0] + "\n")
    assert "metadata-rows" in {finding.rule for finding in check.check_directory(out)}


def parked() -> Iterator[Bill]:
    good = sample.month_rows(MAY, "good")
    yield sample.bill(State.ISSUED, "good", MAY, good, issued_on=MAY.end)
    bad = sample.bill(State.ISSUED, "bad", MAY, sample.month_rows(MAY, "bad"), issued_on=MAY.end)
    yield bad._replace(total=Decimal("1000.00"))


def test_parked_bills_are_left_out_and_said_so(tmp_path: Path) -> None:
    path = sample.booked(tmp_path / "ledger", parked())
    out = written(path, tmp_path / "out", format="csv")
    assert {row["InvoiceId"] for row in rows(out / "cost_and_usage.csv")} == {"good"}
    assert [row["BillingPeriodStatus"] for row in rows(out / "billing_period.csv")] == ["Open"]
    metadata = json.loads((out / "metadata.json").read_text())
    assert [(left_out["invoice_id"], left_out["month"]) for left_out in metadata["x_LeftOut"]] == [("bad", "2026-05")]
    assert "1000.00" in metadata["x_LeftOut"][0]["parked"]
    assert check.check_directory(out) == []
    everything = written(path, tmp_path / "out", Selection(include_parked=True), format="csv")
    by_invoice = {row["InvoiceId"]: row["x_Parked"] for row in rows(everything / "cost_and_usage.csv")}
    assert by_invoice["good"] == ""
    assert "1000.00" in by_invoice["bad"]


def test_a_period_closes_when_all_its_bills_are_issued(tmp_path: Path) -> None:
    """A period is closed when it has ended and all its bills are issued."""
    early = datetime(2026, 5, 20, tzinfo=UTC)
    bills = [sample.bill(State.ISSUED, "a", MAY, sample.month_rows(MAY, "a"), issued_on=early)]
    path = sample.booked(tmp_path, iter(bills), early)
    out = written(path, tmp_path / "out", format="csv")
    assert [row["BillingPeriodStatus"] for row in rows(out / "billing_period.csv")] == ["Open"]
    with store.open_ledger(path) as db, store.open_transaction(db):
        owner = identities.resolve_account(db, "sample", "sample-1", "sample", 2, 2, [])
        with booking.open_booking(db, owner) as run_booking:
            run_booking.book_bill(
                sample.bill(State.ISSUED, "b", JUNE, sample.month_rows(JUNE, "b"), issued_on=JUNE.end)
            )
        booking.close_run(
            db,
            owner,
            "2026-06-03T00:00:00Z",
            "complete",
            booking_findings=[],
            check_findings=[],
            listing=None,
            chain_hash="",
        )
    period_rows = {
        row["BillingPeriodStart"][:7]: row for row in rows(written(path, out, format="csv") / "billing_period.csv")
    }
    assert period_rows["2026-05"]["BillingPeriodStatus"] == "Closed"
    assert period_rows["2026-05"]["BillingPeriodLastUpdated"] == "2026-06-03T00:00:00Z"
    assert period_rows["2026-06"]["BillingPeriodStatus"] == "Open"
    assert check.check_directory(out) == []


def restated(path: Path, run: int, *bills: Bill) -> None:
    """Book bills again, as another run has them."""
    with store.open_ledger(path) as db, store.open_transaction(db):
        owner = identities.resolve_account(db, "sample", "sample-1", "sample", run, run, [])
        with booking.open_booking(db, owner) as run_booking:
            assert all(run_booking.book_bill(bill) for bill in bills)
        booking.close_run(
            db,
            owner,
            f"2026-11-{15 + run}T00:00:00Z",
            "complete",
            booking_findings=[],
            check_findings=[],
            listing=None,
            chain_hash="",
        )


def statuses(path: Path, out: Path) -> dict[str, str]:
    period_rows = rows(written(path, out, format="csv") / "billing_period.csv")
    assert check.check_directory(out) == []
    return {row["BillingPeriodStart"][:7]: row["BillingPeriodStatus"] for row in period_rows}


def test_a_parked_restatement_reopens_no_period(tmp_path: Path) -> None:
    """A parked restatement does not reopen the period that its invoice closed."""

    def invoice(number: str, total: str | None = None) -> Bill:
        invoice_bill = sample.bill(State.ISSUED, number, MAY, sample.month_rows(MAY, number), issued_on=MAY.end)
        return invoice_bill._replace(total=Decimal(total) if total else None)

    path, out = sample.booked(tmp_path, iter([invoice("a"), invoice("b")])), tmp_path / "out"
    assert statuses(path, out) == {"2026-05": "Closed"}
    restated(path, 2, invoice("a", "1000.00"))
    assert statuses(path, out) == {"2026-05": "Closed"}
    assert {row["InvoiceId"] for row in rows(out / "cost_and_usage.csv")} == {"a", "b"}
    restated(path, 3, invoice("a"))
    assert statuses(path, out) == {"2026-05": "Closed"}


def test_a_parked_new_invoice_reopens_no_period(tmp_path: Path) -> None:
    """A new invoice that is parked does not reopen a closed period."""

    def invoice(number: str, month: Month, total: str | None = None) -> Bill:
        invoice_bill = sample.bill(State.ISSUED, number, month, sample.month_rows(month, number), issued_on=month.end)
        return invoice_bill._replace(total=Decimal(total) if total else None)

    path, out = sample.booked(tmp_path, iter([invoice("a", MAY)])), tmp_path / "out"
    assert statuses(path, out) == {"2026-05": "Closed"}
    before = (out / "billing_period.csv").read_text()
    restated(path, 2, invoice("b", MAY, "1000.00"), invoice("c", JUNE, "1000.00"))
    assert statuses(path, out) == {"2026-05": "Closed"}
    assert (out / "billing_period.csv").read_text() == before
    written(path, out, Selection(include_parked=True), format="csv")
    period_rows = {
        row["BillingPeriodStart"][:7]: row["BillingPeriodStatus"] for row in rows(out / "billing_period.csv")
    }
    assert period_rows == {"2026-05": "Closed", "2026-06": "Open"}
    restated(path, 3, invoice("b", MAY), invoice("c", JUNE))
    assert statuses(path, out) == {"2026-05": "Closed", "2026-06": "Closed"}


@pytest.mark.parametrize(
    ("currency", "rate"), [("CRDB_CLOUD_CREDITS", "0"), ("X", "1000"), ("X", "0.1234567"), ("EUR", "1")]
)
def test_a_rate_that_cannot_be_is_refused(currency: str, rate: str, tmp_path: Path) -> None:
    path = sample.booked(tmp_path, sample.everything())
    with pytest.raises(InvalidArgument):
        written(path, tmp_path / "out", Selection(rates={currency: Decimal(rate)}))
