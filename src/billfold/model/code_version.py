"""A hash of source code: what was computed by it is computed anew when it changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path


@cache
def hash_sources(module_name: str, skipped: Collection[str] = ()) -> str:
    """Return a hash of the source of a module, without importing it, or of all in a package but folders of some names.

    What has no files to look at has the hash of nothing.
    """
    sources_hash = blake2b(digest_size=8)
    for name, content in sorted(_iter_sources(module_name, skipped)):
        sources_hash.update(f"{name} {len(content)} ".encode() + content)
    return sources_hash.hexdigest()


def _iter_sources(module_name: str, skipped: Collection[str]) -> Iterator[tuple[str, bytes]]:
    try:
        spec = find_spec(module_name)
    except ValueError:  # a module that was made without a file
        return
    for folder in map(Path, (spec and spec.submodule_search_locations) or ()):
        for path in folder.rglob("*.py"):
            relative_path = path.relative_to(folder)
            if relative_path.parts[0] not in skipped:
                yield relative_path.as_posix(), path.read_bytes()
    if spec and not spec.submodule_search_locations and spec.origin and Path(spec.origin).is_file():
        yield Path(spec.origin).name, Path(spec.origin).read_bytes()
