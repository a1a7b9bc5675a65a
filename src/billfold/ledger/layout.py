"""Where everything lies in a ledger's directory."""

from __future__ import annotations

ARCHIVE_FILE = "archive.sqlite"
"""The archive: the only file that matters."""
CATALOG_FILE, CATALOG_DRAFT_FILE = "catalog.sqlite", "catalog.rebuilding.sqlite"
"""The catalog of the ledger, and the one that a rebuild makes beside it."""
PARTS_FOLDER = "charges"
"""The ledger's parts."""
LOCKS_FOLDER, READERS_FILE = "locks", "readers.lock"
"""Locks of accounts that are being collected, and of who reads parts."""
MERGE_BACKUP_FILE, MERGE_DRAFT_FILE = "archive.before-merge.sqlite", "archive.merging.sqlite"
"""Archives that a merge leaves beside the one in use: as it was, and (where it was killed) the one being made."""
EARLIER_LEDGER_FILES = ("ledger.duckdb", "ledger.duckdb.wal")
"""Files of ledgers of earlier formats."""
