"""Two archives become one that says the same."""

from __future__ import annotations

import lzma
from datetime import timedelta
from pathlib import Path

from billfold.collect.workspace import Workspace
from billfold.ledger.archive import Archive
from billfold.ledger.archive_redaction import list_redactions, redact_bodies
from billfold.ledger.entries import MERGE
from billfold.ledger.merge import merge_archives
from billfold.ledger.verify import check_head, find_damage
from tests import stage
from tests.laws.kit import DOORS
from tests.ledger.archives import keep, open_archive, tamper
from tests.ledger.kit import NOW
from tests.ledger.test_conversion import FORMAT_1


def test_two_archives_become_one_that_says_the_same(tmp_path: Path) -> None:
    host, both = stage.twin(months=2), Workspace(tmp_path / "both")
    parts = [Workspace(tmp_path / "a"), Workspace(tmp_path / "b")]
    for part, names in zip(parts, (["cockroach", "vultr"], ["vultr", "fastly", "genesys"]), strict=True):
        for name in names:
            stage.collected(host, part, name)
    for provider in DOORS:
        stage.collected(host, both, provider.name)
    merge_archives(parts[0].archive, parts[1].archive, tmp_path / "c" / "archive.sqlite", NOW)
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
        merge_archives(here, there, tmp_path / "both", NOW)
    with Archive(tmp_path / "both") as both:
        assert list(find_damage(both)) == []
        for name in ("here", "there"):
            bodies = [both.read_body(entry.body) for entry in both.iter_answers() if entry.account == name]
            assert bodies == [f"{name}{number}".encode() for number in range(4)]


def fill(path: Path, *runs: tuple[str, int]) -> Archive:
    """Return an archive with runs of accounts, each on a day."""
    archive = Archive(path)
    for account, day in runs:
        now = NOW + timedelta(days=day)
        run = archive.start_run("p", account, "sync", now)
        keep(archive, run, f"{account}{day}".encode(), received_at=now)
        archive.end_run(run, "complete", now)
    return archive


def test_a_merge_leaves_a_chain_that_only_one_goes_on_with(tmp_path: Path) -> None:
    """A chain that only one archive goes on with stays; one that both went on with is made anew, and says so."""
    here = fill(tmp_path / "here", ("a", 1), ("b", 2), ("c", 3))
    there = fill(tmp_path / "there", ("a", 1), ("b", 2), ("b", 4), ("c", 5), ("d", 6))
    with here, there:
        assert merge_archives(here, there, tmp_path / "both", NOW) == (3, 2)
        heads, other_heads = here.read_account_heads(), there.read_account_heads()
        with Archive(tmp_path / "both") as both:
            assert list(find_damage(both)) == []
            both_heads = both.read_account_heads()
            assert both_heads[("p", "a")] == heads[("p", "a")]
            assert both_heads[("p", "b")] == other_heads[("p", "b")]
            assert both_heads[("p", "d")] == other_heads[("p", "d")]
            assert [entry.account for entry in both.list_markers(MERGE)] == ["c"]
            assert check_head(both, here.read_head())[1] is None
            finding = check_head(both, there.read_head())[1]
            assert finding is not None
            assert "before a merge" in finding.text
            assert merge_archives(both, there, tmp_path / "again", NOW) == (0, 5)
            with Archive(tmp_path / "again") as again:
                assert again.read_head() == both.read_head()


def test_heads_of_before_a_merge_stay_proved(tmp_path: Path) -> None:
    """A head is proved though a merge brought entries between those that it stands for, but not where one of these is another."""
    here_path, backup_path, both_path = (
        tmp_path / f"archive{part}.sqlite" for part in ("", ".before-merge.2", ".both")
    )
    heads = []
    for runs in ([("a", 1)], [("a", 1), ("b", 3)], [("a", 1), ("b", 3), ("a", 5)]):
        here_path.unlink(missing_ok=True)
        with fill(here_path, *runs) as here:
            heads.append(here.read_head())
    with Archive(here_path) as here, fill(tmp_path / "there", ("c", 0), ("d", 2), ("e", 4)) as there:
        merge_archives(here, there, both_path, NOW)
    with Archive(both_path) as both:
        assert [check_head(both, head)[1] is None for head in heads] == [False] * 3
        here_path.rename(backup_path)
        entries = [check_head(both, head)[0] for head in heads]
        assert [(entry.account, entry.fetched_at[8:10]) for entry in entries if entry] == [
            ("a", "16"),
            ("b", "18"),
            ("a", "20"),
        ]
    backup_path.unlink()
    with fill(backup_path, ("a", 1), ("b", 4)) as other:
        other_head = other.read_head()
    with Archive(both_path) as both:
        assert check_head(both, other_head)[1] is not None


def test_what_was_redacted_in_one_stays_redacted(tmp_path: Path) -> None:
    """What was redacted in one archive stays redacted where another brings it whole."""
    here, there = fill(tmp_path / "here", ("a", 1)), fill(tmp_path / "there", ("a", 1), ("b", 2))
    with here, there:
        [entry] = here.iter_answers()
        redact_bodies(here, [(entry.body, b"{}")], NOW)
        for name, sources in (("one", (here, there)), ("other", (there, here))):
            merge_archives(*sources, tmp_path / name, NOW)
            with Archive(tmp_path / name) as both:
                assert (both.read_body(entry.body), list(find_damage(both))) == (b"{}", [])


def test_a_merge_makes_nothing_sound_that_was_not(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        fill(tmp_path / name / "archive.sqlite", (name, 1)).close()
    tamper(tmp_path / "there", "UPDATE entries SET status=500 WHERE seq=2")
    with open_archive(tmp_path / "here") as here, open_archive(tmp_path / "there") as there:
        merge_archives(here, there, tmp_path / "both", NOW)
    with Archive(tmp_path / "both") as both:
        assert ["there" in finding.text and "was changed" in finding.text for finding in find_damage(both)] == [True]


def test_what_an_earlier_format_redacted_is_noted(tmp_path: Path) -> None:
    """The chains of a merged archive say what was redacted, also where the source is of a format that did not."""
    (tmp_path / "archive.sqlite").write_bytes(lzma.decompress(FORMAT_1.read_bytes()))
    with Archive(tmp_path / "here") as here, Archive(tmp_path / "archive.sqlite", as_it_is=True) as there:
        merge_archives(here, there, tmp_path / "both", NOW)
    with Archive(tmp_path / "both") as both:
        assert (len(list_redactions(both)), list(find_damage(both))) == (1, [])
