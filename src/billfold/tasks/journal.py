"""Make the journal of a ledger, as `billfold export journal` does, and put its files where they belong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from billfold.ledger.posted_bills import group_bill_charges, list_posted_bills
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.report.journal.files import JournalFile
from billfold.report.journal.invoices import Journal, build_journal, list_group_keys, list_versions
from billfold.report.journal.mapping import JournalMapping
from billfold.tasks.whole_files import write_whole_files


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
