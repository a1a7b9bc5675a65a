"""Add an account to the configuration: its name, its vendor, and references to its credentials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from billfold.config import ENVIRONMENT_CONFIG, load_accounts
from billfold.model.errors import ConfigurationError
from billfold.providers.credential_references import read_text


def add_account(path: Path, block: Mapping[str, str]) -> None:
    """Add an account to the configuration, and check that the whole can still be read; raises ``ConfigurationError``."""
    if path == ENVIRONMENT_CONFIG:
        raise ConfigurationError(
            f"the configuration is the text of {path}: add the account there, or name a file with --config"
        )
    try:
        _write_account(path, block)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be written: {error}") from error


def _write_account(path: Path, block: Mapping[str, str]) -> None:
    existing_text = read_text(path) if path.exists() else ""
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in block.items())
    text = f"{existing_text.rstrip()}\n\n[[accounts]]\n{lines}\n".lstrip()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft_path = path.with_suffix(".draft")
    try:
        draft_path.write_text(text, encoding="utf-8")
        try:
            load_accounts(draft_path)
        except ConfigurationError as error:
            raise ConfigurationError(str(error).replace(str(draft_path), str(path))) from error
        draft_path.replace(path)
    finally:
        draft_path.unlink(missing_ok=True)
