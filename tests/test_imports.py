"""A saved file is taken for the answer that it is, under its own id, or for nothing at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from billfold.imports import understood
from billfold.model.errors import Misasked
from billfold.providers import provider
from tests.cli.terminal import Terminal

INVOICE = {"billing_invoice": {"id": 123456, "date": "2018-04-01T00:30:05+00:00", "amount": 2.35}}


def test_an_invoice_in_its_envelope_is_archived_under_its_own_id(tmp_path: Path) -> None:
    (tmp_path / "invoice.json").write_text(json.dumps(INVOICE))
    said = Terminal(tmp_path).run("--ledger", "ledger", "import", "vultr", "invoice.json")
    assert (said.code, "invoice.json: get_invoice: " in said.out) == (0, True), said
    op, _ = understood(json.dumps(INVOICE).encode(), provider.find("vultr"), None, {})
    assert op.invoice_id == 123456  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("vultr", INVOICE),
        ("fastly", {"customer_id": "c", "invoice_id": 123456, "currency_code": "USD", "transaction_line_items": []}),
    ],
)
def test_an_id_that_contradicts_the_file_is_refused_and_nothing_is_kept(
    name: str, body: dict[str, object], tmp_path: Path
) -> None:
    (tmp_path / "invoice.json").write_text(json.dumps(body))
    terminal = Terminal(tmp_path)
    said = terminal.run("--ledger", "ledger", "import", name, "invoice.json", "--invoice-id", "999")
    assert (said.code, "its invoice_id is 123456, not 999" in said.out) == (1, True), said
    assert "kept" not in said.out
    again = terminal.run("--ledger", "ledger", "import", name, "invoice.json", "--invoice-id", "123456")
    assert "NOT READ" not in again.out


def test_an_invoice_without_an_id_needs_one() -> None:
    with pytest.raises(Misasked, match="give --invoice-id"):
        understood(b'{"billing_invoice": {"date": "2018-04-01", "amount": 1}}', provider.find("vultr"), None, {})
