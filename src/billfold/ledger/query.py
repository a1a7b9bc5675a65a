"""Questions to the ledger: bills, charges and sums as they are, or as they were known at an archive number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import duckdb

from billfold.ledger.archive import Archive
from billfold.ledger.batch import naive
from billfold.ledger.columns import CHARGE_COLUMNS, read_as
from billfold.ledger.entries import DAMAGED
from billfold.model.period import Month, stamp
from billfold.model.pricing import ROUNDING

FOREVER = 2**62
BATCH = 2048
BILLED = "bills b JOIN accounts a USING (provider, account)"
AMOUNT = "CASE WHEN b.currency = c.BillingCurrency THEN c.BilledCost ELSE c.PricingCurrencyEffectiveCost END"
"""What a charge comes to in its bill's currency."""
SERVICE = """CASE WHEN c.ChargeCategory IN ('Usage', 'Purchase') OR contains(lower(c.ServiceName), lower(c.ChargeCategory))
                 THEN c.ServiceName ELSE c.ServiceName || ': ' || lower(c.ChargeCategory) END"""
"""What a charge is for: its service; of a tax, a credit or an adjustment also that it is one."""
CHARGED = "charges c JOIN bills b ON c.bill = b.id JOIN accounts a USING (provider, account)"

COLLECTED = "outcome <> 'imported'"
LISTED = f"{COLLECTED} AND listing IS NOT NULL"
"""Sorts of runs: those that asked the vendor, and those of them that listed invoices."""


class Filter(NamedTuple):
    """Which part of the ledger is wanted; ``seq`` is the archive number up to which it is believed."""

    provider: str | None = None
    account: str | None = None
    first: Month | None = None
    last: Month | None = None
    seq: int = FOREVER

    def fits(self, provider: str, account: str) -> bool:
        """Tell whether an account of a provider is wanted."""
        return self.provider in {None, provider} and self.account in {None, account}


def known_at(archive: Archive, when: datetime) -> int:
    """Return the archive number of what was known at a time: 0 for nothing yet, ``FOREVER`` where nothing came since."""
    seq = archive.seq_at(when)
    return FOREVER if seq and seq == archive.last_seq() else seq


def where(wanted: Filter) -> tuple[str, dict[str, Any]]:
    """Return the condition for the bills ``b`` of accounts ``a`` that are wanted and believed, and its values."""
    condition, values = narrowed(wanted)
    return f"b.from_seq <= $seq AND (b.until_seq IS NULL OR b.until_seq > $seq) AND {condition}", values


def narrowed(wanted: Filter) -> tuple[str, dict[str, Any]]:
    """Return the condition for the bills ``b`` of accounts ``a`` that are wanted, of whatever time; its values with ``seq``."""
    clauses = ["true"]
    values: dict[str, Any] = {"seq": wanted.seq}
    if wanted.provider:
        clauses.append("b.provider = $provider")
        values["provider"] = wanted.provider
    if wanted.account:
        clauses.append("a.name = $account")
        values["account"] = wanted.account
    if wanted.first:
        clauses.append("b.period_start >= $first")
        values["first"] = naive(wanted.first.start)
    if wanted.last:
        clauses.append("b.period_start < $last")
        values["last"] = naive(wanted.last.end)
    return " AND ".join(clauses), values


def dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return a result as dictionaries, its times aware."""
    return list(stream(result))


def stream(result: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    """Yield a result's rows as dictionaries, their times aware; they are read in batches."""
    names = [column[0] for column in result.description or ()]
    while batch := result.fetchmany(BATCH):
        for row in batch:
            yield dict(zip(names, map(_aware, row), strict=True))


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def invoices(db: duckdb.DuckDBPyConnection, wanted: Filter) -> list[dict[str, Any]]:
    """Return the bills as the vendors state them, the same objects as in the twin's truth."""
    condition, values = where(wanted)
    columns = "b.provider, a.name AS account, invoice_id, state, period_start, period_end, currency, total, lines"
    rows = dicts(
        db.execute(
            f"SELECT {columns} FROM {BILLED} WHERE {condition} ORDER BY b.provider, a.name, period_start, invoice_id, currency, bill_key",
            values,
        )
    )
    return [row | {name: stamp(row[name]) for name in ("period_start", "period_end")} for row in rows]


def parked(db: duckdb.DuckDBPyConnection, wanted: Filter) -> list[dict[str, Any]]:
    """Return the bills that cannot be trusted as they are, and why."""
    condition, values = where(wanted)
    return dicts(
        db.execute(
            f"SELECT b.provider, a.name AS account, invoice_id, state, period_start, currency, parked FROM {BILLED} WHERE {condition} AND parked IS NOT NULL ORDER BY ALL",
            values,
        )
    )


def charges(db: duckdb.DuckDBPyConnection, wanted: Filter) -> duckdb.DuckDBPyConnection:
    """Return the charges of all bills that are not parked, with every FOCUS column; read it in batches."""
    condition, values = where(wanted)
    columns = ", ".join(f'{read_as(name, "a.name")} AS "{name}"' for name in CHARGE_COLUMNS)
    return db.execute(
        f"SELECT {columns} FROM {CHARGED} WHERE {condition} AND b.parked IS NULL "
        "ORDER BY b.provider, a.name, b.period_start, b.bill_key, c.x_JsonPath, c.InvoiceDetailId",
        values,
    )


def sums(db: duckdb.DuckDBPyConnection, wanted: Filter) -> list[dict[str, Any]]:
    """Return what was charged by provider, account, service, month, state and currency."""
    condition, values = where(wanted)
    return dicts(
        db.execute(
            f"""SELECT b.provider, a.name AS account, {SERVICE} AS service, b.period_start AS month, b.state, b.currency,
                       sum({AMOUNT}) AS cost, count(*) AS charges
                FROM {CHARGED} WHERE {condition} AND b.parked IS NULL
                GROUP BY ALL ORDER BY ALL""",
            values,
        )
    )


def unread(db: duckdb.DuckDBPyConnection, seq: int = FOREVER) -> list[dict[str, Any]]:
    """Return what each account's last collection, and the imports since, brought that could not be booked.

    Of earlier ones only what is damaged in the archive: all else was asked for again by the next collection.
    """
    query = f"""SELECT DISTINCT r.provider, a.name AS account, words
                FROM (SELECT *, unnest(from_json(problems, '["VARCHAR"]')) AS words FROM runs) r
                JOIN accounts a USING (provider, account)
                WHERE r.seq <= $seq AND (contains(words, '{DAMAGED}') OR r.run >= (SELECT coalesce(max(c.run), 0) FROM runs c
                      WHERE c.provider = r.provider AND c.account = r.account AND c.seq <= $seq AND c.{COLLECTED}))
                ORDER BY ALL"""
    return dicts(db.execute(query, {"seq": seq}))


def owners(db: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """Return the accounts' identities at their vendors, and what each was last called."""
    return {(row[0], row[1]): row[2] for row in db.execute("SELECT provider, account, name FROM accounts").fetchall()}


def names_by_run(db: duckdb.DuckDBPyConnection, seq: int = FOREVER) -> dict[int, str]:
    """Return what the account of each run that is booked is called now."""
    query = "SELECT r.run, a.name FROM runs r JOIN accounts a USING (provider, account) WHERE r.seq <= ?"
    return dict(db.execute(query, [seq]).fetchall())


def known_marks(
    db: duckdb.DuckDBPyConnection, provider: str, account: str, before: Month | None = None
) -> dict[str, str]:
    """Return the issued bills that are booked and trusted, of periods before a month: id and mark of their listing."""
    query = f"""SELECT invoice_id, any_value(mark) FROM {BILLED} WHERE b.provider=? AND a.name=? AND until_seq IS NULL
                AND state='issued' AND period_start < ? GROUP BY invoice_id HAVING count(parked) = 0"""
    limit = naive(before.start) if before else datetime.max  # noqa: DTZ901 - as the ledger stores times
    return {row[0]: row[1] for row in db.execute(query, [provider, account, limit]).fetchall()}


def bills(db: duckdb.DuckDBPyConnection, wanted: Filter) -> list[dict[str, Any]]:
    """Return the bills with all that the ledger notes of them, and whether they came from files."""
    condition, values = where(wanted)
    order = "ORDER BY b.provider, a.name, period_start, bill_key"
    imported = f"b.run IN (SELECT run FROM runs WHERE NOT {COLLECTED}) AS imported"
    return dicts(
        db.execute(f"SELECT b.*, a.name AS account, {imported} FROM {BILLED} WHERE {condition} {order}", values)
    )


def last_runs(db: duckdb.DuckDBPyConnection, seq: int = FOREVER, which: str = LISTED) -> list[dict[str, Any]]:
    """Return each account's last run of a sort; one that was imported says nothing of what is not in it."""
    query = f"""SELECT r.*, a.name AS account FROM runs r JOIN accounts a USING (provider, account)
                WHERE r.seq <= $seq AND {which}
                QUALIFY row_number() OVER (PARTITION BY r.provider, r.account ORDER BY r.run DESC) = 1
                ORDER BY r.provider, a.name"""
    return dicts(db.execute(query, {"seq": seq}))


def sums_by_bill(db: duckdb.DuckDBPyConnection, wanted: Filter) -> list[dict[str, Any]]:
    """Return each trusted bill with what its charges add up to."""
    condition, values = where(wanted)
    return dicts(
        db.execute(
            f"""SELECT b.provider, a.name AS account, b.period_start, b.invoice_id, b.currency, b.total,
                       coalesce(sum({AMOUNT}), 0)::DECIMAL(38,12) AS cost
                FROM {BILLED} LEFT JOIN charges c ON c.bill = b.id WHERE {condition} AND b.parked IS NULL GROUP BY ALL ORDER BY ALL""",
            values,
        )
    )


def rounded(db: duckdb.DuckDBPyConnection, wanted: Filter) -> list[dict[str, Any]]:
    """Return the trusted bills whose lines add up by a rounding charge of ours only, and what it comes to."""
    condition, values = where(wanted)
    return dicts(
        db.execute(
            f"""SELECT b.provider, a.name AS account, b.period_start, b.invoice_id, b.currency, sum({AMOUNT}) AS cost
                FROM {CHARGED} WHERE {condition} AND b.parked IS NULL
                  AND c.x_Synthetic AND c.ChargeCategory = 'Adjustment' AND starts_with(c.ChargeDescription, '{ROUNDING}')
                GROUP BY ALL ORDER BY ALL""",
            values,
        )
    )


def estimated(db: duckdb.DuckDBPyConnection, wanted: Filter) -> list[dict[str, Any]]:
    """Return each invoiced month with what all its invoices come to, and the last estimate that there was of it."""
    condition, values = where(wanted)
    return dicts(
        db.execute(
            f"""SELECT b.provider, a.name AS account, b.period_start, b.currency, any_value(e.cost) AS estimated,
                       sum(b.total::DECIMAL(38,12)) AS invoiced
                FROM {BILLED} JOIN (
                    SELECT provider, account, currency, period_start, sum(total) AS cost FROM (
                        SELECT provider, account, currency, period_start, bill_key,
                               arg_max(total, id)::DECIMAL(38,12) AS total FROM bills
                        WHERE state = 'estimate' AND from_seq <= $seq GROUP BY ALL) GROUP BY ALL) e
                  ON e.provider = b.provider AND e.account = b.account AND e.currency = b.currency
                     AND e.period_start = b.period_start
                WHERE {condition} AND b.state = 'issued' AND b.parked IS NULL GROUP BY ALL ORDER BY ALL""",
            values,
        )
    )
