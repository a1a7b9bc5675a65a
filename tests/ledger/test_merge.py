"""Two archives become one that says the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from billfold.collect.workspace import Workspace
from billfold.ledger.archive import Archive
from billfold.ledger.merge import merge_archives
from billfold.ledger.verify import find_damage
from tests import stage
from tests.laws.kit import DOORS
from tests.ledger.archives import keep
from tests.ledger.kit import NOW


def test_two_archives_become_one_that_says_the_same(tmp_path: Path) -> None:
    host, both = stage.twin(months=2), Workspace(tmp_path / "both")
    parts = [Workspace(tmp_path / "a"), Workspace(tmp_path / "b")]
    for part, names in zip(parts, (["cockroach", "vultr"], ["vultr", "fastly", "genesys"]), strict=True):
        for name in names:
            stage.collected(host, part, name)
    for provider in DOORS:
        stage.collected(host, both, provider.name)
    merge_archives(parts[0].archive, parts[1].archive, tmp_path / "c" / "archive.sqlite")
    merged = Workspace(tmp_path / "c")
    assert not list(find_damage(merged.archive))
    assert stage.read_digest(merged) == stage.read_digest(both)
    for workspace in (both, merged, *parts):
        workspace.close()


def test_archives_are_merged_in_their_own_order(tmp_path: Path) -> None:
    """Archives whose clocks jumped back are merged in their own order."""
    for name, days in (("here", (0, 9, 1, 2)), ("there", (5, 4, 3, 6))):
        with Archive(tmp_path / name) as archive:
            run = archive.start_run("p", name, "sync", NOW + timedelta(days=days[0]))
            for number, day in enumerate(days):
                keep(archive, run, f"{name}{number}".encode(), received_at=NOW + timedelta(days=day))
            archive.end_run(run, "complete", NOW + timedelta(days=days[-1]))
    with Archive(tmp_path / "here") as here, Archive(tmp_path / "there") as there:
        merge_archives(here, there, tmp_path / "both")
    with Archive(tmp_path / "both") as both:
        assert list(find_damage(both)) == []
        for name in ("here", "there"):
            bodies = [both.read_body(entry.body) for entry in both.iter_answers() if entry.account == name]
            assert bodies == [f"{name}{number}".encode() for number in range(4)]
