"""Check whether a month is whole, and sign it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

import click

from billfold.cli.context import build_filter, list_configured_accounts, load_payment_evidence, open_workspace
from billfold.cli.listing import print_rows, read_width
from billfold.cli.output import print_data, print_line
from billfold.cli.params import AmountType, add_month_options
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.report.close import ACKNOWLEDGED, NOT_CHECKED, NOTICE, OK, OPEN, WRONG, MonthCheck, count_states
from billfold.report.month_jumps import JumpLimits
from billfold.report.render import counted
from billfold.tasks.close import CloseSettings, MonthVerdict, Signature, close_month, hold_writers
from billfold.tasks.filter_options import FilterOptions

COLUMNS = MonthCheck._fields
STATE_LABELS = {WRONG: "wrong", OPEN: "open", ACKNOWLEDGED: "accepted", NOTICE: "to know"}
"""How the states are called that are told one by one."""


@click.command("close")
@click.option("--sign", metavar="NAME", help="Sign the month, if it is ready: NAME is who does.")
@click.option("--accept", multiple=True, metavar="FINDING...", help="Accept findings by their ids, and sign with them.")
@click.option("--reason", default="", help="Why they are accepted.")
@click.option("--all", "show_all", is_flag=True, help="Show every check, those that are fine too.")
@click.option(
    *("--jump", "jump_percent"),
    type=AmountType(),
    default=str(JumpLimits().percent),
    show_default=True,
    metavar="PERCENT",
    help="A total so far off the median of the months before is a finding.",
)
@click.option(
    "--jump-amount",
    type=AmountType(),
    default=str(JumpLimits().amount),
    show_default=True,
    metavar="AMOUNT",
    help="Unless it is less than this.",
)
@add_month_options
@click.argument("more_ids", nargs=-1, metavar="")
@click.pass_context
def command(
    ctx: click.Context,
    month: Month,
    output_format: str,
    filter_options: FilterOptions,
    sign: str | None,
    accept: tuple[str, ...],
    more_ids: tuple[str, ...],
    reason: str,
    jump_percent: Decimal,
    jump_amount: Decimal,
    *,
    show_all: bool,
) -> None:
    """Check whether a month is whole: every invoice that is expected, its sums, documents, tax, balances, jumps.

    Exit code 0 only where it is ready to be signed: nothing is wrong or open that is not accepted. --sign writes an entry
    into the archive, with what is counted of each account, and the hash of the month; `billfold changes --since close:MONTH`
    tells what has changed since.
    """
    signature = Signature(sign, (*accept, *more_ids), reason)
    _check_options(signature, filter_options, has_more=bool(more_ids and not accept))
    verdict, is_signed = _judge(ctx, month, filter_options, signature, JumpLimits(jump_percent, jump_amount))
    if output_format == "table":
        _print_verdict(verdict, show_all=show_all)
    else:
        _print_data(verdict, output_format, sign if is_signed else None)
    if sign is not None:
        _print_signature(verdict, sign, is_signed=is_signed, err=output_format != "table" or not is_signed)
    ctx.exit(0 if verdict.ready else 1)


def _judge(
    ctx: click.Context, month: Month, filter_options: FilterOptions, signature: Signature, limits: JumpLimits
) -> tuple[MonthVerdict, bool]:
    """Check a month, and sign it if that is asked and can be; returns whether it was."""
    with open_workspace(ctx) as workspace, hold_writers(workspace, signature), workspace.open_ledger() as db:
        filters = build_filter(workspace, filter_options)
        payments = load_payment_evidence(ctx, filter_options.as_of)
        settings = CloseSettings(list_configured_accounts(ctx), limits, payments)
        return close_month(workspace, db, month, filters, settings, signature)


def _check_options(signature: Signature, filter_options: FilterOptions, *, has_more: bool) -> None:
    if has_more:
        raise InvalidArgument("close takes one month; the ids of findings come after --accept")
    if signature.name is None and signature.accepted_ids:
        raise InvalidArgument("--accept goes with --sign NAME; `billfold acknowledge` accepts without signing")
    if signature.name is not None and not signature.name.strip():
        raise InvalidArgument("--sign takes the name of who signs")
    if signature.name is not None and filter_options.as_of:
        raise InvalidArgument("a month is signed as it is now, not as of a time")


def _print_data(verdict: MonthVerdict, output_format: str, signed_by: str | None) -> None:
    if output_format == "csv":
        print_rows(output_format, verdict.checks, COLUMNS)
        return
    print_data(json.dumps(_build_object(verdict, signed_by), indent=1), newline=True)


def _build_object(verdict: MonthVerdict, signed_by: str | None) -> dict[str, object]:
    return {
        "month": str(verdict.month),
        "ready": verdict.ready,
        "checks": [check._asdict() for check in verdict.checks],
        "hash": verdict.hash,
        "head": verdict.head,
        "signed_by": signed_by,
    }


def _print_verdict(verdict: MonthVerdict, *, show_all: bool) -> None:
    counts = count_states(verdict.checks)
    print_line(_describe_verdict(verdict, counts))
    shown = [check for check in verdict.checks if show_all or check.state in STATE_LABELS]
    for (provider, account), checks in groupby(shown, key=lambda check: check[:2]):
        print_line(f"{provider} {account}".strip() or "the archive")
        for check in checks:
            _print_check(check)
    if not show_all:
        _print_fine(verdict.checks)
    print_line(f"hash {verdict.hash}")
    print_line(f"head {verdict.head}")


def _describe_verdict(verdict: MonthVerdict, counts: dict[str, int]) -> str:
    total = counted(len(verdict.checks), "check")
    if verdict.ready:
        accepted = f", {counts[ACKNOWLEDGED]} accepted" if counts[ACKNOWLEDGED] else ""
        return f"{verdict.month} is ready: {total}, none wrong or open{accepted}."
    parts = [f"{counts[state]} {STATE_LABELS[state]}" for state in (WRONG, OPEN) if counts[state]]
    return f"{verdict.month} is not ready: of {total}, {' and '.join(parts) or 'none found anything to check'}."


def _print_check(check: MonthCheck) -> None:
    label = f"  {STATE_LABELS.get(check.state, check.state):<11} {check.check:<9} "
    text = f"{check.text} [{check.id}]" if check.id else check.text
    width = max(read_width() or 10**6, len(label) + 20)
    lines = textwrap.wrap(text, width - len(label), break_long_words=False, break_on_hyphens=False)
    for number, line in enumerate(lines or [""]):
        print_line((label if number == 0 else " " * len(label)) + line)


def _print_fine(checks: Sequence[MonthCheck]) -> None:
    for state, heading in ((OK, "Fine"), (NOT_CHECKED, "Not checked")):
        names = [check.check for check in checks if check.state == state]
        if names:
            counts = ", ".join(f"{name} {names.count(name)}" for name in dict.fromkeys(names))
            print_line(
                f"{heading}: {len(names)} (--all shows them)" if not counts else f"{heading} ({len(names)}): {counts}"
            )


def _print_signature(verdict: MonthVerdict, name: str, *, is_signed: bool, err: bool) -> None:
    if is_signed:
        print_line(
            f"{verdict.month} is signed by {name}. Keep the head elsewhere: `billfold verify --head` proves it.",
            err=err,
        )
        return
    open_ids = [check.id for check in verdict.checks if check.keeps_open and check.id]
    advice = f"; with --accept {' '.join(open_ids)} it is, nevertheless" if open_ids else ""
    print_line(f"{verdict.month} is not signed{advice}.", err=err)
