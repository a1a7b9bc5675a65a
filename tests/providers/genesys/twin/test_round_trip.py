"""What Genesys Cloud's twin answers over the wire becomes its true bills again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.model.bill import Bill
from billfold.model.money import exact_sum, format_decimal
from billfold.model.period import parse_instant
from billfold.providers.genesys import PROVIDER
from billfold.providers.genesys.twin.handlers import TWIN
from billfold.providers.provider import ArchivedAnswer, SyncState
from billfold.twin.faults import Fault
from billfold.twin.host import TwinHost
from billfold.twin.world import describe_bill
from billfold.wire.operation import read_response
from tests import stage as stages
from tests.findings import list_wrong
from tests.providers.genesys.twin.kit import first_account
from tests.providers.kit import StoredAnswers


def collect_answers(host: TwinHost, sync_state: SyncState) -> list[ArchivedAnswer]:
    """Run the plan against the twin and return the answers."""
    transport, plan, archived = (
        stages.connection(host, first_account(host)),
        PROVIDER.plan_requests(sync_state),
        list[ArchivedAnswer](),
    )
    try:
        fetch = next(plan)
        while True:
            response = transport.send(fetch.op)
            result = read_response(fetch.op, response)
            if fetch.find_document_url:
                response = transport.fetch(fetch.find_document_url(result))
            archived.append(ArchivedAnswer(fetch.op, response, len(archived) + 1, host.clock.now()))
            fetch = plan.send(response.body if fetch.find_document_url else result)
    except StopIteration:
        return archived


def count_charges(bill: Bill, columns: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    """Count the charges of a bill by these columns; synthetic charges by their cost alone."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for batch in bill.charges:
        for row in batch.iter_rows():
            columns_of_row = row._asdict()
            values = () if row.x_Synthetic else tuple(columns_of_row[column] for column in columns)
            key = (row.ChargeCategory, row.BilledCost, row.x_Synthetic, *values)
            counts[
                tuple(format_decimal(value.normalize()) if hasattr(value, "normalize") else value for value in key)
            ] += 1
    return counts


@pytest.mark.parametrize(
    ("at", "seed"), [("2026-11-15T00:00:00Z", 1), ("2026-12-01T00:00:00Z", 2), ("2027-03-31T12:00:00Z", 7)]
)
def test_wire_gives_true_bills(at: str, seed: int) -> None:
    """The true bills come back from the wire, bill by bill."""
    host = stages.twin(parse_instant(at), seed=seed)
    account, now = first_account(host), host.clock.now()
    bills = {
        bill.key: bill
        for bill in PROVIDER.read_bills(StoredAnswers(collect_answers(host, SyncState(now, account.first_month))))
    }
    true_bills = {bill.key: bill for bill in TWIN.true_bills(account, now)}
    assert set(bills) == set(true_bills)
    for key, bill in bills.items():
        true_bill = true_bills[key]
        assert list_wrong(bill.findings) == ()
        assert (bill.state, bill.period, bill.line_count, bill.corrects) == (
            true_bill.state,
            true_bill.period,
            true_bill.line_count,
            true_bill.corrects,
        )
        assert count_charges(bill, TWIN.carried_columns) == count_charges(true_bill, TWIN.carried_columns), key
        assert exact_sum(row.BilledCost for batch in bill.charges for row in batch.iter_rows()) == true_bill.total  # type: ignore[misc]
        if bill.invoice_id:
            assert (bill.total, bill.terms, bill.due_on, bill.issued_on) == (
                true_bill.total,
                true_bill.terms,
                true_bill.due_on,
                true_bill.issued_on,
            )


@pytest.mark.parametrize("restatement", ["restated-added", "restated-changed", "restated-split"])
def test_restated_invoice_is_collected(tmp_path: Path, restatement: str) -> None:
    """A restated invoice is answered and collected as it then is."""
    host, workspace = stages.twin(months=2), Workspace(tmp_path)
    stages.collected(host, workspace, "genesys")
    host.set_fault(Fault("genesys", restatement))
    stages.collected(host, workspace, "genesys", recheck_months=3)
    with workspace.open_ledger() as db:
        invoices = [
            bill._asdict() for bill in query.list_invoices(db, query.LedgerFilter()) if bill.provider == "genesys"
        ]
        assert not catalog.list_parked_bills(db, query.LedgerFilter())
    assert invoices == [
        describe_bill(account, bill)
        for account, bill in host.world.iter_bills(host.clock.now())
        if account.provider == "genesys"
    ]
    workspace.close()
