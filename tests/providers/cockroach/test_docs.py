"""CockroachDB Cloud's README names the guesses in the code."""

from __future__ import annotations

from pathlib import Path

from billfold.providers.cockroach.twin import handlers


def test_readme_lists_every_guess() -> None:
    """Every file with a guess is listed in the README."""
    home = Path(str(handlers.__file__)).parent.parent
    readme = (home / "README.md").read_text(encoding="utf-8")
    listed = readme.partition("Guesses in the code:")[2].partition("## ")[0]
    for path in home.rglob("*.py"):
        assert ("# GUESS: " in path.read_text(encoding="utf-8")) == (f"{path.name}`" in listed), path.name
