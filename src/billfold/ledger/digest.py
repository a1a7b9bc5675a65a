"""One line that stands for the whole ledger: equal ledgers have equal hashes, on any machine, in any order of booking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b, sha256
from string import hexdigits
from tempfile import SpooledTemporaryFile
from typing import Self

import pyarrow as pa

from billfold.ledger.columns import CHARGE_COLUMNS, PROVENANCE_COLUMNS
from billfold.ledger.query import BILLS_JOIN, CHARGES_JOIN, LedgerFilter, build_current_condition
from billfold.ledger.store import ROWS_PER_FETCH, OpenLedger

MAX_SPOOL_BYTES = 4_194_304
"""Bytes of the hashes of one first digit that are held in memory: with all sixteen, a million charges."""
STATED_COLUMNS = (
    "state",
    "total",
    "period_start",
    "period_end",
    "issuer",
    "issued_on",
    "due_on",
    "terms",
    "purchase_order",
    "corrects",
)
"""What a vendor states of a bill beside its charges: another word here is another version of it."""
_BILL_COLUMNS = ("lines", "parked", *STATED_COLUMNS)
_KEY_COLUMNS = ("b.provider", "b.account", "b.bill_key")


def build_text_sql(columns: tuple[str, ...]) -> str:
    """Return the SQL that writes some columns as one text, in which a null and an empty text differ."""
    return f"concat_ws(chr(31), {', '.join(f'coalesce({column}::VARCHAR, chr(30))' for column in columns)})"


_CONTENT_COLUMNS = tuple(
    f'c."{name}"'
    for name in CHARGE_COLUMNS
    if name not in {*PROVENANCE_COLUMNS, "BillingAccountName", "x_InvoiceIssueDate"}
)
CONTENT_NAMES = tuple(column[3:-1] for column in _CONTENT_COLUMNS)
CONTENT_SQL, ROW_SQL = ", ".join(_CONTENT_COLUMNS), build_text_sql(_CONTENT_COLUMNS)
"""A charge as text, without where it came from and what its account is called."""


_EVERYTHING = LedgerFilter()
_COLON, _DASH, _EMPTY = map(pa.scalar, (":", "-", ""))
"""PERF: a text that is made a scalar anew costs as much as a hundred rows: pyarrow looks for a library each time."""


def compute_digest(db: OpenLedger, filters: LedgerFilter = _EVERYTHING) -> str:
    """Return ``sha256:<64 hex>`` over the bills and charges that are wanted and believed.

    Fetch times, archive numbers, runs and belief spans are left out, and so is what an account is called.
    """
    condition, values = build_current_condition(filters)
    bill_text_sql = build_text_sql((*_KEY_COLUMNS, *(f"b.{name}" for name in _BILL_COLUMNS)))
    bills_sql = f"SELECT sha256({bill_text_sql}) AS h FROM {BILLS_JOIN} WHERE {condition}"
    charges_sql = f"""SELECT sha256({build_text_sql(_KEY_COLUMNS)} || chr(29) || {ROW_SQL}) AS h
                      FROM {CHARGES_JOIN} WHERE {condition} AND b.parked IS NULL"""
    result = db.execute(f"{bills_sql} UNION ALL {charges_sql}", values)
    with SortedHashes() as hashes:
        while rows := result.fetchmany(ROWS_PER_FETCH):
            hashes.add_hashes([row[0] for row in rows])
        return f"sha256:{hashes.compute_digest()}"


class SortedHashes:
    """Hashes in hexadecimal, put in order: by their first digit as they come, those of one digit at the end.

    All of a large ledger's at once are more than DuckDB, or we, may hold: they lie on disk, where they are many.
    """

    def __init__(self) -> None:
        self._files = {digit: SpooledTemporaryFile(MAX_SPOOL_BYTES) for digit in hexdigits[:16]}  # noqa: SIM115

    def add_hashes(self, hashes: Iterable[str]) -> None:
        """Add some hashes."""
        groups = defaultdict[str, list[str]](list)
        for text in hashes:
            groups[text[0]].append(text)
        for digit, group in groups.items():
            self._files[digit].write("".join(group).encode())

    def compute_digest(self) -> str:
        """Return the SHA-256 of all hashes in their order."""
        digest = sha256()
        for file in self._files.values():
            file.seek(0)
            hashes = file.read()
            digest.update(b"".join(sorted(hashes[start : start + 64] for start in range(0, len(hashes), 64))))
        return digest.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()


class ContentHash:
    """A fingerprint of charges that is the same in any order, and whatever engine keeps them: the sum of a hash of each."""

    def __init__(self) -> None:
        self._count, self._sum = 0, 0

    def add_rows(self, table: pa.Table) -> None:
        """Add charges; columns that are no content count for nothing."""
        for text in _write_rows(table):
            self._sum += int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest(), "big")
        self._count += table.num_rows

    def read_hash(self) -> str:
        """Return the fingerprint of all that was added."""
        return f"{self._count}/{self._sum % 2**128:032x}"


def _write_rows(table: pa.Table) -> list[str]:
    """Write each charge as one text: each cell with its length before it, so that no two rows are written alike."""
    import pyarrow.compute as pc

    cells = list[pa.ChunkedArray | pa.Scalar]()
    for name in CONTENT_NAMES:
        if table[name].null_count == table.num_rows:
            cells.append(_DASH)
            continue
        texts = pc.cast(table[name], pa.string())
        lengths = pc.cast(pc.utf8_length(texts), pa.string())
        cells.append(pc.fill_null(pc.binary_join_element_wise(lengths, texts, _COLON), _DASH))
    return pc.binary_join_element_wise(*cells, _EMPTY).to_pylist()  # type: ignore[no-any-return]
