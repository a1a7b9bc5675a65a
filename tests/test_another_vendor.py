"""The provider in docs/another-vendor.md is all that a fifth vendor needs."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest

from billfold.books import Books, question
from billfold.ledger import query
from billfold.ledger.entries import Heard
from billfold.providers import provider

DOCUMENT = Path(__file__).parent.parent / "docs" / "another-vendor.md"
BODY = b"""{"invoices": [{"id": "a1", "month": "2026-05", "total": 12.30, "lines": [{"text": "anvil", "cost": 12.30}]},
                         {"id": "a2", "month": "2026-06", "total": 9, "lines": [{"text": "anvil", "cost": 1}]}]}"""


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> provider.Provider:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    module = ModuleType("billfold_acme")
    monkeypatch.setitem(sys.modules, "billfold_acme", module)
    exec(code, module.__dict__)
    homes = {**provider._homes(), "acme": "billfold_acme"}
    monkeypatch.setattr(provider, "_homes", lambda: homes)
    return provider.find("acme")


def test_one_module_is_found_booked_and_judged(acme: provider.Provider, tmp_path: Path) -> None:
    (kind,) = acme.operations
    books, now = Books(tmp_path), datetime.now(UTC)
    run = books.archive.start("acme", "me", "sync", now)
    books.archive.add(
        run, Heard("list_invoices", question(kind()), 200, {"content-type": "application/json"}, BODY, now)
    )
    books.archive.end(run, "complete", now)
    with books.ledger() as db:
        assert [(bill["invoice_id"], bill["total"]) for bill in query.invoices(db, query.Filter())] == [
            ("a1", "12.30"),
            ("a2", "9"),
        ]
        assert [bill["invoice_id"] for bill in query.parked(db, query.Filter())] == ["a2"]
        (charge,) = query.dicts(query.charges(db, query.Filter()))
        assert (charge["BilledCost"], charge["x_JsonPath"]) == (Decimal("12.30"), "$.invoices[0].lines[0]")
    books.close()


def test_a_vendor_without_a_twin_is_no_part_of_the_world(acme: provider.Provider) -> None:
    from tests import stage

    assert not acme.has_twin
    assert "acme" not in {one.provider.name for one in stage.twin(months=1).world.stages}
