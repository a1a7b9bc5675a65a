"""How a command ends: whatever happens is one clear sentence, and the exit code that goes with it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

import click

from billfold.cli.interrupt import INTERRUPTED_MESSAGE
from billfold.cli.logs import is_json_log
from billfold.cli.output import drop_output, is_redirected, print_line
from billfold.model.errors import BillfoldError
from billfold.model.extras import name_missing_extras
from billfold.model.log_context import log_fields
from billfold.transport.pause import STOP_REQUESTED


def run_guarded(run: Callable[[], object]) -> int:
    """Run what returns an exit code (anything else is 0), and return that; an error is told on stderr."""
    try:
        with name_missing_extras():
            code = run()
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.Abort:
        code = _print_error(INTERRUPTED_MESSAGE, 130)
    except click.ClickException as error:
        code = _print_usage_error(error)
    except SystemExit:  # click makes one of a help page whose reader has what it wanted
        drop_output()
        code = 0
    except BillfoldError as error:
        code = _print_error(str(error), error.exit_code)
    except OSError as error:
        code = _print_error(f"{error}; check the path, its rights and the free space", 2)
    except Exception as error:
        logging.getLogger("billfold").debug("what happened", exc_info=True)
        message = f"something is wrong that billfold did not foresee: {type(error).__name__}: {error}"
        code = _print_error(f"{message}; BILLFOLD_LOG=debug shows where", 2)
    return code if isinstance(code, int) else 0


def _print_usage_error(error: click.ClickException) -> int:
    """Say what was asked wrongly, and how it is asked: an argument may be a vendor's own id."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        for line in error.format_message().splitlines():
            print_line(line, err=True)
        return 2
    if isinstance(error, click.UsageError) and error.ctx:
        for line in error.ctx.get_usage().splitlines():
            print_line(line, err=True)
        print_line(f"Try '{error.ctx.command_path} --help' for help.", err=True)
        print_line(err=True)
    print_line(f"Error: {error.format_message()}", err=True)
    return 2


def _print_error(message: str, code: int) -> int:
    message = INTERRUPTED_MESSAGE if STOP_REQUESTED.is_set() else message
    if is_json_log() and not is_redirected():
        logging.getLogger("billfold.cli").error("%s", message, extra=log_fields(exit_code=code))
        return code
    with suppress(OSError):  # nobody can hear it; the exit code says it too
        print_line(f"billfold: {message}", err=True)
    return code
