"""Estimates and drafts out of files, which do not say when they were answered: what is newer stays, as far as can be told."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from billfold.ledger.bill_values import BillValues
from billfold.ledger.store import OpenLedger
from billfold.model.bill import Bill, State
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import format_decimal

IMPORTED = "imported"
"""The outcome of a run that took files."""


def is_older(db: OpenLedger, bill: Bill, booked_row: BillValues | None, run_id: int) -> bool:
    """Tell whether a draft or an estimate of an import is older than what another run booked of it."""
    if booked_row is None or bill.state is State.ISSUED or booked_row["state"] != bill.state:
        return False
    if booked_row["run"] == run_id:
        return False
    ((outcome,),) = db.catalog.select("SELECT outcome FROM runs WHERE run=?", [booked_row["run"]])
    if outcome != IMPORTED:
        return True
    # GUESS: of two files the one that comes to less is the older one, as use only grows.
    return bill.total is not None and booked_row["total"] is not None and bill.total < Decimal(booked_row["total"])


def note_older(bill: Bill, booked_row: BillValues) -> Iterator[Finding]:
    """Say what a file has of a bill where what is booked stays; nothing of one that comes to the same."""
    if bill.total is None or booked_row["total"] is None or bill.total == Decimal(booked_row["total"]):
        return
    amounts = {"stated": format_decimal(bill.total), "booked": booked_row["total"]}
    text = (
        f"is {amounts['stated']} {bill.currency} in a file that does not say when it was answered; "
        f"what is booked stays, {amounts['booked']}"
    )
    yield make_finding(FindingCode.FILE_OLDER, text, bill.key, **amounts, currency=bill.currency)
