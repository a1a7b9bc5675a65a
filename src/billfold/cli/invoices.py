"""List invoices, drafts and estimates as the vendors state them."""

from __future__ import annotations

from typing import Any

import click

from billfold.cli.options import Narrowing, books, filters, lacking, tell_gaps, wanted, write

COLUMNS = ("provider", "account", "invoice_id", "state", "period_start", "period_end", "currency", "total", "lines")
MORE = ("issued_on", "due_on", "note")


@click.command("invoices")
@filters
@click.pass_context
def command(ctx: click.Context, shape: str, narrowing: Narrowing) -> None:
    """List invoices, drafts and estimates as the vendors state them.

    Finals, drafts and estimates are told apart by STATE: estimate, draft or issued. Table and csv also have the dates of
    issue and payment where the vendor says them, and mark parked bills; `billfold sql "SELECT * FROM bills"` has all. Where one
    comes from tells `billfold explain`, with its id or the word estimate.
    """
    from billfold.ledger import query
    from billfold.model.bill import together
    from billfold.model.money import shown
    from billfold.report import render

    with books(ctx) as kept, kept.ledger() as db:
        chosen = wanted(kept, narrowing)
        rows = together(query.invoices(db, chosen))
        more = {_key(bill): bill for bill in sorted(query.bills(db, chosen), key=lambda bill: bool(bill["parked"]))}
        missing = lacking(ctx, kept, db, chosen)
    if shape == "json":
        write(shape, rows, COLUMNS)
    elif shape == "csv":
        write(shape, [row | _said(more[_key(row)]) for row in rows], (*COLUMNS, *MORE))
    else:
        days = ("period_start", "period_end")
        short = [row | {name: row[name][:10] for name in days} | {"total": shown(row["total"])} for row in rows]
        told = [row | _said(more[_key(row)]) for row in short]
        render.print_table(told, (*COLUMNS, *MORE), numbers=("total", "lines"))
    tell_gaps(missing)


def _key(bill: dict[str, Any]) -> tuple[str, ...]:
    start = bill["period_start"] if isinstance(bill["period_start"], str) else bill["period_start"].date().isoformat()
    return (bill["provider"], bill["account"], str(bill["invoice_id"]), bill["currency"], bill["state"], start[:10])


def _said(bill: dict[str, Any]) -> dict[str, str]:
    """Say of a bill what the vendors' totals do not: its dates, and whether it is counted."""
    dates = {name: bill[name].date().isoformat() if bill[name] else "" for name in ("issued_on", "due_on")}
    return dates | {"note": "parked: not counted" if bill["parked"] else ""}
