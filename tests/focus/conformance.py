"""Ask the official focus-validator, in a Python 3.12 environment of its own: run by ``make conformance``.

It needs the requirements model of FOCUS 1.4 (``model-1.4.json``, a release asset of the specification), named as
the argument or by ``FOCUS_MODEL``; erratum 1 is applied to a temporary copy. Without Python 3.12 or the model it says so and
does nothing. Rules in ``ALLOWED`` fail on every correct file, and are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import duckdb

from billfold.collect.workspace import Workspace
from billfold.focus import versions
from billfold.focus.export import ExportSpec, export_focus
from billfold.ledger import store
from billfold.ledger.focus_views import Selection
from tests import stage
from tests.focus import sample

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".cache" / "focus-validator-2.2.1"
REQUIREMENTS = Path(__file__).parent / "focus-validator-2.2.1.txt"
ERRATUM = ("CAU-CommitmentDiscountUnit-C-005-C", "CAU-CommitmentDiscountUnit-C-006-C")
ALLOWED = {
    "CAU-CostAndUsage-D-021-M": "demands PublisherName, which FOCUS 1.4 removed",
    "CAU-CostAndUsage-D-038-M": "demands ProviderName, which FOCUS 1.4 removed",
    "CAU-PricingCurrencyContractedUnitPrice-C-012-C": "its condition is inverted: fails where a row has no SkuPriceId",
    "CCT-ContractCommitmentFulfillmentInterval-C-003-M": "lists the interval's words of a draft of FOCUS 1.4",
}
SLICED = {
    "CostAndUsage": ("ChargeCategory", "ServiceSubcategory", "PricingCategory", "ChargeFrequency"),
    "InvoiceDetail": ("ChargeCategory", "InvoiceIssueStatus"),
    "BillingPeriod": ("BillingPeriodStatus",),
    "ContractCommitment": ("ContractCommitmentBenefitCategory", "ContractCommitmentLifecycleStatus"),
}
"""Columns whose every value is also checked alone: with several rows, one allowed value lets all others pass."""


class Verdict(NamedTuple):
    """What the validator said of a file: how many rules it tried, and those that failed."""

    rules: int
    failed: list[str]


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def python() -> str | None:
    """Return a Python 3.12, if there is one: on the path, or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [*filter(None, [os.environ.get("PYTHON312"), shutil.which("python3.12")])]
    for place in (*candidates, *map(str, sorted(pyenv.glob("3.12*/bin/python")))):
        process = subprocess.run(
            [place, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=False
        )
        if process.stdout.strip() == "(3, 12)":
            return place
    return None


def installed(interpreter: str) -> Path:
    """Make the validator's environment once; returns the program."""
    program = HOME / "bin" / "focus-validator"
    if not program.exists():
        uv = shutil.which("uv") or str(ROOT / ".cache" / "boot" / "bin" / "uv")
        shutil.rmtree(HOME, ignore_errors=True)
        subprocess.run([uv, "venv", "--quiet", "--python", interpreter, str(HOME)], check=True)
        command = [uv, "pip", "install", "--quiet", "--no-deps", "--python", str(HOME / "bin" / "python")]
        subprocess.run([*command, "-r", str(REQUIREMENTS)], check=True)
    return program


def corrected(text: str) -> str:
    """Apply erratum 1 of FOCUS 1.4's model: two dependencies that make a circle; a corrected model stays as it is."""
    model = json.loads(text)
    for name in ERRATUM:
        criteria = model["ModelRules"][name]["ValidationCriteria"]
        wrong, right = (f"CAU-CommitmentDiscountQuantity-C-00{n}-C" for n in (0, 3))
        criteria["Dependencies"] = [
            right if dependency == wrong else dependency for dependency in criteria["Dependencies"]
        ]
    return json.dumps(model)


class Validator:
    """The official program with its corrected model, in a directory of its own."""

    def __init__(self, program: Path, model: Path, place: Path) -> None:
        self._program, self._place = program, place
        (place / "rules").mkdir()
        text = corrected(model.read_text("utf-8"))
        (place / "rules" / "model-1.4.json").write_text(text, "utf-8")
        self._columns = {name: _column(rule) for name, rule in json.loads(text)["ModelRules"].items()}
        package = next(HOME.glob("lib/python3.12/site-packages/focus_validator"))
        (place / "focus_validator" / "rules").mkdir(parents=True)
        shutil.copy(package / "rules" / "currency_codes.csv", place / "focus_validator" / "rules")

    def judge(self, dataset: str, rows: str) -> Verdict:
        """Check the rows of a query; the loader wants times as texts, and drops a column of times that has none."""
        file, result = self._place / "rows.parquet", self._place / "result.xml"
        with duckdb.connect() as db:
            db.execute("SET TimeZone = 'UTC'")
            column_types = {name: kind for name, kind, *_ in db.execute(f"DESCRIBE {rows}").fetchall()}
            times = [name for name, kind in column_types.items() if "TIME" in kind]
            texts = ", ".join(f"strftime({name}::TIMESTAMP, '%Y-%m-%dT%H:%M:%SZ') AS {name}" for name in times)
            db.execute(f"COPY (SELECT * REPLACE ({texts}) FROM ({rows})) TO '{file}' (FORMAT parquet)")
            filled = ", ".join(f'count("{name}")' for name in column_types)
            counts = db.execute(f"SELECT {filled} FROM ({rows})").fetchall()[0]
        empty = {name for name, count in zip(column_types, counts, strict=True) if not count}
        result.unlink(missing_ok=True)
        process = subprocess.run(
            [str(self._program), "--data-file", str(file), "--focus-dataset", dataset, "--validate-version", "1.4",
             "--rule-set-path", "rules", "--block-download", "--applicability-criteria", "ALL",
             "--output-type", "unittest", "--output-destination", str(result)],
            cwd=self._place, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if not result.exists():
            raise SystemExit(f"the validator said nothing of {dataset}: {process.stderr[-2000:]}")
        return self._verdict(result, empty)

    def _verdict(self, result: Path, empty: set[str]) -> Verdict:
        """Read the report; a column without any value has none that could be wrong, and the loader takes it for missing."""
        cases, failed = list(ET.parse(result).getroot().iter("testcase")), []
        for case in cases:
            name, _, kind = (case.get("name") or "").partition(" :: ")
            bad = [child.get("message") for child in case if child.tag in {"failure", "error"}]
            if bad and kind != "Composite" and name not in ALLOWED and self._columns.get(name) not in empty:
                failed.append(f"{name} {bad[0]}")
        return Verdict(len(cases), failed)


def _column(rule: dict[str, Any]) -> str:
    """Return the column that a rule of the model is about."""
    requirement = rule["ValidationCriteria"].get("Requirement") or {}
    return str(requirement.get("ColumnName") or rule.get("Reference"))


def slices(file: Path, dataset: str) -> Iterator[str]:
    """Yield queries of single rows in which every value of the sliced columns occurs."""
    with duckdb.connect() as db:
        distinct: set[tuple[str, object]] = set()
        for column in SLICED[dataset]:
            rows = f"(SELECT *, row_number() OVER () AS n FROM '{file}')"
            for value, number in db.execute(f"SELECT {column}, min(n) FROM {rows} GROUP BY 1 ORDER BY 1").fetchall():
                if value is not None and (column, value) not in distinct:
                    row = f"SELECT * EXCLUDE (n) FROM {rows} WHERE n = {number}"
                    values = db.execute(f"SELECT {', '.join(SLICED[dataset])} FROM ({row})").fetchall()[0]
                    distinct |= set(zip(SLICED[dataset], values, strict=True))
                    yield row


def exported(place: Path) -> Iterator[tuple[str, Path]]:
    """Yield the demo world, the sample in which everything happens, and 100,000 charges, as exported."""
    books = Workspace(place / "world")
    host = stage.twin()
    stage.collected(host, books)
    with books.open_ledger() as db:
        export_focus(db, ExportSpec(place / "world" / "out"), Selection(), host.clock.now())
    books.close()
    yield "the demo world", place / "world" / "out"
    for name, bills in (("everything", sample.everything()), ("100,000 charges", sample.many(100_000))):
        with store.open_ledger(sample.booked(place / name, bills)) as db:
            export_focus(db, ExportSpec(place / name / "out"), Selection(), sample.NOW)
        yield name, place / name / "out"


def main() -> int:
    """Run the validator over everything; returns 1 where a rule outside the allow-list fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=os.environ.get("FOCUS_MODEL"))
    parser.add_argument("--no-slices", action="store_true")
    arguments = parser.parse_args()
    interpreter = python()
    if interpreter is None:
        _say("skipped: the official validator needs Python 3.12; name one with PYTHON312=path")
        return 0
    if not arguments.model or not Path(arguments.model).exists():
        _say("skipped: name the requirements model of FOCUS 1.4 with FOCUS_MODEL=path/to/model-1.4.json")
        return 0
    for rule, why in ALLOWED.items():
        _say(f"allowed to fail: {rule} {why}")
    with tempfile.TemporaryDirectory() as room:
        place = Path(room)
        (place / "validator").mkdir()
        validator = Validator(installed(interpreter), Path(arguments.model).resolve(), place / "validator")
        bad = sum(
            _report_verdicts(validator, name, out, sliced=not arguments.no_slices and index < 2)
            for index, (name, out) in enumerate(exported(place))
        )
    _say("0 failures outside the allow-list" if not bad else f"{bad} failures outside the allow-list")
    return 1 if bad else 0


def _report_verdicts(validator: Validator, name: str, out: Path, *, sliced: bool) -> int:
    bad = 0
    for dataset in versions.load_version().datasets.values():
        file = out / f"{dataset.file}.parquet"
        with duckdb.connect() as db:
            rows = db.execute(f"SELECT count(*) FROM '{file}'").fetchall()[0][0]
        if not rows:
            _say(f"{name}, {dataset.name}: no rows, not asked")
            continue
        queries = [f"SELECT * FROM '{file}'", *(slices(file, dataset.name) if sliced else ())]
        verdicts = [validator.judge(dataset.name, query) for query in queries]
        failed = sorted({rule for verdict in verdicts for rule in verdict.failed})
        _say(
            f"{name}, {dataset.name}: {rows} rows and {len(queries) - 1} slices, {verdicts[0].rules} rules, {len(failed)} failed"
        )
        for rule in failed:
            _say(f"  {rule}")
        bad += len(failed)
    return bad


if __name__ == "__main__":
    sys.exit(main())
