"""Make the journal of a ledger, as `billfold export journal` does, and put its files where they belong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from billfold import config
from billfold.ledger.posted_bills import group_bill_charges, list_posted_bills
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.report.journal.files import JournalFile
from billfold.report.journal.invoices import Journal, build_journal, list_group_keys, list_versions
from billfold.report.journal.mapping import JournalMapping
from billfold.settings.journal import find_mapping_path, load_mapping
from billfold.tasks.whole_files import write_whole_files


def load_journal_mapping(path: Path, named_path: Path | None = None) -> JournalMapping:
    """Return the mapping that a command names, else the one of a configuration, else an empty one; raises ``ConfigurationError``."""
    mapping_path = find_mapping_path(config.load_section(path, "journal"), path, named_path)
    return load_mapping(mapping_path) if mapping_path else JournalMapping()


def make_journal(
    db: OpenLedger,
    filters: LedgerFilter,
    mapping: JournalMapping,
    rates: Mapping[str, Decimal],
    terms: Mapping[tuple[str, str], str],
) -> Journal:
    """Make the entries of the issued invoices that are wanted; ``rates`` value virtual currencies, ``terms`` are the configured ones."""
    versions = list_versions(list_posted_bills(db, filters), filters)
    groups = group_bill_charges(db, [version.bill.id for version in versions], list_group_keys(mapping))
    return build_journal(versions, groups, mapping, rates, terms)


def write_journal_files(path: Path, files: Sequence[JournalFile]) -> list[Path]:
    """Write a journal's files beside the path that was asked for; an earlier journal there is replaced.

    Raises ``InvalidArgument`` where they cannot be written.
    """
    contents = {path.parent / file.name: file.content for file in files}
    write_whole_files(contents)
    return list(contents)
