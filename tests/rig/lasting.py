"""Faults that last for a whole collection, the first one or a later one; an ordinary sync afterwards must find the truth."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.twin.faults import FAULTS, Fault
from billfold.twin.world import describe_bill
from tests import stage

LIES = {"draft-finalized"}
"""Faults that make an issued bill of one that is not: nobody can know, until it is issued."""
COPIES = {"duplicate-invoice", "reissued-nearly-equal", "id-respelled", "late-credit-memo"}
"""Faults that list an invoice that there is not: what the vendor once listed is kept, and told of as vanished."""
FOR_EVER = 10**6


def every_fault(provider: str, seed: int, months: int, only: str | None = None) -> Iterator[tuple[str, bool, str]]:
    """Yield every fault in a first collection and in a later one, with what is wrong afterwards."""
    for fault in [only] if only else [name for name in FAULTS if name not in LIES]:
        for later in (False, True):
            yield fault, later, outlived(provider, fault, seed, months, later=later)


def outlived(provider: str, fault: str, seed: int, months: int, *, later: bool) -> str:
    """Collect while a fault lasts, then without it; say what is not true, nothing where all is."""
    with tempfile.TemporaryDirectory() as home:
        host, books = stage.twin(seed=seed, months=months), Workspace(Path(home))
        try:
            if later:
                stage.collected(host, books, provider, workers=1)
                host.clock.advance(timedelta(days=31))
            host.set_fault(Fault(provider, fault, times=FOR_EVER, days=60))
            stage.collected(host, books, provider, workers=1)
            host.clear_faults()
            stage.collected(host, books, provider, workers=1)
            with books.open_ledger() as db:
                ours = {str(bill._asdict()) for bill in query.list_invoices(db, query.LedgerFilter())}
        finally:
            books.close()
        bills = host.world.iter_bills(host.clock.now())
        true = {str(describe_bill(account, bill)) for account, bill in bills if account.provider == provider}
        wrong = true - ours if fault in COPIES else ours ^ true
        return f"{sorted(wrong)[:2]}" if wrong else ""
