"""A made-up vendor's bills, put into an archive and a ledger without any provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from billfold.collect.outcome import CollectOutcome
from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger import booking, catalog, identities, query, store
from billfold.model.bill import Bill, Charges, State
from billfold.model.errors import LedgerError
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum
from billfold.model.period import Month, parse_instant
from billfold.providers import provider
from billfold.wire.message import Response
from billfold.wire.operation import Operation, operation_name

MAY = Month(2026, 5)
NOW = parse_instant("2026-11-15T00:00:00Z")


class Line(NamedTuple):
    BilledCost: Decimal
    ChargeDescription: str = "a line"
    InvoiceDetailId: str = "d"


COMMON = CostAndUsage(
    BillingCurrency="USD", PricingCurrency="USD", ServiceName="S", ChargeCategory="Usage", InvoiceIssuerName="I"
)


def bill(*costs: str, state: State = State.ISSUED, total: str | None = "", **more: Any) -> Bill:
    """Make a bill of these costs; its total is their sum unless said otherwise."""
    lines = [Line(Decimal(cost)) for cost in costs]
    stated = exact_sum(line.BilledCost for line in lines) if total == "" else total
    fields: dict[str, Any] = {
        "state": state,
        "invoice_id": None if state is State.ESTIMATE else "i1",
        "period": MAY.period,
        "currency": "USD",
        "total": None if stated is None else Decimal(stated),
        "line_count": None,
        "charges": [Charges.of(lines, COMMON)],
        "issuer": "I",
    }
    return Bill(**fields | more)


@dataclass
class Ledger:
    """A ledger file that is open, and how far its archive would be."""

    db: store.OpenLedger
    seq: int = 0

    def book(self, new_bill: Bill, account: str = "me") -> bool:
        """Book a bill as what a new run brought."""
        self.seq += 10
        try:
            with store.open_transaction(self.db):
                identity = identities.resolve_account(self.db, "vendor", account, account, self.seq, self.seq, [])
                with booking.open_booking(self.db, identity) as run_booking:
                    return run_booking.book_bill(new_bill)
        except LedgerError:  # a lower state after a higher one is refused
            return False
        finally:
            store.reload_ledger(self.db)

    def write(self, statement: str) -> None:
        """Change the catalog by hand."""
        with store.open_transaction(self.db):
            self.db.catalog.execute(statement)
        store.reload_ledger(self.db)

    def bills(self, *columns: str, seq: int = query.MAX_SEQ) -> list[tuple[Any, ...]]:
        """Return the bills that are believed, by these columns."""
        ids = [bill.id for bill in catalog.list_bills(self.db, query.LedgerFilter(seq=seq))]
        selected = f"SELECT {', '.join(columns)} FROM bills WHERE id = ?"
        return [self.db.execute(selected, [bill_id]).fetchall()[0] for bill_id in ids]

    def costs(self, seq: int = query.MAX_SEQ) -> list[Decimal]:
        """Return what the charges of all trusted bills cost."""
        return sorted(
            charge.BilledCost
            for charge in query.iter_charges(self.db, query.LedgerFilter(seq=seq))
            if charge.BilledCost is not None
        )

    def all(self) -> list[tuple[Any, ...]]:
        """Return every row of the two tables."""
        return (
            self.db.execute("SELECT * FROM bills ORDER BY ALL").fetchall()
            + self.db.execute("SELECT * FROM charges ORDER BY ALL").fetchall()
        )


@contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """Open an empty ledger."""
    with store.open_ledger(path / "catalog.sqlite") as db:
        yield Ledger(db)


class Vendor:
    """A CockroachDB Cloud that answers one list of invoices, whatever it is."""

    def __init__(self, invoices: bytes) -> None:
        self.invoices = invoices
        self.context = provider.find_provider("cockroach").make_context(
            {"api_key": "the-key-of-mine"}, "https://api.example"
        )

    def send(self, op: Operation[Any], /) -> Response:
        body = self.invoices if operation_name(op) == "list_invoices" else b'{"id":"org","name":"Org"}'
        return Response(200, {"content-type": "application/json"}, body)

    def fetch(self, url: str, /) -> Response:
        raise AssertionError(url)

    def close(self) -> None:
        pass


def collected(books: Workspace, invoices: bytes, *, days: int = 0) -> CollectOutcome:
    """Sync one account of a vendor that answers these bytes."""

    def clock() -> datetime:
        return NOW + timedelta(days=days)

    account = AccountConfig("mine", provider.find_provider("cockroach"), {})
    return sync_accounts(books, [account], connect=lambda _: Vendor(invoices), clock=clock)[0]


def invoices(*invoice_texts: str) -> bytes:
    """Write an answer of these invoices."""
    return f'{{"invoices":[{",".join(invoice_texts)}]}}'.encode()


def invoice(number: str = "i1", total: str = "1.5", lines: Sequence[str] = ("1.5",), **fields: str) -> str:
    """Write an invoice; every value is JSON as it is to stand there."""
    items = ",".join(
        f'{{"description":"d","quantity":1,"unit_cost":{cost},"total":{{"amount":{cost}}}}}' for cost in lines
    )
    values = {
        "invoice_id": f'"{number}"',
        "period_start": '"2026-08-01T00:00:00Z"',
        "period_end": '"2026-09-01T00:00:00Z"',
        "status": '"FINALIZED"',
        "totals": f'[{{"amount":{total},"currency":"USD"}}]',
        "invoice_items": f'[{{"cluster":{{"id":"c"}},"line_items":[{items}]}}]',
    } | fields
    return "{" + ",".join(f'"{name}":{value}' for name, value in values.items()) + "}"
