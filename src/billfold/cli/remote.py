"""A command that a server answers: what was asked is sent there, and what the command prints there is printed here."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from billfold import config
from billfold.cli.output import Printout, PrintType, show_printout
from billfold.cli.query_text import read_query
from billfold.cli.received_files import ReceivedFiles
from billfold.model.errors import ConfigurationError, InvalidArgument, ServerFault
from billfold.providers.credential_references import REFERENCE_PATTERN, resolve_reference

SERVER_VARIABLE, KEY_VARIABLE = "BILLFOLD_SERVER", "BILLFOLD_KEY"
LOCAL_COMMANDS = frozenset({"api", "check", "connect", "demo", "doctor", "serve", "twin"})
"""Commands that need no ledger, or are about this machine: they run here, wherever the ledger is."""
COMMANDS_PATH = "/api/v1/commands/"


class RemoteLedger(NamedTuple):
    """A server, and the reference to the key for it ("": none is needed)."""

    url: str
    key_reference: str


def find_remote(ctx: click.Context, args: Sequence[str]) -> RemoteLedger | None:
    """Return the server that a command is for, None where it runs here: an option wins over the environment.

    Raises ``InvalidArgument`` where both a directory and a server are named.
    """
    stated, has_directory = ctx.params["server"], ctx.params["ledger"] or _names_ledger(args)
    url = stated or os.environ.get(SERVER_VARIABLE, "")
    if not url or _is_local(args):
        return None
    if has_directory and stated:
        raise InvalidArgument("--server and --ledger name two ledgers: leave one of them out")
    default_key = f"env:{KEY_VARIABLE}" if os.environ.get(KEY_VARIABLE) else ""
    return None if has_directory else RemoteLedger(url, ctx.params["key"] or default_key)


def _is_local(args: Sequence[str]) -> bool:
    """Tell whether a command runs here in any case: it needs no ledger, or says what it does, or checks a file."""
    is_file_check = args[0] == "verify" and any(argument.endswith(".zip") for argument in args)
    return args[0] in LOCAL_COMMANDS or is_file_check or bool({"-h", "--help"} & set(args))


def _names_ledger(args: Sequence[str]) -> bool:
    return any(argument == "--ledger" or argument.startswith("--ledger=") for argument in args)


class RemoteCommand(click.Command):
    """A command of a server: it takes whatever stands behind its name, and the server says what is wrong with that."""

    def __init__(self, name: str, remote: RemoteLedger) -> None:
        super().__init__(name, add_help_option=False)
        self._remote = remote

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep all as it stands there."""
        ctx.args = list(args)
        return []

    def invoke(self, ctx: click.Context) -> object:
        """Have it run by the server, and end with its exit code."""
        arguments = [_read_text(argument) for argument in ctx.args] if self.name == "sql" else ctx.args
        url = self._remote.url.rstrip("/") + COMMANDS_PATH + str(self.name)
        files = ReceivedFiles(ctx.args)
        return _show_answer(_ask(ctx, url, arguments, self._remote.key_reference), files)


def _read_text(argument: str) -> str:
    return read_query(argument) if argument == "-" or argument.startswith("@") else argument


def _ask(ctx: click.Context, url: str, arguments: Sequence[str], key_reference: str) -> Iterator[bytes]:
    from billfold.transport.server import open_lines

    query = [("argument", argument) for argument in arguments]
    query += [("columns", str(shutil.get_terminal_size().columns)), ("terminal", str(int(sys.stdout.isatty())))]
    return open_lines(url, query, _read_key(ctx, key_reference))


def _read_key(ctx: click.Context, reference: str) -> str:
    """Return the key itself; raises ``ConfigurationError`` for one that stands in the command: all users see it there."""
    if not reference:
        return ""
    if not REFERENCE_PATTERN.fullmatch(reference):
        raise ConfigurationError(
            "--key takes a reference to the key (env:NAME, file:PATH or keyring:NAME), not the key"
        )
    directory = config.find_config(ctx.find_root().params["config"]).parent
    return resolve_reference(reference, "--key", directory if directory.parts else Path())


def _show_answer(lines: Iterator[bytes], files: ReceivedFiles) -> int:
    """Print and write what comes, as it comes, and return the exit code with which it ends; raises ``ServerFault``."""
    for line in lines:
        match json.loads(line):
            case {"exit_code": int(exit_code)}:
                return exit_code
            case {"type": str(text_type), "text": str(text)} if text_type in set(PrintType):
                show_printout(Printout(PrintType(text_type), text))  # also where nobody reads: the exit code counts
            case {"file": str(name), "number": int(number), "content": str(content)}:
                files.add_piece(name, number, content)
            case _:
                raise ServerFault("the server answers in a way that this version does not know: use the same version")
    raise ServerFault("the server's answer ended before the command did: ask again, and see the server's log")
