"""The REST API: it says what the commands say, as its document says, and tells what cannot be asked."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from billfold.serve.resources import RESOURCES_BY_NAME
from tests.cli.terminal import Terminal
from tests.serve.reader import Reader
from tests.serve.schemas import find_faults

MONTH = "2026-10"
COMMANDS = {
    "invoices": ["invoices"],
    "report": ["report"],
    f"close/{MONTH}": ["close", MONTH],
    "closes": ["closes"],
    "changes?since=2026-10-15": ["changes", "--since", "2026-10-15"],
    f"why/{MONTH}": ["why", MONTH],
    "accruals/2026-11": ["accruals", "2026-11"],
    "payables": ["payables"],
    "payables?all=1": ["payables", "--all"],
    "commitments": ["commitments"],
    "forecast": ["forecast"],
    f"allocate/{MONTH}": ["allocate", MONTH],
    "findings": ["reconcile"],
    "restatements": ["restatements"],
    "report?compare=1&months=2&state=draft,issued": (
        ["report", "--compare", "--months", "2", "--state", "draft", "--state", "issued"]
    ),
    f"why/{MONTH}?by=service": ["why", MONTH, "--by", "service"],
    "accruals/2026-11?reverse=1": ["accruals", "2026-11", "--reverse"],
    f"bridge/{MONTH}": ["accruals", MONTH, "--bridge"],
    "balances": ["payables", "--roll-forward"],
    f"anomalies?month={MONTH}&min_amount=1&min_percent=1": (
        ["budget", MONTH, "--anomalies", "--min-amount", "1", "--min-percent", "1"]
    ),
    "track-record": ["forecast", "--track-record"],
    f"allocate/{MONTH}?state=draft": ["allocate", MONTH, "--state", "draft"],
    f"coverage/{MONTH}": ["allocate", MONTH, "--by", "account"],
    f"shares/{MONTH}?owner=unallocated": ["allocate", MONTH, "--statement", "unallocated"],
    "sql?query=SELECT+1+AS+a,+'x'+AS+b,+1.5+AS+c": ["sql", "SELECT 1 AS a, 'x' AS b, 1.5 AS c"],
    "report?by=month,account&state=issued": ["report", "--by", "month,account", "--state", "issued"],
    f"invoices?provider=vultr&from={MONTH}&as_of=2026-11-14": (
        ["invoices", "--provider", "vultr", "--from", MONTH, "--as-of", "2026-11-14"]
    ),
}


@pytest.mark.parametrize("path", COMMANDS)
def test_it_says_what_the_command_says(reader: Reader, ledger: Terminal, path: str) -> None:
    page = reader.get(f"/api/v1/{path}")
    assert (page.status, page.headers["content-type"]) == (200, "application/json"), page.text[:300]
    result = ledger.run(*COMMANDS[path], "--ledger", "ledger", "--format", "json")
    assert list(map(_drop_examples, page.json)) == list(map(_drop_examples, json.loads(result.out))), result.err


def _drop_examples(row: Any) -> Any:
    """Leave out which charges of many that moved alike are named, and in which order invoices are: DuckDB chooses."""
    if not isinstance(row, dict):
        return row
    cells = {name: cell for name, cell in row.items() if name != "charges"}
    return cells | ({"invoices": sorted(cells["invoices"])} if "invoices" in cells else {})


REQUIRED = {
    "changes": "?since=2026-10-15",
    "explain": "?reference=estimate",
    "lines": "?id=estimate",
    "versions": "?id=estimate",
    "invoice-documents": "?id=estimate",
    "shares": "?owner=unallocated",
    "sql": "?query=SELECT+now()+AS+a,+'x'+AS+b,+1/3+AS+c,+'Infinity'::DOUBLE+AS+d",
}


def _list_urls() -> list[str]:
    months = [(name, f"{name}/{MONTH}" if row.has_month else name) for name, row in RESOURCES_BY_NAME.items()]
    return [f"{url}{REQUIRED.get(name, '')}" for name, url in months]


@pytest.mark.parametrize("url", _list_urls())
def test_every_answer_is_as_the_document_says(reader: Reader, url: str) -> None:
    document = reader.get("/api/v1/openapi.json").json
    name = re.split(r"[/?]", url)[0]
    path = f"/api/v1/{name}{'/{month}' if RESOURCES_BY_NAME[name].has_month else ''}"
    (schema,) = (media["schema"] for media in document["paths"][path]["get"]["responses"]["200"]["content"].values())
    page = reader.get(f"/api/v1/{url}")
    text = page.text.replace(str(1 / 3), "0")  # DuckDB's own division, of anybody's query
    is_streamed = RESOURCES_BY_NAME[name].is_streamed
    values = [json.loads(line) for line in text.splitlines()] if is_streamed else [json.loads(text)]
    assert values
    assert [fault for value in values for fault in find_faults(value, schema, document)] == []


def test_the_document_holds_together(reader: Reader) -> None:
    """Every reference leads somewhere, every operation has a name of its own, and money is a decimal string."""
    page = reader.get("/api/v1/openapi.json")
    document = page.json
    assert document["openapi"] == "3.1.0"
    references = set(re.findall(r'"#/components/schemas/(\w+)"', page.text))
    assert references == set(document["components"]["schemas"])
    operations = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(set(operations)) == len(operations)
    properties = document["components"]["schemas"]["ReportRow"]["properties"]
    assert (properties["cost"]["type"], properties["cost"]["format"]) == ("string", "decimal")
    assert '"type": "number"' not in page.text


def test_pages_go_on_where_the_last_ended(reader: Reader) -> None:
    rows: list[Any] = reader.get("/api/v1/invoices").json
    url, paged_rows = "/api/v1/invoices?limit=3&provider=", []
    while url:
        page = reader.get(url)
        paged_rows += page.json
        match = re.fullmatch(r'<(.+)>; rel="next"', page.headers.get("link", ""))
        url = match[1] if match else ""
    assert paged_rows == rows
    assert len(rows) > 6


def test_what_has_not_changed_is_not_sent_again(reader: Reader) -> None:
    page = reader.get("/api/v1/invoices")
    again = reader.get("/api/v1/invoices", if_none_match=f'"x", {page.headers["etag"]}')
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", page.headers["etag"])
    assert reader.get("/api/v1/invoices?from=2026-10").headers["etag"] != page.headers["etag"]
    assert reader.get("/api/v1/invoices", if_none_match='"another"').status == 200


def test_csv_has_the_same_rows(reader: Reader) -> None:
    rows = reader.get("/api/v1/invoices").json
    page = reader.get("/api/v1/invoices.csv")
    assert page.headers["content-type"].startswith("text/csv")
    cells = [{name: "" if cell is None else str(cell) for name, cell in row.items()} for row in rows]
    assert list(csv.DictReader(io.StringIO(page.text))) == cells


def test_charges_are_streamed_as_the_command_lists_them(reader: Reader, ledger: Terminal) -> None:
    narrowing = ["--provider", "vultr", "--from", MONTH]
    page = reader.get(f"/api/v1/charges?provider=vultr&from={MONTH}")
    rows = json.loads(ledger.run("charges", "--ledger", "ledger", *narrowing, "--format", "json").out)
    assert [json.loads(line) for line in page.text.splitlines()] == rows
    text = ledger.run("charges", "--ledger", "ledger", *narrowing, "--format", "csv").out
    assert reader.get(f"/api/v1/charges.csv?provider=vultr&from={MONTH}").text == text


@pytest.mark.parametrize(
    ("url", "status", "text"),
    [
        ("invoices?limit=0", 400, "from 1 to 10000"),
        ("invoices?from=2026", 400, "is not a month"),
        ("invoices?as_of=yesterday", 400, "as_of"),
        ("invoices?account=nobody", 400, "there is no account"),
        ("invoices?provider=nobody", 400, "nobody"),
        ("invoices?cursor=1", 400, "is no cursor"),
        ("invoices?sort=x", 400, "is not asked with 'sort'"),
        ("invoices?to=2026-10&to=2026-11", 400, "once"),
        ("report?by=weather", 400, "weather"),
        ("report?by=team", 503, "rules of [allocation]"),
        ("changes", 400, "since"),
        (f"why/{MONTH}?against={MONTH}", 400, "with itself"),
        ("close/2026-13", 400, "is not a month"),
        ("close/0001-01", 400, "0001-01 is no month of a bill"),
        ("invoices?from=9001-01", 400, "9001-01 is no month of a bill"),
        ("close", 404, "there is no /api/v1/close"),
        ("secrets", 404, "there are invoices"),
        (f"close/{MONTH}.csv", 404, "is not written as csv"),
        (f"why/{MONTH}?by=weather", 400, "by is account or service"),
        ("payables?all=yes", 400, "all is 1, or left out"),
        ("anomalies?min_amount=-1", 400, "min_amount is an amount of 0 or more"),
        (f"shares/{MONTH}", 400, "say whose"),
        ("explain", 400, "say of what"),
        ("explain?reference=nowhere", 400, "nowhere"),
        ("entries?after=x", 400, "after is the number of an entry"),
        ("entries/999999", 404, "the archive has no answer '999999'"),
        ("documents/1", 404, "no answer '1'"),
        ("documents/1?x=1", 400, "is not asked with 'x'"),
        ("verify?head=1", 400, "is no head"),
        ("sql?query=DELETE+FROM+bills", 400, "ask one SELECT"),
        ("report?months=0", 400, "from 1 to 120"),
    ],
)
def test_what_cannot_be_asked_is_told(reader: Reader, url: str, status: int, text: str) -> None:
    page = reader.get(f"/api/v1/{url}")
    assert (page.status, page.headers["content-type"]) == (status, "application/problem+json"), page.text
    assert text in page.json["detail"]
    assert page.json["status"] == status
    assert reader.get("/api/v1/invoices", method="POST").status == 405
