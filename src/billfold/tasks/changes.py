"""Say what of closed months is another now: since a month was signed, or since a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.ledger.as_of import resolve_as_of
from billfold.ledger.catalog import group_by_account
from billfold.ledger.chain import ChainKey
from billfold.ledger.closings import Closing, RegisterLine, find_last_closings, list_closings
from billfold.ledger.issued_bills import list_issued_bills, list_issued_versions, read_vendor_time
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.errors import InvalidArgument
from billfold.model.finding import AccountFinding
from billfold.model.period import Month, end_of_day, parse_instant
from billfold.report.changes import (
    BillChange,
    BillKey,
    BillState,
    collect_states,
    compare_states,
    list_possible_changes,
    restrict_to_registers,
)
from billfold.report.completeness import find_vanished_invoices

CLOSE_PREFIX = "close:"
"""Begins what names a month that was signed, where a time is taken too."""


class Baseline(NamedTuple):
    """What changes are held against: months before ``end``, as they were known at an archive number of each account.

    ``registers`` hold what was counted of ``month``, where it was signed; other accounts are as they were at ``seq``.
    """

    end: Month
    seq: int
    month: Month | None = None
    seqs: Mapping[ChainKey, int] = {}
    registers: Mapping[ChainKey, tuple[RegisterLine, ...]] = {}


def map_account_names(workspace: Workspace, db: OpenLedger) -> dict[ChainKey, str]:
    """Return what accounts are called now, by provider and what they were called when anything of them was archived."""
    names = query.read_names_by_run(db)
    return {(run.provider, run.account): names[run.id] for run in workspace.archive.list_runs() if run.id in names}


def load_closings(workspace: Workspace, db: OpenLedger, seq: int) -> list[Closing]:
    """Return the months that were signed, as of an archive number, under the present names of their accounts."""
    return list_closings(workspace.archive, seq, map_account_names(workspace, db))


def find_baseline(workspace: Workspace, db: OpenLedger, since: str, seq: int) -> Baseline:
    """Read ``close:MONTH`` or a time; raises ``InvalidArgument`` for a month that was not signed, or what is neither."""
    if since.startswith(CLOSE_PREFIX):
        return find_closed_baseline(load_closings(workspace, db, seq), read_month(since.removeprefix(CLOSE_PREFIX)))
    try:
        instant = parse_instant(since)
        instant = end_of_day(instant) if len(since.strip()) == len("2026-05-01") else instant
    except ValueError as error:
        raise InvalidArgument(f"{error}, or as close:2026-05 for a month that was signed") from error
    baseline_seq = resolve_as_of(workspace.archive, instant)
    return Baseline(Month.of(read_vendor_time(db, baseline_seq, instant) or instant), baseline_seq)


def read_month(text: str) -> Month:
    """Read a month; raises ``InvalidArgument``."""
    try:
        return Month.parse(text)
    except ValueError as error:
        raise InvalidArgument(str(error)) from error


def find_closed_baseline(closings: Iterable[Closing], month: Month) -> Baseline:
    """Return what changes since a month was last signed are held against; raises ``InvalidArgument`` where it was not."""
    all_closings = list(closings)
    last_closings = find_last_closings(all_closings, month)
    if not last_closings:
        signed = ", ".join(sorted({str(closing.month) for closing in all_closings})) or "none"
        raise InvalidArgument(
            f"{month} is not signed: `billfold close {month} --sign NAME` does that; signed months are: {signed}"
        )
    return Baseline(
        month.add_months(1),
        max(closing.seq for closing in last_closings.values()),
        month,
        {chain_key: closing.seq for chain_key, closing in last_closings.items()},
        {chain_key: closing.registers[chain_key] for chain_key, closing in last_closings.items()},
    )


def find_changes(db: OpenLedger, baseline: Baseline, filters: LedgerFilter) -> list[BillChange]:
    """Return what of the wanted months before the baseline's end is another than it was; raises ``InvalidArgument``."""
    last_month = baseline.end.add_months(-1)
    if filters.last_month is None or last_month < filters.last_month:
        filters = filters._replace(last_month=last_month)
    if filters.first_month and filters.first_month > last_month:
        return []
    if filters.seq < baseline.seq:
        raise InvalidArgument("--as-of is a time before --since: nothing can have changed between them")
    before = dict[BillKey, BillState]()
    for seq in sorted({baseline.seq, *baseline.seqs.values()}):
        states = _read_states(db, filters._replace(seq=seq))
        before |= {key: state for key, state in states.items() if baseline.seqs.get(key[:2], baseline.seq) == seq}
    if baseline.month is not None and filters.includes_month(baseline.month):
        registers = {key: lines for key, lines in baseline.registers.items() if filters.includes_account(*key)}
        before = restrict_to_registers(before, baseline.month, registers)
    return compare_states(before, _read_states(db, filters), filters.acknowledged_ids)


def _read_states(db: OpenLedger, filters: LedgerFilter) -> dict[BillKey, BillState]:
    return collect_states(list_issued_bills(db, filters), _find_unlisted(db, filters))


def _find_unlisted(db: OpenLedger, filters: LedgerFilter) -> set[tuple[str, str, str]]:
    """Return provider, account and id of the invoices that the vendors list no longer."""
    bills_by_account = group_by_account(catalog.list_bills(db, filters))
    return {
        (run.provider, run.account, finding.subject)
        for run in catalog.list_last_runs(db, filters.seq)
        for finding in find_vanished_invoices(bills_by_account.get((run.provider, run.account), []), run)
    }


def find_all_changes(workspace: Workspace, db: OpenLedger, filters: LedgerFilter) -> list[AccountFinding]:
    """Return every change that may be told now, since whatever time, as findings that can be accepted."""
    closings = load_closings(workspace, db, filters.seq)
    changes = list_possible_changes(list_issued_versions(db, filters), _find_unlisted(db, filters))
    for month in {closing.month for closing in closings}:
        changes += find_changes(db, find_closed_baseline(closings, month), filters)
    return [change.located for change in changes]
