"""Which program takes a journal in which form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from billfold.report.journal.beancount import write_beancount
from billfold.report.journal.datev import write_datev
from billfold.report.journal.entries import JournalEntry
from billfold.report.journal.files import JournalFile
from billfold.report.journal.hledger import write_hledger
from billfold.report.journal.mapping import JournalMapping
from billfold.report.journal.netsuite import write_netsuite
from billfold.report.journal.quickbooks import write_quickbooks
from billfold.report.journal.xero import write_xero

ACCRUAL_PROGRAMS = ("beancount", "hledger", "datev")
"""Programs whose form takes entries that are no bills."""
WRITERS: dict[str, Callable[[str, Sequence[JournalEntry], JournalMapping], list[JournalFile]]] = {
    "beancount": write_beancount,
    "hledger": write_hledger,
    "xero": write_xero,
    "netsuite": write_netsuite,
    "quickbooks": write_quickbooks,
    "datev": write_datev,
}
"""The writers by the names of their programs: each makes files of entries, the first named as was asked."""
