"""Where credentials are kept, and how they are fetched: ``env:``, ``file:``, ``keyring:`` and ``cmd:`` references."""

from __future__ import annotations

import codecs
import os
import re
import shlex
import stat
import subprocess
import threading
from collections import defaultdict
from pathlib import Path

from billfold.model.errors import ConfigurationError
from billfold.model.extras import name_missing_extras
from billfold.wire.auth import check_credential

MAX_TEXT_CHARS = 1_000_000
"""Characters of a configuration, or of a key: what is longer is neither, and may have no end."""
BOM = "\ufeff"
"""What editors on Windows put before a text."""
REFERENCE_PATTERN = re.compile(r"(env|keyring|file|cmd):(.+)", re.DOTALL)
COMMAND_PREFIX = "cmd:"
COMMAND_TIMEOUT_S = 60
"""Seconds that a secret manager has: it may ask somebody for a fingerprint."""
_outputs = dict[tuple[str, Path], str]()
"""What commands printed: each is run once a process, however many accounts refer to it."""
_command_locks = defaultdict[tuple[str, Path], threading.Lock](threading.Lock)


def check_value(value: object, location: str) -> str:
    """Return a credential that a program or a configuration states; raises ``ConfigurationError``."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{location} must be text, and not empty")
    return check_credential(value.strip(), location)


def resolve_reference(reference: str, location: str, directory: Path = Path()) -> str:
    """Fetch what a reference points to; a path begins at a directory, where commands run, too. Raises ``ConfigurationError``."""
    scheme, _, target = reference.partition(":")
    match scheme:
        case "env":
            value = os.environ.get(target, "")
        case "file":
            value = _read_file(directory, target, location)
        case "cmd":
            value = _read_command(directory, target, location)
        case _:
            value = _read_keyring(target, location)
    value = value.removeprefix(BOM)
    if not value.strip():
        source = f"the output of {_name_program(target)!r}" if scheme == "cmd" else reference
        raise ConfigurationError(f"{location}: {source} is empty or not set")
    return check_credential(value.strip(), location)


def _read_file(directory: Path, target: str, location: str) -> str:
    path = Path(target)
    try:
        path = directory / path.expanduser()
        return read_text(path)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{location}: {path} cannot be read: not text") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigurationError(
            f"{location}: {path} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error


def read_text(path: Path) -> str:
    """Read a file that somebody wrote, with a byte order mark or none; raises ``ValueError`` for one longer than anybody writes."""
    with path.open("rb") as file:
        content = file.read(4 * MAX_TEXT_CHARS + 1)
    is_wide = len(content) > len(codecs.BOM_UTF16_LE) and content.startswith(
        (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    )  # what a redirection in PowerShell writes
    text = content.decode("utf-16" if is_wide else "utf-8-sig").replace("\r\n", "\n")
    if len(text) > MAX_TEXT_CHARS:
        raise ValueError(f"it is longer than {MAX_TEXT_CHARS} characters")
    return text


def _read_keyring(target: str, location: str) -> str:
    try:
        with name_missing_extras():
            import keyring
    except ImportError as error:
        raise ConfigurationError(f"{location}: {error}") from None
    service, _, user = target.partition("/")
    try:
        return keyring.get_password(service, user or "billfold") or ""
    except Exception as error:
        raise ConfigurationError(f"{location}: the keyring cannot be read: {type(error).__name__}") from error


def _read_command(directory: Path, target: str, location: str) -> str:
    """Return the first line that a command prints, of its first run in this process; no message has what it printed."""
    key = target, directory.absolute()
    with _command_locks[key]:
        if key not in _outputs:
            _outputs[key] = _run_command(directory, target, f"{location}: the command {_name_program(target)!r}")
        return _outputs[key]


def _run_command(directory: Path, target: str, subject: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and only what the owner of the configuration wrote
            shlex.split(target),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_TIMEOUT_S,
            check=True,
        )
        return done.stdout.decode("utf-8-sig").partition("\n")[0]
    except subprocess.TimeoutExpired:
        reason = f"did not end within {COMMAND_TIMEOUT_S} s; unlock your secret manager first"
    except subprocess.CalledProcessError as error:
        reason = f"ended with exit code {error.returncode}; run it in a terminal to see why"
    except UnicodeDecodeError:
        reason = "printed what is not text"
    except OSError as error:
        reason = f"cannot be run: {error.strerror}; check its path"
    except ValueError:
        reason = "cannot be read: close its quotes"
    raise ConfigurationError(f"{subject} {reason}")


def _name_program(target: str) -> str:
    """Return the name of a command's program: what follows may be a secret's own name."""
    return target.split(maxsplit=1)[0] if target.split() else target


def require_private_file(path: Path) -> None:
    """Raise ``ConfigurationError`` where another user could write the commands of a configuration that this user would run."""
    if os.name != "posix":
        return
    status = path.stat()
    if status.st_uid not in {os.geteuid(), 0}:
        raise ConfigurationError(
            f"{path} belongs to another user, so its cmd: references are not run: copy it to a file of your own"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigurationError(
            f"{path} can be changed by other users, so its cmd: references are not run: `chmod go-w {path}`"
        )
