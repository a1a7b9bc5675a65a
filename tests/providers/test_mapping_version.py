"""A provider's version changes with its code, and with what all mappings share; its twin's is no part of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.model import code_version
from billfold.providers import provider
from billfold.providers.mapping_version import find_mapping_version


def test_every_provider_has_a_version_of_its_own() -> None:
    versions = {find_mapping_version(name) for name in provider.provider_names()}
    assert len(versions) == len(provider.provider_names())


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a package that can be imported."""
    folder = tmp_path / "vendor_of_tests"
    (folder / "twin").mkdir(parents=True)
    for path in (folder / "__init__.py", folder / "charges.py", folder / "twin" / "__init__.py"):
        path.write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def read_hash() -> str:
    code_version.hash_sources.cache_clear()
    return code_version.hash_sources("vendor_of_tests", ("twin",))


def test_a_hash_changes_with_the_code_it_is_of(package: Path) -> None:
    before = read_hash()
    assert read_hash() == before
    (package / "twin" / "world.py").write_text("x = 1")
    (package / "README.md").write_text("words")
    assert read_hash() == before
    (package / "charges.py").write_text("x = 1")
    after = read_hash()
    (package / "charges.py").rename(package / "lines.py")
    assert len({before, after, read_hash()}) == 3
