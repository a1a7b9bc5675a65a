"""Files that a server's command wrote: put where they were asked for, and nowhere else, whatever the server says."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

from billfold.model.errors import ConfigurationError, ServerFault


class ReceivedFiles:
    """Writes files piece by piece; a directory that is asked for must be empty, or not be there yet."""

    def __init__(self, arguments: Iterable[str]) -> None:
        self._asked_paths = [Path(text.partition("=")[2] if text.startswith("-") else text) for text in arguments]
        self._full_paths = {path for path in self._asked_paths if path.name and path.is_dir() and any(path.iterdir())}

    def add_piece(self, name: str, number: int, content: str) -> None:
        """Write a piece of a file, the first one is 0; raises ``ServerFault`` and ``ConfigurationError``."""
        path = Path(name)
        self._check_path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab" if number else "wb") as file:
                file.write(base64.b64decode(content))
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error

    def _check_path(self, path: Path) -> None:
        """Raise ``ServerFault`` for a file that was not asked for, and ``ConfigurationError`` for one among others of a directory."""
        homes = [home for home in self._asked_paths if _holds(home, path)]
        if not homes:
            raise ServerFault(f"the server sends a file {path.name!r} that was not asked for: nothing of it is written")
        if any(home in self._full_paths for home in homes):
            raise ConfigurationError(
                f"{homes[0]} is not empty: name a new directory, for a server knows not what is there"
            )


def _holds(home: Path, path: Path) -> bool:
    """Tell whether a path is what was asked for, lies in it, or beside it with its name in its own."""
    if home in path.parents:
        return ".." not in path.relative_to(home).parts and bool(home.name)
    return path == home or (path.parent == home.parent and bool(home.stem) and home.stem in path.name)
