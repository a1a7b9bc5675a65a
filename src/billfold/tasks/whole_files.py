"""Files that a command writes: all of them come whole, or what was there stays."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from billfold.model.errors import InvalidArgument


def write_whole_files(contents: Mapping[Path, bytes]) -> None:
    """Write files beside their places and put them there when all are written, in folders that are made where needed.

    Raises ``InvalidArgument`` where one cannot be written; nothing is left of the others then.
    """
    drafts = {path: path.with_name(f".{path.name}.draft") for path in contents}
    try:
        for path, draft in drafts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(contents[path])
        for path, draft in drafts.items():
            draft.replace(path)
    except OSError as error:
        for draft in drafts.values():
            with suppress(OSError):  # it is not there, or its folder is none
                draft.unlink()
        raise InvalidArgument(f"{error.filename or 'a file'} cannot be written: {error.strerror or error}") from error
