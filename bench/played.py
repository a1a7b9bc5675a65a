"""A twin in a process of its own, and what has to be known to speak to it."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from measure import BILLFOLD, ENVIRON, FailedError, cpu_of

VULTR_KEY = "twin-vultr-key"


class Twin:
    """``billfold twin --limits off`` on a free port; use it in a ``with`` statement."""

    def __init__(self, scenario: str = "default") -> None:
        self._wrong = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed on exit
        command = [*BILLFOLD, "twin", "--port", "0", "--limits", "off", "--scenario", scenario]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._wrong, text=True, env=ENVIRON)
        assert self._process.stdout is not None
        line_parts = self._process.stdout.readline().split()
        if not line_parts:
            self._wrong.seek(0)
            raise FailedError(f"the twin did not start\n{self._wrong.read()[-3000:]}")
        self.root = next(word for word in line_parts if word.startswith("http"))

    @property
    def cpu(self) -> float:
        """The CPU seconds that the twin has taken so far."""
        return cpu_of(self._process.pid)

    def ask(self, path: str, data: bytes | None = None, **headers: str) -> Any:
        """Ask the twin one thing and read the answer's JSON."""
        request = urllib.request.Request(self.root + path, data, headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def vultr(self, path: str) -> Any:
        return self.ask(f"/vultr/v2{path}", Authorization=f"Bearer {VULTR_KEY}")

    def genesys_token(self) -> str:
        basic = base64.b64encode(b"twin-genesys-client:twin-genesys-secret").decode()
        request_body = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
        return str(self.ask("/genesys/oauth/token", request_body, Authorization=f"Basic {basic}")["access_token"])

    def requests(self) -> int:
        """Count the requests heard since the last reset."""
        return len(self.ask("/_twin/requests"))

    def reset(self) -> None:
        self.ask("/_twin/reset", b"")

    def configure(self, path: Path) -> None:
        """Write a configuration with the twin's Vultr account alone."""
        key = path.with_suffix(".key")
        key.write_text(VULTR_KEY, encoding="utf-8")
        block = {"name": "vultr", "provider": "vultr", "base_url": f"{self.root}/vultr/v2"}
        block |= {"rate": "off", "api_key": f"file:{key}"}
        lines = (f"{name} = {json.dumps(value)}" for name, value in block.items())
        path.write_text("[[accounts]]\n" + "\n".join(lines) + "\n", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate()
        self._wrong.close()
