"""The text of a PDF, as far as it can be read within limits: a document may be anything."""

from __future__ import annotations

import logging
from io import BytesIO
from threading import Thread

MAX_DOCUMENT_BYTES, MAX_PDF_PAGES = 32 * 1024 * 1024, 200
"""Bytes and pages of a document that is read."""
READ_TIMEOUT_S = 10
"""Seconds that the reading of a document may take."""


def extract_text(document: bytes) -> str:
    """Return the text of a PDF; "" where it cannot be read whole, or not within the limits."""
    if len(document) > MAX_DOCUMENT_BYTES or b"%%EOF" not in document[-1024:]:  # a part of it may lack the total
        return ""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it says of a damaged file is nobody's concern
    pages = list[str]()

    def read_pages() -> None:
        try:
            pdf_pages = PdfReader(BytesIO(document)).pages
            page_texts = [page.extract_text() for page in pdf_pages] if len(pdf_pages) <= MAX_PDF_PAGES else []
        except Exception:  # noqa: BLE001 - whatever a strange document does to the library: it cannot be read
            return
        pages.extend(page_texts)

    # only a thread that is left behind ends in time whatever the library does; it ends with the process
    reader_thread = Thread(target=read_pages, daemon=True)
    reader_thread.start()
    reader_thread.join(READ_TIMEOUT_S)
    return "\n".join(pages)
