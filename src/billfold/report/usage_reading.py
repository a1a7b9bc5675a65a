"""Reading what was measured of the usage of accounts that have no estimate, and what their invoices took for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from billfold.ledger.store import OpenLedger
from billfold.ledger.usage_basis import BilledUsage, RegionUsage, list_billed_usage, list_region_usage
from billfold.model.period import Month
from billfold.report.usage_pricing import OpenUsage, price_usage

PROVING_MONTHS = 6
"""How many months back measured quantities are held against invoiced ones."""
AccountKey = tuple[str, str]
"""A provider, and an account of it."""


def read_usage(
    db: OpenLedger, months_by_account: Mapping[AccountKey, Mapping[int, Month]], month: Month, seq: int
) -> dict[AccountKey, OpenUsage]:
    """Return the usage of a month that can be priced, by account; these come with the months of their last invoices, by bill."""
    if not months_by_account:
        return {}
    measured = defaultdict[AccountKey, list[RegionUsage]](list)
    for row in list_region_usage(db, month.add_months(-PROVING_MONTHS), month, seq):
        measured[row.provider, row.account].append(row)
    account_keys = [key for key, months in months_by_account.items() if months and key in measured]
    bill_ids = [bill_id for key in account_keys for bill_id in months_by_account[key]]
    billed = defaultdict[int, list[BilledUsage]](list)
    for billed_usage in list_billed_usage(db, bill_ids) if bill_ids else ():
        billed[billed_usage.bill].append(billed_usage)
    usages = dict[AccountKey, OpenUsage]()
    for key in account_keys:
        months = months_by_account[key]
        rows = [billed_usage for bill_id in months for billed_usage in billed[bill_id]]
        if usage := price_usage(month, measured[key], rows, months):
            usages[key] = usage
    return usages
