"""``cmd:`` references: a secret manager's own command brings a key, and nothing that it prints stands in a message."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from billfold.model.errors import ConfigurationError
from billfold.providers import credential_references
from billfold.providers.credential_references import resolve_reference


def write_program(path: Path, *lines: str) -> str:
    """Write a program, and return the reference that runs it with two arguments."""
    path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    path.chmod(0o700)
    return f"cmd:{path} --vault 'of mine; $(id)'"


def test_a_command_is_run_once_by_no_shell(tmp_path: Path) -> None:
    """Its first line is the key, whoever asks, and also where many ask at once."""
    reference = write_program(tmp_path / "op", 'echo run >> runs; echo "$2"', "echo more", "echo why >&2")
    values = list[str]()
    threads = [
        threading.Thread(target=lambda: values.append(resolve_reference(reference, "here", tmp_path))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values == ["of mine; $(id)"] * 4
    assert (tmp_path / "runs").read_text() == "run\n"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["echo a-secret; echo a-secret >&2; exit 3"], "ended with exit code 3; run it in a terminal to see why"),
        (["echo; echo a-secret"], "is empty or not set"),
        (["printf 'a-secret\\377'"], "printed what is not text"),
        (["printf 'a-secret\\001'"], "api_key"),
    ],
)
def test_a_command_that_fails_is_told_without_its_output(lines: list[str], reason: str, tmp_path: Path) -> None:
    reference = write_program(tmp_path / "op", *lines)
    with pytest.raises(ConfigurationError, match=reason) as caught:
        resolve_reference(reference, "account 'a', api_key", tmp_path)
    assert "account 'a', api_key" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "vault" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("no-such-program-of-mine x", "cannot be run: No such file or directory"),
        ("op 'x", "cannot be read: close its quotes"),
        ("/ x", "cannot be run: Permission denied"),
    ],
)
def test_a_command_that_cannot_be_run_is_named(target: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=f"here: the command '{target.split(maxsplit=1)[0]}' {reason}"):
        resolve_reference(f"cmd:{target}", "here")


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_references, "COMMAND_TIMEOUT_S", 0.1)
    with pytest.raises(ConfigurationError, match=r"'sleep' did not end within 0.1 s; unlock your secret manager"):
        resolve_reference("cmd:sleep 600", "here")
