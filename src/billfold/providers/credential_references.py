"""Where credentials are kept, and how they are fetched: ``env:``, ``file:`` and ``keyring:`` references, in any file's spelling."""

from __future__ import annotations

import codecs
import os
import re
from pathlib import Path

from billfold.model.errors import ConfigurationError
from billfold.model.extras import name_missing_extras
from billfold.wire.auth import check_credential

MAX_TEXT_CHARS = 1_000_000
"""Characters of a configuration, or of a key: what is longer is neither, and may have no end."""
BOM = "\ufeff"
"""What editors on Windows put before a text."""
REFERENCE_PATTERN = re.compile(r"(env|keyring|file):(.+)", re.DOTALL)


def check_value(value: object, location: str) -> str:
    """Return a credential that a program or a configuration states; raises ``ConfigurationError``."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{location} must be text, and not empty")
    return check_credential(value.strip(), location)


def resolve_reference(reference: str, location: str, directory: Path = Path()) -> str:
    """Fetch what an ``env:``, ``file:`` (from a directory on) or ``keyring:`` reference points to; raises ``ConfigurationError``."""
    scheme, _, target = reference.partition(":")
    match scheme:
        case "env":
            value = os.environ.get(target, "")
        case "file":
            value = _read_file(directory, target, location)
        case _:
            value = _read_keyring(target, location)
    value = value.removeprefix(BOM)
    if not value.strip():
        raise ConfigurationError(f"{location}: {reference} is empty or not set")
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
