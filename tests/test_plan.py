"""The plan of the house: imports point down only, no circle, no provider knows another, no file or function runs long."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "billfold"
FILES = sorted(SOURCE.rglob("*.py"))
TESTS = Path(__file__).parent
TEST_FILES = sorted(TESTS.rglob("*.py"))

FLOORS = {
    "version": 0,
    "model": 0,
    "wire": 1,
    "ledger": 1,
    "providers": 2,
    "transport": 2,
    "report": 2,
    "focus": 3,
    "config": 3,
    "settings": 3,
    "clients": 3,
    "collect": 4,
    "twin": 4,
    "tasks": 5,
    "serve": 6,
    "cli": 7,
    "__main__": 8,
    "__init__": 8,
}
"""Which floor each room is on; an import may only lead to a lower floor, or stay in its own room."""

SECONDS = (
    {f"ledger/{name}.py" for name in ("archive_file", "catalog_file", "store", "account_lock", "charge_writer")}
    | {"model/errors.py"}
    | {"providers/provider.py", "providers/fastly/api_v2.py", "providers/genesys/twin/errors.py"}
    | {
        str(path.relative_to(SOURCE))
        for pattern in ("providers/*/__init__.py", "providers/*/twin/handlers.py")
        for path in SOURCE.glob(pattern)
    }
)
"""Files whose floats are seconds and rates of asking, never money."""
PROBES = {"config.py", "providers/credential_references.py", "wire/operation.py", "wire/describe.py"}
"""Files that look for an attribute that may be missing: an error's reason, an operation's format, the name of a type."""
LIBRARIES = {
    "httpx2": {"transport"},
    "httpcore2": {"transport"},
    "duckdb": {"ledger"},
    "pyarrow": {"ledger", "focus"},
    "pypdf": {"report"},
    "sqlite3": {"ledger"},
    "msgspec": {"wire", "providers", "collect", "cli"},
    "uvicorn": {"twin", "serve"},
    "starlette": {"serve"},
    "jinja2": {"serve"},
    "argon2": {"tasks"},
    "joserfc": {"serve"},
    "mcp": {"serve"},
    "anyio": {"serve"},
    "click": {"cli"},
    "rich": {"report", "cli"},
    "typst": {"providers", "report"},
    "xlsxwriter": {"report"},
    "psycopg": {"ledger"},
}

BEHAVIOURS = {
    *("fuzz", "laws", "providers", "rig", "witnesses"),
    *(
        "cli/beside_readers",
        "cli/environments",
        "cli/first_day",
        "cli/interruption",
        "cli/nothing",
        "serve/deploy",
        "focus/commands",
        "focus/digits",
        "focus/spec_examples",
        "serve/owasp",
    ),
    *("ledger/broken_machine", "ledger/digits", "ledger/full_disk", "ledger/read_only"),
    *(
        "another_vendor",
        "month_end_example",
        "canaries",
        "client_types",
        "docs",
        "glossary",
        "hostile_words",
        "names",
        "plan",
        "python_page",
        "readme_types",
    ),
}
"""Folders and files of tests that are about a whole behaviour; every other file is about the module whose name it bears."""


TABLES = {"model/finding_codes.py"}
"""Files that hold one table and nothing else: as long as there are rows."""
MAX_LOOSE_DICTS = 9
"""Lines of the source with a type that says nothing of its fields; lower it where one is typed."""


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def real(target: str) -> str:
    """Return the module that an imported name lies in."""
    while target.startswith("billfold"):
        path = SOURCE.parent / Path(*target.split("."))
        if path.with_suffix(".py").exists() or (path / "__init__.py").exists():
            return target
        target = target.rpartition(".")[0]
    return target


def edges() -> Iterator[tuple[str, str]]:
    for path in FILES:
        for target in imports(path):
            if target.startswith("billfold"):
                yield module_of(path), real(target)


def test_no_import_runs_up_a_floor_or_across_it() -> None:
    for source, target in edges():
        here, there = room(source), room(target)
        if here == there:
            continue
        assert FLOORS[there] < FLOORS[here], f"{source} imports {target}"


def test_no_provider_knows_another() -> None:
    for source, target in edges():
        if source.startswith("billfold.providers.") and target.startswith("billfold.providers."):
            own, other = source.split(".")[2], target.split(".")[2]
            shared = {
                "credential_references",
                "currencies",
                "fetch",
                "periods",
                "provider",
                "twin_api",
                "restatements",
                "invoice_pdf",
                "mapping",
                "pages",
            }
            assert own == other or other in shared, f"{source} imports {target}"


def test_the_two_wings_of_a_vendor_never_meet() -> None:
    """A vendor's mapping and its twin import the same api and records, and never each other: they must not vouch alone."""
    for source, target in edges():
        wings = {name.split(".")[3] for name in (source, target) if len(name.split(".")) > 4}
        assert wings != {"mapping", "twin"}, f"{source} imports {target}"


def test_every_vendor_has_the_same_rooms() -> None:
    """Each vendor's folder has its api, its records, a README, and two wings with the rooms that all of them need."""
    rooms = (
        "api.py",
        "records.py",
        "README.md",
        "mapping/collect.py",
        "mapping/charges.py",
        "mapping/checks.py",
        "twin/handlers.py",
        "twin/scenario.py",
    )
    vendors = [path for path in (SOURCE / "providers").iterdir() if (path / "__init__.py").is_file()]
    assert len(vendors) >= 4
    assert [str(vendor / name) for vendor in vendors for name in rooms if not (vendor / name).is_file()] == []


def test_what_stands_beside_records_and_api_is_in_them() -> None:
    """A record of ``records_*.py`` is a name of ``records.py``, and an operation of ``api_*.py`` is one of its vendor's."""
    for path in sorted((SOURCE / "providers").glob("*/records_*.py")):
        module, records = (import_module(module_of(file)) for file in (path, path.with_name("records.py")))
        assert vars(module).keys() <= vars(records).keys(), f"{path} has more than records.py"
    for path in sorted((SOURCE / "providers").glob("*/api_*.py")):
        module, provider = import_module(module_of(path)), import_module(module_of(path.with_name("__init__.py")))
        operations = {value for name, value in vars(module).items() if name.startswith(("Get", "List"))}
        assert operations <= set(provider.PROVIDER.operations), f"{path} has more than the vendor's Api"


def test_nothing_is_asked_whether_it_has_a_part() -> None:
    """No ``hasattr``, and no ``getattr`` with a default: interfaces state their parts, and what happens without them."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                is_probe = node.func.id == "hasattr" or (node.func.id == "getattr" and len(node.args) > 2)
                assert not is_probe or str(path.relative_to(SOURCE)) in PROBES, f"{path}:{node.lineno} probes"


def test_the_package_has_few_rooms_on_top() -> None:
    """At most eighteen folders and modules stand on top of the package, each on a floor."""
    rooms = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert len(rooms) <= 18
    assert rooms == set(FLOORS)


def test_there_is_no_circle_of_imports() -> None:
    graph: dict[str, set[str]] = {}
    for source, target in edges():
        if source != target:
            graph.setdefault(source, set()).add(target)
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " -> ".join((*above, module))
        if module not in done:
            for other in graph.get(module, ()):
                visit(other, (*above, module))
            done.add(module)

    for module in list(graph):
        visit(module, ())


def test_each_library_is_used_in_its_own_rooms() -> None:
    for path in FILES:
        for target in imports(path):
            library = target.split(".")[0]
            if library in LIBRARIES:
                assert room(module_of(path)) in LIBRARIES[library], f"{path.relative_to(SOURCE)} imports {library}"


def test_only_the_ledger_speaks_sql() -> None:
    """No other room runs a statement: it asks the ledger's rooms, which answer in typed rows."""
    statements = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in FILES
        if room(module_of(path)) != "ledger"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"execute", "executemany", "extract_statements"}
    ]
    assert statements == []


def test_few_values_are_loose_dicts() -> None:
    """What has fields is a type with names: a dictionary of anything is for a vendor's JSON that nobody looks into."""
    lines = (line for path in FILES for line in path.read_text(encoding="utf-8").splitlines())
    assert sum("dict[str, Any]" in line for line in lines) <= MAX_LOOSE_DICTS


def test_a_scenario_knows_neither_the_client_nor_the_charges() -> None:
    for source, target in edges():
        if source.endswith(".twin.scenario"):
            room_name = target.rpartition(".")[2].partition("_")[0]
            assert room_name not in {"charges", "api", "records", "collect"}, f"{source} imports {target}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_is_one_room(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 320 or path.relative_to(SOURCE).as_posix() in TABLES
    caption = (ast.get_docstring(tree) or "").strip().partition("\n")[0]
    assert len(caption) > 20, "a file opens with one sentence that captions it"


def functions() -> Iterator[tuple[str, int]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                assert node.end_lineno is not None
                yield f"{path.relative_to(SOURCE)}:{node.name}", node.end_lineno - node.lineno + 1


def test_functions_are_short() -> None:
    sizes = dict(functions())
    assert statistics.median(sizes.values()) < 12
    long = {name: size for name, size in sizes.items() if size > 40}
    assert not long, long


def test_no_float_is_written_near_money() -> None:
    """No call of float() and no float literal in the money path: model, providers, the ledger, reports."""
    for path in (path for path in FILES if room(module_of(path)) in {"model", "ledger", "providers", "report"}):
        name = str(path.relative_to(SOURCE))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
            literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            assert not called, f"{name}:{node.lineno} calls float()"  # type: ignore[attr-defined]
            assert not literal or name in SECONDS, f"{name}: {ast.unparse(node)} is a float"


def test_a_tests_name_is_read_at_a_glance() -> None:
    """A test's name has fewer than 60 characters: its docstring says the rest."""
    for path in TEST_FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                assert len(node.name) < 60, f"{path.relative_to(TESTS)}:{node.lineno} {node.name}"


def test_a_file_of_tests_is_short() -> None:
    """A file of tests has at most 400 lines."""
    lengths = {str(path.relative_to(TESTS)): len(path.read_text(encoding="utf-8").splitlines()) for path in TEST_FILES}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_a_file_of_tests_stands_under_its_modules_path() -> None:
    """Tests of ``ROOM/FILE.py`` are in ``tests/ROOM/test_FILE.py``, or in ``test_FILE_`` and a part of it."""
    modules = {str(path.relative_to(SOURCE).with_suffix("")).rstrip("_") for path in FILES}
    behaviours = set[str]()
    for path in TESTS.rglob("test_*.py"):
        subject = str(path.relative_to(TESTS).with_name(path.stem.removeprefix("test_")))
        starts = {subject, *(subject[:end] for end, letter in enumerate(subject) if letter == "_")}
        listed = BEHAVIOURS & {subject, subject.partition("/")[0]}
        assert listed or starts & modules, f"{path.relative_to(TESTS)} is about no module"
        behaviours |= listed
    assert behaviours == BEHAVIOURS
