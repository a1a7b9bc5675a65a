"""Go from an invoice or a charge back to the answer it came from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from billfold.cli.options import Narrowing, books, narrowed, wanted
from billfold.model.period import Month

if TYPE_CHECKING:
    from billfold.collect.workspace import Books

SHOWN = 20


@click.command("explain")
@click.argument("it", metavar="INVOICE|CHARGE|estimate")
@click.option("--all", "every", is_flag=True, help=f"Every line of an invoice, not the first {SHOWN} of an answer.")
@narrowed
@click.pass_context
def command(ctx: click.Context, it: str, narrowing: Narrowing, *, every: bool) -> None:
    """Go from an invoice id, or a charge's InvoiceDetailId, back to the archived answer: its question, time and place.

    Estimates have no ids: `billfold explain estimate` shows all that are left by --provider, --account, --from and --to, and
    a charge's x_JsonPath in its place that one.
    """
    from billfold.report import explain

    with books(ctx) as kept, kept.ledger() as db:
        found = explain.charges(db, it, wanted(kept, narrowing))
        for number, (_, rows) in enumerate(groupby(found, key=lambda row: row["bill"])):
            click.echo("\n" if number else "", nl=False)
            _tell_bill(kept, list(rows), every=every)


def _tell_bill(kept: Books, rows: Sequence[dict[str, Any]], *, every: bool) -> None:
    bill = rows[0]
    name = bill["invoice_id"] or f"of {Month.of(bill['period_start'])}"
    click.echo(f"{bill['provider']} {bill['account']}: {bill['state']} {name}")
    stated = f"{bill['total']} {bill['currency']}" if bill["total"] else "no total"
    click.echo(f"  the vendor states {stated} in {bill['lines']} lines")
    if bill["parked"]:
        click.echo(f"  parked: {bill['parked']}")
    for seq, mine in groupby((row for row in rows if row["seq"]), key=lambda row: row["seq"]):
        _tell_answer(kept, seq, list(mine), every=every)


def _tell_answer(kept: Books, seq: int, rows: Sequence[dict[str, Any]], *, every: bool) -> None:
    from billfold.report import explain
    from billfold.report.render import word
    from billfold.wire import codec

    entry = kept.archive.entry(seq)
    click.echo(f"\nanswer {seq}: {entry.operation} {entry.question}, HTTP {entry.status}, fetched {entry.fetched_at}")
    click.echo(f"  body sha256 {entry.body}")
    shown = rows if every else rows[:SHOWN]
    for row in shown:
        click.echo(f"  {word(row['cost']):>18}  {row['category']}: {row['description']}")
        click.echo(f"  {'':>18}  {row['detail'] or '(no detail id)'}  {row['path']}")
        if len(rows) == 1 and (value := explain.place(kept.archive, entry, row["path"] or "$")) is not None:
            click.echo(f"  {'':>18}  {codec.encode(value).decode()}")
    if len(rows) > len(shown):
        click.echo(f"  ... and {len(rows) - len(shown)} more; --all shows them")
