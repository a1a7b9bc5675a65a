"""Write a ledger as FOCUS files, as `billfold export focus` does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.focus import export, versions
from billfold.focus.export import ExportSpec
from billfold.focus.layouts import export_layout
from billfold.focus.metadata import ExportedFile
from billfold.ledger.catalog import BillRow
from billfold.ledger.focus_views import Selection
from billfold.ledger.store import OpenLedger
from billfold.model.finding import AccountFinding
from billfold.model.focus import COST
from billfold.model.period import Month
from billfold.tasks.access import build_filter, open_workspace
from billfold.tasks.accounts import Accounts, list_account_names, load_accounts, map_payment_terms
from billfold.tasks.filter_options import make_filter_options
from billfold.tasks.gaps import find_wrong_gaps


class FocusExport(NamedTuple):
    """What was written, and what was not: rows by dataset, the files, the parked bills, and what the ledger lacks."""

    rows: dict[str, int]
    files: list[ExportedFile]
    left_out: list[BillRow]
    gaps: list[AccountFinding]


def export_focus(
    ledger: Path | str,
    directory: Path | str,
    *,
    format: str = "parquet",  # noqa: A002 - as the command's option
    version: str = versions.NEWEST,
    by_period: bool = False,
    include_parked: bool = False,
    replace: bool = False,
    rates: Mapping[str, Decimal] | None = None,
    accounts: Accounts = (),
    provider: str | None = None,
    account: str | None = None,
    first_month: Month | date | str | None = None,
    last_month: Month | date | str | None = None,
    as_of: date | None = None,
) -> FocusExport:
    """Write the four FOCUS datasets and their metadata into a directory, in the place of an earlier export there.

    ``format`` is "parquet" or "csv"; ``by_period`` makes a folder for each billing period.
    An earlier export that is of more than this one (of other months, providers or accounts) stays unless you say ``replace``. ``rates`` say what a unit of a virtual
    currency cost. ``accounts`` are those that are expected in the ledger; the arguments after it narrow what is written, and
    a day ``as_of`` is its end. Raises ``InvalidArgument``, ``ConfigurationError`` where there is no ledger, ``LedgerError``
    and ``MissingExtra``.
    """
    filter_options = make_filter_options(provider, account, first_month, last_month, as_of)
    account_configs = load_accounts(accounts)
    configured = list_account_names(account_configs)
    with open_workspace(Path(ledger)) as workspace, workspace.open_ledger() as db:
        filters = build_filter(workspace, filter_options, configured)
        export_spec = ExportSpec(Path(directory), format, version, by_period, replace)
        selection = Selection(filters, include_parked, rates or {}, map_payment_terms(account_configs))
        return export_ledger(workspace, db, export_spec, selection, configured)


def export_ledger(
    workspace: Workspace,
    db: OpenLedger,
    export_spec: ExportSpec,
    selection: Selection,
    configured: Collection[tuple[str, str]],
    layout: str | None = None,
) -> FocusExport:
    """Write the wanted part of an open ledger, or its charges in a product's layout.

    ``configured`` are provider and name of the expected accounts.
    """
    result = _write(db, export_spec, selection, layout)
    gaps = find_wrong_gaps(workspace, db, selection.filters, configured)
    return FocusExport(*result, gaps)


def _write(db: OpenLedger, export_spec: ExportSpec, selection: Selection, layout: str | None) -> export.ExportResult:
    if layout is None:
        return export.export_focus(db, export_spec, selection, datetime.now(UTC))
    result = export_layout(db, layout, export_spec.directory, selection, datetime.now(UTC))
    files = [ExportedFile(COST, path, 0, (export_spec.directory / path).stat().st_size) for path in result.paths]
    return export.ExportResult({COST: result.rows}, files, result.left_out)
