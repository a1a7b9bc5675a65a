"""An export's files take the places of an earlier one's: only what that one's own metadata lists is removed.

All files are moved or none is. Who is killed between two moves leaves a directory without ``metadata.json``, which goes first
and comes last, and a draft beside the files from which the next export restores what was there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from billfold.focus import versions
from billfold.focus.metadata import (
    GENERATOR_PREFIX,
    METADATA_NAME,
    Description,
    ExportedFile,
    describe_selection,
)
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import InvalidArgument

FORMATS = ("parquet", "csv")
DRAFT_DIRECTORY, BACKUP_DIRECTORY = ".focus-draft", "before"


class Manifest(NamedTuple):
    """What the metadata of an export lists: its files, what of the ledger it is (None: it does not say), columns by dataset."""

    paths: frozenset[str]
    selection: Mapping[str, object] | None
    files: tuple[ExportedFile, ...] = ()
    columns: Mapping[str, Sequence[str]] = {}

    @property
    def new_paths(self) -> frozenset[str]:
        """The files that it wrote itself, and did not find there."""
        return self.paths - {file.path for file in self.files if file.is_kept}


def read_manifest(path: Path) -> Manifest | None:
    """Read what an export lists, None where there is none; raises ``InvalidArgument`` for the metadata of anything else."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        generator = document["DataGenerator"]["DataGenerator"]
        paths = frozenset(str(file["Path"]) for file in document["x_Files"])
        selection = document.get("x_Selection")
        files, columns = _read_files(document), _read_columns(document)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        generator, paths, selection, files, columns = "", frozenset[str](), None, (), {}
    if not str(generator).startswith(GENERATOR_PREFIX) or not all(map(_is_export_path, paths)):
        raise InvalidArgument(
            f"{path} is not of an export of billfold's, and would be replaced: name another directory, or move it away"
        )
    return Manifest(paths, selection if isinstance(selection, dict) else None, files, columns)


def _read_files(document: Description) -> tuple[ExportedFile, ...]:
    rows: Iterable[Mapping[str, object]] = document["x_Files"]  # type: ignore[assignment]
    return tuple(
        ExportedFile(
            str(row.get("Dataset", "")),
            str(row["Path"]),
            int(str(row.get("Rows", 0))),
            int(str(row.get("Bytes", 0))),
            str(row.get("WrittenAt", "")),
            row.get("Kept") is True,
        )
        for row in rows
    )


def _read_columns(document: Description) -> dict[str, list[str]]:
    schemas: Iterable[Mapping[str, Iterable[Mapping[str, object]]]] = document.get("Schema", ())  # type: ignore[assignment]
    return {
        str(schema.get("DatasetInstanceId")): [
            str(column["ColumnName"]) for column in schema.get("ColumnDefinition", ())
        ]
        for schema in schemas
    }


def _is_export_path(text: str) -> bool:
    """Tell whether an export can have written a path: nothing else is removed, whatever a list says."""
    path, stems = PurePosixPath(text), {dataset.file for dataset in versions.load_version().datasets.values()}
    names = {f"{stem}.{format_name}" for stem in stems for format_name in FORMATS}
    is_partition = len(path.parts) == 3 and path.parts[0] in stems and path.parts[1].startswith("period=")
    return path.name in names and (is_partition or len(path.parts) == 1)


def require_as_wide(directory: Path, manifest: Manifest | None, filters: LedgerFilter) -> None:
    """Raise ``InvalidArgument`` where an export would take the place of one that is of more than it: that would be lost."""
    if manifest is None:
        return
    earlier, present = manifest.selection or {}, describe_selection(filters)
    losses = [
        f"{name} {value or 'any'} (now {present[name]})"
        for name, value in ((name, earlier.get(name)) for name in present)
        if _is_narrower(name, present[name], value)
    ]
    if losses:
        raise InvalidArgument(
            f"{directory} holds an export of more than this one, which would be lost: {', '.join(losses)}; name another directory, "
            "leave the filters out, or say --replace"
        )


def require_changes_apart(directory: Path, manifest: Manifest | None, since: str) -> None:
    """Raise ``InvalidArgument`` where changes alone would take the place of a whole export."""
    if since and manifest is not None and "Since" not in (manifest.selection or {}):
        raise InvalidArgument(f"{directory} holds a whole export: name another directory for what changed since")


def _is_narrower(name: str, present: object, earlier: object) -> bool:
    if present is None or present == earlier:
        return False
    is_month_kept = name in {"From", "To"} and earlier is not None
    return not (is_month_kept and (str(present) < str(earlier) if name == "From" else str(present) > str(earlier)))


@contextmanager
def open_draft(directory: Path) -> Iterator[Path]:
    """Make a directory for new files beside the old ones; what a killed export left there is put back first."""
    draft = directory / DRAFT_DIRECTORY
    _restore(directory, draft)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _restore(directory: Path, draft: Path) -> None:
    """Undo the moves of an export that was killed between two of them."""
    new_manifest = None if draft.is_symlink() else read_manifest(draft / METADATA_NAME)
    if new_manifest is None:
        return
    for name in new_manifest.new_paths:
        if not (draft / name).exists():
            (directory / name).unlink(missing_ok=True)
    backup = draft / BACKUP_DIRECTORY
    old_manifest = read_manifest(backup / METADATA_NAME)
    for name in [*old_manifest.paths, METADATA_NAME] if old_manifest else []:
        if (backup / name).exists():
            _move(backup / name, directory / name)


def replace_files(
    directory: Path, draft: Path, new_paths: Collection[str], kept_paths: Collection[str] = frozenset()
) -> None:
    """Put the files of a draft in the places of an earlier export's but those that are kept, all or none.

    Raises ``InvalidArgument``, ``OSError``.
    """
    old_manifest = read_manifest(directory / METADATA_NAME)
    old_paths = (old_manifest.paths if old_manifest else frozenset[str]()).difference(kept_paths)
    _require_free(directory, new_paths, old_paths)
    old_names = [METADATA_NAME, *sorted(old_paths)] if old_manifest else []
    moves = [(directory / name, draft / BACKUP_DIRECTORY / name) for name in old_names if (directory / name).exists()]
    moves += [(draft / name, directory / name) for name in [*sorted(new_paths), METADATA_NAME]]
    finished_moves: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            _move(source, target)
            finished_moves.append((source, target))
    except BaseException:
        for source, target in reversed(finished_moves):
            _move(target, source)
        raise
    _remove_empty_folders(directory, old_paths)


def _require_free(directory: Path, new_paths: Iterable[str], old_paths: Collection[str]) -> None:
    for name in sorted({*new_paths, *old_paths}):
        path = directory / name
        for folder in (parent for parent in path.parents if parent != directory and directory in parent.parents):
            if folder.is_symlink() or folder.is_file():
                raise InvalidArgument(f"{folder} is no folder of an export's; name another directory, or move it away")
        if name not in old_paths and (path.exists() or path.is_symlink()):
            raise InvalidArgument(
                f"{path} is of no export that {METADATA_NAME} lists, and would be replaced: name another directory, or move it "
                "away"
            )


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def _remove_empty_folders(directory: Path, old_paths: Iterable[str]) -> None:
    """Remove the folders that an earlier export had and this one has not; one in which anything else lies stays."""
    folders = {folder for name in old_paths for folder in (directory / name).parents if directory in folder.parents}
    for folder in sorted(folders, reverse=True):
        with suppress(OSError):
            folder.rmdir()
