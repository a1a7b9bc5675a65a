"""Where everything lies in a ledger's directory."""

from __future__ import annotations

ARCHIVE_FILE = "archive.sqlite"
"""The archive: the only file that matters."""
CATALOG_FILE, CATALOG_DRAFT_FILE = "catalog.sqlite", "catalog.rebuilding.sqlite"
"""The catalog of the ledger, and the one that a rebuild makes beside it."""
SERVER_FILE = "server.sqlite"
"""What the server keeps: keys, users, its audit log, what was told and what runs when."""
DOCUMENT_TEXTS_FILE = "document-texts.sqlite"
"""The texts of archived PDFs, so that each is read once; it may go at any time."""
PARTS_FOLDER = "charges"
"""The ledger's parts."""
LOCKS_FOLDER, READERS_FILE = "locks", "readers.lock"
"""Locks of accounts that are being collected, and of who reads parts."""
MERGE_BACKUP_FILE, MERGE_DRAFT_FILE = "archive.before-merge.sqlite", "archive.merging.sqlite"
"""Archives that a merge leaves beside the one in use: as it was (later ones are numbered), and, killed, the one being made."""
EARLIER_ARCHIVE_FILE, CONVERSION_DRAFT_FILE = "archive.format-1.sqlite", "archive.converting.sqlite"
"""Archives that a conversion leaves: as it was in its earlier format, and (where it was killed) the one being made."""
MERGE_BACKUP_PATTERN = "archive.before-merge*.sqlite"
SIDE_ARCHIVE_PATTERNS = (
    MERGE_BACKUP_PATTERN,
    MERGE_DRAFT_FILE,
    "archive.format-*.sqlite",
    CONVERSION_DRAFT_FILE,
)
"""Names of all archives that may lie beside the one in use."""
EARLIER_LEDGER_FILES = ("ledger.duckdb", "ledger.duckdb.wal")
"""Files of ledgers of earlier formats."""
