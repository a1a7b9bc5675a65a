"""Redaction asks for a provider that there is."""

from __future__ import annotations

from tests.cli.terminal import Terminal, clear


def test_redact_refuses_a_provider_that_is_none(synced: Terminal) -> None:
    """What is to be redacted is not looked for at a provider that is none."""
    clear(synced.run("--ledger", "ledger", "redact", "--provider", "cokroach"), 2, "there is no provider 'cokroach'")
