"""A month that is signed stands in the chain of each account, and is read back as it was signed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from billfold.ledger.archive import Archive
from billfold.ledger.closings import Closing, RegisterLine, add_closing, find_last_closings, list_closings
from billfold.ledger.entries import CLOSING, build_run_marker
from billfold.ledger.merge import merge_archives
from billfold.ledger.verify import find_archive_damage
from billfold.model.errors import LedgerError
from billfold.model.period import Month

NOW = datetime(2026, 11, 5, tzinfo=UTC)
LINES = (RegisterLine("i1", "USD", "12.30"), RegisterLine("i2\x1f", "EUR", "-0.0000000000001"))
OCTOBER = Closing(
    Month(2026, 10),
    signed_by="Ann",
    signed_at="",
    vendor_time="2026-11-04T00:00:00Z",
    hash="sha256:aa",
    head="sha256:bb",
    code="cc",
    acknowledged_ids=("0123456789",),
    scope=("", ""),
    seq=0,
    registers={("vultr", "a"): LINES, ("fastly", "b"): ()},
)


def test_a_signature_is_read_back_and_survives_a_merge(tmp_path: Path) -> None:
    """One signature is an entry in each chain; a merge keeps it once, whole, and the chains stay sound."""
    with Archive(tmp_path / "one.sqlite") as archive, Archive(tmp_path / "other.sqlite") as other:
        add_closing(archive, OCTOBER, NOW)
        add_closing(archive, OCTOBER._replace(signed_by="Bo"), NOW)
        first, second = list_closings(archive)
        assert (first.registers, first.signed_by, second.signed_by) == (OCTOBER.registers, "Ann", "Bo")
        assert first.signed_at == "2026-11-05T00:00:00.000000Z"
        assert set(archive.read_account_heads()) == {("vultr", "a"), ("fastly", "b")}
        assert find_last_closings([first, second], Month(2026, 10))["vultr", "a"].signed_by == "Bo"
        merge_archives(other, archive, tmp_path / "target.sqlite", NOW)
        with Archive(tmp_path / "target.sqlite") as target:
            merge_archives(target, archive, tmp_path / "again.sqlite", NOW)
            with Archive(tmp_path / "again.sqlite") as again:
                assert list_closings(again) == list_closings(target) == [first, second]
                assert list(find_archive_damage(again)) == []


def test_a_signature_is_not_known_before_it_was_made(tmp_path: Path) -> None:
    """As of an entry only what was signed up to it is listed; accounts have the names that they have now."""
    with Archive(tmp_path / "one.sqlite") as archive:
        add_closing(archive, OCTOBER, NOW)
        assert list_closings(archive, 0) == []
        (closing,) = list_closings(archive, account_names={("vultr", "a"): "new name"})
        assert set(closing.registers) == {("vultr", "new name"), ("fastly", "b")}


def test_a_damaged_signature_is_told(tmp_path: Path) -> None:
    """An entry that does not say what was signed is an error with advice."""
    with Archive(tmp_path / "one.sqlite") as archive:
        archive.add_marker(build_run_marker(0, "vultr", "a", CLOSING, '{"month": "2026-10"}', NOW))
        with pytest.raises(LedgerError, match="billfold verify"):
            list_closings(archive)
