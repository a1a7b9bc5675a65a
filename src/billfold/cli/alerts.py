"""Send what is new to those who do not look: list targets, send what is due, try a target, send again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from billfold import config
from billfold.cli.context import open_workspace
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import FORMAT_OPTION, WIDE_OPTION, StrictGroup, TimeType, add_location_options
from billfold.collect.workspace import Workspace
from billfold.ledger.alert_outbox import Delivery, list_troubled, replay_deliveries
from billfold.ledger.store import OpenLedger
from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.model.fact import describe_fact
from billfold.report.render import counted
from billfold.report.table import TableLayout
from billfold.tasks.alerts import (
    TargetRow,
    find_target,
    list_parked,
    list_targets,
    load_targets,
    note_alerts,
    read_clock,
    send_alerts,
    send_test,
)

MAX_NAMED = 10
"""How many alerts that could not be sent are named one by one."""
LAYOUT = TableLayout(
    ("name", "type", "address", "sent", "waiting", "parked", "last_sent_at", "last_answer"),
    ("sent", "waiting", "parked"),
    ("last_answer", "type"),
    {"last_sent_at": 16, "address": 24},
)


@click.group("alerts", cls=StrictGroup, invoke_without_command=True)
@FORMAT_OPTION
@WIDE_OPTION
@add_location_options
@click.pass_context
def command(ctx: click.Context, output_format: str) -> None:
    """List the [[alerts]] of the configuration: where they go, and what was sent, waits, or was given up.

    Exit code 1 while anything could not be sent. `billfold alerts send` sends what is new; `billfold serve` does so by itself.
    """
    if ctx.invoked_subcommand is not None:
        return
    directory, config_path = _locate(ctx)
    rows = list_targets(directory, config_path)
    if output_format != "table":
        print_rows(output_format, rows, TargetRow._fields)
    elif not rows:
        print_line("No alerts are configured: write [[alerts]] into the configuration.")
    else:
        times = ({"last_sent_at": row.last_sent_at.isoformat()[:16] if row.last_sent_at else ""} for row in rows)
        print_table([row._asdict() | time for row, time in zip(rows, times, strict=True)], LAYOUT)
    troubled = list_troubled(directory)
    _print_troubled(troubled)
    ctx.exit(1 if troubled else 0)


@command.command("send")
@add_location_options
@click.pass_context
def send(ctx: click.Context) -> None:
    """Send what is new since the last time, and what is due of what could not be sent then; for cron, after `billfold sync`.

    A target that is new gets one summary, and from then on what is new. Exit code 1 where something could not be sent.
    """
    directory, config_path = _locate(ctx)
    if not load_targets(config_path):
        raise ConfigurationError(f"{config_path} has no [[alerts]]: add one with a name, a type and an address")
    note_alerts(directory, lambda: _open_ledger(ctx), config_path)
    outcome = send_alerts(directory, config_path)
    if outcome.is_busy:
        print_line("Another process is sending now: what is due is in its hands.")
        return
    parked = list_parked(directory)
    print_line(f"{counted(outcome.sent, 'alert')} sent, {len(outcome.refused)} not taken, {len(parked)} given up.")
    for text in outcome.unusable:
        print_line(text, err=True)
    _print_troubled(list_troubled(directory))
    ctx.exit(1 if outcome.refused or outcome.unusable or parked else 0)


@command.command("test")
@click.argument("name")
@add_location_options
@click.pass_context
def test(ctx: click.Context, name: str) -> None:
    """Send a target a test, and say what it answered; exit code 1 where it did not take it."""
    _, config_path = _locate(ctx)
    result = send_test(config_path, name)
    print_line(f"{name}: {'taken' if result.is_accepted else 'not taken'}: {result.text}", err=not result.is_accepted)
    ctx.exit(0 if result.is_accepted else 1)


@command.command("replay")
@click.argument("fact", required=False)
@click.option("--failed", is_flag=True, help="What was given up.")
@click.option("--since", type=TimeType(), metavar="TIME", help="All that was queued since then, sent or not.")
@click.option("--target", metavar="NAME", default="", help="Only for this target.")
@add_location_options
@click.pass_context
def replay(ctx: click.Context, fact: str | None, since: datetime | None, target: str, *, failed: bool) -> None:
    """Queue alerts again: of one FACT (its id), all since a time, or those that were given up; `billfold alerts send` sends them.

    They keep their delivery ids: a receiver that has one already can tell.
    """
    if sum((fact is not None, failed, since is not None)) != 1:
        raise InvalidArgument("say what to send again: the id of a fact, --failed, or --since TIME")
    directory, config_path = _locate(ctx)
    if target:
        find_target(load_targets(config_path), target)
    count = replay_deliveries(directory, read_clock(), fact_id=fact or "", since=since, target=target)
    print_line(f"{counted(count, 'alert')} queued again." if count else "Nothing fits: nothing is queued again.")
    ctx.exit(0 if count else 1)


@contextmanager
def _open_ledger(ctx: click.Context) -> Iterator[tuple[Workspace, OpenLedger]]:
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        yield workspace, db


def _locate(ctx: click.Context) -> tuple[Path, Path]:
    """Return the ledger's directory and the configuration's path; raises ``ConfigurationError``."""
    locations = ctx.find_root().obj
    config.check_config(locations["config"])
    return config.find_ledger_directory(locations["ledger"]), config.find_config(locations["config"])


def _print_troubled(deliveries: Sequence[Delivery]) -> None:
    """Say what could not be sent so far, the first few one by one."""
    for delivery in deliveries[:MAX_NAMED]:
        print_line(_describe_trouble(delivery), err=True)
    if len(deliveries) > MAX_NAMED:
        print_line(f"and {len(deliveries) - MAX_NAMED} more: `billfold alerts` counts them by target", err=True)


def _describe_trouble(delivery: Delivery) -> str:
    """Say what could not be sent: like a finding, what it is, and what came of it."""
    state = "given up" if delivery.state == "parked" else f"waits until {delivery.due_at.isoformat()[:16]}Z"
    return f"alert-{delivery.state}: {delivery.target}: {delivery.answer} ({state}): {describe_fact(delivery.fact)} [{delivery.fact.id}]"
