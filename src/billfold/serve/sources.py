"""What a number was read from: an archived answer and the place in it, and documents as they came."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from billfold.ledger.documents import FILE_SUFFIXES, find_suffix, read_media_type
from billfold.ledger.entries import Entry
from billfold.model.errors import DamagedAnswer, LedgerError
from billfold.model.plain_text import escape_commands
from billfold.report.document_files import name_document
from billfold.report.explain import read_json_path
from billfold.serve.questions import Question
from billfold.wire import codec

MAX_SHOWN_CHARS = 20_000
DOCUMENT_TYPES = frozenset(FILE_SUFFIXES)


def show_explain(question: Question) -> dict[str, object]:
    """Show an archived answer, and what stands in it at a place."""
    entry = read_answer(question, question.values.get("seq", ""))
    path = question.values.get("path", "")
    value = read_json_path(question.view.workspace.archive, entry, path) if path else None
    body = question.view.workspace.archive.read_body(entry.body)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = f"{len(body)} bytes of {read_media_type(entry) or 'an unknown sort'}"
    return {
        "entry": entry,
        "path": path,
        "place": "" if value is None else escape_commands(codec.encode_json(value).decode()),
        "body": escape_commands(text[:MAX_SHOWN_CHARS]),
        "is_cut": len(text) > MAX_SHOWN_CHARS,
    }


def read_answer(question: Question, text: str) -> Entry:
    """Return the archived answer of a number; raises ``HTTPException`` for none, or one that came later than is looked back to."""
    missing = HTTPException(404, f"the archive has no answer {text[:20]!r}, or had none then")
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise missing
    try:
        entry = question.view.workspace.archive.read_entry(int(text))
    except DamagedAnswer:
        raise
    except LedgerError as error:
        raise missing from error
    if entry.operation.startswith(":") or entry.seq > question.filters.seq:
        raise missing
    return entry


def read_document(question: Question, text: str) -> tuple[bytes, str, str]:
    """Return a document, its media type and the name of its file; raises ``HTTPException`` for what is none."""
    entry = read_answer(question, text)
    if entry.status != 200 or not find_suffix(entry):
        raise HTTPException(404, f"answer {entry.seq} is no document")
    media_type = read_media_type(entry)
    body = question.view.workspace.archive.read_body(entry.body)
    return body, media_type if media_type in DOCUMENT_TYPES else "application/octet-stream", name_document(entry)
