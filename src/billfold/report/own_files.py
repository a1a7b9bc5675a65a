"""Which files are billfold's own: only an earlier one of them is replaced by what a command writes."""

from __future__ import annotations

import zipfile
from pathlib import Path

from billfold.ledger.sqlite_export import APPLICATION_ID
from billfold.model.errors import InvalidArgument
from billfold.report.evidence_reading import CHAIN, MANIFEST, REGISTER
from billfold.report.journal import netsuite, quickbooks, xero
from billfold.report.journal.datev import FILE_BEGINNING, STACK_NAME
from billfold.report.journal.files import HEADLINE_MARK, render_csv
from billfold.report.statement import TITLE

WORKBOOK_TITLE = "billfold"
"""The title of the workbooks that hold the FOCUS datasets."""
HEAD_BYTES = 4096
"""How much of a file tells what it is, but of a PDF and a zip."""
CORE_FILE = "docProps/core.xml"
"""The file of a workbook that has its title."""


def require_own(path: Path) -> None:
    """Raise ``InvalidArgument`` where a file is there that billfold did not write: it is not replaced."""
    if not path.exists():
        return
    if not path.is_file():
        raise InvalidArgument(f"{path} is no file that can be replaced: name another one")
    try:
        is_own = is_own_file(path)
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be replaced: {error.strerror or error}; name another file") from error
    if not is_own:
        raise InvalidArgument(f"{path} is there, and not written by billfold: remove it, or name another file")


def is_own_file(path: Path) -> bool:
    """Tell whether a file is empty, or begins as a journal, a statement, a workbook, an export or evidence of billfold's does."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    title = TITLE.encode()
    if head.startswith(b"%PDF"):
        return b"/Title(" + title in path.read_bytes()
    if head.startswith(b"PK"):
        return _is_own_zip(path)
    if head.startswith(b"SQLite format 3\x00"):
        return int.from_bytes(head[68:72]) == APPLICATION_ID
    if head.startswith(FILE_BEGINNING):
        return b'"' + STACK_NAME.encode() + b" " in head.partition(b"\n")[0]
    headings = [render_csv(program.COLUMNS, []) for program in (netsuite, quickbooks, xero)]
    is_page = head.startswith(b"<!DOCTYPE html>") and b"<title>" + title in head
    return not head or is_page or head.startswith((b"# " + title, HEADLINE_MARK.encode(), *headings))


def _is_own_zip(path: Path) -> bool:
    """Tell whether a zip is a workbook with a title that we give, or evidence."""
    try:
        with zipfile.ZipFile(path) as archive:
            if {MANIFEST, CHAIN, REGISTER} <= set(archive.namelist()):
                return True
            core = archive.read(CORE_FILE) if CORE_FILE in archive.namelist() else b""
    except zipfile.BadZipFile:
        return False
    return any(f"<dc:title>{title}".encode() in core for title in (f"{WORKBOOK_TITLE}<", TITLE))
