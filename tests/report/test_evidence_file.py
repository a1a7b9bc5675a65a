"""Evidence is written whole or not at all, in nobody's place, and nothing of a run that was killed stays beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from billfold.model.errors import ConfigurationError
from billfold.model.period import Month
from billfold.report.evidence_file import build_verifier, open_evidence
from tests.report.evidence_kit import MONTH

KILLED = """
import os, signal, sys
from pathlib import Path
from billfold.model.period import Month
from billfold.report.evidence_file import open_evidence
with open_evidence(Path(sys.argv[1]), Month(2026, 10)) as draft:
    draft.piece_path.write_bytes(b"half")
    draft.add("a.txt", [b"half"])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write_manifest(path: Path) -> None:
    with open_evidence(path, MONTH) as draft:
        draft.add("manifest.json", [b'{"month": "2026-10", ', b'"scope": ["", ""]}'])


def test_another_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"mine")
    with pytest.raises(ConfigurationError, match="name another file"):
        write_manifest(tmp_path / "a.zip")
    write_manifest(tmp_path / "b.zip")
    write_manifest(tmp_path / "b.zip")
    with (
        pytest.raises(ConfigurationError, match="name another file"),
        open_evidence(tmp_path / "b.zip", Month(2026, 9)),
    ):
        pass
    assert (tmp_path / "a.zip").read_bytes() == b"mine"


def test_a_killed_run_leaves_nothing_after_the_next(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a.zip")], env=environ, check=False)
    assert len(list(tmp_path.iterdir())) == 2
    write_manifest(tmp_path / "a.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
    assert zipfile.ZipFile(tmp_path / "a.zip").namelist() == ["manifest.json"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with suppress(ZeroDivisionError), open_evidence(tmp_path / "a.zip", MONTH) as draft:
        draft.add("a.txt", [b"half"])
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such locks")
def test_two_that_write_the_same_file_do_not_mix(tmp_path: Path) -> None:
    with open_evidence(tmp_path / "a.zip", MONTH) as draft:
        with pytest.raises(ConfigurationError, match="being written by another process"):
            write_manifest(tmp_path / "a.zip")
        draft.add("manifest.json", [b"{}"])
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_the_verifier_is_one_file_of_python() -> None:
    source = build_verifier().decode()
    assert "billfold." not in source
    compile(source, "verify.py", "exec")
