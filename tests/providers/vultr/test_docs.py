"""Vultr's README and the sources of its samples are complete."""

from __future__ import annotations

import re

from tests.providers.vultr.kit import HOME, SAMPLES


def test_every_sample_has_source() -> None:
    """Every sample has its source."""
    sources = (SAMPLES / "SOURCES.md").read_text(encoding="utf-8")
    patterns = set(re.findall(r"`([\w*]+)\.(?:json)`", sources))
    for path in SAMPLES.glob("*.json"):
        assert any(re.fullmatch(pattern.replace("*", ".*"), path.stem) for pattern in patterns), path.name


def test_readme_lists_every_guess() -> None:
    """Every guess in the code is listed in the README."""
    readme = (HOME / "README.md").read_text(encoding="utf-8")
    guesses = [
        (str(path.relative_to(HOME)), guess.strip())
        for path in HOME.rglob("*.py")
        for guess in re.findall(r"# GUESS: (.+)", path.read_text(encoding="utf-8"))
    ]
    assert guesses
    for name, guess in guesses:
        assert guess in readme, (name, guess)
        assert f"`{name}`" in readme
