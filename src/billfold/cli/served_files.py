"""Files that a command writes for somebody elsewhere: they pass through a directory that lasts as long as the command."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from billfold.serve.commands import Event

BYTES_PER_EVENT = 48 * 1024


class _Target(NamedTuple):
    asked_path: Path
    path: Path
    is_directory: bool


class ServedFiles:
    """Knows what was asked to be written where, and where it is written here."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._targets = directory, list[_Target]()

    def add_target(self, asked_path: Path, *, is_directory: bool) -> Path:
        """Return where to write what is to be at a path there."""
        path = self._directory / str(len(self._targets)) / (asked_path.name or "files")
        path.parent.mkdir()
        self._targets.append(_Target(asked_path, path, is_directory))
        return path

    def restore_names(self, text: str) -> str:
        """Return a printed text with the paths that were asked for."""
        for target in self._targets:
            text = text.replace(str(target.path), str(target.asked_path))
            text = text.replace(str(target.path.parent), str(target.asked_path.parent))
        return text

    def iter_events(self) -> Iterator[Event]:
        """Yield the files that were written, piece by piece; each begins with a piece whose number is 0."""
        for target in self._targets:
            home = target.path if target.is_directory else target.path.parent
            asked_home = target.asked_path if target.is_directory else target.asked_path.parent
            for path in sorted(path for path in home.rglob("*") if path.is_file()):
                yield from _iter_pieces(path, str(asked_home / path.relative_to(home)))


def _iter_pieces(path: Path, name: str) -> Iterator[Event]:
    with path.open("rb") as file:
        number = 0
        while (content := file.read(BYTES_PER_EVENT)) or not number:
            yield {"file": name, "number": number, "content": base64.b64encode(content).decode()}
            number += 1
