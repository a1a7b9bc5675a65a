"""A process that does nothing but read the texts of PDFs within limits of processor time and memory: a document may be anything.

On its standard input comes an order a document, a line of JSON and the document's bytes; each text goes out as its length and itself.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from io import BytesIO
from typing import BinaryIO, NamedTuple

LENGTH_BYTES = 8
"""Bytes of the number that stands before a text."""


class ReadingOrder(NamedTuple):
    """The limits for a document: its bytes, its pages, seconds of the processor, bytes of memory, characters of its text."""

    size: int
    max_pages: int
    cpu_seconds: int
    max_memory: int
    max_characters: int


def read_text(document: bytes, order: ReadingOrder) -> str:
    """Return the text of a PDF; "" where it cannot be read whole."""
    from pypdf import PdfReader

    pages = PdfReader(BytesIO(document)).pages
    if len(pages) > order.max_pages:
        return ""
    texts, room = list[str](), order.max_characters
    for page in pages:
        texts.append(page.extract_text())
        room -= len(texts[-1])
        if room < 0:
            return ""
    return "\n".join(texts)


def limit_resources(order: ReadingOrder) -> None:
    """Let this process end where the next document takes too much; where the system knows no limits, who waits ends it."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_end = int(used.ru_utime + used.ru_stime) + order.cpu_seconds + 1
    for limit, value in (
        (resource.RLIMIT_CPU, cpu_end),
        (resource.RLIMIT_AS, order.max_memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard_limit = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (value if hard_limit < 0 else min(value, hard_limit), hard_limit))


def serve_orders(orders: BinaryIO, texts: BinaryIO) -> None:
    """Read documents until there is no order any more."""
    logging.disable()  # what the library says of a damaged file is nobody's concern
    while line := orders.readline():
        order = ReadingOrder(**json.loads(line))
        document = orders.read(order.size)
        limit_resources(order)
        try:
            text = read_text(document, order).encode(errors="surrogatepass")
        except (Exception, RecursionError):  # noqa: BLE001 - whatever a strange document does to the library: it cannot be read
            text = b""
        texts.write(len(text).to_bytes(LENGTH_BYTES) + text)
        texts.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks ends it
    serve_orders(sys.stdin.buffer, sys.stdout.buffer)
