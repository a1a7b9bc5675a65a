"""A machine for tests whose disk fills up, or where some things may only be read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ledger.kit import invoice, invoices

MACHINE = """
import ctypes, resource, signal, sys
from pathlib import Path
limit, rights = int(sys.argv.pop(1)), sys.argv.pop(1)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
if limit:  # no file can grow beyond: what a full disk says, a file too large says as well
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
if rights == "none" and not __import__("os").geteuid():  # root obeys modes where it has no capability
    assert ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()) == 0
from billfold.cli.main import main
main()
"""


def run(home: Path, *arguments: str, ledger: str = "ledger", limit: int = 0, rights: str = "all") -> tuple[int, str]:
    """Run a command on a machine whose files cannot grow beyond a limit, or who may only what the modes allow."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("BILLFOLD", "XDG_"))}
    env = {**variables, "HOME": str(home), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    line = [sys.executable, "-c", MACHINE, str(limit), rights, "--ledger", str(home / ledger), *arguments]
    done = subprocess.run(line, check=False, capture_output=True, cwd=home, env=env, timeout=120)
    output = (done.stdout + done.stderr).decode()
    assert "Traceback" not in output, output
    assert "did not foresee" not in output, output
    return done.returncode, output


def saved(home: Path, name: str, count: int, padding_bytes: int = 0) -> str:
    """Save an answer of so many invoices, padded with words that cannot be packed."""
    pad = os.urandom(padding_bytes).hex()
    texts = [invoice(f"{name}{number}", padding=f'"{pad}"') for number in range(count)]
    (home / f"{name}.json").write_bytes(invoices(*texts))
    return f"{name}.json"


READABLE = 0o444, 0o644


@contextmanager
def read_only(directory: Path, files: int) -> Iterator[None]:
    """Let a directory only be read; afterwards it is as it was."""
    before = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
    for path in directory.iterdir():
        path.chmod(files if path.is_file() else 0o555)
    directory.chmod(0o555)
    yield
    directory.chmod(0o755)
    assert {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()} == before
