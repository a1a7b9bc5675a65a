"""Each story shows in what the vendor's API answers, at its time, and in the truth or beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billfold.model.bill import State
from billfold.model.period import Month
from billfold.twin.host import TwinHost
from billfold.wire.codec import get_or
from tests import stage
from tests.twin.test_scenarios import play

MONTHS = 4
STORY_MONTH = Month(2026, 9)
"""The third month of worlds that begin four months before November."""


def open_client(host: TwinHost, name: str) -> Any:
    accounts = [account for vendor in host.world.vendors for account in vendor.accounts]
    return stage.client(host, next(account for account in accounts if account.name == name))


def start(story: str) -> tuple[TwinHost, Any]:
    """Return a twin that plays a story, and a client of its account."""
    host = play(story, months=MONTHS)
    account = host.world.events[0].account
    return host, open_client(host, account)


def set_clock(host: TwinHost, month: Month, days: int) -> None:
    """Let so many days have passed since a month was over."""
    host.clock.set(month.end + timedelta(days=days))


def sum_truth(host: TwinHost, account_name: str) -> dict[str, Decimal | None]:
    bills = host.world.iter_bills(host.clock.now())
    return {
        str(bill.invoice_id): bill.total
        for account, bill in bills
        if account.name == account_name and bill.state is State.ISSUED
    }


def read_lines(client: Any, month: Month) -> list[Any]:
    """Return the lines of an invoice of Vultr or Fastly, by its month."""
    if hasattr(client, "get_invoice_items"):
        invoice = next(row for row in client.list_invoices() if row.date.startswith(str(month.add_months(1))))
        return list(client.get_invoice_items(str(invoice.id)))
    invoices = client.list_invoices()
    invoice = next(row for row in invoices if row.billing_start_date.startswith(str(month)))
    return list(invoice.transaction_line_items)


def test_prices_that_change_are_on_the_lines() -> None:
    host, client = start("price-change")
    rates = [
        {line.description: line.unit_price for line in read_lines(client, month) if line.unit_type == "hours"}
        for month in (STORY_MONTH.add_months(-1), STORY_MONTH)
    ]
    lasting = [name for name in rates[0] if name in rates[1] and rates[0][name] >= Decimal("0.01")]
    assert len(lasting) > 20
    assert all(Decimal("1.19") < rates[1][name] / rates[0][name] < Decimal("1.21") for name in lasting)
    invoices = {str(invoice.id): invoice.amount for invoice in client.list_invoices()}
    assert invoices == sum_truth(host, "vultr")


@pytest.mark.parametrize("story", ["vultr:spike", "fastly:spike"])
def test_a_spike_is_in_one_month(story: str) -> None:
    host, client = start(story)
    usages = [
        sum(
            get_or(line.units, Decimal(0))
            for line in read_lines(client, month)
            if "overage" in line.description or "North America Bandwidth" in line.description
        )
        for month in host.world.first_month.iter_until(STORY_MONTH.add_months(1))
    ]
    assert usages[2] > 2 * max(usages[0], usages[1], usages[3])


def test_a_plan_change_stays() -> None:
    _, client = start("plan-change")
    packages = [
        {line.product_name: (line.units, line.rate) for line in read_lines(client, STORY_MONTH.add_months(shift))}
        for shift in (-1, 0, 1)
    ]
    assert [month["TLS Domains"][0] for month in packages] == [45, 70, 70]
    assert [month["Gold Support"][1] for month in packages] == [950, 1250, 1250]


def list_genesys_lines(client: Any) -> dict[str, list[Any]]:
    return {
        invoice.id: list(client.get_billing_contracts_invoice_lines(invoice.id)) for invoice in list_invoices(client)
    }


def list_invoices(client: Any) -> list[Any]:
    """Return Genesys Cloud's invoices."""
    return list(client.get_billing_contracts_invoices())


def test_a_year_is_bought_at_once() -> None:
    _, client = start("annual-prepayment")
    seats: dict[str, set[tuple[str, Decimal]]] = {}
    for lines in list_genesys_lines(client).values():
        for line in lines:
            if line.description == "Genesys Cloud WEM Upgrade II - Prepay":
                seats.setdefault(line.date_start, set()).add((line.date_end, line.quantity))
    assert seats == {
        "2026-07-01": {("2026-07-31", Decimal(45)), ("2026-07-31", Decimal(31))},
        "2026-08-01": {("2026-08-31", Decimal(45)), ("2026-08-31", Decimal(31))},
        "2026-09-01": {("2027-08-31", Decimal(540)), ("2027-08-31", Decimal(372))},
    }


def test_seats_are_billed_in_advance() -> None:
    _, client = start("billed-in-advance")
    own_lines = [lines for lines in list_genesys_lines(client).values() if len(lines) > 1][::2]
    starts = [
        sorted({line.date_start for line in lines if line.description == "Genesys Cloud CX 3 - Prepay"})
        for lines in own_lines
    ]
    assert starts == [["2026-07-01"], ["2026-08-01"], ["2026-09-01", "2026-10-01"], ["2026-11-01"]]


def test_a_renewal_is_in_the_contract() -> None:
    host, client = start("renewal")
    before, after = list[Any](), list[Any]()
    for contracts, now in ((before, STORY_MONTH.start - timedelta(days=1)), (after, STORY_MONTH.start)):
        host.clock.set(now)
        contracts += [contract for contract in client.get_billing_contracts() if contract.status == "Active"]
    assert {contract.date_end for contract in before} == {"2026-08-31"}
    assert {contract.date_end for contract in after} == {"2029-08-31"}
    quantities = [contracts[0].plans[0].items[0].quantity for contracts in (before, after)]
    assert quantities[1] > quantities[0] > 0


def test_an_unpaid_invoice_stays_so() -> None:
    host, client = start("unpaid-invoice")
    set_clock(host, STORY_MONTH, 100)
    unpaid = [row for row in list_invoices(client) if row.payment_status != "Paid" and row.date_invoiced < "2026-12"]
    assert {row.date_invoiced for row in unpaid} == {"2026-10-01"}
    host, client = start("fastly:unpaid-invoice")
    set_clock(host, STORY_MONTH, 60)
    states = [client.get_invoice("2026", month).status.status for month in ("08", "09", "10")]
    assert states == ["Paid", "Outstanding", "Paid"]


def list_payments(client: Any) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Yield the rows of Vultr's history, oldest first: type, amount, balance."""
    for row in reversed(list(client.list_billing_history())):
        yield row.type, row.amount, row.balance


def test_a_double_payment_is_used_up_later() -> None:
    _, client = start("double-payment")
    rows = list(list_payments(client))
    first = next(index for index, row in enumerate(rows[:-1]) if row[0] == rows[index + 1][0] == "payment")
    assert rows[first][1] == rows[first + 1][1] == rows[first + 1][2]
    assert [row[0] for row in rows[first - 1 :]][:4] == ["invoice", "payment", "payment", "invoice"]
    assert rows[first][2] == 0
    assert rows[first + 2][2] == rows[first + 1][2] + rows[first + 2][1]


def test_an_invoice_of_vultr_stays_owed() -> None:
    _, client = start("vultr:unpaid-invoice")
    invoices = {row.date[:7]: row.amount for row in client.list_invoices()}
    balances = [balance for kind, _, balance in list_payments(client) if kind == "payment"]
    assert balances[:2] == [0, 0]
    assert set(balances[2:]) <= {invoices["2026-10"], invoices["2026-10"] - 40}


def test_a_late_memo_comes_at_its_time() -> None:
    host, client = start("late-memo")
    month = host.world.events[0].month
    set_clock(host, month, 23)
    before = {row.id: row for row in list_invoices(client)}
    assert before.keys() == sum_truth(host, "genesys").keys()
    set_clock(host, month, 24)
    after = {row.id: row for row in list_invoices(client)}
    (memo,) = (row for name, row in after.items() if name not in before)
    assert (memo.customer_invoice_type, memo.date_invoiced) == ("Credit Memo", "2026-12-25")
    assert sum(line.amount for line in client.get_billing_contracts_invoice_lines(memo.id)) == memo.amount < 0
    assert {name: row.amount for name, row in after.items()} == sum_truth(host, "genesys")


@pytest.mark.parametrize("provider", ["cockroach", "fastly", "genesys", "vultr"])
def test_an_invoice_comes_late(provider: str) -> None:
    host, client = start(f"{provider}:late-invoice")
    month = host.world.events[0].month
    for days, is_there in ((2, False), (19, False), (21, True)):
        set_clock(host, month, days)
        listed = list_ids(client)
        assert (listed == set(sum_truth(host, provider))) is is_there
    set_clock(host, month, 40)
    assert list_ids(client) == set(sum_truth(host, provider))


def list_ids(client: Any) -> set[str]:
    """Return the ids of all issued invoices that an API lists."""
    if hasattr(client, "get_billing_contracts_invoices"):
        return {row.id for row in list_invoices(client)}
    rows = list(client.list_invoices())
    return {
        str(row.invoice_id if hasattr(row, "invoice_id") else row.id)
        for row in rows
        if not hasattr(row, "status") or row.status == "FINALIZED"
    }


@pytest.mark.parametrize("provider", ["cockroach", "fastly", "genesys", "vultr"])
def test_an_invoice_never_comes(provider: str) -> None:
    host, client = start(f"{provider}:missing-invoice")
    for days in (2, 40, 70):
        set_clock(host, STORY_MONTH, days)
        missing = set(sum_truth(host, provider)) - list_ids(client)
        assert len(missing) == 1


@pytest.mark.parametrize("provider", ["cockroach", "fastly", "genesys", "vultr"])
def test_an_invoice_comes_twice(provider: str) -> None:
    """The copy stays when later invoices come: it is of its month, not of the newest."""
    host, client = start(f"{provider}:duplicate-invoice")
    copies = set[str]()
    for days in (2, 40, 70):
        set_clock(host, STORY_MONTH, days)
        copies |= list_ids(client) - set(sum_truth(host, provider))
        assert len(copies) == 1
    set_clock(host, STORY_MONTH, -3)
    assert list_ids(client) == set(sum_truth(host, provider))


def test_a_dispute_begins_later() -> None:
    """Twelve days after its month an invoice lacks a line, and its total and the truth are as before."""
    host, client = start("disputed-invoice")
    month, counts = host.world.events[0].month, []
    for days in (11, 12, 60):
        set_clock(host, month, days)
        invoice = next(row for row in client.list_invoices() if row.period_start.startswith(str(month)))
        counts.append(sum(len(item.line_items) for item in invoice.invoice_items))
        assert invoice.totals[0].amount == sum_truth(host, "cockroach")[invoice.invoice_id]
    assert counts == [counts[0], counts[0] - 1, counts[0] - 1]


def test_a_restatement_comes_later() -> None:
    host, client = start("restated-invoice")
    month, totals = host.world.events[0].month, []
    for days in (39, 40, 80):
        set_clock(host, month, days)
        invoice = next(row for row in client.list_invoices() if row.period_start.startswith(str(month)))
        totals.append(invoice.totals[0].amount)
        assert totals[-1] == sum_truth(host, "cockroach")[invoice.invoice_id]
    assert totals[1] == totals[2] == totals[0] + Decimal("12.34")


def test_credits_are_bought_once() -> None:
    _, client = start("cockroach-credits:credits-bought")
    invoices = sorted(client.list_invoices(), key=lambda row: row.period_start)
    balances = [Decimal(600_000), *(row.balances[0].amount for row in invoices if row.status == "FINALIZED")]
    used = [row.totals[0].amount for row in invoices if row.status == "FINALIZED"]
    bought = [after - before + use for before, after, use in zip(balances, balances[1:], used, strict=False)]
    assert bought == [0, 0, 300_000, 0]


def test_a_partner_has_so_many_customers() -> None:
    """Each customer's overview is its own, and the customers have one contract."""
    host = play("genesys:partner-50", months=1)
    client = open_client(host, "genesys")
    account = next(
        account for account in host.world.describe_accounts(stage.ROOT, stage.AT) if account["name"] == "genesys"
    )
    trustor_ids: Any = account["trustor_org_ids"]
    overviews = [
        client.get_billing_trusteebillingoverview_trustor_org_id(name, billing_period_index=1) for name in trustor_ids
    ]
    assert [overview.organization.id for overview in overviews] == trustor_ids
    assert len({overview.organization.name for overview in overviews}) == 50
    assert len({str(overview.usages[0].usage_quantity) for overview in overviews}) > 5
