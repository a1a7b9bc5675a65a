"""Where a number comes from: the archived answer, its question, its time, and the place in it."""

from __future__ import annotations

import re
from typing import Any

from billfold.ledger.archive import Archive
from billfold.ledger.entries import Entry
from billfold.ledger.origins import ChargeOrigin, list_charge_origins
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State
from billfold.model.errors import BillfoldError, InvalidArgument
from billfold.wire import codec

_PATH_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def find_charges(ledger: OpenLedger, reference: str, filters: LedgerFilter) -> list[ChargeOrigin]:
    """Return the charges of an invoice, or the one with that detail id, bill by bill; raises ``InvalidArgument`` where there is none.

    An estimate has neither: ``estimate`` stands for all of them that are wanted, a charge's x_JsonPath for itself.
    """
    origins = list_charge_origins(ledger, reference, filters)
    if not origins:
        raise InvalidArgument(
            f"no invoice or charge is called {reference!r}; `billfold invoices` and `billfold charges` list them (an estimate is "
            f"called {State.ESTIMATE}, its charges by their x_JsonPath)"
        )
    return sorted(origins, key=lambda origin: (origin.bill, origin.seq or 0, _path_sort_key(origin.path or "")))


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
