"""Law 11's other half: every defect planted in a clean export is found, by our own checks or by the independent ones."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billfold.ledger import store
from billfold.report.focus import check
from billfold.report.focus.export import Order, export
from billfold.report.focus.rows import Part
from tests.focus import sample, toolkit
from tests.focus.defects import DEFECTS, Defect, read, write


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("clean")
    with store.opened(sample.booked(home / "ledger", sample.everything())) as db:
        export(db, Order(home / "out", "csv"), Part(), datetime(2026, 11, 15, tzinfo=UTC))
    (home / "out" / "metadata.json").unlink()
    return home / "out"


def test_the_sample_is_clean_for_both(clean: Path) -> None:
    assert check.findings(clean) == []
    assert toolkit.findings(clean) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda one: one.name)
def test_our_own_checks_find_it(defect: Defect, clean: Path, tmp_path: Path) -> None:
    shutil.copytree(clean, tmp_path / "spoiled")
    path = tmp_path / "spoiled" / f"{defect.dataset}.csv"
    rows = read(path)
    defect.plant(rows)
    write(path, rows) if rows else path.unlink()
    assert check.findings(tmp_path / "spoiled")


def test_there_are_enough_of_them() -> None:
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS) >= 60
