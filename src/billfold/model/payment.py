"""What vendors state of payments: the rows of an account's history, and which invoices are paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billfold.model.commitment import StatedCommitment


class PaymentKind(StrEnum):
    """What a vendor states: that an account owes for an invoice, paid, or was given a credit; that an invoice is paid, or not."""

    BILLED = "billed"
    PAID = "paid"
    CREDITED = "credited"
    SETTLED = "settled"
    UNSETTLED = "unsettled"

    @property
    def is_history(self) -> bool:
        """Whether it is a row of an account's history: who states any of it states all of it."""
        return self not in {PaymentKind.SETTLED, PaymentKind.UNSETTLED}


class Payment(NamedTuple):
    """One thing that a vendor states of what is paid.

    ``amount`` of a history's row is what was billed, paid or credited: above 0, unless it was taken back; ``balance`` is what the
    account owes after it, below 0 in its favor (None: not stated). What says that an invoice is paid or not has an invoice and no
    amount. ``payment_id`` is the vendor's number of it, and may be "" beside an ``invoice_id``.
    """

    kind: PaymentKind
    payment_id: str
    invoice_id: str | None
    currency: str
    paid_at: datetime | None = None
    amount: Decimal | None = None
    balance: Decimal | None = None


class BankEntry(NamedTuple):
    """An entry of a bank's statement: ``amount`` above 0 was paid, below 0 came back; ``line`` is its line in the file."""

    paid_at: datetime
    amount: Decimal
    currency: str
    text: str
    counterparty: str = ""
    line: int = 0


class PaymentEvidence(NamedTuple):
    """What a configuration says of payments: terms by provider and account's name, the bank's statement, and what is bought."""

    agreed_terms: Mapping[tuple[str, str], str] = {}
    bank_entries: Sequence[BankEntry] = ()
    commitments: Sequence[StatedCommitment] = ()


NO_EVIDENCE = PaymentEvidence()
