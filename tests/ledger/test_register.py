"""The register has each invoice with what is net, tax and gross of it, and those that do not count beside them."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from pathlib import Path

from billfold.collect.workspace import Workspace
from billfold.ledger.query import LedgerFilter
from billfold.ledger.register import COUNTED, list_register
from tests import stage
from tests.ledger.kit import bill, open_ledger


def test_net_and_tax_are_the_total_of_every_invoice(tmp_path: Path) -> None:
    """Taxes are summed a second time from the twin's own truth."""
    host = stage.twin(months=2)
    with closing(Workspace(tmp_path)) as books:
        stage.collected(host, books)
        with books.open_ledger() as db:
            rows = list_register(db, LedgerFilter())
    taxes = {}
    for account, true_bill in host.world.iter_bills(host.clock.now()):
        lines = [row for batch in true_bill.charges for row in batch.iter_rows()]
        taxes[account.name, true_bill.invoice_id] = sum(
            (row.BilledCost or Decimal(0) for row in lines if row.ChargeCategory == "Tax"), Decimal(0)
        )
    issued = [row for row in rows if row.state == "issued"]
    assert len({row.provider for row in issued}) == 4
    assert all(row.net is not None and row.tax is not None and row.net + row.tax == row.gross for row in issued)
    assert all(row.tax == taxes[row.account, row.invoice_id] for row in issued)
    assert any(row.tax for row in issued)


def test_configured_terms_stand_where_the_vendor_has_none(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1"))
        [row] = list_register(books.db, LedgerFilter())
        [with_terms] = list_register(books.db, LedgerFilter(), {(row.provider, row.account): "Net 30"})
    assert (row.terms, row.status) == (None, COUNTED)
    assert with_terms.terms == "Net 30"
