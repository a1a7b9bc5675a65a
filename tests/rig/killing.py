"""Death at write points: a story is killed at each of them, done again, and must end as it does when nobody kills it."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from billfold.collect.workspace import Workspace
from billfold.ledger.verify import find_damage
from billfold.twin.host import TwinHost
from tests import stage
from tests.rig.points import Tracer
from tests.rig.stories import KILLABLE_STORIES, MONTHS, LedgerView, list_truth, read_view

POINTS_PER_REPORT = 10
"""Points after which one half of a story says how far it is: all of them take hours."""


def fork(work: Callable[[], object]) -> tuple[int, Any]:
    """Run something in a child process; returns its signal (negative) or exit code, and what it returned.

    Nothing opens a ledger in the process that forks: threads that DuckDB has then are not in its children, their locks are.
    """
    with tempfile.TemporaryFile() as answer:

        def work_and_answer() -> None:
            pickle.dump(work(), answer)
            answer.flush()

        child = fork_beside(work_and_answer)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        answer.seek(0)
        return code, None if code else pickle.load(answer)


def fork_beside(work: Callable[[], object]) -> int:
    """Run something in a child process, beside this one; returns the child's number."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - the child says what happened and ends
            traceback.print_exc()
            os._exit(70)
        os._exit(0)
    return child


@contextmanager
def prepare(story: str, seed: int) -> Iterator[Path]:
    """Do once what goes before a story; yields a directory whose ``before`` can be copied for each time that it is played."""
    with tempfile.TemporaryDirectory() as directory:
        before = Path(directory, "before")
        before.mkdir()
        assert fork(lambda: KILLABLE_STORIES[story].prepare(stage.twin(seed=seed, months=MONTHS), before)) == (0, None)
        yield Path(directory)


def list_points(story: str, seed: int) -> list[str]:
    """Name every write point of a story."""

    def work() -> list[str]:
        tracer = Tracer(None)
        _play(story, seed, _copy_before(directory), tracer)
        return tracer.names

    with prepare(story, seed) as directory:
        code, names = fork(work)
    assert code == 0
    return list(names)


def _copy_before(directory: Path) -> Path:
    home = directory / "ledger"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(directory / "before", home)
    return home


def _play(story: str, seed: int, home: Path, tracer: Tracer | None = None) -> TwinHost:
    """Play a story to its end; its write points are traced."""
    host = stage.twin(seed=seed, months=MONTHS)
    KILLABLE_STORIES[story].change_world(host)
    if tracer:
        tracer.install()
    KILLABLE_STORIES[story].act(host, home)
    return host


def play_whole(story: str, seed: int) -> tuple[LedgerView, list[str]]:
    """Return what a story's ledger says when nobody kills it, and the truth."""

    def work() -> tuple[LedgerView, list[str]]:
        home = _copy_before(directory)
        host = _play(story, seed, home)
        with _open_books(home) as books:
            return read_view(books), list_truth(host)

    with prepare(story, seed) as directory:
        code, view_and_truth = fork(work)
    assert code == 0
    return view_and_truth  # type: ignore[no-any-return]


@contextmanager
def _open_books(home: Path) -> Iterator[Workspace]:
    books = Workspace(home)
    try:
        yield books
    finally:
        books.close()


def kill_once(story: str, seed: int, point: int, expected: LedgerView, directory: Path) -> str:
    """Kill a story at a write point, go on, and say what is wrong then; nothing where all is well."""
    home = _copy_before(directory)
    code, _ = fork(lambda: bool(_play(story, seed, home, Tracer(point))))
    if code not in {-9, 0}:
        return f"the child ended with {code}"
    code, wrong = fork(lambda: _judge(story, seed, home, expected))
    return f"what goes on ended with {code}" if code else str(wrong)


def _judge(story: str, seed: int, home: Path, expected: LedgerView) -> str:
    host = stage.twin(seed=seed, months=MONTHS)
    KILLABLE_STORIES[story].change_world(host)
    with _open_books(home) as books:
        damage = list(find_damage(books.archive, books.ledger_path))
    KILLABLE_STORIES[story].act(host, home)
    with _open_books(home) as books:
        view = read_view(books)
        damage += find_damage(books.archive, books.ledger_path)
        books.drop_ledger()
        new_view = read_view(books)
    if damage:
        return f"damaged: {damage[0]}"
    if view != expected:
        return f"the ledger differs: {sorted(set(view.bills) ^ set(expected.bills))[:2] or view.hash}"
    return "" if new_view == view else "the rebuilt ledger has another hash"


def kill(story: str, seed: int, numbers: Iterable[int]) -> list[str]:
    """Kill a story at many write points; returns what went wrong."""
    expected, truth = play_whole(story, seed)
    if KILLABLE_STORIES[story].ends_in_truth and expected.bills != truth:
        return [f"{story}: even unkilled the ledger is not the truth"]
    repeat = f"python -m tests.rig.rig kill --story {story} --seed {seed} --point"
    with prepare(story, seed) as directory:
        failures = list[str]()
        for count, point in enumerate(numbers, 1):
            if wrong := kill_once(story, seed, point, expected, directory):
                failures.append(f"{wrong}\n  repeat: {repeat} {point}")
            if count % POINTS_PER_REPORT == 0:
                sys.stderr.write(f"kill {story}: {count} so far, {len(failures)} wrong\n")
                sys.stderr.flush()
    return failures
