"""What a ledger lacks: accounts whose last collection did not bring everything or did not end, or that never had one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import duckdb

from billfold.ledger import query
from billfold.ledger.entries import Run
from billfold.ledger.query import FOREVER, Filter


class Gap(NamedTuple):
    """An account of which something is not here, and what."""

    provider: str
    account: str
    words: str


def failed(db: duckdb.DuckDBPyConnection, wanted: Filter) -> Iterator[Gap]:
    """Yield the accounts whose last collection did not bring everything."""
    for run in query.last_runs(db, wanted.seq, query.COLLECTED):
        if run["outcome"] != "complete" and wanted.fits(run["provider"], run["account"]):
            yield Gap(
                run["provider"], run["account"], f"the last collection did not bring everything: {run['outcome']}"
            )


def unfinished(runs: Iterable[Run], configured: Iterable[tuple[str, str]], wanted: Filter) -> Iterator[Gap]:
    """Yield the accounts (provider and name) with a collection that did not end, and those of which none did.

    Nothing of a past time: what was configured or not finished then is not known.
    """
    if wanted.seq < FOREVER:
        return
    runs = list(runs)
    open_ = [(run.provider, run.account) for run in runs if not run.ended]
    known = {(run.provider, run.account) for run in runs}
    for words, some in (
        ("a collection did not come to its end yet", open_),
        ("nothing was collected yet", [one for one in configured if one not in known]),
    ):
        yield from (Gap(*one, f"{words}: run `billfold sync`") for one in some if wanted.fits(*one))
