"""On a file system without locks, as many network shares, nobody waits in vain: it is said at once what it is."""

from __future__ import annotations

import errno
import time
from pathlib import Path

import pytest

from billfold.ledger import account_lock
from billfold.ledger.archive import Archive
from billfold.model.errors import LedgerError


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_named_at_once(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_lock(_: int) -> None:
        raise OSError(number, "no locks")

    monkeypatch.setattr(account_lock, "lock_range", refuse_lock)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
    with pytest.raises(LedgerError, match=r"has no locks, as many network shares: keep the ledger on a local disk"):
        Archive(tmp_path / "archive.sqlite")
    assert list(tmp_path.iterdir()) == []
