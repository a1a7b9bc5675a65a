"""Syncs that somebody asked the server for: as the command does them, one at a time."""

from __future__ import annotations

import threading
from pathlib import Path
from unittest import mock

import pytest
from starlette.exceptions import HTTPException

from billfold.serve import sync_runner
from billfold.serve.sync_runner import SyncRunner
from billfold.serve.views import ViewPool


def test_one_runs_at_a_time(tmp_path: Path) -> None:
    """A second one is refused while the first runs; an account that fails does not stop the next."""
    runner, may_end, collected = SyncRunner(ViewPool(tmp_path, tmp_path / "billfold.toml")), threading.Event(), []

    def collect(config_path: Path, directory: Path, *, account: str | None) -> list[object]:
        collected.append((config_path.name, directory, account))
        assert may_end.wait(10)
        if account == "a":
            raise ValueError("no")
        return []

    with mock.patch.object(sync_runner, "sync", collect):
        first = runner.start_sync(["a", "b"])
        with pytest.raises(HTTPException, match="a sync runs already"):
            runner.start_sync([])
        may_end.set()
        assert runner.thread is not None
        runner.thread.join(10)
        assert runner.start_sync([]) != first
        runner.thread.join(10)
    assert collected == [("billfold.toml", tmp_path, name) for name in ("a", "b", None)]
