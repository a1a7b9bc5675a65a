"""What the answers say beside the charges: whose account it is, which invoices there are, whether their sums agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from billfold.model.bill import State
from billfold.model.errors import Unreadable
from billfold.model.money import plain
from billfold.providers.fastly.api import ListInvoices
from billfold.providers.fastly.mapping.bill_header import period, unfinished, when
from billfold.providers.fastly.mapping.charges import READERS, owned
from billfold.providers.fastly.mapping.lines import number, text
from billfold.providers.fastly.mapping.v2 import STATES, Bill2
from billfold.providers.fastly.mapping.v2_sums import contradictions
from billfold.providers.fastly.records import BillingResponse, BillingStatus, BillingTotal
from billfold.providers.provider import Answer, Listing, Reading
from billfold.wire.codec import given
from billfold.wire.operation import read


def identity(reading: Reading) -> str | None:
    """Return the customer that the token belongs to, or that the invoices are for."""
    return owned(reading) or next((found for found in _customers(reading) if found), None)


def _customers(reading: Reading) -> Iterator[str]:
    for kind, find, _ in READERS:
        for answer in reading.answers(kind):
            for found, _path in find(answer):
                yield text(getattr(found, "customer_id", None))


def listing(reading: Reading) -> Listing | None:
    """Say which invoices were listed; the list reaches back to the oldest of them."""
    ids, starts, proven, seen = set(), [], False, False
    for answer in reading.answers(ListInvoices, billing_start_date=None, billing_end_date=None):
        page, seen = read(answer.op, answer.response), True
        proven = answer.op.ended(page)  # type: ignore[attr-defined]
        for invoice in given(page.data, []):
            ids.add(str(given(invoice.invoice_id, "")))
            starts += [start] if (start := when(text(invoice.billing_start_date))) else []
    return Listing(frozenset(ids), proven, min(starts, default=None)) if seen else None


def checks(reading: Reading) -> Iterator[str]:
    """Yield a sentence for what the list says against itself, and for each v2 sum that is not what it is said to be."""
    yield from _listed(reading)
    yield from dict.fromkeys(words for found, answer in _retired(reading) for words in _contradicted(found, answer))


def _listed(reading: Reading) -> Iterator[str]:
    """Yield a sentence where the list holds fewer invoices than it states, or two that look like one."""
    seen: dict[tuple[object, ...], str] = {}
    stated, ids = None, set()
    for answer in reading.answers(ListInvoices, billing_start_date=None, billing_end_date=None):
        page = read(answer.op, answer.response)
        stated = answer.op.stated_total(page)  # type: ignore[attr-defined]
        for invoice in given(page.data, []):
            key, amount = str(given(invoice.invoice_id, "")), number(invoice.monthly_transaction_amount)
            ids.add(key)
            other = seen.setdefault((invoice.customer_id, invoice.billing_start_date, amount), key)
            if other != key and amount:
                yield f"invoices {other} and {key} have the same period and total ({plain(amount)}): one may be a duplicate"
    if stated is not None and len(ids) != stated:
        yield f"the list of invoices states {stated} and holds {len(ids)}"


def _retired(reading: Reading) -> Iterator[tuple[Bill2, Answer]]:
    """Yield the v2 bills; an answer that cannot be read is told of where it is booked."""
    for kind, find, _ in READERS:
        for answer in reading.answers(kind) if kind.path.startswith("/billing/v2/") else ():
            with suppress(Unreadable):
                yield from ((found, answer) for found, _path in find(answer))  # type: ignore[misc]


def _contradicted(found: Bill2, answer: Answer) -> Iterator[str]:
    word = text(given(found.status, BillingStatus()).status)
    span, wrong = period(text(found.start_time), text(found.end_time), answer.fetched_at)
    over = not wrong and not unfinished(span, answer)
    final = over and isinstance(found, BillingResponse) and STATES.get(word, State.ISSUED) is State.ISSUED
    name = (
        f"invoice {given(found.invoice_id, 'without an id')}" if final else f"month from {text(found.start_time)[:10]}"
    )
    for words in contradictions(given(found.total, BillingTotal()), final=final):
        yield f"{name}: {words}"
