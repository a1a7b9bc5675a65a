"""Months that somebody signed: each is an entry in the chain of every account that it closes, with the register of its bills."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from billfold.ledger.archive import Archive
from billfold.ledger.chain import ChainKey
from billfold.ledger.entries import CLOSING, Entry, build_run_marker
from billfold.model.errors import LedgerError
from billfold.model.period import Month


class RegisterLine(NamedTuple):
    """An issued invoice that was counted when its month was signed; ``total`` is text with all its digits."""

    invoice_id: str
    currency: str
    total: str


class Closing(NamedTuple):
    """A month that was signed: by whom, when by this machine's and by the vendors' clocks, and what it stands for.

    ``hash`` is that of the month, ``head`` the archive's before it was signed; ``seq`` is the number of its first entry.
    ``code`` says which code booked the ledger: another may read the same answers otherwise, and come to another hash.
    ``registers`` hold what was counted, by provider and account as they were called then.
    """

    month: Month
    signed_by: str
    signed_at: str
    vendor_time: str
    hash: str
    head: str
    code: str
    acknowledged_ids: tuple[str, ...]
    scope: tuple[str, str]
    """The provider and the account that it was narrowed to; empty: all of them."""
    seq: int
    registers: Mapping[ChainKey, tuple[RegisterLine, ...]]


def add_closing(archive: Archive, closing: Closing, now: datetime) -> None:
    """Note in the chain of each account that a month is signed: in all of them, or in none."""
    fields = {
        "month": str(closing.month),
        "by": closing.signed_by,
        "vendor_time": closing.vendor_time,
        "hash": closing.hash,
        "head": closing.head,
        "code": closing.code,
        "acknowledged": closing.acknowledged_ids,
        "scope": closing.scope,
    }
    with archive.open_transaction():
        for chain_key, lines in sorted(closing.registers.items()):
            text = json.dumps(fields | {"register": lines}, sort_keys=True)
            archive.add_marker(build_run_marker(0, *chain_key, CLOSING, text, now))


def list_closings(
    archive: Archive, last_seq: int | None = None, account_names: Mapping[ChainKey, str] | None = None
) -> list[Closing]:
    """Return the months that were signed, in the order they were, as of an entry if wanted.

    ``account_names`` are what accounts are called now, by provider and what they were called. Raises ``LedgerError`` for a damaged
    entry.
    """
    entries = [entry for entry in archive.list_markers(CLOSING) if last_seq is None or entry.seq <= last_seq]
    parts = [_read_part(entry, account_names or {}) for entry in entries]
    return [_join_parts(list(members)) for _, members in groupby(parts, key=lambda part: part[:9])]


def _join_parts(parts: Sequence[Closing]) -> Closing:
    registers = {chain_key: lines for part in parts for chain_key, lines in part.registers.items()}
    return parts[0]._replace(registers=registers)


def _read_part(entry: Entry, account_names: Mapping[ChainKey, str]) -> Closing:
    try:
        fields = json.loads(entry.question)
        lines = tuple(RegisterLine(*map(str, line)) for line in fields["register"])
        provider, account = map(str, fields["scope"])
        account_now = account_names.get(entry.chain_key, entry.account)
        return Closing(
            Month.parse(fields["month"]),
            signed_by=str(fields["by"]),
            signed_at=entry.fetched_at,
            vendor_time=str(fields["vendor_time"]),
            hash=str(fields["hash"]),
            head=str(fields["head"]),
            code=str(fields.get("code", "")),
            acknowledged_ids=tuple(map(str, fields["acknowledged"])),
            scope=(provider, account_now if account == entry.account else account),
            seq=entry.seq,
            registers={(entry.provider, account_now): lines},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"entry {entry.seq} does not say which month was signed: run `billfold verify`") from error


def find_last_closings(closings: Iterable[Closing], month: Month) -> dict[ChainKey, Closing]:
    """Return the last signature of a month, by each account that it closes."""
    return {chain_key: closing for closing in closings if closing.month == month for chain_key in closing.registers}
