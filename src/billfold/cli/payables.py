"""Show what is unpaid, overdue or paid twice, and roll forward what is paid for beforehand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import click

from billfold.cli.context import build_filter, load_payment_evidence, load_section, open_workspace
from billfold.cli.gaps import describe_no_bills, end_listing, find_wrong_gaps
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_listing_options
from billfold.ledger import catalog
from billfold.model.finding import AccountFinding, describe_labelled
from billfold.model.money import exact_sum, format_amount, format_trimmed
from billfold.model.payment import BankEntry
from billfold.report import payables, render
from billfold.report.balances import BalanceMonth, describe_mismatch, roll_forward
from billfold.report.completeness import select_shown
from billfold.report.payables import Payable, find_payables, sum_by_age
from billfold.report.subtotals import group_with_subtotals
from billfold.report.table import TableLayout
from billfold.tasks.filter_options import FilterOptions

AMOUNTS = ("total", "paid", "open")
MAX_FINDINGS = 10
"""How many findings are named under the table."""
PAYABLES_FORM = TableLayout(
    ("provider", "account", "invoice_id", "currency", *AMOUNTS, "due_on", "state", "age"),
    AMOUNTS,
    droppable=("paid", "age", "total", "currency"),
    min_widths={"provider": 15, "invoice_id": 13},
)
ROLL_AMOUNTS = ("opening", "bought", "used", "closing", "difference")
ROLL_FORM = TableLayout(("month", *ROLL_AMOUNTS), ROLL_AMOUNTS)


@click.command("payables")
@click.option("--all", "shows_paid", is_flag=True, help="Paid invoices, too.")
@click.option("--roll-forward", is_flag=True, help="Credits and wallets by month: opening, bought, used, closing.")
@add_listing_options
@click.pass_context
def command(
    ctx: click.Context, output_format: str, filter_options: FilterOptions, *, shows_paid: bool, roll_forward: bool
) -> None:
    """Show what is unpaid, overdue, paid twice, or paid and not billed.

    What is paid the vendors' histories and statuses tell, and the bank's statement of `[bank]`. An invoice is due as it says, by
    its terms (or the account's `payment_terms`), else as soon as earlier ones were paid. Of what is unknown nothing tells whether
    it is paid. Exit code 1 where something is overdue, paid twice or not billed, unless it is acknowledged.
    """
    (_print_roll_forward if roll_forward else _print_payables)(
        ctx, output_format, filter_options, shows_paid=shows_paid
    )


def _print_payables(ctx: click.Context, output_format: str, filter_options: FilterOptions, *, shows_paid: bool) -> None:
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        evidence = load_payment_evidence(ctx, filter_options.as_of)
        result = find_payables(ledger, filters, evidence)
        uncounted_bills = catalog.list_parked_bills(ledger, filters)
        gaps = find_wrong_gaps(ctx, workspace, ledger, filters)
    rows = [row for row in result.rows if shows_paid or row.state != payables.PAID]
    if output_format != "table":
        extra_cells = ({"age": row.age, "finding": payables.find_finding_id(row)} for row in rows)
        cells = [row._asdict() | extra for row, extra in zip(rows, extra_cells, strict=True)]
        print_rows(output_format, cells, (*Payable._fields, "age", "finding"))
    else:
        bank_note = _describe_bank(evidence.bank_entries, is_configured=load_section(ctx, "bank")[0] is not None)
        _print_table(rows, len(result.rows) - len(rows), bank_note)
        _print_findings(result.findings)
    gaps = select_shown(gaps, {(row.provider, row.account, row.month) for row in rows})
    absence = "" if result.rows else "There are no invoices to show: none are booked that fit."
    end_listing(ctx, gaps, uncounted_bills, absence)
    ctx.exit(1 if result.has_wrong else 0)


def _print_table(rows: Sequence[Payable], paid_count: int, bank_note: str) -> None:
    """Print what is open by vendor and account, then what nothing is known of in one line for each account."""
    told_rows = [row for row in rows if row.state != payables.UNKNOWN]
    unknown_rows = [row for row in rows if row.state == payables.UNKNOWN]
    paid_note = f"{render.counted(paid_count, 'invoice')} paid: --all shows them." if paid_count else ""
    if told_rows:
        cells = [row._asdict() | {"age": row.age} for row in told_rows]
        print_table(list(_format_amounts(group_with_subtotals(cells, AMOUNTS), AMOUNTS)), PAYABLES_FORM)
    elif not unknown_rows and paid_count:
        print_line("Nothing is to be paid.")
    for currency, age, amount in sum_by_age(told_rows):
        print_line(f"Overdue for {age} days: {format_amount(amount)} {currency}")
    for line in _describe_unknown(unknown_rows):
        print_line(line)
    if unknown_rows:
        print_line(bank_note)
        for line in _describe_open(rows):
            print_line(line)
    if paid_note:
        print_line(paid_note)


def _describe_unknown(rows: Iterable[Payable]) -> Iterator[str]:
    amounts = defaultdict[tuple[str, str, str], list[Decimal]](list)
    for row in rows:
        amounts[row.provider, row.account, row.currency].append(row.total)
    for (provider, account, currency), totals in amounts.items():
        count = render.counted(len(totals), "invoice")
        total = f"{format_amount(exact_sum(totals))} {currency}"
        yield f"Unknown: {provider} {account}: {count}, {total}: nothing tells whether they are paid."


def _describe_bank(entries: Sequence[BankEntry], *, is_configured: bool) -> str:
    """Say how a bank's statement could tell what is unknown, or that it does not."""
    if not is_configured:
        return "A bank's statement tells: name it as `[bank] file` in the configuration."
    if not entries:
        return "The bank's statement has no entry that could tell."
    days = sorted(entry.paid_at.date() for entry in entries)
    return f"The bank's statement, {days[0]} to {days[-1]}, has no payment of them."


def _describe_open(rows: Sequence[Payable]) -> Iterator[str]:
    """Say what is open in all, and how much of it is unknown."""
    for currency in sorted({row.currency for row in rows if row.state == payables.UNKNOWN}):
        all_rows = [row for row in rows if row.currency == currency]
        unknown = exact_sum(row.open for row in all_rows if row.state == payables.UNKNOWN)
        total = format_amount(exact_sum(row.open for row in all_rows))
        yield f"Open in all: {total} {currency}, of it unknown: {format_amount(unknown)}"


def _format_amounts(rows: Iterable[dict[str, object]], amounts: Sequence[str]) -> Iterator[dict[str, object]]:
    for row in rows:
        yield row | {name: format_amount(None if row[name] in {None, ""} else str(row[name])) for name in amounts}


def _print_findings(findings: Sequence[AccountFinding]) -> None:
    """Print what is wrong with the id by which it is accepted; of many the first ones."""
    for located in findings[:MAX_FINDINGS]:
        label = "" if located.finding.is_wrong else "accepted: "
        print_line(f"{located.place}: {label}{describe_labelled(located.finding)} [{located.id}]")
    if len(findings) > MAX_FINDINGS:
        print_line(f"And {len(findings) - MAX_FINDINGS} more: `billfold reconcile` names them all.")


def _print_roll_forward(
    ctx: click.Context, output_format: str, filter_options: FilterOptions, *, shows_paid: bool
) -> None:
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        months = roll_forward(ledger, filters, load_payment_evidence(ctx, filter_options.as_of))
        gaps = find_wrong_gaps(ctx, workspace, ledger, filters)
        absence = "" if months else describe_no_bills(ledger, filters, "balances")
    shown = {(month.provider, month.account, str(month.month)) for month in months}
    gaps = select_shown(gaps, shown, has_invoices=False)
    mismatches = [describe_mismatch(month) for month in months if month.difference]
    if output_format != "table":
        print_rows(output_format, months, BalanceMonth._fields)
    elif not months and not absence:
        print_line("There are no balances to show: no vendor states any that fit.")
    elif months:
        _print_balances(months)
        _print_findings(mismatches)
    end_listing(ctx, gaps, (), absence)
    ctx.exit(1 if any(located.id not in filters.acknowledged_ids for located in mismatches) else 0)


def _print_balances(months: Sequence[BalanceMonth]) -> None:
    """Print each balance by itself: units are not comparable."""
    keys = list(dict.fromkeys(month[:5] for month in months))
    for key in keys:
        provider, account, balance_id, name, unit = key
        label = name if name in {unit, balance_id} else f"{name} {balance_id}"
        print_line(f"{provider} {account}: {label}{'' if unit == name else f', in {unit}'}")
        balance_months = [month for month in months if month[:5] == key]
        print_table([_build_roll_row(month) for month in balance_months], ROLL_FORM)
        if any(month.renewed for month in balance_months):
            print_line("What is left at a month's end lapses: each month opens with what is granted.")
        print_line()


def _build_roll_row(month: BalanceMonth) -> dict[str, object]:
    amounts: dict[str, object] = {name: _format_quantity(getattr(month, name)) for name in ROLL_AMOUNTS}
    return {"month": f"{month.month}{' so far' if month.is_open else ''}"} | amounts


def _format_quantity(amount: Decimal | None) -> str:
    return "" if amount is None else format_trimmed(amount)
