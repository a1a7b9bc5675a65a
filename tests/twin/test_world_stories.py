"""Each kind of account is a story that a collector books as it is true: a price that rises, credits that end, euros, an idle month."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.query import LedgerFilter
from billfold.model.finding_codes import FindingCode
from billfold.tasks.reconcile import reconcile_ledger
from billfold.twin.host import TwinHost
from billfold.twin.world import World
from billfold.wire import codec
from tests import stage
from tests.twin.kit import ask, make_request

SCENARIOS = (
    "cockroach:cost-centers",
    "cockroach:credits-exhausted",
    "cockroach:spike",
    "cockroach-credits:credits-bought",
    "fastly:euro",
    "fastly:plan-change",
    "fastly:quiet-month",
    "fastly:spike",
    "fastly:unpaid-invoice",
    "genesys:annual-prepayment",
    "genesys:billed-in-advance",
    "genesys:euro",
    "genesys:idle-contract",
    "genesys:late-memo",
    "genesys:partner-12",
    "genesys:renewal",
    "genesys:unpaid-invoice",
    "vultr:double-payment",
    "vultr:price-change",
    "vultr:spike",
    "vultr:unpaid-invoice",
)


PAYMENT_CODES = {
    "unpaid-invoice": {FindingCode.PAYMENT_OVERDUE},
    "double-payment": {FindingCode.PAYMENT_DOUBLED, FindingCode.PAYMENT_UNBILLED},
}
"""What is told of stories whose bills are right, and their payments are not."""


def play(scenario: str, *, months: int = 4) -> TwinHost:
    """Return a twin that plays a scenario, with a clock that stands still."""
    world = World(seed=1, start_time=stage.AT, scenario=scenario, months=months)
    return TwinHost(world, stage.Still(stage.AT), limits=False)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_story_is_booked_as_it_is_true(scenario: str, books: Workspace) -> None:
    """The ledger lists the true bills, now and a month later, and nothing is wrong but payments that the story is about.

    An idle month may be an estimate of 0.
    """
    host, vendor = play(scenario), scenario.partition(":")[0].partition("-")[0]
    for _ in range(2):
        assert all(outcome.error is None for outcome in stage.collected(host, books, vendor))
        ours = [bill for bill in stage.list_invoices(books) if (bill["state"], bill["total"]) != ("estimate", "0")]
        true = [
            bill
            for bill in stage.list_true_bills(host, vendor)
            if "'state': 'estimate'" not in bill or "'0'" not in bill
        ]
        assert sorted(map(str, ours)) == true
        with books.open_ledger() as db:
            findings = reconcile_ledger(books, db, LedgerFilter(), []).findings
        codes = {row.finding.code for row in findings if row.finding.is_wrong}
        assert codes <= PAYMENT_CODES.get(scenario.partition(":")[2], set())
        host.clock.advance(timedelta(days=31))


def test_prices_rise_and_stay() -> None:
    """From the third month on each machine costs a fifth more than before, and as much as it would have otherwise."""
    hosts = [play("vultr:price-change"), play("vultr:ordinary")]
    totals = [
        [
            Decimal(bill.total or 0)
            for account, bill in host.world.iter_bills(host.clock.now())
            if account.name == "vultr"
        ]
        for host in hosts
    ]
    assert totals[0][:2] == totals[1][:2]
    assert all(
        Decimal("1.1") < raised / usual < Decimal("1.2001")
        for raised, usual in zip(totals[0][2:], totals[1][2:], strict=True)
    )


def test_credits_run_out_and_use_goes_on() -> None:
    host = play("cockroach:credits-exhausted")
    vendor = stage.stage(host, "cockroach")
    list_invoices = next(kind for kind in vendor.provider.operations if kind.path == "/api/v1/invoices")
    invoices = codec.parse_json(ask(host, make_request(host, vendor.provider, list_invoices)).body)["invoices"]
    balances = [invoice["balances"][0]["amount"] for invoice in invoices]
    assert balances == sorted(balances, reverse=True)
    assert balances[0] > 0
    assert balances[-1] == 0
    assert all(invoice["totals"][0]["amount"] > 0 for invoice in invoices)


@pytest.mark.parametrize("vendor", ["fastly", "genesys"])
def test_a_euro_account_names_no_other_currency(vendor: str) -> None:
    """All that is issued to a customer in euros is in euros; an estimate may be in US dollars, as the vendor documents."""
    host = play(f"{vendor}:euro")
    bills = [bill for account, bill in host.world.iter_bills(host.clock.now()) if account.name == vendor]
    assert {bill.currency for bill in bills if bill.invoice_id} == {"EUR"}
    assert {bill.currency for bill in bills if not bill.invoice_id} == {"USD" if vendor == "fastly" else "EUR"}


def test_an_idle_month_has_no_invoice() -> None:
    host = play("genesys:idle-contract")
    periods = [
        bill.period.start.month
        for _, bill in host.world.iter_bills(host.clock.now())
        if bill.issuer == "Genesys" and bill.invoice_id and bill.invoice_id.startswith("INV")
    ]
    assert {month: periods.count(month) for month in range(7, 11)} == {7: 2, 8: 2, 9: 1, 10: 2}
