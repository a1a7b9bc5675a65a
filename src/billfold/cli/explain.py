"""Go from an invoice or a charge back to the answer it came from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.params import FilterOptions, add_filter_options
from billfold.collect.workspace import Workspace
from billfold.model.period import Month
from billfold.report import explain
from billfold.report.render import word
from billfold.wire import codec

MAX_SHOWN_LINES = 20


@click.command("explain")
@click.argument("reference", metavar="INVOICE|CHARGE|estimate")
@click.option(
    "--all", "all_lines", is_flag=True, help=f"Every line of an invoice, not the first {MAX_SHOWN_LINES} of an answer."
)
@add_filter_options
@click.pass_context
def command(ctx: click.Context, reference: str, filter_options: FilterOptions, *, all_lines: bool) -> None:
    """Go from an invoice id, or a charge's InvoiceDetailId, back to the archived answer: its question, time and place.

    Estimates have no ids: `billfold explain estimate` shows all that are left by --provider, --account, --from and --to, and
    a charge's x_JsonPath in its place that one.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        charges = explain.find_charges(db, reference, build_filter(workspace, filter_options))
        for number, (_, rows) in enumerate(groupby(charges, key=lambda row: row["bill"])):
            click.echo("\n" if number else "", nl=False)
            _print_bill(workspace, list(rows), all_lines=all_lines)


def _print_bill(workspace: Workspace, rows: Sequence[dict[str, Any]], *, all_lines: bool) -> None:
    bill = rows[0]
    name = bill["invoice_id"] or f"of {Month.of(bill['period_start'])}"
    click.echo(f"{bill['provider']} {bill['account']}: {bill['state']} {name}")
    stated_total = f"{bill['total']} {bill['currency']}" if bill["total"] else "no total"
    click.echo(f"  the vendor states {stated_total} in {bill['lines']} lines")
    if bill["parked"]:
        click.echo(f"  parked: {bill['parked']}")
    for seq, answer_rows in groupby((row for row in rows if row["seq"]), key=lambda row: row["seq"]):
        _print_answer(workspace, seq, list(answer_rows), all_lines=all_lines)


def _print_answer(workspace: Workspace, seq: int, rows: Sequence[dict[str, Any]], *, all_lines: bool) -> None:

    entry = workspace.archive.read_entry(seq)
    click.echo(f"\nanswer {seq}: {entry.operation} {entry.question}, HTTP {entry.status}, fetched {entry.fetched_at}")
    click.echo(f"  body sha256 {entry.body}")
    shown_rows = rows if all_lines else rows[:MAX_SHOWN_LINES]
    for row in shown_rows:
        click.echo(f"  {word(row['cost']):>18}  {row['category']}: {row['description']}")
        click.echo(f"  {'':>18}  {row['detail'] or '(no detail id)'}  {row['path']}")
        if (
            len(rows) == 1
            and (value := explain.read_json_path(workspace.archive, entry, row["path"] or "$")) is not None
        ):
            click.echo(f"  {'':>18}  {codec.encode_json(value).decode()}")
    if len(rows) > len(shown_rows):
        click.echo(f"  ... and {len(rows) - len(shown_rows)} more; --all shows them")
