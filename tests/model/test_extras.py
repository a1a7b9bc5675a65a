"""The base installation: clients and command line run without the extras' libraries, and say which extra is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

from billfold.cli.main import COMMANDS
from billfold.model import extras
from billfold.model.errors import BillfoldError, MissingExtra
from billfold.model.extras import EXTRAS_BY_LIBRARY, name_missing_extras, require_libraries
from tests import stage
from tests.cli.terminal import environment

ROOT = Path(__file__).parents[2]
HIDE_EXTRAS = f"""
import sys


class BaseFinder:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, path=None, target=None):
        is_extra = name.partition(".")[0] in {sorted([*EXTRAS_BY_LIBRARY, "tzdata"])}
        return None if is_extra else self.finder.find_spec(name, path, target)


sys.meta_path[:] = map(BaseFinder, sys.meta_path)
"""
"""Makes of a process what it is where only the base is installed."""
BASE_COMMANDS = {"api", "audit", "connect", "doctor", "keys", "users"}
"""Commands that need no extra, or only for some of what they do."""


def run_base(home: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code as where only the base is installed."""
    env = environment(home, PYTHONPATH=os.pathsep.join([str(ROOT / "src"), str(ROOT)]))
    command = [sys.executable, "-c", f"{HIDE_EXTRAS}\n{code}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=home)


def run_base_command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as where only the base is installed."""
    return run_base(home, "from billfold.cli.main import process; process()", *arguments)


def test_a_client_is_loaded_without_extras(tmp_path: Path) -> None:
    """``billfold.Vultr`` loads no library of an extra, and neither the HTTP library nor another vendor."""
    code = (
        "import sys, billfold; billfold.Vultr; print(*sorted(name for name in sys.modules if not name.startswith('_')))"
    )
    names = run_base(tmp_path, code).stdout.split()
    assert "billfold.providers.vultr.api" in names
    unneeded = {"httpx2", "asyncio", "click", "billfold.providers.fastly", *EXTRAS_BY_LIBRARY}
    assert unneeded & set(names) == set()


def test_a_client_asks_a_vendor_without_extras(tmp_path: Path) -> None:
    """Every vendor's client reads the twin's invoices where only the base is installed."""
    code = """
import datetime, billfold
from urllib.parse import urlsplit
from billfold.transport.loop import InProcessTransport
from billfold.twin.clock import Clock
from billfold.twin.host import TwinHost
from billfold.twin.world import World

instant = datetime.datetime(2026, 11, 15, tzinfo=datetime.UTC)
host = TwinHost(World(seed=1, start_time=instant, months=2), Clock(instant), limits=False)
for vendor in host.world.vendors:
    name, mount_path, credentials = vendor.provider.name, vendor.twin.mount_path, vendor.accounts[0].credentials
    with getattr(billfold, vendor.provider.client)(**credentials, base_url="http://localhost") as client:
        context = vendor.provider.make_context(credentials, "http://localhost" + mount_path, unlimited=True)
        def answer(request):
            path = mount_path + request.path if "://" not in request.path else urlsplit(request.path).path
            return host.answer_request(request._replace(path=path, headers={"host": "localhost", **request.headers}))
        client.transport = InProcessTransport(answer, context)
        method = getattr(client, "get_billing_contracts_invoices" if name == "genesys" else "list_invoices")
        print(name, len(list(method())) > 0)
"""
    shown = run_base(tmp_path, code)
    assert (shown.stdout.split("\n"), shown.stderr) == (
        ["cockroach True", "fastly True", "genesys True", "vultr True", ""],
        "",
    )


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_command_line_answers_without_extras(tmp_path: Path, option: str) -> None:
    """The version and the list of commands are shown where only the base is installed."""
    shown = run_base_command(tmp_path, option)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "billfold" in shown.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_names_the_extra_that_it_lacks(tmp_path: Path, name: str) -> None:
    """A command that needs an extra names it in one sentence and leaves nothing behind; the others need none."""
    arguments = {"check": ["focus", "."], "merge": ["."], "sql": ["SELECT 1"], "explain": ["1"]}
    (tmp_path / "billfold.toml").write_text('[[accounts]]\nname = "main"\nprovider = "vultr"\n', encoding="utf-8")
    needs_help = name in BASE_COMMANDS or name in {"import", "documents", "export"}
    shown = run_base_command(tmp_path, name, *(["--help"] if needs_help else arguments.get(name, [])))
    if name in BASE_COMMANDS or not shown.returncode:
        assert (shown.returncode, shown.stderr) == (0, "")
        return
    extra = {"twin": "twin", "serve": "desk", "mcp": "mcp"}.get(name, "ledger")
    assert shown.returncode == 2, shown.stderr
    assert shown.stderr.count("\n") == 1
    assert shown.stderr.startswith("billfold: ")
    assert f'not installed; run `pip install "billfold[{extra}]"`' in shown.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["billfold.toml"]


@pytest.mark.parametrize(
    "code",
    [
        "billfold.Ledger",
        "billfold.sync([billfold.Account('main', 'vultr')], 'ledger')",
        "billfold.reconcile('ledger')",
        "billfold.export_focus('ledger', 'out')",
    ],
)
def test_the_library_names_the_extra_that_it_lacks(tmp_path: Path, code: str) -> None:
    """A name of the package that needs an extra raises an error of billfold that is an ``ImportError`` too."""
    code = f"""
import billfold
try:
    {code}
except billfold.BillfoldError as error:
    print(isinstance(error, ImportError), error)
"""
    shown = run_base(tmp_path, code).stdout
    assert re.fullmatch(r'True [a-z and]+ (is|are) not installed; run `pip install "billfold\[ledger\]"`\n', shown)
    assert list(tmp_path.iterdir()) == []


def test_only_a_library_of_an_extra_is_named() -> None:
    """Any other module that is missing is a defect, and is shown as one."""
    with pytest.raises(ModuleNotFoundError, match="billfold_nothing") as raised, name_missing_extras():
        import billfold_nothing  # type: ignore[import-not-found] # noqa: F401
    assert not isinstance(raised.value, BillfoldError)


def test_all_missing_libraries_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lacks two extras is told of both."""
    monkeypatch.setattr(
        extras, "find_spec", lambda library: None if library in {"duckdb", "pyarrow", "typst"} else library
    )
    require_libraries("rich", "uvicorn")
    with pytest.raises(MissingExtra, match=r'^duckdb and typst are .* "billfold\[ledger,pdf\]"`$'):
        require_libraries("duckdb", "rich", "typst")


def test_a_twin_without_typst_refuses_a_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin's answer to who wants a PDF names the extra; its other answers are as ever."""
    from billfold.twin import serve
    from billfold.wire.message import Request

    host = stage.twin(months=2)

    def refuse_request(_: Request) -> None:
        raise MissingExtra("typst is not installed")

    monkeypatch.setattr(host, "answer_request", refuse_request)
    response = serve.make_handler(host)(Request("GET", "/fastly/billing/v3/invoices/1"), stage.ROOT)
    assert (response.status, response.body) == (501, b'{"error":"typst is not installed"}')


def list_base_distributions() -> dict[str, Distribution]:
    """Return what the base brings, by its name: its own requirements and theirs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    distributions, waiting = dict[str, Distribution](), list[str](project["dependencies"])
    while waiting:
        name, _, marker = waiting.pop().partition(";")
        name = re.split(r"[^\w.-]", name)[0]
        if "extra ==" not in marker and name not in distributions:
            with suppress(PackageNotFoundError):  # of another Python or another system
                distributions[name] = distribution(name)
                waiting += distributions[name].requires or []
    return distributions


def test_the_base_is_small() -> None:
    """The base and all that it brings take less than 25 MB, none of it a library of an extra."""
    distributions = list_base_distributions()
    assert {"click", "httpx2", "msgspec"} <= set(distributions)
    assert set(distributions) & set(EXTRAS_BY_LIBRARY) == set()
    paths = [Path(str(path.locate())) for base in distributions.values() for path in base.files or ()]
    paths += (ROOT / "src" / "billfold").rglob("*")
    assert sum(path.stat().st_size for path in paths if path.is_file()) < 25_000_000


def test_every_library_is_in_the_extra_that_is_named() -> None:
    """``pyproject.toml`` has each library in the extra that the message names, and ``all`` is all of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared: dict[str, Sequence[str]] = project["optional-dependencies"]
    for library, extra in EXTRAS_BY_LIBRARY.items():
        assert any(requirement.startswith(library) for requirement in declared[extra]), library
        assert not any(requirement.startswith(library) for requirement in project["dependencies"]), library
    (everything,) = declared["all"]
    assert set(everything.removeprefix("billfold[").removesuffix("]").split(",")) == set(declared) - {"all"}
