"""Which version of its mapping a provider has: a hash of all code that makes its bills of its answers."""

from __future__ import annotations

from billfold.model.code_version import hash_sources
from billfold.providers import provider


def find_mapping_version(provider_name: str) -> str:
    """Return the version of a provider's mapping; it changes with its code, and with what all mappings share."""
    shared_hash = hash_sources("billfold.providers", provider.provider_names())
    own_hash = hash_sources(provider.find_package(provider_name), ("twin",))
    return f"{own_hash} {shared_hash} {hash_sources('billfold.wire')}"
