"""Asks a vendor's SDK one question, in a process and an environment of its own."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from typing import Any

from .environments import HERE, interpreter

SECONDS = 120.0
TAIL = 3000


class WitnessError(RuntimeError):
    """A witness gave no answer at all; the message ends with what it last said."""


def run(name: str, script: str, question: Mapping[str, Any], *, seconds: float = SECONDS) -> dict[str, Any]:
    """Give what `sdk/<script>.py` reads with the SDK of the environment `name`."""
    # The script's own deadline comes first, because it says where it hung.
    question_text = json.dumps({**question, "deadline": seconds * 0.9})
    command = [str(interpreter(name)), "-s", "-B", str(HERE / "sdk" / f"{script}.py")]
    with tempfile.TemporaryDirectory(prefix="billfold-witness-") as home:
        answer = _ask(command, question_text, home, seconds)
    return _read(f"{script} with {name}", answer)


def _ask(command: list[str], question_text: str, home: str, seconds: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            input=question_text,
            capture_output=True,
            text=True,
            timeout=seconds,
            env=_environ(home),
            cwd=home,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        stderr = error.stderr.decode("utf-8", "replace") if isinstance(error.stderr, bytes) else error.stderr
        raise WitnessError(f"{command[-1]} gave no answer within {seconds} s\n{(stderr or '')[-TAIL:]}") from error


def _environ(home: str) -> dict[str, str]:
    # No proxies, no vendor's token, no settings file: some SDKs read the environment, one watches the home directory.
    variables = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH") if key in os.environ}
    return {**variables, "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "TZ": "UTC"}


def _read(name: str, answer: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    if answer.returncode != 0:
        raise WitnessError(f"{name} ended with {answer.returncode}\n{answer.stderr[-TAIL:]}")
    try:
        read: dict[str, Any] = json.loads(answer.stdout)
    except ValueError as error:
        raise WitnessError(
            f"{name} did not answer in JSON: {answer.stdout[:200]!r}\n{answer.stderr[-TAIL:]}"
        ) from error
    return read
