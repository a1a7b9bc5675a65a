"""A command that is run for somebody elsewhere: it reads the server's ledger, and what it prints and writes is handed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from click.core import ParameterSource

from billfold.cli.context import TIME_LIMIT
from billfold.cli.endings import run_guarded
from billfold.cli.main import cli
from billfold.cli.output import Printout, Receiver, redirect_output
from billfold.cli.params import refuse_repeated_options
from billfold.cli.served_files import ServedFiles
from billfold.model.errors import InvalidArgument
from billfold.serve.commands import CommandRequest, Event

MAX_QUERY_SECONDS = 60
OUTPUT_PARAMS = frozenset({"path", "output", "directory", "file"})
"""Arguments and options that say where a command writes."""
INPUT_PARAMS = frozenset({"ledger", "config", "rules_path"})
"""Arguments and options that name a place to read from, and are texts to click."""
WRITING_OPTIONS = frozenset({"sign", "accept", "reason"})
"""Options that make a reading command write to the ledger."""
MIN_HELP_WIDTH, MAX_HELP_WIDTH = 50, 80


def run_served(request: CommandRequest, take: Callable[[Event], None]) -> int:
    """Run a command over a server's ledger, hand over what it prints and then the files it writes; returns the exit code."""
    with TemporaryDirectory(prefix="billfold-") as directory:
        files = ServedFiles(Path(directory))

        def take_printout(printout: Printout) -> None:
            take({"type": printout.type, "text": files.restore_names(printout.text)})

        width = request.columns if request.is_terminal else None
        with redirect_output(Receiver(take_printout, width)):
            exit_code = run_guarded(lambda: _run(request, files))
        for event in files.iter_events():
            take(event)
        return exit_code


def _run(request: CommandRequest, files: ServedFiles) -> object:
    width = max(min(request.columns, MAX_HELP_WIDTH) - 2, MIN_HELP_WIDTH)
    locations = {"config": request.config_path, "ledger": str(request.directory)}
    root = click.Context(cli, info_name="billfold", obj=locations, terminal_width=width)
    root.meta[TIME_LIMIT] = MAX_QUERY_SECONDS
    with root:
        return _invoke(root, cli, [request.name, *request.arguments], files)


def _invoke(parent: click.Context, group: click.Group, arguments: list[str], files: ServedFiles) -> object:
    """Run the command of a group that arguments begin with; raises ``UsageError`` for none, and what ``_check_params`` does."""
    if not arguments:
        raise click.UsageError("Missing command.", parent)
    name, command, rest = click.Group.resolve_command(group, parent, arguments)
    assert command is not None
    refuse_repeated_options(command, click.Context(command, parent=parent, info_name=name), rest)
    if isinstance(command, click.Group):
        return _invoke(click.Context(command, parent=parent, info_name=name), command, rest, files)
    with command.make_context(name, rest, parent=parent) as ctx:
        _check_params(ctx, command.params)
        for param in command.params:
            if param.name in OUTPUT_PARAMS and isinstance(param.type, click.Path):
                ctx.params[param.name] = files.add_target(ctx.params[param.name], is_directory=not param.type.file_okay)
        return command.invoke(ctx)


def _check_params(ctx: click.Context, params: Iterable[click.Parameter]) -> None:
    """Raise ``InvalidArgument`` for what names a place on the server's machine, or would write to its ledger."""
    if ctx.command.name == "postgres":
        raise InvalidArgument(
            "a server writes to no database: run it where the ledger's directory is, without --server"
        )
    for param in params:
        if ctx.get_parameter_source(str(param.name)) is not ParameterSource.COMMANDLINE:
            continue
        name = param.opts[0] if isinstance(param, click.Option) else param.human_readable_name
        if param.name in WRITING_OPTIONS:
            raise InvalidArgument(
                f"{name} writes to the ledger: run it where the ledger's directory is, without --server"
            )
        is_place = isinstance(param.type, click.Path) and param.name not in OUTPUT_PARAMS
        if is_place or param.name in INPUT_PARAMS or (ctx.command.name, param.name) == ("focus", "since"):
            raise InvalidArgument(f"{name} names a place on one machine, and a server is asked: leave it out")
