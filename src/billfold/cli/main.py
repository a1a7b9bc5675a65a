"""The command line's front: commands are found by name and loaded when they run."""

from __future__ import annotations

import atexit
import gc
import io
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from billfold.cli.endings import run_guarded
from billfold.cli.interrupt import end_interrupted
from billfold.cli.logs import configure_logging
from billfold.cli.output import flush_output
from billfold.cli.params import StrictGroup, refuse_repeated_options
from billfold.cli.remote import RemoteCommand, find_remote
from billfold.transport.pause import STOP_REQUESTED
from billfold.version import __version__

COMMANDS = {
    "accruals": "Say what a month owes that is not invoiced yet, and why.",
    "acknowledge": "Accept findings that are known, so that they are no alarm.",
    "alerts": "Send what is new by webhook, to a chat or by mail; list what was sent.",
    "allocate": "Say whose cost a month is, by rules: teams, customers.",
    "api": "Ask a vendor one documented operation, and print the answer.",
    "changes": "Say what of closed months is another now than when it was signed.",
    "attach": "Put a document that you have of an invoice into the archive.",
    "audit": "Show who saw or did what in the desk: logins, refusals, documents, actions.",
    "budget": "Hold a month against the budgets, or look for what is odd in it.",
    "charges": "List charges as FOCUS 1.4 CostAndUsage rows.",
    "check": "Check FOCUS files, ours or anybody's, for what validators miss.",
    "close": "Check whether a month is whole, and sign it.",
    "closes": "List the months that were signed, and whether they still are the same.",
    "commitments": "Show what is committed, used and left, and how long it lasts.",
    "connect": "Name an account; only a reference to its key is written.",
    "demo": "Play the vendors, collect twelve months from them, show the bill.",
    "documents": "Write the archived documents as files.",
    "doctor": "Tell whether each account can be reached, and what will be missing.",
    "evidence": "Put a month's evidence into one file that anybody can verify.",
    "explain": "Go from an invoice or a charge back to the answer it came from.",
    "export": "Write the ledger as files for other tools.",
    "forecast": "Say where open months will end, and the next three.",
    "hash": "Print one line that stands for all that the ledger believes now.",
    "import": "Bring saved answers into the archive and book them.",
    "invoices": "List invoices, drafts and estimates as the vendors state them.",
    "keys": "Make, list, revoke and rotate keys of the API.",
    "mcp": "Let a language model ask the ledger: read-only tools (MCP).",
    "merge": "Bring another ledger directory's archive into this one.",
    "payables": "Show what is unpaid, overdue or paid twice, and what credits are left.",
    "rebuild": "Compute the ledger anew from the archive, and print its hash.",
    "reconcile": "Say what does not add up: lines, invoices, histories, months.",
    "redact": "Replace stored personal data by a tombstone.",
    "report": "Show what is paid, by vendor and service or whatever else, by month.",
    "restatements": "List issued invoices that changed, with the lines that moved.",
    "schedule": "Show when each account is collected next, and why then.",
    "serve": "Show the ledger in a browser: a page, an API, metrics.",
    "sql": "Ask the ledger in SQL, read-only.",
    "statement": "Write a month's statement as PDF, page, workbook or Markdown.",
    "sync": "Collect every invoice, line and estimate: archived, then booked.",
    "twin": "Play the vendors' billing systems on this machine.",
    "users": "Add, list and remove users of the desk.",
    "verify": "Check every stored hash of the archive, or a file of evidence.",
    "why": "Say what moved since the month before: rate, quantity, new, gone.",
}


class CommandGroup(StrictGroup):
    """A group whose commands live in one module each, named ``billfold.cli.NAME``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command's module."""
        if cmd_name not in COMMANDS:
            return None
        module = "import_" if cmd_name == "import" else cmd_name
        command: click.Command = import_module(f"billfold.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is asked for: one of this machine, or of the server that --server names."""
        remote = find_remote(ctx, args) if args[0] in COMMANDS else None
        return (args[0], RemoteCommand(args[0], remote), args[1:]) if remote else super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options that stand before a command."""
        refuse_repeated_options(self, ctx, args)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="billfold")
@click.option("--config", metavar="FILE", help="The configuration (default: billfold.toml here, or the user's).")
@click.option("--ledger", metavar="DIR", help="Where archive and ledger are (default: the user's data directory).")
@click.option("--server", metavar="URL", help="Ask a `billfold serve` elsewhere, in the place of a directory here.")
@click.option("--key", metavar="REFERENCE", help="Where the key for it is (default: env:BILLFOLD_KEY, if that is set).")
@click.pass_context
def cli(ctx: click.Context, config: str | None, ledger: str | None, server: str | None, key: str | None) -> None:
    """One exact ledger for the bills of Vultr, Fastly, CockroachDB Cloud and Genesys Cloud."""
    ctx.obj = {"config": config, "ledger": ledger}


def process() -> NoReturn:
    """Be the process: run the command line, then leave; freeing all objects one by one takes longer than some commands."""
    # no file of ours may take the number of a stream that is closed
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115 - until the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115 - until the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(
            errors="backslashreplace"
        )  # what does not go through ``output``: help pages, others' words
    try:
        main()
    except SystemExit as exit_request:
        code = exit_request.code if isinstance(exit_request.code, int) else 1
    else:
        code = 0
    logging.shutdown()
    if "opentelemetry.sdk" in sys.modules:  # whoever traces commands sends the last spans when these end
        with suppress(Exception):
            atexit._run_exitfuncs()  # noqa: SLF001 - there is no other name for it
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # told already
            stream.flush()
    os._exit(code)


def main() -> None:
    """Run the command line: one clear sentence for each error, and the exit code that goes with it."""
    gc.set_threshold(100_000, 50, 100)  # millions of rows and no cycles: looking for some took a fifth of a sync
    with _handle_interrupts():
        code = _run_command()
    sys.exit(code)


def _run_command() -> int:
    code = run_guarded(_run_configured)
    return 130 if STOP_REQUESTED.is_set() else code  # whatever a library made of it


def _run_configured() -> object:
    configure_logging()
    code = cli.main(standalone_mode=False)
    flush_output()
    return code


@contextmanager
def _handle_interrupts() -> Iterator[None]:
    """Let Ctrl-C end the pauses of all threads, and a second one the process: what is archived is safe at any instant."""
    earlier_handler = signal.getsignal(signal.SIGINT)
    if earlier_handler not in {signal.default_int_handler, end_interrupted}:
        yield
        return

    def stop_on_signal(number: int, frame: FrameType | None) -> None:
        if STOP_REQUESTED.is_set():
            end_interrupted()
        STOP_REQUESTED.set()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, stop_on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier_handler)
