"""An earlier state of billfold, checked out beside this one, to be measured in the same run."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BEFORE_SPEED = "bc64e70"
"""The commit before lines were mapped by column."""


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Yield the source folder of a commit, for ``PYTHONPATH``."""
    repository = str(Path(__file__).resolve().parents[1])
    with tempfile.TemporaryDirectory(prefix="billfold-earlier-") as directory:
        place = str(Path(directory, "billfold"))
        subprocess.run(("git", "-C", repository, "worktree", "add", "-q", "--detach", place, commit), check=True)
        try:
            yield Path(place, "src")
        finally:
            subprocess.run(("git", "-C", repository, "worktree", "remove", "--force", place), check=True)
