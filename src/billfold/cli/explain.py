"""Go from an invoice or a charge back to the answer it came from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.output import print_data, print_line
from billfold.cli.params import add_filter_options
from billfold.collect.workspace import Workspace
from billfold.ledger.origins import ChargeOrigin
from billfold.model.period import Month
from billfold.model.plain_text import escape_json
from billfold.report import explain
from billfold.report.render import counted, word
from billfold.tasks.filter_options import FilterOptions
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
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        origins = explain.find_charges(ledger, reference, build_filter(workspace, filter_options))
        for number, (_, bill_origins) in enumerate(groupby(origins, key=lambda origin: origin.bill)):
            if number:
                print_line()
            _print_bill(workspace, list(bill_origins), all_lines=all_lines)
    ctx.exit(1 if any(origin.is_disputing for origin in origins) else 0)


def _print_bill(workspace: Workspace, origins: Sequence[ChargeOrigin], *, all_lines: bool) -> None:
    bill = origins[0]
    print_line(f"{bill.provider} {bill.account}: {bill.state} {bill.invoice_id or f'of {Month.of(bill.period_start)}'}")
    stated_total = f"{bill.total} {bill.currency}" if bill.total else "no total"
    print_line(f"  the vendor states {stated_total} in {counted(bill.lines, 'line')}")
    if bill.parked:
        print_line(f"  {'disputes what is counted' if bill.is_disputing else 'parked'}: {bill.parked}")
    for seq, answer_origins in groupby(origins, key=lambda origin: origin.seq):
        if seq:
            _print_answer(workspace, seq, list(answer_origins), all_lines=all_lines)


def _print_answer(workspace: Workspace, seq: int, origins: Sequence[ChargeOrigin], *, all_lines: bool) -> None:
    entry = workspace.archive.read_entry(seq)
    print_line()
    print_line(f"answer {seq}: {entry.operation} {entry.question}, HTTP {entry.status}, fetched {entry.fetched_at}")
    print_line(f"  body sha256 {entry.body}")
    shown_origins = origins if all_lines else origins[:MAX_SHOWN_LINES]
    for origin in shown_origins:
        print_line(f"  {word(origin.cost):>18}  {origin.category}: {origin.description}")
        print_line(f"  {'':>18}  {origin.detail or '(no detail id)'}  {origin.path}")
        if len(origins) == 1:
            value = explain.read_json_path(workspace.archive, entry, origin.path or "$")
            if value is not None:
                print_data(f"  {'':>18}  {escape_json(codec.encode_json(value).decode())}", newline=True)
    if len(origins) > len(shown_origins):
        print_line(f"  ... and {len(origins) - len(shown_origins)} more; --all shows them")
