"""The trees of customers and teams: every node equals what the ledger sums in another way, and a link leads to just these charges."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

from billfold.model.money import exact_sum
from tests.cli.terminal import Terminal
from tests.serve.content import read_page
from tests.serve.reader import Reader

MONTH = "2026-10"


def _read_nodes(reader: Reader, name: str) -> list[Any]:
    nodes: list[Any] = reader.get(f"/api/v1/{name}/{MONTH}?limit=10000").json
    return nodes


def test_every_node_is_what_its_charges_sum_to(reader: Reader) -> None:
    """Reckoned a second time in Python, from the charges themselves."""
    charges = [json.loads(line) for line in reader.get(f"/api/v1/charges?from={MONTH}&to={MONTH}").text.splitlines()]
    sums = defaultdict[tuple[str, ...], list[Decimal]](list)
    for row in charges:
        if row["x_State"] == "issued":
            customer = row.get("SubAccountName") or row.get("SubAccountId") or ""
            place = (row["BillingCurrency"], row["x_AccountName"], customer)
            for depth in range(3):
                sums[place[: depth + 1]].append(Decimal(row["BilledCost"]))
    nodes = [node for node in _read_nodes(reader, "customers") if len(node["path"]) in {1, 3, 4}]
    assert len({len(node["path"]) for node in nodes}) == 3
    for node in nodes:
        currency, *place = node["path"]
        assert Decimal(node["cost"]) == exact_sum(sums[(currency, *place[1:])]), node


def test_children_sum_to_their_node(reader: Reader) -> None:
    for name in ("customers", "teams"):
        nodes = _read_nodes(reader, name)
        assert len(nodes) > 8
        for index, node in enumerate(nodes):
            inner = list[Decimal]()
            for other in nodes[index + 1 :]:
                if other["level"] <= node["level"]:
                    break
                inner += [Decimal(other["cost"])] if other["level"] == node["level"] + 1 else []
            assert not inner or Decimal(node["cost"]) == exact_sum(inner), node


def test_teams_sum_to_the_month(reader: Reader, ledger: Terminal) -> None:
    shared = json.loads(ledger.run("allocate", MONTH, "--ledger", "ledger", "--format", "json").out)
    total = exact_sum(Decimal(row["amount"]) for row in shared)
    assert exact_sum(Decimal(row["cost"]) for row in _read_nodes(reader, "teams") if row["level"] == 0) == total
    assert exact_sum(Decimal(row["cost"]) for row in _read_nodes(reader, "customers") if row["level"] == 0) == total


def test_a_nodes_link_leads_to_its_charges(reader: Reader) -> None:
    """What the page behind an amount comes to is that amount: also of what has no customer."""
    _, content = read_page(reader, f"/customers?month={MONTH}")
    links = [link for link in content.links if link.startswith("/charges?")]
    assert any("customer=%28none%29" in link for link in links) or any("customer=" in link for link in links)
    amounts = dict(zip(links, content.amounts, strict=True))
    for link in links[:: max(1, len(links) // 12)]:
        totals = read_page(reader, link)[1].amounts
        assert totals[0] == amounts[link], link


def test_an_empty_month_says_so(reader: Reader) -> None:
    page, _ = read_page(reader, "/customers?month=2020-01")
    assert "No invoice is issued" in page.text
