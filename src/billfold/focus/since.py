"""When an earlier export was made: the time since which a later one tells what changed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from billfold.focus.metadata import METADATA_NAME
from billfold.focus.replacement import read_manifest
from billfold.model.errors import InvalidArgument
from billfold.model.period import parse_instant


def find_export_time(text: str) -> datetime:
    """Return the time of an export, named by its directory or its metadata, or a time itself; raises ``InvalidArgument``."""
    path = Path(text)
    path = path / METADATA_NAME if path.is_dir() else path
    if path.is_file():
        manifest = read_manifest(path)
        try:
            return min(parse_instant(file.written_at) for file in (manifest.files if manifest else ()))
        except ValueError as error:
            raise InvalidArgument(f"{path} does not say when its files were written: name a time instead") from error
    try:
        return parse_instant(text)
    except ValueError:
        raise InvalidArgument(
            f"there is no export at {text}: name its directory, or a time as 2026-05-01T00:00:00Z"
        ) from None
