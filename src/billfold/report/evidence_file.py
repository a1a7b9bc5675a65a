"""A month's evidence as one zip file: the same files give the same bytes, and nothing that is not such evidence is overwritten."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from billfold.model.errors import ConfigurationError, build_write_error
from billfold.model.period import Month
from billfold.report.evidence_verifier import UNREADABLE, Evidence

FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the evidence."""
COMPRESSION = 1
"""How hard files are packed: the charges of a large month are half a gigabyte of text, and level 6 takes four times as long."""
CHUNK_BYTES = 1_048_576
Content = bytes | Path
"""What a file is to hold, or the file that holds it."""


def check_target(path: Path, month: Month) -> Path:
    """Return the directory that evidence is to be written in; raises ``ConfigurationError`` where it cannot or may not be."""
    if not path.parent.is_dir():
        raise ConfigurationError(f"{path} cannot be written: there is no directory {path.parent}")
    if path.exists() and not _is_evidence_of(path, month):
        raise ConfigurationError(f"{path} is there, and no evidence of {month}: name another file")
    return path.parent


def _is_evidence_of(path: Path, month: Month) -> bool:
    try:
        with Evidence(str(path)) as evidence:
            return bool(evidence.manifest["month"] == str(month))
    except UNREADABLE:
        return False


def hash_content(content: Content) -> str:
    """Return the SHA-256 of a content."""
    digest = hashlib.sha256()
    with _open_content(content) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def write_evidence_file(path: Path, files: Mapping[str, Content]) -> None:
    """Write the files whole or not at all; raises ``InvalidArgument``."""
    draft_path = path.with_name(f".{path.name}.draft")
    try:
        with zipfile.ZipFile(draft_path, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
            for name, content in sorted(files.items()):
                info = zipfile.ZipInfo(name, FIXED_TIME)
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                with archive.open(info, "w", force_zip64=True) as target, _open_content(content) as source:
                    shutil.copyfileobj(source, target, CHUNK_BYTES)
        draft_path.replace(path)
    except OSError as error:
        raise build_write_error(path, error) from error
    finally:
        draft_path.unlink(missing_ok=True)


def _open_content(content: Content) -> IO[bytes]:
    return content.open("rb") if isinstance(content, Path) else io.BytesIO(content)
