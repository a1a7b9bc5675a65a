"""Redaction asks for a provider that there is."""

from __future__ import annotations

from tests.cli.terminal import Terminal, clear


def test_what_is_to_be_redacted_is_not_looked_for_at_a_provider_that_is_none(synced: Terminal) -> None:
    clear(synced.run("--ledger", "ledger", "redact", "--provider", "cokroach"), 2, "there is no provider 'cokroach'")
