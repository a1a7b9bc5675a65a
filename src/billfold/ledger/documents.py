"""The documents among the archive's answers: invoices as PDF and CSV, each as it came last, or each time it changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from billfold.ledger.archive import Archive
from billfold.ledger.entries import UNREADABLE_SUFFIX, Entry

PDF_MEDIA_TYPE = "application/pdf"
ATTACHMENT = "attachment"
"""The operation of a document that somebody attached to an invoice: no vendor's API answered it."""
FILE_SUFFIXES = {PDF_MEDIA_TYPE: ".pdf", "text/csv": ".csv"}
"""What a document's file is called, by its media type."""
ATTACHMENT_SUFFIXES = FILE_SUFFIXES | {"application/json": ".json"}
UNKNOWN_VALUE = "unknown"
"""Stands in a question for what an imported file does not say."""


def list_latest_documents(archive: Archive, seq: int) -> list[Entry]:
    """Return every document as it came last up to an archive number.

    Of those that do not say what they are of, each that is unlike the others.
    """
    return list({build_document_key(entry): entry for entry in _iter_documents(archive, seq)}.values())


def list_document_versions(archive: Archive, seq: int) -> list[Entry]:
    """Return every version of every document up to an archive number, the oldest first."""
    versions = dict[tuple[str, ...], Entry]()
    for entry in _iter_documents(archive, seq):
        versions.setdefault((*build_document_key(entry), entry.body), entry)
    return list(versions.values())


def _iter_documents(archive: Archive, seq: int) -> Iterator[Entry]:
    return (
        entry
        for entry in archive.iter_answers()
        if entry.seq <= seq
        and entry.status == 200
        and not entry.operation.endswith(UNREADABLE_SUFFIX)
        and find_suffix(entry)
    )


def find_suffix(entry: Entry) -> str:
    """Return how the name of a document's file ends; "" of an answer that is no document."""
    suffixes = ATTACHMENT_SUFFIXES if entry.operation == ATTACHMENT else FILE_SUFFIXES
    return suffixes.get(read_media_type(entry), "")


def read_media_type(entry: Entry) -> str:
    """Return the media type that an answer came with."""
    return str(entry.response_headers.get("content-type", "")).partition(";")[0].strip().lower()


def _says_what_it_is_of(entry: Entry) -> bool:
    """Tell whether a document was asked for by an invoice's id, or by values that are all known."""
    fields = entry.question_fields
    return UNKNOWN_VALUE not in fields.values() or fields.get("invoice_id", UNKNOWN_VALUE) != UNKNOWN_VALUE


def build_document_key(entry: Entry) -> tuple[str, ...]:
    """Return what a document is, so that another that is the same is a newer one."""
    return (
        entry.provider,
        entry.account,
        entry.operation,
        entry.question,
        "" if _says_what_it_is_of(entry) else entry.body,
    )


def list_documented_values(archive: Archive, seq: int, account_names: Mapping[int, str]) -> set[tuple[str, str, str]]:
    """Return provider, account and each value that a document was asked for by: among them are the ids of invoices.

    ``account_names`` are what the accounts of runs are called now.
    """
    return {
        (entry.provider, account_names.get(entry.run, entry.account), str(value))
        for entry in list_latest_documents(archive, seq)
        for value in entry.question_fields.values()
    }


def find_documented_ids(archive: Archive, account_key: tuple[str, str]) -> set[str]:
    """Return each value that an account's documents were asked for by: among them are the ids of its invoices."""
    condition = (
        "provider=:provider AND account=:account AND status=200 AND (headers LIKE '%/pdf%' OR headers LIKE '%/csv%')"
    )
    provider, account = account_key
    entries = archive.select_entries(condition, {"provider": provider, "account": account})
    return {
        str(value)
        for entry in entries
        if not entry.operation.endswith(UNREADABLE_SUFFIX) and find_suffix(entry)
        for value in entry.question_fields.values()
    }
