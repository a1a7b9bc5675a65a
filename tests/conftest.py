"""A workspace for tests, and a watch: no test may leave a credential behind.

At the end of a session every file and every captured word is looked through.
A file that holds nothing but a credential is the input of the test that wrote it. Only the process that the reports come to
looks, so that it happens once, after all workers. Temporary directories that pytest does not keep are not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Workspace]:
    """Return an empty workspace."""
    with closing(Workspace(tmp_path / "ledger")) as workspace:
        yield workspace


class Watch:
    """Hears what every test printed and logged, and looks through what it left."""

    def __init__(self) -> None:
        self.findings: list[str] = []

    @cached_property
    def secrets(self) -> set[str]:
        """Every secret that tests use."""
        from tests import canaries

        return canaries.list_secrets()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look through what a test printed and logged."""
        from tests import canaries

        for title, text in report.sections:
            self.findings += [
                f"{report.nodeid}: {title}: {secret}" for secret in canaries.find_secrets(text, self.secrets)
            ]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look through the session's temporary files; a finding fails the session."""
        factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
        if factory._basetemp is not None:
            self.findings += self._in_files(factory._basetemp)
        if self.findings:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _in_files(self, directory: Path) -> Iterator[str]:
        from tests import canaries

        for path in sorted(directory.rglob("*")):
            if path.is_symlink() or not path.is_file() or self._is_input(path):
                continue
            for secret in canaries.in_file(path, self.secrets):
                yield f"{path}: {secret}"

    def _is_input(self, path: Path) -> bool:
        return path.stat().st_size < 100 and path.read_text(errors="replace").strip() in self.secrets

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what was found."""
        if self.findings:
            terminalreporter.section("credentials that turned up")
            terminalreporter.write_line("\n".join(sorted(set(self.findings))))


def pytest_configure(config: pytest.Config) -> None:
    """Watch, but not in the workers: their reports and files come to the one that started them."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Watch(), "credentials")
