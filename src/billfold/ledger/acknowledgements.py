"""What somebody looked at and accepted: findings that are known, each an entry in the chain of its account."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from billfold.ledger.archive import Archive
from billfold.ledger.entries import ACKNOWLEDGEMENT, build_run_marker
from billfold.model.errors import LedgerError
from billfold.model.finding import AccountFinding, Finding, describe_labelled
from billfold.model.finding_codes import Severity

ACCEPTED_FIELD = "acknowledged"
"""The field of a finding's data that says that it is accepted."""


class Acknowledgement(NamedTuple):
    """Who accepted which finding, when, and why; ``text`` is the finding as it was told then.

    One that ``is_of_ledger`` is in the chain of an account, and of none.
    """

    id: str
    provider: str
    account: str
    month: str
    text: str
    reason: str
    by: str
    acknowledged_at: str
    is_withdrawn: bool = False
    is_of_ledger: bool = False


def add_acknowledgement(archive: Archive, located: AccountFinding, reason: str, by: str, now: datetime) -> None:
    """Note that a finding is known and accepted; it is told without alarm from now on.

    One of no account goes into the chain of the first account: entries are always an account's.
    """
    fields = {"id": located.id, "month": located.month, "text": describe_labelled(located.finding)}
    fields |= {"reason": reason, "by": by}
    place = located.provider, located.account
    if not located.account:
        place, fields = min((run.provider, run.account) for run in archive.list_runs()), fields | {"of": "ledger"}
    _add_marker(archive, *place, fields, now)


def withdraw_acknowledgement(
    archive: Archive, acknowledgement: Acknowledgement, reason: str, by: str, now: datetime
) -> None:
    """Note that a finding is accepted no longer: it is told as before."""
    fields = {"id": acknowledgement.id, "month": acknowledgement.month, "text": acknowledgement.text}
    fields |= {"reason": reason, "by": by, "withdrawn": "yes"} | (
        {"of": "ledger"} if acknowledgement.is_of_ledger else {}
    )
    _add_marker(archive, acknowledgement.provider, acknowledgement.account, fields, now)


def _add_marker(archive: Archive, provider: str, account: str, fields: dict[str, str], now: datetime) -> None:
    text = json.dumps(fields, sort_keys=True)
    archive.add_marker(build_run_marker(0, provider, account, ACKNOWLEDGEMENT, text, now))


def list_acknowledgements(archive: Archive, last_seq: int | None = None) -> list[Acknowledgement]:
    """Return what is accepted, as of an entry if wanted, and not withdrawn; raises ``LedgerError`` for a damaged entry."""
    by_id = dict[str, Acknowledgement]()
    for entry in archive.list_markers(ACKNOWLEDGEMENT):
        if last_seq is not None and entry.seq > last_seq:
            break
        try:
            fields = json.loads(entry.question)
            month, text, reason, by = (str(fields[name]) for name in ("month", "text", "reason", "by"))
            place = fields["id"], entry.provider, entry.account
            acknowledgement = Acknowledgement(
                *place, month, text, reason, by, entry.fetched_at, "withdrawn" in fields, "of" in fields
            )
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerError(f"entry {entry.seq} does not say what was acknowledged: run `billfold verify`") from error
        by_id[acknowledgement.id] = acknowledgement
    return [acknowledgement for acknowledgement in by_id.values() if not acknowledgement.is_withdrawn]


def list_acknowledged_ids(archive: Archive, last_seq: int | None = None) -> frozenset[str]:
    """Return the ids of the findings that are accepted, as of an entry if wanted; raises ``LedgerError``."""
    return frozenset(acknowledgement.id for acknowledgement in list_acknowledgements(archive, last_seq))


def quieten(findings: Iterable[AccountFinding], acknowledged_ids: Collection[str]) -> list[AccountFinding]:
    """Return findings, those that are accepted as notices: nobody has to act on them."""
    return [
        located._replace(finding=accept_finding(located.finding))
        if located.is_accepted_by(acknowledged_ids)
        else located
        for located in findings
    ]


def accept_finding(finding: Finding) -> Finding:
    """Return a finding that is accepted: a notice."""
    return replace(finding, severity=Severity.NOTICE, data={**finding.data, ACCEPTED_FIELD: "yes"})


def is_accepted(finding: Finding) -> bool:
    """Tell whether a finding is accepted."""
    return ACCEPTED_FIELD in finding.data
