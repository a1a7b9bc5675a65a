"""Commitments that a contract makes and no API tells of: a minimum to be spent, credits bought beforehand, seats."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billfold.model.period import Period


class CommitmentKind(StrEnum):
    """What is committed: a sum that is charged whatever is used, credits that are used up, or a number of seats each month."""

    MINIMUM_SPEND = "minimum-spend"
    PREPAID_CREDITS = "prepaid-credits"
    SEATS = "seats"


class StatedCommitment(NamedTuple):
    """A commitment as the configuration states it; ``account`` is the account's name there.

    ``unit`` is the currency of ``amount``, or what it counts. The period is half-open. With ``is_monthly`` the amount is that of
    each month. ``service`` narrows what counts as use to one service ("": all of the account).
    """

    account: str
    commitment_id: str
    kind: CommitmentKind
    unit: str
    amount: Decimal
    period: Period
    is_monthly: bool = False
    service: str = ""
