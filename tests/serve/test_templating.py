"""What vendors write is text on every page: no markup, no formula, nothing that steers a reader's screen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from billfold.collect.workspace import Workspace
from billfold.serve.templating import (
    find_digits,
    format_age,
    format_money,
    format_percent,
    format_rough,
    load_environment,
)
from tests.ledger.kit import collected, invoice, invoices
from tests.serve.reader import Reader, open_reader

MARKUP = "<script>alert(1)</script>"
HOSTILE = f"{MARKUP}\"'>{{{{7*7}}}}&lt;\u202e\x1b[31m"
HOSTILE_ID = 'i"><img src=x onerror=alert(1)>'


@pytest.fixture
def hostile(books: Workspace, tmp_path: Path) -> Workspace:
    """Return a ledger of a vendor whose every text is an attack."""
    line = {"description": HOSTILE, "quantity": 1, "unit_cost": 1.5, "total": {"amount": 1.5}}
    cluster = {"id": "c", "name": HOSTILE}
    items = json.dumps([{"cluster": cluster, "line_items": [line]}])
    number = json.dumps(HOSTILE_ID)[1:-1]
    collected(books, invoices(invoice(number, invoice_items=items), invoice("bad", total="9", status='"FINALIZED"')))
    (tmp_path / "billfold.toml").write_text("")
    return books


def _list_screens(reader: Reader) -> list[str]:
    bill = reader.get("/api/v1/invoices").json[0]
    invoice_url = f"/invoice?provider=cockroach&account=mine&id={HOSTILE_ID.replace(' ', '+')}"
    assert bill["invoice_id"] in {HOSTILE_ID, "bad"}
    return [
        *("/", "/invoices", "/months/2026-08", "/close/2026-08", "/changes?since=2026-01-01", "/payables"),
        *(
            "/commitments",
            "/estimates",
            "/customers",
            "/teams",
            "/restatements",
            "/charges",
            "/findings",
            "/accounts",
            invoice_url,
            "/explain?seq=3&path=$.invoices[0]",
        ),
        "/query?sql=SELECT+*+FROM+costs",
    ]


def test_no_page_has_a_vendors_markup(hostile: Workspace, tmp_path: Path) -> None:
    assert hostile.directory == tmp_path / "ledger"
    with open_reader(tmp_path) as reader:
        texts = {url: reader.get(url, accept="text/html") for url in _list_screens(reader)}
    assert {url: page.status for url, page in texts.items() if page.status != 200} == {}
    for url, page in texts.items():
        assert MARKUP not in page.text, url
        assert "<img" not in page.text, url
        assert not {"\u202e", "\x1b"} & set(page.text), url
    assert "&lt;script&gt;alert(1)" in "".join(page.text for page in texts.values())
    assert "{{7*7}}" in "".join(page.text for page in texts.values())


def test_amounts_are_grouped_and_keep_their_digits() -> None:
    assert format_money(Decimal("1234567.5")) == '<data value="1234567.5">1,234,567<span class="f">.50</span></data>'
    digits = '<data value="-0.123456789012">-0<span class="f">.123456789012</span></data>'
    assert format_money(Decimal("-0.123456789012")) == digits
    assert format_money("-1234.00") == '<data value="-1234">-1,234<span class="f">.00</span></data>'
    assert format_money(None) == format_money("") == ""


def test_a_table_aligns_its_decimal_points() -> None:
    """The class of a table says how many decimals its longest amount has."""
    rows = [SimpleNamespace(cost=Decimal("1.50"), paid=None), SimpleNamespace(cost=Decimal("2.123"), paid="0.12345")]
    assert (find_digits(rows, "cost"), find_digits(rows, "cost", "paid"), find_digits([], "cost")) == ("d3", "d5", "d0")


def test_what_is_expected_is_written_roughly() -> None:
    assert (format_rough(Decimal("12345.678")), format_rough(None)) == ("12,346", "")
    assert (format_percent(Decimal("0.3314")), format_percent(None)) == ("33.1 %", "")


def test_every_template_is_escaped() -> None:
    environment = load_environment()
    for name in environment.list_templates():
        assert environment.loader is not None
        source = environment.loader.get_source(environment, name)[0]
        assert "|safe" not in source
        assert "<script" not in source.replace('<script src="/static/htmx.min.js" defer></script>', "")
        assert "style=" not in source


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(-5, "0 min ago"), (119, "119 min ago"), (120, "2 h ago"), (2879, "47 h ago"), (2880, "2 d ago")],
)
def test_an_age_is_whole(minutes: int, text: str) -> None:
    now = datetime(2026, 11, 15, tzinfo=UTC)
    assert format_age(now - timedelta(minutes=minutes), now) == text
    assert format_age(None, now) == ""
