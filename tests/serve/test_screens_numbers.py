"""The numbers of every screen: each is one that the command prints, to the last digit, and what the vendors' twin holds for true."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from billfold.model.bill import StatedBill, merge_estimate_parts
from billfold.model.money import exact_sum, format_trimmed
from billfold.twin.host import TwinHost
from billfold.twin.world import describe_bill
from tests.cli.terminal import Terminal
from tests.serve.content import read_page
from tests.serve.reader import Reader

MONTH = "2026-10"


def _list_amounts(rows: Iterable[Mapping[str, Any]], *names: str) -> Counter[str]:
    amounts = (row[name] for row in rows for name in names if row[name] is not None)
    return Counter(format_trimmed(Decimal(amount)) for amount in amounts)


def _sum_up(rows: Iterable[Mapping[str, Any]], amount: str, *keys: str) -> Counter[str]:
    """Count what rows come to by keys, reckoned here and not by the screen."""
    members = defaultdict[tuple[str, ...], list[Decimal]](list)
    for row in rows:
        members[tuple(row[key] for key in keys)].append(Decimal(row[amount]))
    return Counter(format_trimmed(exact_sum(amounts)) for amounts in members.values())


def test_numbers_are_the_commands(reader: Reader, ledger: Terminal) -> None:
    """On every screen with money each amount is one that the command prints, to the last digit, and none is missing."""

    def run(*arguments: str) -> Any:
        return json.loads(ledger.run(*arguments, "--ledger", "ledger", "--format", "json").out)

    bills = [row for row in run("invoices") if row["total"]]
    issued = [row for row in bills if row["state"] == "issued" and row["period_start"].startswith(MONTH)]
    shared = [row for row in run("allocate", MONTH) if row["amount"]]
    charges = [
        row
        for row in run("report", "--by", "account,sub-account", "--state", "issued", "--from", MONTH, "--to", MONTH)
        if row["sub_account"]
    ]
    forecast = run("forecast")
    expected = {
        "/": _sum_up(issued, "total", "currency"),
        "/invoices": _list_amounts(bills, "total"),
        f"/months/{MONTH}#totals": _sum_up(issued, "total", "account", "currency"),
        f"/months/{MONTH}#movement": _list_amounts(run("why", MONTH), "amount"),
        "/months/2026-11#accrued": _list_amounts(run("accruals", "2026-11"), "amount"),
        "/changes?since=2026-10-15": _list_amounts(run("changes", "--since", "2026-10-15"), "before", "after", "moved"),
        "/payables": _list_amounts(run("payables"), "total", "paid", "open"),
        "/commitments#table": _list_amounts(run("commitments"), "committed", "used", "left", "overage"),
        "/estimates#expected": _list_amounts(forecast, "so_far", "forecast", "low", "high"),
        "/customers#parts": _list_amounts(charges, "cost"),
        "/teams#parts": _sum_up(shared, "amount", "team", "account", "currency"),
    }
    for url, amounts in expected.items():
        shown = Counter(read_page(reader, url.partition("#")[0])[1].amounts)
        assert amounts, url
        assert not amounts - shown, f"{url}: missing {amounts - shown}"
        if "#" not in url and url != "/payables":
            assert shown == amounts, url


def test_numbers_are_true(reader: Reader, host: TwinHost) -> None:
    """Each invoice, draft and estimate is on its screen as the twin holds it, and its lines sum to it there."""
    bills = [StatedBill(**describe_bill(*placed)) for placed in host.world.iter_bills(host.clock.now())]
    truth = [bill._asdict() for bill in merge_estimate_parts(bills)]
    _, content = read_page(reader, "/invoices")
    assert Counter(content.amounts) == _list_amounts([row for row in truth if row["total"]], "total")
    for provider in {row["provider"] for row in truth}:
        true_bill = next(row for row in truth if row["provider"] == provider and row["state"] == "issued")
        _check_lines(reader, true_bill)


def _check_lines(reader: Reader, bill: Mapping[str, Any]) -> None:
    query = f"provider={bill['provider']}&account={bill['account']}&id={bill['invoice_id']}&currency={bill['currency']}"
    lines: Sequence[Any] = reader.get(f"/api/v1/lines?{query}&limit=10000").json
    assert exact_sum(Decimal(line["cost"]) for line in lines if line["cost"]) == Decimal(bill["total"])
    shown = Counter(read_page(reader, f"/invoice?{query}")[1].amounts)
    subtotals = _sum_up([line for line in lines if line["cost"]], "cost", "service")
    assert not subtotals - shown
    assert shown[format_trimmed(Decimal(bill["total"]))]
