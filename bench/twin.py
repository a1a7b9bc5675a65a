"""How many requests a second the twin answers, asked for pages of lists by another process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from measure import Spread, interleaved, spend
from played import VULTR_KEY, Twin
from table import Row, between, digits, reached

ROUNDS, QUICK = 5, 1
SECONDS, CONNECTIONS = 3.0, 16
LEAST = 2000
LOAD = str(Path(__file__).with_name("load.py"))


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Ask for each list in turn."""
    with Twin("vultr:lines-100000") as twin:
        cpu: dict[str, list[float]] = {}
        calls = {
            name: _call(twin, url, headers, cpu.setdefault(name, []), 1.0 if quick else SECONDS)
            for name, (url, headers) in _lists(twin).items()
        }
        samples = interleaved(calls, QUICK if quick else ROUNDS)
    for name, rate in samples.items():
        target = reached(f"at least {LEAST:,}/s", good=rate.middle >= LEAST)
        took = f"CPU of the twin {digits(Spread.of(cpu[name]).middle * 1e6)} us a request"
        yield Row("twin", name, f"{digits(rate.middle)}/s", took, "", target, between(rate, digits))


def _lists(twin: Twin) -> dict[str, tuple[str, dict[str, str]]]:
    """Name the lists to be asked for: their URLs and headers."""
    vultr, genesys = {"Authorization": f"Bearer {VULTR_KEY}"}, {"Authorization": f"Bearer {twin.genesys_token()}"}
    invoices = twin.vultr("/billing/invoices")["billing_invoices"]
    large, small = invoices[-1]["id"], invoices[0]["id"]
    contracts = "/genesys/api/v2/billing/contracts/invoices"
    first = twin.ask(contracts, **genesys)["entities"][0]["id"]
    count = len(twin.ask(f"{contracts}/{first}/lines?pageSize=200", **genesys)["entities"])
    listed = len(twin.vultr(f"/billing/invoices/{small}/items?per_page=100")["invoice_items"])
    return {
        f"vultr list_invoices, {len(invoices)} a page": ("/vultr/v2/billing/invoices?per_page=100", vultr),
        f"vultr get_invoice_items, {listed} a page": (f"/vultr/v2/billing/invoices/{small}/items?per_page=100", vultr),
        "vultr get_invoice_items of a large invoice, 100 a page": (
            f"/vultr/v2/billing/invoices/{large}/items?per_page=100",
            vultr,
        ),
        f"genesys invoice lines, {count} a page": (f"{contracts}/{first}/lines?pageSize=200", genesys),
    }


def _call(twin: Twin, path: str, headers: dict[str, str], cpu: list[float], seconds: float) -> Callable[[], float]:
    job = {"url": twin.root + path, "headers": headers, "connections": CONNECTIONS, "seconds": seconds}

    def call() -> float:
        before = twin.cpu
        count, wall = json.loads(spend((sys.executable, LOAD, json.dumps(job))).output)
        cpu.append((twin.cpu - before) / count)
        return float(count / wall)

    return call
