"""The documents are true: commands exist, generated pages are fresh, guesses are listed."""

from __future__ import annotations

import ast
import builtins
import importlib
import os
import re
import runpy
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import billfold
from billfold.cli.main import COMMANDS, cli
from billfold.providers.provider import find_provider
from billfold.tasks.demo_ledger import unpack_demo
from billfold.wire.operation import operation_name
from tests import stage
from tests.cli.terminal import Terminal

ROOT = Path(__file__).parent.parent
PROVIDERS = sorted((ROOT / "src" / "billfold" / "providers").glob("*/README.md"))


def test_readme_and_how_to_name_every_command() -> None:
    """The README and the how-to pages name commands that exist, and every command is named there."""
    pages = [ROOT / "README.md", *(ROOT / "docs" / "how-to").glob("*.md")]
    readme = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"(?:`|^ {4}(?:\$ )?|; |, `)billfold ([a-z]+)", readme, re.MULTILINE))
    assert named <= set(COMMANDS), named - set(COMMANDS)
    assert set(COMMANDS) - named <= {"demo"}


def test_readme_report_is_what_the_command_prints(tmp_path: Path) -> None:
    """The report in the README is what its command prints for the demo's world."""
    unpack_demo(tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    match = re.search(r"^ {4}\$ billfold (report .*)\n\n((?:(?: {4}.*)?\n)+?)These figures", readme, re.MULTILINE)
    assert match
    result = Terminal(tmp_path).run("--ledger", ".", *match[1].split())
    assert textwrap.dedent(match[2]).strip() == result.out.strip()


def test_readme_is_short() -> None:
    """The README has at most 90 lines."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 90


def test_index_lists_every_page_and_links_lead_somewhere() -> None:
    """docs/index.md lists every page, and every relative link in the documents leads to a file."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    links = {
        (page, (page.parent / link).resolve())
        for page in pages
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    }
    assert {str(target) for _, target in links if not target.exists()} == set()
    listed = {target for page, target in links if page == ROOT / "docs" / "index.md"}
    assert set(pages) - listed == {ROOT / "docs" / "index.md"}


def test_contributing_names_files_and_targets_that_exist() -> None:
    """The recipes name files that exist in the source, and make targets that the Makefile has."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    source = ROOT / "src" / "billfold"
    rooms = "|".join(path.name for path in source.iterdir() if path.is_dir())
    named = set(re.findall(rf"`((?:{rooms}|tests|docs)/[\w./-]+)`", text))
    paths = {name.replace("VENDOR", "cockroach") for name in named if "ROOM" not in name}
    assert len(paths) > 15
    assert {name for name in paths if not any((home / name).exists() for home in (ROOT, source))} == set()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets


def find_python_blocks() -> list[tuple[str, str]]:
    """Return every Python block of the documents, with its page."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [
        (str(page.relative_to(ROOT)), block)
        for page in pages
        for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    ]


@pytest.mark.parametrize(("page", "block"), find_python_blocks())
def test_python_blocks_compile_and_import_what_exists(page: str, block: str) -> None:
    """A Python block compiles, imports every module it names, and names nothing of billfold that is not there."""
    tree = ast.parse(block, page)
    compile(tree, page, "exec")
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
            imported |= {alias.asname or alias.name for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "billfold":
            assert hasattr(billfold, node.attr), node.attr
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {node.id for node in nodes if isinstance(node.ctx, ast.Store)} | imported
    stored |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    stored |= {node.name for node in ast.walk(tree) if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    stored |= {str(node.name) for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)}
    assert {node.id for node in nodes} - stored - set(dir(builtins)) == set()


def test_readme_block_runs_against_the_twin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Python block of the README runs as it stands, and prints every line of the twin's invoices."""
    host = stage.twin(months=2)
    vendor = stage.stage(host, "vultr")
    transport = stage.connection(host, vendor.accounts[0])
    monkeypatch.setattr("billfold.clients.vultr.make_transport", lambda *_: transport)
    (block,) = (block for page, block in find_python_blocks() if page == "README.md")
    exec(compile(block, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) > 10


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_can_be_loaded_and_says_what_it_does(name: str) -> None:
    import click

    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help


def test_generated_documents_are_fresh() -> None:
    documents = runpy.run_path(str(ROOT / "docs" / "make.py"))["DOCUMENTS"]
    for path, render in documents.items():
        assert path.read_text(encoding="utf-8") == render(), f"{path.name} is stale; run `make docs`"


def test_a_sample_without_its_invoice_id_counts_as_sampled() -> None:
    """A sample that does not state which invoice it belongs to counts as a sample of its operation."""
    table = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    for name in ("get_invoice_items", "get_billing_contracts_invoice_lines", "get_billing_contracts_invoice_document"):
        assert re.search(rf"\| {name} \| yes \| yes \| yes \| yes \| yes \|", table), name


@pytest.mark.parametrize("readme", PROVIDERS, ids=lambda path: path.parent.name)
def test_files_with_guesses_are_named_in_the_readme(readme: Path) -> None:
    """Every file with a guess is named in its provider's README."""
    text = readme.read_text(encoding="utf-8")
    for path in readme.parent.rglob("*.py"):
        if "# GUESS" in path.read_text(encoding="utf-8"):
            assert path.name in text, f"{path.name} guesses, and {readme} does not say so"
    assert "guessed" in text
    assert "documented" in text


@pytest.mark.parametrize("readme", PROVIDERS, ids=lambda path: path.parent.name)
def test_readme_names_every_operation_of_its_vendor(readme: Path) -> None:
    """A vendor's README names each of its operations."""
    vendor, text = find_provider(readme.parent.name), readme.read_text(encoding="utf-8")
    names = {operation_name(operation_type) for operation_type in vendor.operations}
    missing = sorted(name for name in names if not re.search(rf"`{name}\b", text))
    assert missing == [], f"the README of {vendor.name} has no row for {', '.join(missing)}"


SKIPPED_NAMES = {".git", ".venv", ".cache", "__pycache__", ".hypothesis", ".mypy_cache", ".ruff_cache", "demo"}
"""Directories that are generated here and not part of the repository; some change while tests run."""


def iter_text_files() -> Iterator[Path]:
    """Yield every file of text in the repository but this one."""
    for home, directories, names in os.walk(ROOT):
        directories[:] = [name for name in directories if name not in SKIPPED_NAMES]
        for path in (Path(home, name) for name in names):
            if path.suffix in {".py", ".md", ".toml", ".txt", ".lock", ""} and path.name not in SKIPPED_NAMES | {
                "test_docs.py"
            }:
                yield path


def test_the_repository_names_no_neighbour_and_no_index() -> None:
    for path in iter_text_files():
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not re.search(r"\.\./shared|/work/|files\.pythonhosted|pypi\.org", text), path


def test_every_fault_is_in_the_table_of_faults() -> None:
    from billfold.twin.faults import FAULTS, RESTATEMENTS

    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    for name in (*FAULTS, *RESTATEMENTS):
        assert re.search(rf"(^\| |, ){name}(,| \|)", page, re.MULTILINE), name


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
