"""Answers are made ahead once a ledger has changed and rests: not while it changes, and once for each state."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest

from billfold.collect.workspace import Workspace
from billfold.serve import questions, warming
from billfold.serve.views import ViewPool
from billfold.serve.warming import MONTH_QUESTIONS, QUESTIONS, Warmer
from tests.ledger.kit import collected, invoice, invoices


@pytest.fixture
def pool(books: Workspace, tmp_path: Path) -> Iterator[ViewPool]:
    """Return the pool of a ledger with one invoice."""
    collected(books, invoices(invoice("i1")))
    with closing(ViewPool(tmp_path / "ledger", tmp_path / "billfold.toml")) as opened:
        yield opened


def test_it_asks_once_the_ledger_rests(pool: ViewPool, books: Workspace) -> None:
    warmer, count = Warmer(pool), len(QUESTIONS) + len(MONTH_QUESTIONS)
    assert [warmer.warm_once() for _ in range(3)] == [0, count, 0]
    collected(books, invoices(invoice("i1"), invoice("i2")), days=1)
    assert [warmer.warm_once() for _ in range(3)] == [0, count, 0]


def test_what_was_asked_is_there(pool: ViewPool) -> None:
    """Every question's rows are kept in the ledger that the next request gets."""
    warmer = Warmer(pool)
    warmer.warm_once()
    warmer.warm_once()
    with pool.borrow_view() as view:
        names = {key[0] for key in view.db.cache[questions.REMEMBERED]}
    assert {"judge_months", "list_findings", "read_verdict", "explain_month", "build_customer_tree"} <= names


def test_a_mishap_ends_nothing(pool: ViewPool) -> None:
    """What goes wrong in the background is logged, and it is tried again."""
    calls, stop = list[int](), threading.Event()

    def fail(_: Warmer) -> int:
        calls.append(1)
        if len(calls) == 2:
            stop.set()
        raise OSError("no disk")

    with mock.patch.object(Warmer, "warm_once", fail), mock.patch.object(warming, "POLL_INTERVAL_S", 0):
        Warmer(pool).run(stop)
    assert len(calls) == 2


def test_remembered_rows_are_few_and_of_their_question(pool: ViewPool) -> None:
    """Rows are kept by filter, month and the words they depend on; the oldest go first."""
    calls = list[str]()

    @questions.remember_rows("all")
    def read(question: questions.Question) -> str:
        calls.append(question.values.get("all", ""))
        return calls[-1]

    with pool.borrow_view() as view, mock.patch.object(questions, "MAX_REMEMBERED", 2):
        for value in ("1", "2", "1", "3", "2"):
            question = questions.build_question(view, {"all": value, "other": value * 2})
            assert read(question) == value
    assert calls == ["1", "2", "3", "2"]
