"""The documents among the archive's answers: invoices as PDF and CSV, each as it came last."""

from __future__ import annotations

import json

from billfold.ledger.archive import Archive
from billfold.ledger.entries import UNREADABLE, Kept

PDF = "application/pdf"
ENDINGS = {PDF: ".pdf", "text/csv": ".csv"}
"""What a document's file is called, by its media type."""
UNNAMED = "unknown"
"""Stands in a question for what an imported file does not say."""


def latest(archive: Archive, seq: int) -> list[Kept]:
    """Return every document as it came last up to an archive number.

    Of those that do not say what they are of, each that is unlike the others.
    """
    found = (one for one in archive.answers() if one.seq <= seq and one.status == 200 and media(one) in ENDINGS)
    return list({_about(one): one for one in found if not one.operation.endswith(UNREADABLE)}.values())


def media(one: Kept) -> str:
    """Return the media type that an answer came with."""
    return str(json.loads(one.headers).get("content-type", "")).partition(";")[0].strip().lower()


def _about(one: Kept) -> tuple[str, ...]:
    """Return what a document is, so that another that is the same is a newer one."""
    return (one.provider, one.account, one.operation, one.question, one.body if f'"{UNNAMED}"' in one.question else "")
