"""What was redacted is gone from the archive's files, and its chain stays sound."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from billfold.ledger.archive_redaction import redact_bodies
from billfold.ledger.verify import find_damage
from billfold.model.errors import LedgerError
from tests.ledger.archives import filled, keep, open_archive
from tests.ledger.kit import NOW


def test_a_redacted_body_is_gone_and_the_chain_stays_sound(tmp_path: Path) -> None:
    with filled(tmp_path, 1) as archive:
        [entry] = archive.iter_answers()
        assert redact_bodies(archive, [(entry.body, b"{}")], NOW) == {entry.body}
        assert archive.read_body(entry.body) == b"{}"
        assert list(find_damage(archive)) == []


def traces(tmp_path: Path, packed: list[bytes]) -> int:
    """Count the pieces of stored bodies that an archive's files still hold; a body is not stored in one piece."""
    content = b"".join(path.read_bytes() for path in tmp_path.glob("archive.sqlite*"))
    return sum(body[at : at + 40] in content for body in packed for at in range(0, len(body) - 40, 40))


def test_nothing_redacted_is_left_in_the_files(tmp_path: Path) -> None:
    """Nothing of what was redacted is in the files, and they are written anew once."""
    with open_archive(tmp_path) as archive:
        run = archive.start_run("p", "a", "sync", NOW)
        for seed in range(20):
            keep(archive, run, Random(seed).randbytes(200 * (1 + seed)))
        original = [body.packed for body in archive.iter_bodies() if body.size]
        before, statements = traces(tmp_path, original), list[str]()
        archive._db.set_trace_callback(statements.append)
        assert len(redact_bodies(archive, ((entry.body, b"{}") for entry in list(archive.iter_answers())), NOW)) == 20
        assert (before > 900, traces(tmp_path, original)) == (True, 0)
        assert statements.count("VACUUM") == 1
        assert list(find_damage(archive)) == []


def test_what_a_reader_keeps_is_redacted_when_he_is_gone(tmp_path: Path) -> None:
    """What a reader keeps in the log is redacted when he is gone."""
    with filled(tmp_path) as archive, open_archive(tmp_path) as reader:
        [first, *_] = archive.iter_answers()
        original = [body.packed for body in archive.iter_bodies() if body.hash == first.body]
        archive._db.execute("PRAGMA busy_timeout=1")
        reading = reader.iter_entries()
        next(reading)
        with pytest.raises(LedgerError, match="redact again"):
            redact_bodies(archive, [(first.body, b"{}")], NOW)
        list(reading)
        assert redact_bodies(archive, [], NOW) == set()
        content = b"".join(path.read_bytes() for path in tmp_path.glob("archive.sqlite*"))
        assert not any(body in content for body in original)
