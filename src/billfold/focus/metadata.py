"""The metadata of an export: who made it, which columns it has, how recent and how complete it is, what was left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from billfold.focus.sql_cells import build_cell
from billfold.focus.versions import FocusDataset, FocusVersion
from billfold.ledger.acknowledgements import quieten
from billfold.ledger.bill_changes import list_removed_bills
from billfold.ledger.catalog import BillRow
from billfold.ledger.focus_views import FocusViews
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.csv_text import CONTROL_NOTE, FORMULA_GUARD_NOTE
from billfold.model.finding import AccountFinding, describe_labelled
from billfold.model.focus import COMMITMENT
from billfold.model.money import format_decimal
from billfold.model.payment_terms import NOT_STATED
from billfold.model.period import Month, format_instant
from billfold.model.plain_text import escape_json
from billfold.report.completeness import COMPLETE, Completeness, judge_ledger, list_doubtful
from billfold.report.gaps import find_failed_runs, find_unbooked
from billfold.version import __version__

Description = dict[str, object]
"""An object of the metadata's JSON."""
METADATA_NAME, GENERATOR_PREFIX = "metadata.json", "billfold "
FORMULA_GUARD_KEY = "x_FormulaGuard"
"""Where our own CSV says that its texts are guarded: whoever reads them takes the guard away."""
DELIVERY_TEXT = (
    "Overwrite: every export replaces the whole of the directory's earlier one, or, by periods, the partitions of its months: "
    "nothing has to be deduplicated. "
    "Corrections of closed periods come as the invoice issuer sends them; an invoice that is restated replaces its rows."
)
PRICES_TEXT = (
    "Where an issuer publishes no list price for a charge, ListCost and ContractedCost are BilledCost. A unit price is the "
    "published one where it gives the cost exactly, else the cost divided by the quantity; the issuer's own rate is in "
    "x_UnitPrice, and x_PriceBasis says what that is: rate, capped, tiered, or derived where the issuer states none."
)
STATES_TEXT = (
    "x_State is estimate, draft or issued. Estimates have no InvoiceId and lie in open billing periods only; drafts have "
    "the issuer's provisional InvoiceId."
)


ALLOCATION_TEXT = (
    "Charges are split by the rules of whoever exports: AllocatedMethodId is billfold:team (one team's), billfold:split (fixed "
    "weights), billfold:usage (measured usage), billfold:direct (by direct costs) or billfold:equal; the rows of an origin charge sum to it. "
    "ContractApplied is the origin charge's on each of them."
)


class ExportedFile(NamedTuple):
    """A file of the export, by its path inside the directory; ``is_kept`` tells one that an earlier export wrote."""

    dataset: str
    path: str
    rows: int
    size: int
    written_at: str = ""
    is_kept: bool = False


class ExportFacts(NamedTuple):
    """What the metadata says besides what the datasets hold: how, in which version and when they are written."""

    format: str
    version: FocusVersion
    exported_at: datetime
    since: str = ""
    """The time since which bills changed, where only those are written."""


def render_metadata(views: FocusViews, facts: ExportFacts, files: Iterable[ExportedFile]) -> str:
    """Return the text of ``metadata.json``."""
    ledger, selection = views.ledger, views.selection
    judged = judge_ledger(ledger, selection.filters)
    last = format_instant(views.read_last_update())
    datasets = facts.version.datasets.values()
    since = None if selection.since_seq is None else facts.since
    document: Description = {
        "DataGenerator": {"DataGenerator": f"{GENERATOR_PREFIX}{__version__}"},
        "DatasetInstance": [_describe_instance(dataset) for dataset in datasets],
        "Schema": [_describe_schema(views, dataset, facts) for dataset in datasets],
        "Recency": [_describe_recency(dataset, judged, last, facts) for dataset in datasets],
        "x_Files": [_describe_file(file) for file in files],
        "x_Selection": describe_selection(selection.filters) | ({} if since is None else {"Since": since}),
        **({} if since is None else {"x_Removed": _list_removed(views)}),
        "x_DeliveryHandling": DELIVERY_TEXT,
        "x_States": STATES_TEXT,
        "x_Prices": PRICES_TEXT,
        "x_PaymentTerms": f"the issuer's, else the configured ones of the account, else {NOT_STATED!r}",
        "x_VirtualCurrencyRates": {name: format_decimal(rate) for name, rate in selection.rates.items()},
        "x_LeftOut": [_describe_left_out(bill) for bill in views.left_out],
        "x_Completeness": [_describe_completeness(record) for record in judged],
        "x_NotComplete": [
            {"provider": gap.provider, "account": gap.account, "words": describe_labelled(gap.finding)}
            for gap in quieten(_find_gaps(ledger, selection.filters, judged), selection.filters.acknowledged_ids)
            if gap.finding.is_wrong
        ],
    }
    if selection.shares:
        document["x_Allocation"] = ALLOCATION_TEXT
    if facts.format == "csv":
        document |= {FORMULA_GUARD_KEY: FORMULA_GUARD_NOTE, "x_ControlCharacters": CONTROL_NOTE}
    return escape_json(json.dumps(document, indent=1, ensure_ascii=False)) + "\n"


def _list_removed(views: FocusViews) -> list[Description]:
    """Say which rows a copy must delete before it takes these: those of bills that it has as they were."""
    filters, since_seq = views.selection.filters, views.selection.since_seq
    removed = list_removed_bills(views.ledger, filters, since_seq) if since_seq is not None else []
    return [
        {
            "InvoiceIssuerName": bill.issuer,
            "x_AccountName": bill.account,
            "InvoiceId": bill.invoice_id,
            "BillingPeriodStart": format_instant(bill.period_start),
            "x_State": bill.state,
        }
        for bill in removed
    ]


def _describe_file(file: ExportedFile) -> Description:
    description: Description = {"Dataset": file.dataset, "Path": file.path, "Rows": file.rows, "Bytes": file.size}
    return description | {"WrittenAt": file.written_at} | ({"Kept": True} if file.is_kept else {})


def _find_gaps(ledger: OpenLedger, filters: LedgerFilter, judged: Iterable[Completeness]) -> Iterator[AccountFinding]:
    yield from find_failed_runs(ledger, filters)
    yield from find_unbooked(ledger, filters)
    yield from list_doubtful(judged)


def describe_selection(filters: LedgerFilter) -> dict[str, str | int | None]:
    """Say what of a ledger is exported, as the metadata notes it; None: all."""
    return {
        "Provider": filters.provider,
        "Account": filters.account,
        "From": str(filters.first_month) if filters.first_month else None,
        "To": str(filters.last_month) if filters.last_month else None,
    }


def _describe_completeness(record: Completeness) -> Description:
    fields = record._asdict() | {"month": str(record.month), "reasons": [*map(describe_labelled, record.findings)]}
    return {name: value for name, value in fields.items() if name != "findings"}


def _describe_instance(dataset: FocusDataset) -> dict[str, str]:
    return {
        "DatasetInstanceId": f"billfold-{dataset.file}",
        "DatasetInstanceName": dataset.file,
        "FocusDatasetId": dataset.name,
    }


def _describe_schema(views: FocusViews, dataset: FocusDataset, facts: ExportFacts) -> Description:
    column_types = views.read_column_types(dataset.name)
    names = [
        *dataset.columns,
        *(name for name in column_types if name.startswith("x_") and name not in dataset.columns),
    ]
    columns = [
        _describe_column(views, dataset, name, column_types, facts.format)
        for name in sorted(names, key=lambda name: (name.startswith("x_"), name))
    ]
    digest = hashlib.sha256(json.dumps([facts.version.name, facts.format, columns]).encode()).hexdigest()
    return {
        "SchemaId": f"billfold-{dataset.file}-{digest[:16]}",
        "DatasetInstanceId": f"billfold-{dataset.file}",
        "FocusVersion": facts.version.name,
        "CreationDate": format_instant(facts.exported_at.replace(microsecond=0)),
        "DataGeneratorVersion": __version__,
        "ColumnDefinition": columns,
    }


def _describe_column(
    views: FocusViews, dataset: FocusDataset, name: str, column_types: dict[str, str], format_name: str
) -> Description:
    focus_column = dataset.columns.get(name)
    source = focus_column.source if focus_column else name
    column_type = column_types[source]
    description: Description = {
        "ColumnName": name,
        "DataType": _focus_type(column_type, focus_column.type if focus_column else ""),
    }
    if column_type.startswith("DECIMAL"):
        precision, scale = column_type.removeprefix("DECIMAL(").removesuffix(")").split(",")
        description |= {"NumericPrecision": int(precision), "NumberScale": int(scale)}
    elif column_type == "VARCHAR":
        description["StringEncoding"] = "UTF-8"
        if name.endswith("Description"):
            description["StringMaxLength"] = views.measure_text(
                dataset.name, build_cell(format_name, source, column_type)
            )
    return description


def _focus_type(column_type: str, focus: str) -> str:
    type_names = {"TIMESTAMP": "DATETIME", "BOOLEAN": "BOOLEAN", "BIGINT": "DECIMAL"}
    return (
        "JSON"
        if focus == "JSON"
        else "DECIMAL"
        if column_type.startswith("DECIMAL")
        else type_names.get(column_type, "STRING")
    )


def _describe_recency(
    dataset: FocusDataset, completeness_records: list[Completeness], last_update: str, facts: ExportFacts
) -> Description:
    is_complete = all(record.state == COMPLETE for record in completeness_records)
    description: Description = {
        "DatasetInstanceId": f"billfold-{dataset.file}",
        "RecencyLastUpdated": format_instant(facts.exported_at.replace(microsecond=0)),
        "DatasetInstanceLastUpdated": last_update,
        "DatasetInstanceComplete": is_complete,
    }
    if dataset.name != COMMITMENT:
        description["TimeSectors"] = [
            _describe_sector(month, completeness_records, last_update)
            for month in sorted({completeness.month for completeness in completeness_records})
        ]
    return description


def _describe_sector(month: Month, completeness_records: list[Completeness], last_update: str) -> Description:
    return {
        "TimeSectorStart": format_instant(month.start),
        "TimeSectorEnd": format_instant(month.end),
        "TimeSectorComplete": all(
            completeness.state == COMPLETE for completeness in completeness_records if completeness.month == month
        ),
        "TimeSectorLastUpdated": last_update,
    }


def _describe_left_out(bill: BillRow) -> Description:
    names = ("provider", "account", "invoice_id", "state", "currency", "parked")
    return {name: getattr(bill, name) for name in names} | {"month": str(bill.month)}
