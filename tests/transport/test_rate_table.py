"""Processes keep to a rate together, whatever becomes of one of them or of the file."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from billfold.providers.cockroach import PROVIDER
from billfold.transport import rate_table
from billfold.transport.http import HttpSettings
from billfold.transport.rate_table import RateFile
from billfold.transport.sync import HttpTransport
from billfold.wire.rate import RateLimiter, name_budget

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="this system has no such locks")
BUDGET = name_budget("vendor", "api.example", "a key")
TAKE_SLOTS = """
import sys
from pathlib import Path
from billfold.transport.rate_table import RateFile
file = RateFile(Path(sys.argv[1]))
print(*[file.take_slot(sys.argv[2], 1000.0, 0.5) for _ in range(int(sys.argv[3]))])
"""
HOLD_ROW = """
import os, sys, time
from pathlib import Path
from billfold.transport import rate_table
file = rate_table.RateFile(Path(sys.argv[1]))
file.take_slot(sys.argv[2], 1000.0, 0.5)
number = file._open_file()
assert file.lock_row(number, int(sys.argv[2][:8], 16) % rate_table.ROW_COUNT * rate_table.ROW.size)
print("held", flush=True)
sys.stdin.read()
"""


def limiter(directory: Path) -> RateLimiter:
    """Return a limiter as another process has it, of two requests a second."""
    return RateLimiter(2.0, BUDGET, RateFile(directory, pause=lambda: None))


@pytest.fixture
def stalled(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Return a process that holds the budget's row, at 1000.5."""
    command = [sys.executable, "-c", HOLD_ROW, str(tmp_path / "rates"), BUDGET]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_two_processes_share_a_budget(tmp_path: Path) -> None:
    first, second = limiter(tmp_path / "rates"), limiter(tmp_path / "rates")
    assert [process.reserve_slot(1000.0) for process in (first, second, first, second)] == [0.0, 0.5, 1.0, 1.5]
    assert RateLimiter(2.0, name_budget("another", ""), RateFile(tmp_path / "rates")).reserve_slot(1000.0) == 0.0


def test_many_processes_at_once_get_each_slot_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TAKE_SLOTS, str(tmp_path / "rates"), BUDGET, "100"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    taken_slots = [float(slot) for process in processes for slot in process.communicate()[0].split()]
    assert sorted(taken_slots) == [1000.0 + 0.5 * number for number in range(300)]


def test_a_killed_process_gives_its_budget_back(stalled: subprocess.Popen[str], tmp_path: Path) -> None:
    """A process that is killed while it holds a row gives it back, with what it had taken."""
    stalled.kill()
    stalled.wait()
    assert limiter(tmp_path / "rates").reserve_slot(1000.0) == 0.5


def test_a_process_that_stands_still_blocks_nobody(stalled: subprocess.Popen[str], tmp_path: Path) -> None:
    """Where another process does not give a row back, this one keeps to the rate by itself, and shares again afterwards."""
    process = limiter(tmp_path / "rates")
    assert [process.reserve_slot(1000.0) for _ in range(3)] == [0.0, 0.5, 1.0]
    stalled.kill()
    stalled.wait()
    assert [process.reserve_slot(1000.0), limiter(tmp_path / "rates").reserve_slot(1000.0)] == [1.5, 2.0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_has_locks_of_its_own(tmp_path: Path) -> None:
    process = limiter(tmp_path / "rates")
    process.reserve_slot(1000.0)
    if not (child := os.fork()):
        os._exit(int(process.reserve_slot(1000.0) * 2))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert process.reserve_slot(1000.0) == 1.0


def test_a_removed_file_is_made_again(tmp_path: Path) -> None:
    """What cleans temporary files away parts nobody for long."""
    first, second = limiter(tmp_path / "rates"), limiter(tmp_path / "rates")
    first.reserve_slot(1000.0)
    (tmp_path / "rates" / "rates").unlink()
    (tmp_path / "rates").rmdir()
    assert [first.reserve_slot(1000.0), second.reserve_slot(1000.0)] == [0.5, 1.0]


@pytest.mark.parametrize(
    "content", [b"\xff" * 8, struct.pack("<d", float("inf")), struct.pack("<d", 1e300), b"", b"short"]
)
def test_a_damaged_file_makes_nobody_wait(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_table, "ROW_COUNT", 1)
    (tmp_path / "rates").mkdir(mode=0o700)
    (tmp_path / "rates" / "rates").write_bytes(content)
    assert [limiter(tmp_path / "rates").reserve_slot(1000.0) for _ in range(2)] == [0.0, 0.5]


def _open_to_all(directory: Path) -> None:
    directory.mkdir()
    directory.chmod(0o777)


def _point_elsewhere(directory: Path) -> None:
    directory.with_name("elsewhere").mkdir()
    directory.symlink_to(directory.with_name("elsewhere"))


def _point_to_a_file(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    (directory / "rates").symlink_to(directory.with_name("victim"))


@pytest.mark.parametrize("prepare", [_open_to_all, _point_elsewhere, _point_to_a_file, Path.touch])
def test_what_is_not_our_own_is_left_alone(prepare: object, tmp_path: Path) -> None:
    """Where somebody else may have put the file there, each process keeps to the rate by itself."""
    directory = tmp_path / "rates"
    assert callable(prepare)
    prepare(directory)
    process = limiter(directory)
    assert [process.reserve_slot(1000.0) for _ in range(3)] == [0.0, 0.5, 1.0]
    assert not [*tmp_path.glob("elsewhere/*"), *tmp_path.glob("victim")]


def test_the_file_tells_no_secret(tmp_path: Path) -> None:
    limiter(tmp_path / "rates").reserve_slot(1000.0)
    [file] = (tmp_path / "rates").iterdir()
    assert file.read_bytes().strip(b"\0") == struct.pack("<d", 1000.5).strip(b"\0")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_network_client_shares_its_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that goes over the network shares its budget with other processes, unless it has none."""
    monkeypatch.setattr(rate_table, "find_rate_file", lambda: RateFile(tmp_path / "rates"))
    for unlimited in (False, True):
        context = PROVIDER.make_context({"api_key": "k"}, "http://localhost:9", unlimited=unlimited)
        HttpTransport(HttpSettings("http://localhost:9"), context).close()
        assert (context.rate_limiter.table is None) is unlimited
