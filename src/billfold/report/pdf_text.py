"""The text of a PDF, as far as it can be read within limits: a document may be anything."""

from __future__ import annotations

import logging
from io import BytesIO
from threading import Thread

LARGEST, MOST = 32 * 1024 * 1024, 200
"""Bytes and pages of a document that is read."""
PATIENCE = 10
"""Seconds that the reading of a document may take."""


def text(document: bytes) -> str:
    """Return the text of a PDF; "" where it cannot be read whole, or not within the limits."""
    if len(document) > LARGEST or b"%%EOF" not in document[-1024:]:  # a part of it may lack the total
        return ""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it says of a damaged file is nobody's concern
    pages = list[str]()

    def read() -> None:
        try:
            found = PdfReader(BytesIO(document)).pages
            said = [page.extract_text() for page in found] if len(found) <= MOST else []
        except Exception:  # noqa: BLE001 - whatever a strange document does to the library: it cannot be read
            return
        pages.extend(said)

    # only a thread that is left behind ends in time whatever the library does; it ends with the process
    reading = Thread(target=read, daemon=True)
    reading.start()
    reading.join(PATIENCE)
    return "\n".join(pages)
