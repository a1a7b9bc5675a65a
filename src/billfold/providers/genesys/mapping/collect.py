"""Which questions to ask Genesys Cloud, in which order.

The list of contracts holds every contract whole, so that none is asked for by itself. A trustee's overviews are not
collected: they are no charges, need another permission, and tell of the customers' prices.
"""

from __future__ import annotations

from collections.abc import Container, Generator, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from billfold.model.errors import IncompleteList, InvalidResponse
from billfold.model.period import Month
from billfold.providers.genesys.api import (
    GetBillingContractBillingperiod,
    GetBillingContracts,
    GetBillingContractsInvoiceDocument,
    GetBillingContractsInvoiceLines,
    GetBillingContractsInvoices,
    GetBillingReportsBillableusage,
)
from billfold.providers.genesys.mapping.invoice_periods import Calendar, flaw, is_closed, is_open, span
from billfold.providers.genesys.records import BillingContract, BillingContractPeriod, BillingInvoice, UrlResponse
from billfold.providers.provider import CollectPlan, Fetch, SyncState
from billfold.wire.codec import get_or
from billfold.wire.operation import operation_name
from billfold.wire.paging import PagedOperation, Walk

I = TypeVar("I")  # noqa: E741 - an item
CONTRACTS_A_PAGE, LINES_A_PAGE = 10, 200
"""The most that the newest API gives."""
REFUSALS = 3
"""Documents that may be refused in one collection: a key without the right must not ask for all of them each time."""
LATE = timedelta(days=62)
"""How long after a period's end its invoice is waited for; until then what was used in it may be an estimate."""


def plan_requests(known: SyncState) -> CollectPlan:
    """Ask for contracts and invoices, then for what is new: periods, lines, documents; last for the licences in use."""
    contracts = yield from _all(GetBillingContracts(page_size=CONTRACTS_A_PAGE))
    _no_doubles(contracts)
    since = known.since.start.date()
    invoices = yield from _all(GetBillingContractsInvoices(page_size=LINES_A_PAGE, date_start=since))
    calendar = Calendar(contracts)
    new = {
        str(i.id): i
        for i in invoices
        if get_or(i.id, "") and known.issued_fingerprints.get(str(i.id)) != calendar.mark(i)
    }
    for contract_id, period in _periods(calendar, list(new.values()), known):
        words = "the estimate of the running period" if is_open(period) else f"period {period.id}"
        question = GetBillingContractBillingperiod(contract_id=contract_id, billing_period_id=str(period.id))
        yield Fetch(question, missing=f"{words} of contract {contract_id}")
    for invoice_id in new:
        with suppress(InvalidResponse):  # no list of its lines parks this invoice, and no other
            yield from _all(GetBillingContractsInvoiceLines(invoice_id=invoice_id, page_size=LINES_A_PAGE))
    yield from _documents([str(i.id) for i in invoices if get_or(i.id, "")], new, known)
    yield from _usage(known.now)


def _documents(invoice_ids: list[str], new: Container[str], known: SyncState) -> Generator[Fetch, Any, None]:
    """Ask for the PDFs that are not archived, the latest first; where some are refused, the others are left for later."""
    questions = [GetBillingContractsInvoiceDocument(invoice_id=one) for one in dict.fromkeys(invoice_ids)]
    wanted = [one for one in reversed(questions) if one.invoice_id in new or not known.already_fetched(one)]
    refused = 0
    for index, one in enumerate(wanted, 1):
        others = f" (and of {len(wanted) - index} others)" if refused == REFUSALS - 1 and index < len(wanted) else ""
        words = f"the PDF of invoice {one.invoice_id}{others}"
        refused += (yield Fetch(one, missing=words, find_document_url=_url, find_flaw=flaw)) is None
        if refused == REFUSALS:
            return


def _all(first: PagedOperation[Any, I]) -> Generator[Fetch, Any, list[I]]:
    walk, found = Walk(first), list[I]()
    while walk.next_operation is not None:
        page = yield Fetch(walk.next_operation)
        found.extend(walk.take_page(page))
    if not walk.end_confirmed:
        raise IncompleteList("the list's next link holds no cursor", operation=operation_name(first))
    return found


def _no_doubles(contracts: list[BillingContract]) -> None:
    """Refuse a list that has a contract twice: it moved while it was read, and another contract may be missing."""
    ids = [get_or(one.id, "") for one in contracts]
    if len(set(ids)) < len(ids):
        raise InvalidResponse(
            "the list moved while it was read: a contract is in it twice", operation="get_billing_contracts"
        )


def _url(reply: UrlResponse) -> str:
    return get_or(reply.url, "")


def _periods(
    calendar: Calendar, new: list[BillingInvoice], known: SyncState
) -> Iterator[tuple[str, BillingContractPeriod]]:
    """Yield the open periods, the closed ones with a new invoice, and those just closed.

    Whether an invoice bills what was used in a period or only what is bought beforehand, its listing does not say.
    """
    for contract in calendar.contracts:
        changed = {calendar.ended(invoice) for invoice in new if contract in calendar.contracts_of(invoice)}
        for period in get_or(contract.billing_periods, []):
            found = span(period)
            late = found is not None and known.now - found.end < LATE
            if (
                get_or(contract.id, "")
                and get_or(period.id, "")
                and (not is_closed(period) or found in changed or late)
            ):
                yield get_or(contract.id, ""), period


def _usage(now: datetime) -> Generator[Fetch, Any, None]:
    """Ask for the running month's licences up to the last midnight: the vendor counts whole days."""
    start, midnight = Month.of(now).start, now.replace(hour=0, minute=0, second=0, microsecond=0)
    if start < midnight:
        yield Fetch(GetBillingReportsBillableusage(start_date=start, end_date=midnight), missing="the licences in use")
