"""Verifying ends with exit code 1 where something is missing."""

from __future__ import annotations

from pathlib import Path

from billfold.ledger.archive import Archive
from billfold.ledger.archive_redaction import redact_bodies
from tests.ledger.archives import cut
from tests.ledger.kit import NOW
from tests.ledger.machine import run, saved


def test_a_missing_end_is_told_by_the_command_with_exit_code_1(tmp_path: Path) -> None:
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    assert run(tmp_path, "verify")[0] == 0
    cut(tmp_path / "ledger", 1)
    code, output = run(tmp_path, "verify")
    assert (code, "the archive's end is missing" in output) == (1, True), output


def test_a_head_that_was_kept_is_proved_or_refuted(tmp_path: Path) -> None:
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    head = run(tmp_path, "verify")[1].splitlines()[-1].removeprefix("head ")
    code, output = run(tmp_path, "verify", "--head", head)
    assert (code, ", and is now" in output) == (0, True), output
    run(tmp_path, "import", "cockroach", saved(tmp_path, "b", 2))
    code, output = run(tmp_path, "verify", "--head", head.upper())
    assert (code, "entries came after it" in output) == (0, True), output
    code, output = run(tmp_path, "verify", "--head", f"sha256:{'0' * 64}")
    assert (code, "was never its head" in output) == (1, True), output
    code, output = run(tmp_path, "verify", "--head", "0")
    assert (code, "is no head" in output) == (2, True), output


def test_a_head_tells_what_was_redacted_since(tmp_path: Path) -> None:
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    head = run(tmp_path, "verify")[1].splitlines()[-1].removeprefix("head ")
    with Archive(tmp_path / "ledger" / "archive.sqlite") as archive:
        [entry] = archive.iter_answers()
        redact_bodies(archive, [(entry.body, b"{}")], NOW)
    code, output = run(tmp_path, "verify", "--head", head)
    assert (code, "1 stored answer redacted since: what stood there cannot be proved" in output) == (0, True), output


def test_a_merge_of_nothing_keeps_what_an_earlier_one_kept(tmp_path: Path) -> None:
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    (tmp_path / "there").mkdir()
    run(tmp_path / "there", "import", "cockroach", saved(tmp_path / "there", "b", 2))
    before = tmp_path / "ledger" / "archive.before-merge.sqlite"
    for runs in (1, 0):
        code, output = run(tmp_path, "merge", "there/ledger")
        assert (code, output.startswith(f"{runs} runs brought")) == (0, True), output
        with Archive(before, as_it_is=True) as earlier:
            assert len(list(earlier.iter_answers())) == 1
