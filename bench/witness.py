"""A vendor's SDK in its own environment, kept running: it is handed bodies and says what their deserializing took."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from measure import FailedError
from tests.witnesses.environments import interpreter

SDK = Path(__file__).with_name("sdk")


class Witness:
    """One script of ``sdk/`` in one environment; use it in a ``with`` statement."""

    def __init__(self, environment: str, script: str, pages: Sequence[bytes]) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="billfold-bench-")
        self._wrong = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed on exit
        home = Path(self._home.name)
        self._paths = [home / f"{number}.json" for number in range(len(pages))]
        for path, page in zip(self._paths, pages, strict=True):
            path.write_bytes(page)
        command = [str(interpreter(environment)), "-s", "-B", str(SDK / f"{script}.py")]
        # No settings file, no proxies: one SDK watches the home directory.
        environ = {"HOME": str(home), "TMPDIR": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._wrong, text=True, env=environ
        )

    def cpu(self) -> float:
        """Return the CPU seconds for all the pages, once."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps([str(path) for path in self._paths]) + "\n")
            stdin.flush()
            return float(stdout.readline())
        except (ValueError, BrokenPipeError) as error:
            self._wrong.seek(0)
            raise FailedError(f"{self._process.args} gave no figure\n{self._wrong.read()[-3000:]}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._wrong.close()
        self._home.cleanup()
