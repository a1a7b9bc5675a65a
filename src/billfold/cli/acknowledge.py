"""Accept findings that are known: they are told without alarm from then on, and a later one is told as ever."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import click

from billfold.cli.budget import load_budgets
from billfold.cli.context import (
    build_filter,
    find_user_name,
    list_configured_accounts,
    load_payment_evidence,
    open_workspace,
)
from billfold.cli.listing import print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.collect.workspace import Workspace
from billfold.ledger.acknowledgements import Acknowledgement, list_acknowledgements, withdraw_acknowledgement
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import InvalidArgument
from billfold.model.finding import AccountFinding, describe_labelled
from billfold.report.table import TableLayout
from billfold.tasks.acknowledge import acknowledge_findings, list_acceptable, require_acceptable
from billfold.tasks.filter_options import FilterOptions

COLUMNS = ("id", "provider", "account", "month", "text", "reason", "by", "acknowledged_at")


@click.command("acknowledge")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--reason", default="", help="Why it is accepted: it is kept beside it.")
@click.option("--by", default="", metavar="NAME", help="Who accepts it; by default who is logged in.")
@click.option("--withdraw", is_flag=True, help="Accept no longer: it is told as before.")
@add_location_options
@click.pass_context
def command(ctx: click.Context, ids: tuple[str, ...], reason: str, by: str, withdraw: bool) -> None:
    """Accept findings by their ids, which `reconcile`, `close`, `changes` and `budget` print; without an id, list those that are accepted.

    What is accepted is still told, but is no reason for exit code 1 any more, in any command. It holds for as long as the
    same is found of the same: another amount, date or invoice is another finding. That an invoice of a month is late is
    accepted for the months after it too, until the next one comes. It is an entry of the archive, which `merge` and `rebuild` keep.
    """
    with open_workspace(ctx) as workspace:
        if not ids:
            _print_acknowledged(list_acknowledgements(workspace.archive))
        elif withdraw:
            _withdraw(workspace, ids, reason, by or find_user_name())
        else:
            _acknowledge(workspace, _list_findings(ctx, workspace, ids), ids, reason, by or find_user_name())


def _list_findings(ctx: click.Context, workspace: Workspace, ids: Collection[str]) -> dict[str, AccountFinding]:
    with workspace.open_ledger() as db:
        filters: LedgerFilter = build_filter(workspace, FilterOptions())
        configured, evidence = list_configured_accounts(ctx), load_payment_evidence(ctx)
        return list_acceptable(workspace, db, filters, configured, evidence, lambda: load_budgets(ctx), ids)


def _acknowledge(
    workspace: Workspace, findings: dict[str, AccountFinding], ids: Sequence[str], reason: str, by: str
) -> None:
    accepted = require_acceptable(findings, ids)
    acknowledge_findings(workspace, accepted, reason, by, datetime.now(UTC))
    for located in accepted:
        print_line(f"acknowledged: {located.place}: {describe_labelled(located.finding)}")


def _withdraw(workspace: Workspace, ids: Sequence[str], reason: str, by: str) -> None:
    with workspace.lock_writers():
        accepted = _find_accepted(workspace, ids)
        for acknowledgement in accepted:
            withdraw_acknowledgement(workspace.archive, acknowledgement, reason, by, datetime.now(UTC))
    for acknowledgement in accepted:
        print_line(f"acknowledged no longer: {acknowledgement.text}")


def _find_accepted(workspace: Workspace, ids: Sequence[str]) -> list[Acknowledgement]:
    accepted = {acknowledgement.id: acknowledgement for acknowledgement in list_acknowledgements(workspace.archive)}
    for finding_id in ids:
        if finding_id not in accepted:
            raise InvalidArgument(f"{finding_id!r} is not acknowledged: `billfold acknowledge` lists what is")
    return [accepted[finding_id] for finding_id in ids]


def _print_acknowledged(acknowledgements: Sequence[Acknowledgement]) -> None:
    if not acknowledgements:
        print_line("Nothing is acknowledged.")
        return
    rows = [acknowledgement._asdict() for acknowledgement in acknowledgements]
    rows = [
        row
        | {"acknowledged_at": row["acknowledged_at"][:10]}
        | (dict.fromkeys(("provider", "account"), "") if row["is_of_ledger"] else {})
        for row in rows
    ]
    print_table(rows, TableLayout(COLUMNS, droppable=("acknowledged_at", "by", "provider", "reason")))
