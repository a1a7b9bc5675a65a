"""The configuration: which accounts there are, and where their credentials are kept - never the credentials themselves."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from billfold.model.errors import SetupError
from billfold.providers import provider
from billfold.providers.provider import Credential, Provider
from billfold.wire.auth import keyless, travelling

LONGEST = 1_000_000
"""Characters of a configuration, or of a key: what is longer is neither, and may have no end."""
NAME = "billfold.toml"
_REFERENCE = re.compile(r"(env|keyring|file):(.+)", re.DOTALL)
_PLAIN = {"name", "provider", "base_url", "rate"}


class Account(NamedTuple):
    """One account of the configuration; ``references`` say where each credential is kept."""

    name: str
    provider: Provider
    references: Mapping[str, str]
    base_url: str | None = None
    unlimited: bool = False

    def credentials(self) -> dict[str, str]:
        """Fetch the credentials; raises ``SetupError`` that names the reference, never the value."""
        return {field.name: self._credential(field) for field in self.provider.credentials}

    def _credential(self, field: Credential) -> str:
        reference = self.references.get(field.name)
        where = f"account {self.name!r}, {field.name}"
        if reference is not None:
            return resolve(reference, where)
        found = next((value for name in field.env if (value := os.environ.get(name))), field.default)
        if not found:
            raise SetupError(
                f"{where}: nothing is configured and {' or '.join(field.env)} is not set; set it, or name a reference"
            )
        return travelling(found.strip(), where)


def resolve(reference: str, where: str) -> str:
    """Fetch what an ``env:``, ``file:`` or ``keyring:`` reference points to; raises ``SetupError``."""
    kind, _, place = reference.partition(":")
    match kind:
        case "env":
            value = os.environ.get(place, "")
        case "file":
            value = _from_file(Path(place), where)
        case _:
            value = _from_keyring(place, where)
    if not value.strip():
        raise SetupError(f"{where}: {reference} is empty or not set")
    return travelling(value.strip(), where)


def _from_file(path: Path, where: str) -> str:
    try:
        return _text(path.expanduser())
    except UnicodeDecodeError as error:
        raise SetupError(f"{where}: {path} cannot be read: not text") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise SetupError(f"{where}: {path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _text(path: Path) -> str:
    """Read a file that somebody wrote; raises ``ValueError`` for one that is longer than anybody writes."""
    with path.open(encoding="utf-8") as file:
        text = file.read(LONGEST + 1)
    if len(text) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    return text


def _from_keyring(place: str, where: str) -> str:
    try:
        import keyring
    except ImportError:
        raise SetupError(f"{where}: install billfold[keyring] to keep credentials in the keyring") from None
    service, _, user = place.partition("/")
    try:
        return keyring.get_password(service, user or "billfold") or ""
    except Exception as error:
        raise SetupError(f"{where}: the keyring cannot be read: {type(error).__name__}") from error


def find(given: str | None) -> Path:
    """Return the configuration's path: the one given, $BILLFOLD_CONFIG, the working directory's, the user's."""
    if named := given or os.environ.get("BILLFOLD_CONFIG"):
        return Path(named)
    here = Path(NAME)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "billfold" / NAME
    return here if here.exists() or not home.exists() else home


def confirm(given: str | None) -> None:
    """Raise ``SetupError`` where a configuration is named that is not there, or the one that is cannot be used."""
    path = find(given)
    if path.exists() or given or os.environ.get("BILLFOLD_CONFIG"):
        load(path)


def _absent(path: Path) -> SetupError:
    return SetupError(f"there is no configuration at {path}; make one with `billfold connect PROVIDER`")


SECTIONS = {"accounts", "rates"}


def load(path: Path) -> list[Account]:
    """Read the accounts of a configuration; raises ``SetupError`` with the one thing to change."""
    said = _read(path)
    blocks = said.get("accounts", [])
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SetupError(f"{path}: accounts are written as [[accounts]] blocks")
    accounts = [_account(block, f"{path}, account {number}") for number, block in enumerate(blocks, 1)]
    _no_doubles(accounts, path)
    return accounts


def rates(path: Path) -> dict[str, Decimal]:
    """Read what a unit of each virtual currency cost, from ``[rates]``; raises ``SetupError``."""
    return _rates(_read(path).get("rates", {}), path)


def _rates(said: Any, path: Path) -> dict[str, Decimal]:
    wrong = SetupError(f'{path}, [rates]: write a rate as text, as CRDB_CLOUD_CREDITS = "0.95"')
    if not isinstance(said, dict) or not all(isinstance(rate, str) for rate in said.values()):
        raise wrong
    try:
        found = {name: Decimal(rate) for name, rate in said.items()}
    except InvalidOperation:
        raise wrong from None
    if not all(rate.is_finite() for rate in found.values()):
        raise wrong
    return found


def _read(path: Path) -> dict[str, Any]:
    """Read a configuration whose sections and rates are known to be right."""
    try:
        said = tomllib.loads(_text(path))
    except FileNotFoundError:
        raise _absent(path) from None
    except (OSError, ValueError, RecursionError) as error:
        raise SetupError(f"{path} cannot be read: {error}") from error
    if unknown := set(said) - SECTIONS:
        raise SetupError(f"{path}: {min(unknown)!r} is not known; a configuration has [[accounts]] and [rates]")
    _rates(said.get("rates", {}), path)
    return said


def _no_doubles(accounts: list[Account], path: Path) -> None:
    names = [account.name for account in accounts]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise SetupError(
            f"{path}: the account name {min(doubled)!r} is used twice; names are unique, and --name or `name =` gives another"
        )


def _account(block: dict[str, Any], where: str) -> Account:
    for key, value in block.items():
        if not isinstance(value, str):
            raise SetupError(f"{where}: {key} must be text in quotes")
    name, vendor = block.get("name", ""), block.get("provider", "")
    if not name or not re.fullmatch(r"[\w.@+-]+", name):
        raise SetupError(f"{where}: give it a name of letters, digits and . _ - @ +")
    if not vendor:
        there, known = ", ".join(block), ", ".join(provider.names())
        raise SetupError(f"{where}: it says {there}, and no provider; known are {known}")
    if vendor not in provider.names():
        if not re.fullmatch(r"[\w.-]+", vendor):
            raise SetupError(f"{where}: there is no provider {vendor!r}; known are {', '.join(provider.names())}")
        return Account(name, provider.stranger(vendor), {})  # one that a newer billfold knows stops no other account
    door = provider.find(vendor)
    fields = {field.name: field for field in door.credentials}
    if unknown := set(block) - _PLAIN - set(fields):
        raise SetupError(
            f"{where}: {min(unknown)!r} is not known; {door.title} takes {', '.join([*fields, 'base_url', 'rate'])}"
        )
    references = {key: _reference(block[key], fields[key], f"{where}, {key}") for key in fields if key in block}
    if block.get("rate", "off") != "off":
        raise SetupError(f'{where}: rate can only be "off", for a twin; leave it out otherwise')
    return Account(name, door, references, _address(block.get("base_url"), where), unlimited="rate" in block)


def _address(base_url: str | None, where: str) -> str | None:
    """Check that a base URL is one, and no secret in it; raises ``SetupError``."""
    try:
        parts = urlsplit(base_url or "https://ok")
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        fine = fine and (base_url or "").isprintable() and " " not in (base_url or "")
    except ValueError:
        fine = False
    if not fine:
        raise SetupError(f"{where}: base_url must be a whole URL, as https://api.example.com")
    return keyless(base_url, f"{where}: base_url") if base_url else None


def _reference(text: str, field: Credential, where: str) -> str:
    if _REFERENCE.fullmatch(text):
        return text
    if field.secret:
        raise SetupError(
            f"{where}: write a reference (env:NAME, file:PATH or keyring:SERVICE/USER), never the secret itself"
        )
    raise SetupError(f"{where}: write a reference: env:NAME, file:PATH or keyring:SERVICE/USER")


def add(path: Path, block: Mapping[str, str]) -> None:
    """Add an account to the configuration, and check that the whole can still be read."""
    try:
        _add(path, block)
    except (OSError, ValueError) as error:
        raise SetupError(f"{path} cannot be written: {error}") from error


def _add(path: Path, block: Mapping[str, str]) -> None:
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in block.items())
    text = f"{before.rstrip()}\n\n[[accounts]]\n{lines}\n".lstrip()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    try:
        draft.write_text(text, encoding="utf-8")
        try:
            load(draft)
        except SetupError as error:
            raise SetupError(str(error).replace(str(draft), str(path))) from error
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def ledger_directory(given: str | None) -> Path:
    """Return where the archive and the ledger are: the one given, $BILLFOLD_LEDGER, the user's data directory."""
    if named := given or os.environ.get("BILLFOLD_LEDGER"):
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "billfold"
