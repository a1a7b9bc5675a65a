"""A list that is not in its answer is no empty list: it is said, and nothing that is booked is lost by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from billfold.collect.outcome import CollectOutcome
from billfold.collect.session import Transport
from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger import catalog, query
from billfold.providers import provider
from billfold.twin.host import TwinHost
from billfold.wire.exchange import ClientContext
from billfold.wire.message import Response
from billfold.wire.operation import Operation, operation_name
from tests import stage as stages

LISTS = {
    "vultr": {
        "list_pending_charges": "pending_charges",
        "list_billing_history": "billing_history",
        "list_invoices": "billing_invoices",
        "get_invoice_items": "invoice_items",
    },
    "fastly": {"list_invoices": "data"},
    "cockroach": {"list_invoices": "invoices"},
    "genesys": {
        "get_billing_contracts": "entities",
        "get_billing_contracts_invoices": "entities",
        "get_billing_contracts_invoice_lines": "entities",
    },
}
CASES = [(vendor, name) for vendor, names in LISTS.items() for name in names]


class Without(NamedTuple):
    """A connection whose answers to one operation are changed."""

    transport: Transport
    operation: str
    changed: Callable[[bytes], bytes]

    @property
    def context(self) -> ClientContext:
        return self.transport.context

    def send(self, op: Operation[Any], /) -> Response:
        response = self.transport.send(op)
        return response._replace(body=self.changed(response.body)) if operation_name(op) == self.operation else response

    def fetch(self, url: str, /) -> Response:
        return self.transport.fetch(url)

    def close(self) -> None:
        self.transport.close()


def collected(
    host: TwinHost, books: Workspace, vendor: str, operation: str = "", changed: Callable[[bytes], bytes] = bytes
) -> CollectOutcome:
    account = stages.stage(host, vendor).accounts[0]
    configured = AccountConfig(account.name, provider.find_provider(vendor), {}, unlimited=True)
    (outcome,) = sync_accounts(
        books,
        [configured],
        connect=lambda _: Without(stages.connection(host, account), operation, changed),
        clock=host.clock.now,
    )
    return outcome


def read_ledger(books: Workspace) -> tuple[list[Any], list[Any], list[Any]]:
    """Return what is believed of invoices, and what is said against them."""
    with books.open_ledger() as db:
        issued = (
            "SELECT bill_key, total, summed FROM bills WHERE state='issued' AND parked IS NULL AND until_seq IS NULL"
        )
        return (
            db.execute(issued).fetchall(),
            catalog.list_parked_bills(db, query.LedgerFilter()),
            catalog.list_unbooked(db),
        )


@pytest.mark.parametrize("null", [False, True], ids=["absent", "null"])
@pytest.mark.parametrize(("vendor", "operation"), CASES)
def test_a_list_that_is_missing_loses_nothing_booked(vendor: str, operation: str, null: bool, tmp_path: Path) -> None:
    """What else the answer says stays: totals, end marks. A null that nothing contradicts is an empty list: what is booked vanished."""

    def without(body: bytes) -> bytes:
        tree, field = json.loads(body), LISTS[vendor][operation]
        assert isinstance(tree.pop(field), list)
        return json.dumps(tree | {field: None} if null else tree).encode()

    host, books = stages.twin(months=3), Workspace(tmp_path)
    collected(host, books, vendor)
    before = read_ledger(books)[0]
    assert before
    host.clock.advance(timedelta(days=31))
    outcome = collected(host, books, vendor, operation, without)
    after, parked, unbooked = read_ledger(books)
    assert set(before) <= set(after)
    assert outcome.error or parked or unbooked or any(finding.is_wrong for finding in outcome.findings)
    books.close()


@pytest.mark.parametrize(("vendor", "operation"), CASES)
def test_an_object_in_place_of_a_list_is_told_at_once(vendor: str, operation: str, tmp_path: Path) -> None:
    """An empty object in place of a list is said on the first day."""
    host, books = stages.twin(months=3), Workspace(tmp_path)
    outcome = collected(host, books, vendor, operation, lambda _: b"{}")
    _, parked, unbooked = read_ledger(books)
    assert outcome.error or parked or unbooked
    books.close()


@pytest.mark.parametrize(
    ("vendor", "operation"),
    [("vultr", "get_invoice_items"), ("genesys", "get_billing_contracts_invoice_lines")],
)
def test_an_invoice_without_lines_keeps_no_other_out(vendor: str, operation: str, tmp_path: Path) -> None:
    """An invoice without a list of lines keeps no other from the books."""
    host, books, bodies = stages.twin(months=3), Workspace(tmp_path), list[bytes]()

    def first(body: bytes) -> bytes:
        bodies.append(body)
        return b"{}" if len(bodies) == 1 else body

    outcome = collected(host, books, vendor, operation, first)
    issued, parked, unbooked = read_ledger(books)
    assert outcome.error is None
    assert len(parked) + len(unbooked) == 1
    assert len(issued) >= 2
    collected(host, books, vendor)
    again, parked, unbooked = read_ledger(books)
    assert (len(again), parked, unbooked) == (len(issued) + 1, [], [])
    books.close()


def test_a_billing_period_whose_detail_says_nothing_is_said(tmp_path: Path) -> None:
    host, books = stages.twin(months=3), Workspace(tmp_path)
    collected(host, books, "genesys", "get_billing_contract_billingperiod", lambda _: b"{}")
    assert "its detail says no days" in read_ledger(books)[2][0].finding.text

    def without_open(body: bytes) -> bytes:
        return b"{}" if b'"Open"' in body else body

    def bare(body: bytes) -> bytes:
        tree = json.loads(body)
        return json.dumps({name: tree[name] for name in ("id", "dateStart", "dateEnd", "status")}).encode()

    collected(host, books, "genesys", "get_billing_contract_billingperiod", bare)
    estimates = read_ledger(books)[1]
    assert len(estimates) == 2
    assert all("neither a list of charges nor one of wallets" in str(estimate.parked) for estimate in estimates)
    collected(host, books, "genesys", "get_billing_contract_billingperiod", without_open)
    assert read_ledger(books)[1] == estimates, "what was known of the running period stays"
    books.close()
