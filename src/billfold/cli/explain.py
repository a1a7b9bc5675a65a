"""Go from an invoice or a charge back to the answer it came from."""

from __future__ import annotations

from datetime import datetime

import click

from billfold.cli.options import AS_OF, Narrowing, books, places, wanted

SHOWN = 20


@click.command("explain")
@click.argument("it", metavar="INVOICE|CHARGE")
@click.option("--all", "every", is_flag=True, help=f"Every line of an invoice, not the first {SHOWN} of an answer.")
@AS_OF
@places
@click.pass_context
def command(ctx: click.Context, it: str, as_of: datetime | None, *, every: bool) -> None:
    """Go from an invoice id, or a charge's InvoiceDetailId, back to the archived answer: its question, time and place."""
    from billfold import explain
    from billfold.report.render import word
    from billfold.wire import codec

    with books(ctx) as kept, kept.ledger() as db:
        found = explain.charges(db, it, wanted(kept, Narrowing(as_of=as_of)))
        bill = found[0]
        click.echo(f"{bill['provider']} {bill['account']}: {bill['state']} {bill['invoice_id'] or 'estimate'}")
        click.echo(f"  the vendor states {bill['total']} {bill['currency']} in {bill['lines']} lines")
        if bill["parked"]:
            click.echo(f"  parked: {bill['parked']}")
        for seq in sorted({row["seq"] for row in found if row["seq"]}):
            entry = explain.source(kept, seq)
            click.echo(
                f"\nanswer {seq}: {entry.operation} {entry.question}, HTTP {entry.status}, fetched {entry.fetched_at}"
            )
            click.echo(f"  body sha256 {entry.body}")
            mine = [row for row in found if row["seq"] == seq]
            shown = mine if every else mine[:SHOWN]
            for row in shown:
                click.echo(f"  {word(row['cost']):>18}  {row['category']}: {row['description']}")
                click.echo(f"  {'':>18}  {row['detail'] or '(no detail id)'}  {row['path']}")
                if len(mine) == 1 and (value := explain.place(kept, entry, row["path"] or "$")) is not None:
                    click.echo(f"  {'':>18}  {codec.encode(value).decode()}")
            if len(mine) > len(shown):
                click.echo(f"  ... and {len(mine) - len(shown)} more; --all shows them")
