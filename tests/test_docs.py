"""The documents are true: commands exist, generated pages are fresh, guesses are listed."""

from __future__ import annotations

import os
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from billfold.cli.main import COMMANDS, cli

ROOT = Path(__file__).parent.parent
PROVIDERS = sorted((ROOT / "src" / "billfold" / "providers").glob("*/README.md"))


def test_every_command_in_the_readme_exists_and_every_command_is_in_it() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = set(re.findall(r"billfold ([a-z]+)", readme)) - {"as", "a"}
    assert said <= set(COMMANDS), said - set(COMMANDS)
    assert set(COMMANDS) - said <= {"demo"}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_can_be_loaded_and_says_what_it_does(name: str) -> None:
    import click

    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help


def test_generated_documents_are_fresh() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make.py"))["DOCUMENTS"]
    for path, make in made.items():
        assert path.read_text(encoding="utf-8") == make(), f"{path.name} is stale; run `make docs`"


def test_a_sample_that_does_not_say_which_invoice_it_is_of_counts_as_one() -> None:
    table = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    for name in ("get_invoice_items", "get_billing_contracts_invoice_lines", "get_billing_contracts_invoice_document"):
        assert re.search(rf"\| {name} \| yes \| yes \| yes \| yes \| yes \|", table), name


@pytest.mark.parametrize("readme", PROVIDERS, ids=lambda path: path.parent.name)
def test_every_file_with_a_guess_is_named_in_its_providers_readme(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    for path in readme.parent.rglob("*.py"):
        if "# GUESS" in path.read_text(encoding="utf-8"):
            assert path.name in text, f"{path.name} guesses, and {readme} does not say so"
    assert "guessed" in text
    assert "documented" in text


MADE = {".git", ".venv", ".cache", "__pycache__", ".hypothesis", ".mypy_cache", ".ruff_cache", "demo"}
"""Directories that are made here and are nobody's to read; some are being made at this moment."""


def written() -> Iterator[Path]:
    """Yield every file of text in the repository but this one."""
    for home, directories, names in os.walk(ROOT):
        directories[:] = [name for name in directories if name not in MADE]
        for path in (Path(home, name) for name in names):
            if path.suffix in {".py", ".md", ".toml", ".txt", ".lock", ""} and path.name not in MADE | {"test_docs.py"}:
                yield path


def test_the_repository_names_no_neighbour_and_no_index() -> None:
    for path in written():
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not re.search(r"\.\./shared|/work/|files\.pythonhosted|pypi\.org", text), path


def test_every_fault_is_told_with_what_the_collector_makes_of_it() -> None:
    from billfold.twin.faults import FAULTS, RESTATEMENTS

    told = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    for name in (*FAULTS, *RESTATEMENTS):
        assert re.search(rf"(^\| |, ){name}(,| \|)", told, re.MULTILINE), name


def test_changelog_has_headings_and_short_lines() -> None:
    """The changelog has keep-a-changelog's headings, and one line of at most 100 characters a change."""
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    headings = [line.removeprefix("### ") for line in lines if line.startswith("### ")]
    assert lines[0] == "# Changelog"
    assert next(line for line in lines if line.startswith("## ")) == "## [Unreleased]"
    assert set(headings) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert [line for line in lines if len(line) > 100] == []
    section = lines[lines.index("## [Unreleased]") + 1 :]
    assert [line for line in section if line and not line.startswith(("- ", "### ", "**", "## "))] == []
