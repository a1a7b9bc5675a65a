"""A month's evidence as one zip file: the same files give the same bytes, and nothing that is not such evidence is overwritten."""

from __future__ import annotations

import hashlib
import inspect
import os
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from billfold.ledger.account_lock import try_file_lock
from billfold.model.errors import ConfigurationError, build_write_error
from billfold.model.period import Month
from billfold.report import evidence_reading, evidence_signatures, evidence_verifier
from billfold.report.evidence_reading import Evidence
from billfold.report.evidence_verifier import UNREADABLE

FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the evidence."""
COMPRESSION = 1
"""How hard files are packed: the charges of a large month are half a gigabyte of text, and level 6 takes four times as long."""


class EvidenceDraft:
    """Evidence as it is written, file by file; ``hashes`` are the SHA-256 of what was added, by name."""

    def __init__(self, archive: zipfile.ZipFile, piece_path: Path) -> None:
        self._archive, self.piece_path, self.hashes = archive, piece_path, dict[str, str]()

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Add a file, piece by piece."""
        info, digest = zipfile.ZipInfo(name, FIXED_TIME), hashlib.sha256()
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        with self._archive.open(info, "w", force_zip64=True) as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
        self.hashes[name] = digest.hexdigest()


@contextmanager
def open_evidence(path: Path, month: Month) -> Iterator[EvidenceDraft]:
    """Write evidence whole or not at all, also if this is killed; raises ``ConfigurationError``.

    The draft has a name that the next run takes over, and a lock that ends with who holds it: nothing stays beside the file.
    """
    _check_target(path, month)
    draft_path = path.with_name(f".{path.name}.draft")
    piece_path = path.with_name(f".{path.name}.piece")
    try:
        with _open_alone(draft_path, path) as file:
            try:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
                    yield EvidenceDraft(archive, piece_path)
                if sys.platform == "win32":
                    file.close()  # nothing that is open can be renamed there
                draft_path.replace(path)
            finally:
                draft_path.unlink(missing_ok=True)
                piece_path.unlink(missing_ok=True)
    except OSError as error:
        raise build_write_error(path, error) from error


def _open_alone(draft_path: Path, path: Path) -> IO[bytes]:
    """Open a draft, also one that was left behind, and empty it; raises ``ConfigurationError`` where another process writes it."""
    flags = os.O_RDWR | os.O_CREAT | (0x8000 if sys.platform == "win32" else os.O_NOFOLLOW)
    file = os.fdopen(os.open(draft_path, flags, 0o666), "r+b")
    is_held = try_file_lock(file.fileno())
    if is_held and os.path.samestat(os.fstat(file.fileno()), draft_path.stat()):
        file.truncate()
        return file
    file.close()
    raise ConfigurationError(f"{path} is being written by another process; try again when it is done")


def _check_target(path: Path, month: Month) -> None:
    if not path.parent.is_dir():
        raise ConfigurationError(f"{path} cannot be written: there is no directory {path.parent}")
    if path.exists() and not _is_evidence_of(path, month):
        raise ConfigurationError(f"{path} is there, and no evidence of {month}: name another file")


def _is_evidence_of(path: Path, month: Month) -> bool:
    try:
        with Evidence(str(path)) as evidence:
            return evidence.month == str(month)
    except UNREADABLE:
        return False


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def build_verifier() -> bytes:
    """Return the verifier as one file of Python: the modules that it imports from here stand where they are imported."""
    source, modules = inspect.getsource(evidence_verifier), (evidence_signatures, evidence_reading)
    for module in modules:
        body = inspect.getsource(module).partition("from __future__ import annotations\n")[2].strip("\n")
        before, _, after = re.split(_build_import_pattern(module.__name__), source, maxsplit=1)
        source = f"{before}{body}\n{after}"
    for module in modules:
        source = re.sub(_build_import_pattern(module.__name__), "", source)
    return source.encode()


def _build_import_pattern(name: str) -> str:
    return rf"(?m)^from {re.escape(name)} import (\([^)]*\)|.*)\n"
