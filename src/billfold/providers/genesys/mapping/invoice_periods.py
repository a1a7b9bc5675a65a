"""What the lists say together: the contracts that an invoice may belong to, the period that it bills, and its mark."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from billfold.model.period import Month, Period, parse_instant
from billfold.providers.genesys.mapping.field_aliases import get_purchase_orders
from billfold.providers.genesys.records import BillingContract, BillingContractPeriod, BillingInvoice, Customer
from billfold.providers.periods import close_period
from billfold.wire import codec
from billfold.wire.codec import Maybe, get_or

ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=4096)
def parse_day(text: Maybe[str]) -> datetime | None:
    """Read a day as its first instant; None for what is absent or no day, or too far off to reckon with.

    A time that is written with it is cut off, whatever its zone: the vendor's days have none.
    """
    try:
        parse_instant(get_or(text, ""))
        parsed_day = parse_instant(get_or(text, "").strip()[:10])
    except (ValueError, OverflowError):
        return None
    return parsed_day if 1900 <= parsed_day.year < 9000 else None


def read_period(period: BillingContractPeriod) -> Period | None:
    """Return a billing period as a half-open one, or None where its days cannot be read."""
    first_day, last_day = parse_day(period.date_start), parse_day(period.date_end)
    return close_period(first_day, last_day) if first_day and last_day and first_day <= last_day else None


def iter_periods(contract: BillingContract) -> Iterator[Period]:
    """Yield the billing periods of a contract whose days can be read."""
    return (
        readable_period for period in get_or(contract.billing_periods, []) if (readable_period := read_period(period))
    )


def is_open(period: BillingContractPeriod) -> bool:
    """Tell whether a period still moves."""
    return get_or(period.status, "").lower() == "open"


def is_closed(period: BillingContractPeriod) -> bool:
    """Tell whether a period moves no more."""
    return get_or(period.status, "").lower() == "closed"


def fingerprint_invoice(invoice: BillingInvoice) -> str:
    """Return a fingerprint of an invoice's own words in the list.

    Whether it is paid is left out (a payment does not restate it), and so is its payment link.
    """
    content = codec.encode_json(msgspec.structs.replace(invoice, payment_link=codec.UNSET, payment_status=codec.UNSET))
    return hashlib.sha256(content).hexdigest()[:16]


def read_customer(customer: Maybe[Customer]) -> tuple[str, str]:
    """Return a customer's number (its id where it has none) and name; empty texts for what is not said."""
    record = get_or(customer, Customer())
    return str(get_or(record.number, "") or get_or(record.id, "")), get_or(record.name, "")


class BillingCalendar:
    """The billing periods of contracts, and which of them an invoice bills.

    An invoice names neither. It is taken to belong to the contracts that share its purchase order, else its customer, else
    to any; and to bill the last period that had ended when it was issued, or a later one that its services begin in.
    """

    def __init__(self, contracts: Iterable[BillingContract]) -> None:
        self.contracts = list(contracts)

    def contracts_of(self, invoice: BillingInvoice) -> list[BillingContract]:
        """Return the contracts that an invoice may belong to."""
        return self.match_contracts(invoice)[1]

    def match_contracts(self, invoice: BillingInvoice) -> tuple[str, list[BillingContract]]:
        """Return the contracts that an invoice may belong to, and by what: their order, their customer, or any."""
        purchase_order, customer_number = (
            get_or(invoice.customer_po_number, ""),
            read_customer(invoice.bill_to_customer)[0],
        )
        by_order = [
            match for match in self.contracts if purchase_order and purchase_order in get_purchase_orders(match)
        ]
        by_customer = [
            match
            for match in self.contracts
            if customer_number and customer_number == read_customer(match.bill_to_customer)[0]
        ]
        matches = (("order", by_order), ("customer", by_customer))
        return next((match for match in matches if match[1]), ("any", self.contracts))

    def fingerprint_of(self, invoice: BillingInvoice) -> str:
        """Return by what an invoice is known to be booked already: its own words, and whether any period is known for it.

        One that was read without periods is read again when there are some: only they tell which estimates it ends.
        """
        return (
            fingerprint_invoice(invoice)
            if any(self._iter_invoice_periods(invoice))
            else f"{fingerprint_invoice(invoice)} without periods"
        )

    def find_ended_period(self, invoice: BillingInvoice) -> Period | None:
        """Return the last period that had ended when an invoice was issued: the calendar month where none is known."""
        issued_on = parse_day(invoice.date_invoiced)
        if issued_on is None:
            return None
        ended_periods = [period for period in self._iter_invoice_periods(invoice) if period.end <= issued_on]
        return max(ended_periods, default=Month.of(issued_on).add_months(-1).period)

    def find_billed_period(self, invoice: BillingInvoice, service_start: datetime | None) -> Period | None:
        """Return the period that an invoice bills, whose first service begins at a time."""
        ended_period = self.find_ended_period(invoice)
        if service_start is None:
            return ended_period
        service_periods = [
            period for period in self._iter_invoice_periods(invoice) if period.start <= service_start < period.end
        ]
        service_period = min(service_periods, default=Month.of(service_start).period)
        return max(ended_period, service_period) if ended_period else service_period

    def _iter_invoice_periods(self, invoice: BillingInvoice) -> Iterator[Period]:
        return (period for contract in self.contracts_of(invoice) for period in iter_periods(contract))


def find_document_flaw(document: bytes) -> str:
    """Say what is wrong with an invoice's document, "" for nothing: it is a PDF, from its first bytes to its end mark."""
    if not document.startswith(b"%PDF"):
        return "is not a PDF"
    return "" if b"%%EOF" in document[-1024:] else "is cut off"
