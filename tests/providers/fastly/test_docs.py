"""Fastly's README names the guesses in the code."""

from __future__ import annotations

import re

from tests.providers.fastly.kit import HOME


def test_readme_lists_every_guess() -> None:
    """Every guess in the code is listed in the README."""
    readme = (HOME / "README.md").read_text(encoding="utf-8")
    guesses = [
        (str(path.relative_to(HOME)), guess.strip().rstrip("."))
        for path in HOME.rglob("*.py")
        for guess in re.findall(r"# GUESS: (.+)", path.read_text(encoding="utf-8"))
    ]
    assert guesses
    for name, guess in guesses:
        assert guess in readme, (name, guess)
        assert f"`{name}`" in readme
