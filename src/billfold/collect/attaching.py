"""Documents that somebody has of an invoice, as from a vendor's portal: into the archive, in the chain of its account."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from billfold.collect.file_reading import read_file
from billfold.collect.importing import detect_format
from billfold.collect.workspace import Workspace
from billfold.ledger.account_lock import account_lock
from billfold.ledger.catalog import BillRow
from billfold.ledger.documents import ATTACHMENT
from billfold.ledger.entries import ArchivedResponse, Entry
from billfold.ledger.layout import LOCKS_FOLDER
from billfold.model.errors import BillfoldError, InvalidArgument
from billfold.model.plain_text import make_printable
from billfold.wire.codec import parse_json
from billfold.wire.operation import MEDIA_TYPES

MAX_NAME_LENGTH = 200


class Attachment(NamedTuple):
    """A document in the archive, and whether it came just now."""

    entry: Entry
    is_new: bool


def attach_document(workspace: Workspace, bill: BillRow, path: Path) -> Attachment:
    """Put a file into the archive as a document of an invoice; one that is there already with the same bytes stays alone.

    Raises ``InvalidArgument`` for what is no PDF, JSON or CSV.
    """
    try:
        content = read_file(path)
        file_format = _check_format(content)
    except BillfoldError as error:
        raise InvalidArgument(f"{path}: {error}") from error
    question = json.dumps({"format": file_format, "invoice_id": bill.invoice_id}, sort_keys=True)
    with workspace.lock_writers(), account_lock(workspace.directory / LOCKS_FOLDER, bill.provider, bill.account):
        workspace.require_ledger()
        if entry := _find_attached(workspace, bill, question, content):
            return Attachment(entry, is_new=False)
        now = datetime.now(UTC)
        name = make_printable(path.name).replace('"', "'")[:MAX_NAME_LENGTH]
        headers = {"content-type": MEDIA_TYPES[file_format], "content-disposition": f'attachment; filename="{name}"'}
        response = ArchivedResponse(ATTACHMENT, question, 200, headers, content, now)
        with workspace.archive.open_transaction():  # of one that is killed nothing is left
            run = workspace.archive.start_run(bill.provider, bill.account, "import", now)
            seq = workspace.archive.add_responses(run, response)
            workspace.archive.end_run(run, "imported", now)
    workspace.catch_up()
    return Attachment(workspace.archive.read_entry(seq), is_new=True)


def _find_attached(workspace: Workspace, bill: BillRow, question: str, content: bytes) -> Entry | None:
    """Return the entry that the same document has already."""
    entries = workspace.archive.iter_answers(operation=ATTACHMENT)
    same_question: Sequence[Entry] = [
        entry for entry in entries if entry.chain_key == (bill.provider, bill.account) and entry.question == question
    ]
    return next(
        (entry for entry in reversed(same_question) if workspace.archive.read_body(entry.body) == content), None
    )


def _check_format(content: bytes) -> str:
    """Return what a file is; raises ``InvalidArgument`` for what is no document."""
    file_format = detect_format(content)
    if file_format == "json":
        parse_json(content)
    if file_format == "csv":
        try:
            is_text = "\x00" not in content.decode("utf-8-sig")
        except UnicodeDecodeError:
            is_text = False
        if not is_text:
            raise InvalidArgument("it is no PDF, JSON or CSV in UTF-8: save the document again as one of them")
    return file_format
