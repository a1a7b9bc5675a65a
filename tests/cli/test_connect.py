"""Connecting writes a reference to a key, and never a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import WRONG, Terminal, clear


def test_connecting_writes_a_reference_and_never_a_key(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    clear(terminal.run("connect", "cockroach", COCKROACH_API_KEY=WRONG), 0, "set COCKROACH_API_KEY")
    assert 'api_key = "env:COCKROACH_API_KEY"' in terminal.config.read_text()
    assert WRONG not in terminal.config.read_text()
    clear(terminal.run("connect", "cockroach"), 2, "'cockroach' is used twice")
    refused = terminal.run("connect", "cockroach", "--name", "b", "--reference", f"api_key={WRONG}")
    clear(refused, 2, "never the secret itself")
    assert WRONG not in refused.all + terminal.config.read_text()


@pytest.mark.parametrize(
    ("option", "value"), [("--base-url", f"http://user:{WRONG}@127.0.0.1:1"), ("--reference", WRONG)]
)
def test_connect_refuses_a_key_in_the_wrong_place(option: str, value: str, tmp_path: Path) -> None:
    """A key that is given to connect in the wrong place is refused, and not told."""
    terminal = Terminal(tmp_path)
    result = terminal.run("connect", "fastly", option, value)
    assert (result.code, WRONG in result.all) == (2, False), result
    assert not terminal.config.exists()


@pytest.mark.parametrize("pair", ["api_key", "api_key=", "=env:K", "="])
def test_half_a_reference_is_refused_in_words(pair: str, tmp_path: Path) -> None:
    """A reference without its field or its place is refused in words."""
    terminal = Terminal(tmp_path)
    result = terminal.run("connect", "vultr", "--reference", pair)
    clear(
        result, 2, "has no credential ''" if pair == "=env:K" else "--reference takes FIELD=REF, as api_key=env:MY_KEY"
    )
    assert not terminal.config.exists()
