"""Names use the glossary's words: no retired word of docs/glossary.md comes back as a name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
VENDOR_WORDS = re.compile(r"src/billfold/providers/\w+/(records|api)(_\w+)?\.py|tests/witnesses/sdk/.*|bench/sdk/.*")
"""Files in which the vendors' own words stand."""


class RetiredWords(NamedTuple):
    """The retired words: those refused as a whole name, and those refused as a part of one, in lower case."""

    whole: frozenset[str]
    parts: frozenset[str]

    def refuse(self, name: str) -> bool:
        """Tell whether a name is a retired word, or has one as a part."""
        return name.strip("_") in self.whole or not self.parts.isdisjoint(split_name(name))


def split_name(name: str) -> set[str]:
    """Return the parts of a snake_case or CamelCase name, in lower case."""
    return {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)}


def read_retired_words() -> RetiredWords:
    """Read the table of retired words from the glossary."""
    _, _, section = GLOSSARY.read_text(encoding="utf-8").partition("## Retired words")
    retired: dict[str, set[str]] = {"whole": set(), "part": set()}
    for cells, refused_as in re.findall(r"^\| (`.+?) \| (whole|part) \|", section, re.MULTILINE):
        retired[refused_as] |= set(re.findall(r"`(\w+)`", cells))
    return RetiredWords(
        frozenset(retired["whole"] | retired["part"]), frozenset(word.lower() for word in retired["part"])
    )


def iter_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield every name that a module binds, with its line; names it only reads are bound elsewhere."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno


def iter_sources() -> Iterator[tuple[str, str]]:
    """Yield the path and text of every Python file, and of every Python block in a document."""
    for home in ("src", "tests", "bench", "docs"):
        for path in sorted((ROOT / home).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]:
        for block in re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            yield path.relative_to(ROOT).as_posix(), block


def find_offenders(path: str, text: str, retired_words: RetiredWords) -> list[str]:
    """Return each retired word that a file uses as a name, as ``path:line name``."""
    names = [*iter_names(ast.parse(text)), (Path(path).stem, 1)]
    return [f"{path}:{line} {name}" for name, line in names if retired_words.refuse(name)]


def list_all_offenders() -> list[str]:
    """Return the offenders of all files but those in which vendors' words stand."""
    retired_words = read_retired_words()
    return [
        offender
        for path, text in iter_sources()
        if not VENDOR_WORDS.fullmatch(path)
        for offender in find_offenders(path, text, retired_words)
    ]


def test_no_name_is_a_retired_word() -> None:
    """No file uses a retired word as a name."""
    assert list_all_offenders() == []


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def said(): ...", ["said"]),
        ("class Desk: ...", ["Desk"]),
        ("read_desk_total = 1", ["read_desk_total"]),
        ("class OldKeeper: ...", ["OldKeeper"]),
        ("def read(door, *, known): ...", ["door", "known"]),
        ("self.found = [one for one in rows]", ["found", "one"]),
        ("import datetime as thing", ["thing"]),
        ("_made = 1", ["_made"]),
        ("is_known = issued_known = desktop = 1", []),
        ("print(said)", []),
    ],
)
def test_retired_words_are_found_as_names(code: str, names: list[str]) -> None:
    """A retired word is found wherever a name is bound, and legitimate English parts are not."""
    offenders = find_offenders("src/example.py", code, read_retired_words())
    assert [offender.rpartition(" ")[2] for offender in sorted(offenders)] == sorted(names)


def test_glossary_words_are_not_retired() -> None:
    """No word that the glossary defines is in its own table of retired words."""
    text = GLOSSARY.read_text(encoding="utf-8").partition("## Rules")[0]
    defined = {
        word for cells in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE) for word in re.findall(r"\w+", cells)
    }
    assert not {word for word in defined if read_retired_words().refuse(word)}
    assert len(read_retired_words().whole) > 80
