"""What the lists say together: the contracts that an invoice may belong to, the period that it bills, and its mark."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from billfold.model.period import Month, Period, parse_instant
from billfold.providers.genesys.mapping.field_aliases import purchase_orders
from billfold.providers.genesys.records import BillingContract, BillingContractPeriod, BillingInvoice, Customer
from billfold.wire import codec
from billfold.wire.codec import Maybe, get_or

DAY = timedelta(days=1)


@lru_cache(maxsize=4096)
def day(text: Maybe[str]) -> datetime | None:
    """Read a day as its first instant; None for what is absent or no day, or too far off to reckon with.

    A time that is written with it is cut off, whatever its zone: the vendor's days have none.
    """
    try:
        parse_instant(get_or(text, ""))
        found = parse_instant(get_or(text, "").strip()[:10])
    except (ValueError, OverflowError):
        return None
    return found if 1900 <= found.year < 9000 else None


def span(period: BillingContractPeriod) -> Period | None:
    """Return a billing period as a half-open one, or None where its days cannot be read."""
    start, last = day(period.date_start), day(period.date_end)
    return Period(start, last + DAY) if start and last and start <= last else None


def spans(contract: BillingContract) -> Iterator[Period]:
    """Yield the billing periods of a contract whose days can be read."""
    return (found for period in get_or(contract.billing_periods, []) if (found := span(period)))


def is_open(period: BillingContractPeriod) -> bool:
    """Tell whether a period still moves."""
    return get_or(period.status, "").lower() == "open"


def is_closed(period: BillingContractPeriod) -> bool:
    """Tell whether a period moves no more."""
    return get_or(period.status, "").lower() == "closed"


def mark(invoice: BillingInvoice) -> str:
    """Return a fingerprint of an invoice's own words in the list.

    Whether it is paid is left out (a payment does not restate it), and so is its payment link.
    """
    words = codec.encode_json(msgspec.structs.replace(invoice, payment_link=codec.UNSET, payment_status=codec.UNSET))
    return hashlib.sha256(words).hexdigest()[:16]


def name(customer: Maybe[Customer]) -> tuple[str, str]:
    """Return a customer's number (its id where it has none) and name; empty texts for what is not said."""
    said = get_or(customer, Customer())
    return str(get_or(said.number, "") or get_or(said.id, "")), get_or(said.name, "")


class Calendar:
    """The billing periods of contracts, and which of them an invoice bills.

    An invoice names neither. It is taken to belong to the contracts that share its purchase order, else its customer, else
    to any; and to bill the last period that had ended when it was issued, or a later one that its services begin in.
    """

    def __init__(self, contracts: Iterable[BillingContract]) -> None:
        self.contracts = list(contracts)

    def contracts_of(self, invoice: BillingInvoice) -> list[BillingContract]:
        """Return the contracts that an invoice may belong to."""
        return self.joined(invoice)[1]

    def joined(self, invoice: BillingInvoice) -> tuple[str, list[BillingContract]]:
        """Return the contracts that an invoice may belong to, and by what: their order, their customer, or any."""
        order, customer = get_or(invoice.customer_po_number, ""), name(invoice.bill_to_customer)[0]
        by_order = [one for one in self.contracts if order and order in purchase_orders(one)]
        by_customer = [one for one in self.contracts if customer and customer == name(one.bill_to_customer)[0]]
        found = (("order", by_order), ("customer", by_customer))
        return next((one for one in found if one[1]), ("any", self.contracts))

    def mark(self, invoice: BillingInvoice) -> str:
        """Return by what an invoice is known to be booked already: its own words, and whether any period is known for it.

        One that was read without periods is read again when there are some: only they tell which estimates it ends.
        """
        return mark(invoice) if any(self._periods(invoice)) else f"{mark(invoice)} without periods"

    def ended(self, invoice: BillingInvoice) -> Period | None:
        """Return the last period that had ended when an invoice was issued: the calendar month where none is known."""
        issued = day(invoice.date_invoiced)
        if issued is None:
            return None
        ended = [one for one in self._periods(invoice) if one.end <= issued]
        return max(ended, default=Month.of(issued).add_months(-1).period)

    def billed(self, invoice: BillingInvoice, service: datetime | None) -> Period | None:
        """Return the period that an invoice bills, whose first service begins at a time."""
        ended = self.ended(invoice)
        if service is None:
            return ended
        holding = [one for one in self._periods(invoice) if one.start <= service < one.end]
        begun = min(holding, default=Month.of(service).period)
        return max(ended, begun) if ended else begun

    def _periods(self, invoice: BillingInvoice) -> Iterator[Period]:
        return (period for contract in self.contracts_of(invoice) for period in spans(contract))


def flaw(document: bytes) -> str:
    """Say what is wrong with an invoice's document, "" for nothing: it is a PDF, from its first bytes to its end mark."""
    if not document.startswith(b"%PDF"):
        return "is not a PDF"
    return "" if b"%%EOF" in document[-1024:] else "is cut off"
