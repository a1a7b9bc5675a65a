"""The independent witness: focus-data-toolkit's linter, bundle check and reconciliation over an exported directory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from focus_data_toolkit.model.validator import lint_focus_1_4_structure
from focus_data_toolkit.validate.bundle import validate_dataset_bundle

NAMES = {
    "cost_and_usage": "Cost and Usage",
    "invoice_detail": "Invoice Detail",
    "billing_period": "Billing Period",
    "contract_commitment": "Contract Commitment",
}
SUPPORTED = ("SupportsUnitPricing", "SupportsMultiplePricingCategories")


class Rows:
    """The rows of a dataset's CSV files, to be read as often as wanted."""

    def __init__(self, directory: Path, stem: str) -> None:
        self.paths = sorted([*directory.glob(f"{stem}.csv"), *directory.glob(f"{stem}/*/*.csv")])

    def __iter__(self) -> Iterator[dict[str, str]]:
        for path in self.paths:
            with path.open(encoding="utf-8", newline="") as file:
                yield from csv.DictReader(file)


def findings(directory: Path, tolerance: Decimal = Decimal("0.01")) -> list[str]:
    """Return everything that the toolkit finds in an exported directory of CSV files."""
    bundle = {name: Rows(directory, stem) for stem, name in NAMES.items()}
    messages = []
    for name, rows in bundle.items():
        if listed := list(rows):
            messages += lint_focus_1_4_structure(name, listed, supported_conditions=SUPPORTED).messages()
    report = validate_dataset_bundle(bundle, invoice_detail_authoritative=True, rounding_tolerance=tolerance)
    return messages + [f"{diagnostic.code} {diagnostic.message}" for diagnostic in report.diagnostics]
