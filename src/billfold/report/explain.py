"""Where a number comes from: the archived answer, its question, its time, and the place in it."""

from __future__ import annotations

import re
from typing import Any

from billfold.ledger.archive import Archive
from billfold.ledger.entries import Entry
from billfold.ledger.query import AMOUNT_SQL, CHARGES_JOIN, LedgerFilter, build_current_condition
from billfold.ledger.store import OpenLedger, make_aware
from billfold.model.bill import State
from billfold.model.errors import BillfoldError, InvalidArgument
from billfold.wire import codec

_CHARGES_SQL = f"""
SELECT b.id AS bill, b.provider, a.name AS account, b.state, b.invoice_id, b.period_start, b.total, b.currency, b.lines, b.parked,
       c.InvoiceDetailId AS detail, c.ChargeDescription AS description, c.ChargeCategory AS category, {AMOUNT_SQL} AS cost,
       c.x_ArchiveSeq AS seq, c.x_JsonPath AS path
FROM {CHARGES_JOIN} WHERE (c.InvoiceDetailId = $it OR c.x_NativeId = $it OR b.invoice_id = $it
   OR b.state = '{State.ESTIMATE}' AND $it IN ('{State.ESTIMATE}', c.x_JsonPath))
"""
_PATH_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def find_charges(db: OpenLedger, reference: str, filters: LedgerFilter) -> list[dict[str, Any]]:
    """Return the charges of an invoice, or the one with that detail id, bill by bill; raises ``InvalidArgument`` where there is none.

    An estimate has neither: ``estimate`` stands for all of them that are wanted, a charge's x_JsonPath for itself.
    """
    condition, values = build_current_condition(filters)
    result = db.execute(f"{_CHARGES_SQL} AND {condition}", values | {"it": reference})
    names = [column[0] for column in result.description or ()]
    charge_rows = [dict(zip(names, map(make_aware, row), strict=True)) for row in result.fetchall()]
    if not charge_rows:
        raise InvalidArgument(
            f"no invoice or charge is called {reference!r}; `billfold invoices` and `billfold charges` list them (an estimate is "
            f"called {State.ESTIMATE}, its charges by their x_JsonPath)"
        )
    return sorted(charge_rows, key=lambda row: (row["bill"], row["seq"] or 0, _path_sort_key(row["path"] or "")))


def _path_sort_key(path: str) -> list[tuple[int, str]]:
    """Return what sorts JSON paths as their lines stand in the answer: ``[9]`` before ``[10]``."""
    return [(int(index or 0), name) for name, index in _PATH_STEP.findall(path)]


def read_json_path(archive: Archive, entry: Entry, path: str) -> Any:
    """Return what stands in an archived answer at a JSON path; None where it is no JSON or has no such place."""
    try:
        value = codec.parse_json(archive.read_body(entry.body))
        for name, index in _PATH_STEP.findall(path):
            value = value[name] if name else value[int(index)]
    except (BillfoldError, KeyError, IndexError, TypeError):
        return None
    return value
