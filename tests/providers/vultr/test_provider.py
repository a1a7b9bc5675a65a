"""Vultr as a provider."""

from __future__ import annotations

from billfold.providers.vultr import PROVIDER


def test_keys_of_a_machine_share_rate_limit() -> None:
    """All keys of a machine share a single rate limit."""
    contexts = [PROVIDER.make_context({"api_key": key}, "https://api.vultr.com/v2") for key in ("a", "b")]
    assert contexts[0].rate_limiter is contexts[1].rate_limiter
    assert (
        PROVIDER.make_context({"api_key": "a"}, "https://api.vultr.com/v2", unlimited=True).rate_limiter
        is not contexts[0].rate_limiter
    )
