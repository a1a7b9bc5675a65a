"""One running twin for the witnesses of a test module, and what is true of it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest


class Running(NamedTuple):
    """A twin that is served on this machine."""

    root: str

    def tell(self, what: str) -> Any:
        """Ask its control."""
        with urllib.request.urlopen(f"{self.root}/_twin/{what}", timeout=60) as answer:
            return json.load(answer)

    def account(self, provider: str) -> dict[str, Any]:
        """Return the first account of a provider."""
        return next(account for account in self.tell("accounts") if account["provider"] == provider)

    def bills(self, account: str) -> list[dict[str, Any]]:
        """Return the true bills of an account."""
        return [bill for bill in self.tell("truth")["invoices"] if bill["account"] == account]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """Serve a twin of its own for a module, because witnesses move its clock."""
    command = [sys.executable, "-m", "billfold", "twin", "--port", "0", "--limits", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline().split()
        try:
            yield Running(line[line.index("at") + 1])
        finally:
            process.terminate()
