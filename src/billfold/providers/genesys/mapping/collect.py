"""Which questions to ask Genesys Cloud, in which order.

The list of contracts holds every contract whole, so that none is asked for by itself. A trustee's overviews of its customers
are asked for once a month, when there are new invoices: they are no charges, and need another permission.
"""

from __future__ import annotations

from collections.abc import Container, Generator, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from billfold.model.errors import IncompleteList, InvalidResponse
from billfold.model.period import Month, Period
from billfold.providers.genesys.api import (
    GetBillingContractBillingperiod,
    GetBillingContracts,
    GetBillingContractsInvoiceDocument,
    GetBillingContractsInvoiceLines,
    GetBillingContractsInvoices,
    GetBillingReportsBillableusage,
    GetBillingTrusteebillingoverviewTrustorOrgId,
)
from billfold.providers.genesys.mapping.invoice_periods import (
    BillingCalendar,
    find_document_flaw,
    is_closed,
    is_open,
    read_customer,
    read_period,
)
from billfold.providers.genesys.records import BillingContract, BillingContractPeriod, BillingInvoice, UrlResponse
from billfold.providers.pages import MISSING_INVOICES, plan_pages
from billfold.providers.provider import CollectPlan, Fetch, SyncState
from billfold.wire.codec import get_or
from billfold.wire.operation import operation_name
from billfold.wire.paging import PagedOperation

I = TypeVar("I")  # noqa: E741 - an item
CONTRACTS_PER_PAGE, LINES_PER_PAGE = 10, 200
"""The most that the newest API gives."""
MAX_REFUSED_DOCUMENTS = 3
"""Documents that may be refused in one collection: a key without the right must not ask for all of them each time."""
MAX_OVERVIEWS = 200
"""Customers whose overviews are asked for in one collection."""
INVOICE_WAIT = timedelta(days=62)
"""How long after a period's end its invoice is waited for; until then what was used in it may be an estimate."""


def plan_requests(sync_state: SyncState) -> CollectPlan:
    """Ask for contracts and invoices, then for what is new: periods, lines, documents; last for the licences in use."""
    contracts, has_null = yield from _fetch_all_pages(GetBillingContracts(page_size=CONTRACTS_PER_PAGE))
    _check_duplicates(contracts)
    since = sync_state.since.start.date()
    list_operation = GetBillingContractsInvoices(page_size=LINES_PER_PAGE, date_start=since)
    invoices, _ = yield from _fetch_all_pages(list_operation, missing_rest=MISSING_INVOICES)
    if has_null and invoices:
        raise InvalidResponse("there are invoices and no list of contracts", operation="get_billing_contracts")
    calendar = BillingCalendar(contracts)
    new_invoices = {
        str(invoice.id): invoice
        for invoice in invoices
        if get_or(invoice.id, "")
        and sync_state.issued_fingerprints.get(str(invoice.id)) != calendar.fingerprint_of(invoice)
    }
    for contract_id, period in _iter_needed_periods(calendar, list(new_invoices.values()), sync_state):
        description = "the estimate of the running period" if is_open(period) else f"period {period.id}"
        request = GetBillingContractBillingperiod(contract_id=contract_id, billing_period_id=str(period.id))
        yield Fetch(request, missing=f"{description} of contract {contract_id}")
    for invoice_id in new_invoices:
        with suppress(InvalidResponse, IncompleteList):  # no whole list of its lines parks this invoice, and no other
            first_operation = GetBillingContractsInvoiceLines(invoice_id=invoice_id, page_size=LINES_PER_PAGE)
            yield from plan_pages(first_operation, missing=invoice_id)
    yield from _plan_documents(
        [str(invoice.id) for invoice in invoices if get_or(invoice.id, "")], new_invoices, sync_state
    )
    yield from _plan_overviews(contracts if new_invoices else ())
    yield from _plan_usage_report(sync_state.now)


def _plan_documents(
    invoice_ids: list[str], new_ids: Container[str], sync_state: SyncState
) -> Generator[Fetch, Any, None]:
    """Ask for the PDFs that are not archived, the latest first; where some are refused, the others are left for later."""
    requests = [GetBillingContractsInvoiceDocument(invoice_id=request) for request in dict.fromkeys(invoice_ids)]
    missing_requests = [
        request
        for request in reversed(requests)
        if request.invoice_id in new_ids or not sync_state.already_fetched(request)
    ]
    refused_count = 0
    for index, request in enumerate(missing_requests, 1):
        remaining_note = (
            f" (and of {len(missing_requests) - index} others)"
            if refused_count == MAX_REFUSED_DOCUMENTS - 1 and index < len(missing_requests)
            else ""
        )
        description = f"the PDF of invoice {request.invoice_id}{remaining_note}"
        refused_count += (
            yield Fetch(request, missing=description, find_document_url=_read_url, find_flaw=find_document_flaw)
        ) is None
        if refused_count == MAX_REFUSED_DOCUMENTS:
            return


def _plan_overviews(contracts: Iterable[BillingContract]) -> Generator[Fetch, Any, None]:
    """Ask what each customer of a partner used in the last closed period; after some refusals for no other."""
    refused_count = 0
    for organization_id in list(_list_client_organizations(contracts))[:MAX_OVERVIEWS]:
        request = GetBillingTrusteebillingoverviewTrustorOrgId(trustor_org_id=organization_id, billing_period_index=1)
        description = f"the overview of the customer organization {organization_id}"
        refused_count += (yield Fetch(request, missing=description, absent_statuses=(404,), is_extra=True)) is None
        if refused_count == MAX_REFUSED_DOCUMENTS:
            return


def _list_client_organizations(contracts: Iterable[BillingContract]) -> dict[str, None]:
    """Return the ids of organizations in running contracts that somebody else than their customer is billed for."""
    return {
        str(organization_id): None
        for contract in contracts
        if get_or(contract.status, "").lower() != "inactive" and _is_billed_to_partner(contract)
        for plan in get_or(contract.plans, [])
        for organization in get_or(plan.organizations, [])
        if (organization_id := get_or(organization.id, ""))
    }


def _is_billed_to_partner(contract: BillingContract) -> bool:
    customers = {read_customer(contract.end_customer)[0], read_customer(contract.sold_to_customer)[0]} - {""}
    payer = read_customer(contract.bill_to_customer)[0]
    return bool(payer) and any(customer != payer for customer in customers)


def _fetch_all_pages(
    first_operation: PagedOperation[Any, I], missing_rest: str = ""
) -> Generator[Fetch, Any, tuple[list[I], bool]]:
    """Return the records of a list, whose end must be marked if it came to it, and whether a null stands for it."""
    records = list[I]()
    walk = yield from plan_pages(first_operation, records.extend, missing_rest=missing_rest)
    if walk.next_operation is None and not walk.end_confirmed:
        raise IncompleteList("the list's next link holds no cursor", operation=operation_name(first_operation))
    return records, walk.has_null


def _check_duplicates(contracts: list[BillingContract]) -> None:
    """Refuse a list that has a contract twice: it moved while it was read, and another contract may be missing."""
    contract_ids = [contract_id for contract in contracts if (contract_id := get_or(contract.id, ""))]
    if len(set(contract_ids)) < len(contract_ids):
        raise InvalidResponse(
            "the list moved while it was read: a contract is in it twice", operation="get_billing_contracts"
        )


def _read_url(url_response: UrlResponse) -> str:
    return get_or(url_response.url, "")


def _iter_needed_periods(
    calendar: BillingCalendar, new_invoices: list[BillingInvoice], sync_state: SyncState
) -> Iterator[tuple[str, BillingContractPeriod]]:
    """Yield the open periods, the closed ones with a new invoice, and those just closed.

    Whether an invoice bills what was used in a period or only what is bought beforehand, its listing does not say.
    """
    changed_periods_by_contract = _group_changed_periods(calendar, new_invoices)
    for contract in calendar.contracts:
        changed_periods = changed_periods_by_contract.get(get_or(contract.id, ""), ())
        for period in get_or(contract.billing_periods, []):
            period_span = read_period(period)
            is_recent = period_span is not None and sync_state.now - period_span.end < INVOICE_WAIT
            if (
                get_or(contract.id, "")
                and get_or(period.id, "")
                and (not is_closed(period) or period_span in changed_periods or is_recent)
            ):
                yield get_or(contract.id, ""), period


def _group_changed_periods(
    calendar: BillingCalendar, new_invoices: list[BillingInvoice]
) -> dict[str, set[Period | None]]:
    """Return the periods that new invoices end, by the contracts' ids; each invoice looks through the contracts once."""
    periods_by_contract: dict[str, set[Period | None]] = {}
    for invoice in new_invoices:
        ended_period = calendar.find_ended_period(invoice)
        for contract in calendar.contracts_of(invoice):
            periods_by_contract.setdefault(get_or(contract.id, ""), set()).add(ended_period)
    return periods_by_contract


def _plan_usage_report(now: datetime) -> Generator[Fetch, Any, None]:
    """Ask for the running month's licences up to the last midnight: the vendor counts whole days."""
    start, midnight = Month.of(now).start, now.replace(hour=0, minute=0, second=0, microsecond=0)
    if start < midnight:
        request = GetBillingReportsBillableusage(start_date=start, end_date=midnight)
        yield Fetch(request, missing="the licences in use", is_extra=True)
