"""The documents among the archive's answers: invoices as PDF and CSV, each as it came last."""

from __future__ import annotations

from billfold.ledger.archive import Archive
from billfold.ledger.entries import UNREADABLE_SUFFIX, Entry

PDF_MEDIA_TYPE = "application/pdf"
FILE_SUFFIXES = {PDF_MEDIA_TYPE: ".pdf", "text/csv": ".csv"}
"""What a document's file is called, by its media type."""
UNKNOWN_VALUE = "unknown"
"""Stands in a question for what an imported file does not say."""


def list_latest_documents(archive: Archive, seq: int) -> list[Entry]:
    """Return every document as it came last up to an archive number.

    Of those that do not say what they are of, each that is unlike the others.
    """
    documents = (
        entry
        for entry in archive.iter_answers()
        if entry.seq <= seq and entry.status == 200 and read_media_type(entry) in FILE_SUFFIXES
    )
    return list(
        {
            _build_document_key(entry): entry for entry in documents if not entry.operation.endswith(UNREADABLE_SUFFIX)
        }.values()
    )


def read_media_type(entry: Entry) -> str:
    """Return the media type that an answer came with."""
    return str(entry.response_headers.get("content-type", "")).partition(";")[0].strip().lower()


def _build_document_key(entry: Entry) -> tuple[str, ...]:
    """Return what a document is, so that another that is the same is a newer one."""
    return (
        entry.provider,
        entry.account,
        entry.operation,
        entry.question,
        entry.body if f'"{UNKNOWN_VALUE}"' in entry.question else "",
    )
