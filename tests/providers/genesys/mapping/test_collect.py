"""What a collection requests of Genesys Cloud, and in which order."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

from billfold.model.errors import IncompleteList, InvalidResponse
from billfold.model.period import Month, parse_instant
from billfold.providers.genesys import PROVIDER
from billfold.providers.genesys.api import (
    GetBillingContracts,
    GetBillingContractsInvoices,
    GetBillingTrusteebillingoverviewTrustorOrgId,
)
from billfold.providers.genesys.mapping.invoice_periods import BillingCalendar, fingerprint_invoice
from billfold.providers.provider import Fetch, SyncState
from tests.providers.genesys.kit import LINES_REQUEST, decode_page, read_sample
from tests.providers.kit import NOW


def run_plan(sync_state: SyncState, *answers: Any) -> list[Fetch]:
    """Run the plan against these answers, in order, and None for every further request."""
    plan, replies, fetches = PROVIDER.plan_requests(sync_state), iter(answers), []
    try:
        fetch = next(plan)
        while True:
            fetches.append(fetch)
            fetch = plan.send(next(replies, None))
    except StopIteration:
        return fetches


def test_limited_key_requests_three_documents() -> None:
    """A key without the right requests three documents and reports how many it left out."""
    contracts = decode_page(GetBillingContracts(), {"entities": []})
    invoices = decode_page(GetBillingContractsInvoices(), {"entities": [{"id": f"i{number}"} for number in range(9)]})
    fingerprints = {str(invoice.id): BillingCalendar([]).fingerprint_of(invoice) for invoice in invoices.entities}
    fetches = run_plan(SyncState(parse_instant("2026-10-10"), Month(2026, 1), fingerprints), contracts, invoices)
    messages = [fetch.missing for fetch in fetches if fetch.find_document_url]
    assert messages == ["the PDF of invoice i8", "the PDF of invoice i7", "the PDF of invoice i6 (and of 6 others)"]


def test_requests_new_data_once() -> None:
    """A collection requests what is new, and nothing twice."""
    contracts = decode_page(GetBillingContracts(), {"entities": [read_sample("contract.v269")]})
    invoices = decode_page(GetBillingContractsInvoices(), read_sample("invoices.page2"))
    empty_page = decode_page(LINES_REQUEST, {"entities": []})
    sync_state = SyncState(parse_instant("2026-10-10"), Month(2026, 1))
    fetches = run_plan(sync_state, contracts, invoices, None, None, None, empty_page)
    names = [type(fetch.op).__name__.removeprefix("GetBilling") for fetch in fetches]
    assert names == [
        "Contracts",
        "ContractsInvoices",
        *["ContractBillingperiod"] * 3,
        "ContractsInvoiceLines",
        "ContractsInvoiceDocument",
        "TrusteebillingoverviewTrustorOrgId",
        "ReportsBillableusage",
    ]
    assert [fetch.op.billing_period_id for fetch in fetches[2:5]] == ["202608", "202609", "202610"]  # type: ignore[attr-defined]
    assert [bool(fetch.missing) for fetch in fetches] == [False, False] + [True] * 7
    assert fetches[6].find_document_url
    assert (
        fetches[6]
        .find_document_url(decode_page(fetches[6].op, read_sample("invoice_document")))
        .startswith("https://prod-billing")
    )
    fingerprints = {"INV0000003": fingerprint_invoice(invoices.entities[0])}
    assert fetches[6].op in [
        fetch.op for fetch in run_plan(SyncState(sync_state.now, sync_state.since, fingerprints), contracts, invoices)
    ]
    fetched_state = SyncState(sync_state.now, sync_state.since, fingerprints, lambda op: op == fetches[6].op)
    assert [type(fetch.op).__name__ for fetch in run_plan(fetched_state, contracts, invoices)][2:] == [
        *["GetBillingContractBillingperiod"] * 3,
        "GetBillingReportsBillableusage",
    ]


def test_first_of_month_has_no_report() -> None:
    """On the first day of a month there is no day to report."""
    empty_page = decode_page(GetBillingContracts(), {"entities": []})
    fetches = run_plan(SyncState(parse_instant("2026-10-01T00:00:00Z"), Month(2026, 1)), empty_page, empty_page)
    assert len(fetches) == 2


def test_moved_or_endless_list_is_refused() -> None:
    """A list that moved while it was read, or that has no end, is refused."""
    sync_state = SyncState(NOW, Month(2026, 1))
    doubled_page = decode_page(GetBillingContracts(), {"entities": [read_sample("contract.v269")] * 2})
    with pytest.raises(InvalidResponse, match="twice"):
        run_plan(sync_state, doubled_page)
    endless_page = decode_page(
        GetBillingContracts(), {"entities": [], "nextUri": "/api/v2/billing/contracts?pageSize=10"}
    )
    with pytest.raises(IncompleteList, match="no cursor"):
        run_plan(sync_state, endless_page)


def test_each_invoice_is_matched_once_for_all_contracts() -> None:
    """However many contracts there are, each new invoice looks for its period among them once."""
    contract = read_sample("contract.v269")
    entities = [contract | {"id": f"c{number}"} for number in range(40)]
    contracts = decode_page(GetBillingContracts(), {"entities": entities})
    invoices = decode_page(GetBillingContractsInvoices(), {"entities": [{"id": f"i{number}"} for number in range(9)]})
    patch = mock.patch.object(BillingCalendar, "find_ended_period", autospec=True, return_value=None)
    with patch as find_ended_period:
        run_plan(SyncState(NOW, Month(2026, 1)), contracts, invoices)
    assert find_ended_period.call_count == 9


def make_partner_contract(number: int, customer: str, status: str = "Active") -> dict[str, Any]:
    """Make a contract that a partner is billed for."""
    organizations = [{"id": f"org{number}"}, {"id": "shared"}]
    return {
        "id": f"c{number}",
        "status": status,
        "billToCustomer": {"number": "partner"},
        "endCustomer": {"number": customer},
        "plans": [{"organizations": organizations}],
    }


@pytest.mark.parametrize(("invoice_count", "organization_ids"), [(1, ["org2", "shared", "org4"]), (0, [])])
def test_overviews_of_customers_come_with_new_invoices(invoice_count: int, organization_ids: list[str]) -> None:
    """Those of organizations whose customer is not the one billed, in contracts that run; three refusals end it."""
    contracts = [make_partner_contract(1, "partner"), make_partner_contract(2, "a"), make_partner_contract(4, "b")]
    contracts += [make_partner_contract(3, "a", "Inactive"), make_partner_contract(5, "c")]
    answers = (
        decode_page(GetBillingContracts(), {"entities": contracts}),
        decode_page(GetBillingContractsInvoices(), {"entities": [{"id": "i1"}] * invoice_count}),
    )
    fetches = run_plan(SyncState(parse_instant("2026-10-10"), Month(2026, 1)), *answers)
    overviews = [fetch for fetch in fetches if isinstance(fetch.op, GetBillingTrusteebillingoverviewTrustorOrgId)]
    assert [fetch.op.trustor_org_id for fetch in overviews] == organization_ids  # type: ignore[attr-defined]
    assert all(fetch.is_extra and fetch.missing and 404 in fetch.absent_statuses for fetch in overviews)
