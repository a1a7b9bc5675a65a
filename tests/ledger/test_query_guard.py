"""A query that writes in any of its parts is refused, whatever it is called; one that reads is not."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from billfold.ledger.query_guard import require_reading
from billfold.model.errors import InvalidArgument

WRITING = (
    "COPY (SELECT 1) TO '{file}'",
    "WITH x AS (COPY (SELECT 9) TO '{file}') SELECT * FROM x",
    "WITH x AS (WITH y AS (COPY (SELECT 9) TO '{file}') SELECT * FROM y) SELECT * FROM x",
    "SELECT * FROM (WITH y AS (COPY (SELECT 9) TO '{file}') SELECT * FROM y) UNION SELECT 3",
    "SELECT (WITH y AS (COPY (SELECT 9) TO '{file}') SELECT * FROM y)",
    "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE t SET a = 1) SELECT 1",
    "WITH x AS (DELETE FROM t) SELECT 1",
    "SELECT 1; SELECT 2",
    "PRAGMA version",
)
READING = (
    "SELECT 1",
    "FROM range(3)",
    "WITH a AS (SELECT 'INSERT_QUERY_NODE' AS type) SELECT (SELECT 2), EXISTS (SELECT 3) FROM a",
    "WITH RECURSIVE a AS (SELECT 1 n UNION ALL SELECT n + 1 FROM a WHERE n < 3) SELECT * FROM a",
    "SELECT 1 UNION SELECT 2 EXCEPT SELECT 3",
    "SELECT * FROM (PIVOT (SELECT 1 a, 2 b) ON a IN (1) USING sum(b))",
    "DESCRIBE SELECT 1",
    "VALUES (1)",
)


@pytest.mark.parametrize("query", WRITING)
def test_what_writes_is_refused(query: str, tmp_path: Path) -> None:
    with duckdb.connect() as db, pytest.raises(InvalidArgument, match="can only be read"):
        require_reading(db, query.format(file=tmp_path / "x.csv"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("query", READING)
def test_what_reads_is_not(query: str) -> None:
    with duckdb.connect() as db:
        require_reading(db, query)
