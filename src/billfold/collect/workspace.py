"""The books: archive and ledger together, the second always computed from the first by the providers' ``charges.py``."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from billfold.collect.rebuilding import BookingProgress, book_shares, plan_shares
from billfold.collect.run_answers import ArchiveRunAnswers, find_identity, find_listed_ids
from billfold.collect.run_booking import book_run
from billfold.ledger.account_lock import open_lock_file, writers_lock
from billfold.ledger.archive import Archive
from billfold.ledger.archive_file import read_file_id, replace_archive_file
from billfold.ledger.entries import REFUSED_PREFIX, Run
from billfold.ledger.layout import (
    ARCHIVE_FILE,
    CATALOG_DRAFT_FILE,
    CATALOG_FILE,
    EARLIER_LEDGER_FILES,
    LOCKS_FOLDER,
    MERGE_BACKUP_FILE,
    READERS_FILE,
)
from billfold.model.errors import LedgerError
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import is_instant
from billfold.providers import provider
from billfold.providers.mapping_version import find_mapping_version

if TYPE_CHECKING:
    from billfold.ledger.store import OpenLedger

log = logging.getLogger("billfold.books")
EARLIEST_TIME = "1970-01-01T00:00:00.000000Z"
"""When a run ended of which no time can be read."""
RUNS_PER_TRANSACTION = 64
"""Runs that are booked in one go: their charges share a part."""


def find_outdated_providers(ledger: OpenLedger) -> set[str]:
    """Return the installed providers whose bills were made with another version of their mapping."""
    from billfold.ledger import mapping_versions

    return {
        name
        for name, version in mapping_versions.read_mapping_versions(ledger).items()
        if name in provider.provider_names() and version != find_mapping_version(name)
    }


def require_archive(directory: Path, *, is_empty: bool) -> None:
    """Raise ``LedgerError`` where an archive is missing or empty, and a ledger beside it was computed from it."""
    from billfold.ledger.catalog_file import count_booked_runs

    catalog_path = directory / CATALOG_FILE
    if is_empty and (run_count := count_booked_runs(catalog_path)):
        raise LedgerError(
            f"the archive {directory / ARCHIVE_FILE} is missing or empty, and the ledger beside it was booked from "
            f"{run_count} of its collections: bring it back from a copy; to begin anew without it, remove {catalog_path.name}"
        )


class Workspace:
    """An archive and its ledger in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        earlier_id = read_file_id(directory / ARCHIVE_FILE)
        self.archive = Archive(directory / ARCHIVE_FILE)
        self._archive_id = earlier_id or read_file_id(self.archive.path)
        self.ledger_path = directory / CATALOG_FILE

    @contextmanager
    def lock_writers(self, *, alone: bool = False) -> Iterator[None]:
        """Write into the archive beside others, or ``alone``; raises ``LedgerError`` where another process is for too long."""
        for path in (self.ledger_path.with_suffix(".lock"), self.directory / READERS_FILE):
            open_lock_file(path).close()  # what is archived must be booked then
        with writers_lock(self.directory / LOCKS_FOLDER, alone=alone):
            self._reopen_replaced()
            yield

    def require_ledger(self) -> None:
        """Raise ``LedgerError`` where what is archived now could not be booked then: better nothing is brought at all."""
        with self.open_ledger():
            pass

    def _reopen_replaced(self) -> bool:
        """Open the archive again where a merge put another file in its place since; returns whether one did."""
        file_id = read_file_id(self.archive.path)
        if file_id in {None, self._archive_id}:
            return False
        self.archive.close()
        self._archive_id, self.archive = file_id, Archive(self.archive.path)
        return True

    @contextmanager
    def open_ledger(self, *, wait: bool = False) -> Iterator[OpenLedger]:
        """Open the ledger, brought up to the archive; a stale or damaged one is computed anew.

        Where another process is booking, what was booked before is opened, unless this is to ``wait`` for it.
        """
        from billfold.ledger import store
        from billfold.ledger.catalog_file import StaleLedgerError

        if not self.ledger_path.exists():
            self._require_writable()
        try:
            with store.open_ledger(self.ledger_path) as ledger:
                if self._reopen_replaced():
                    store.reload_ledger(ledger)
                self._catch_up(ledger, wait=wait)
                yield ledger
                return
        except StaleLedgerError as error:
            log.warning("%s; computing the ledger anew from the archive", error)
        for finding in self.rebuild():
            log.warning("%s", finding.text)
        with store.open_ledger(self.ledger_path) as ledger:
            yield ledger

    def rebuild(self, progress: BookingProgress = lambda *_: None) -> list[Finding]:
        """Compute the ledger anew from the archive, and put it in the place of the one that is there; readers keep theirs.

        ``progress`` is told now and then how many runs are booked, and of how many. Returns what the ledger forgets because the
        archive does not have it; raises ``LedgerError`` where that would be all. What is damaged in the archive is noted.
        """
        from billfold.ledger import catalog, store
        from billfold.ledger.verify import find_archive_damage

        self._require_writable()
        with store.take_turn(self.ledger_path):
            self._reopen_replaced()
            forgotten = self._find_forgotten()
            draft_path = self.directory / CATALOG_DRAFT_FILE
            draft_path.unlink(missing_ok=True)
            with store.open_ledger(draft_path) as ledger:
                shares = plan_shares(self._list_bookable_runs(ledger), self.find_identity)
                if len(shares) > 1:
                    book_shares(self.directory, ledger, shares, progress)
                else:
                    self._book_runs(ledger, progress)
                with store.open_transaction(ledger):
                    catalog.note_damage(ledger, find_archive_damage(self.archive))
            try:
                draft_path.replace(self.ledger_path)
            except OSError as error:
                raise LedgerError(
                    f"{self.ledger_path} cannot be replaced: {error.strerror}; remove it by hand"
                ) from error
            store.remove_leftovers(self.ledger_path)
            return forgotten

    def _find_forgotten(self) -> list[Finding]:
        """Find what was booked and is not in the archive any more; raises ``LedgerError`` where it holds nothing at all."""
        from billfold.ledger.catalog_file import read_booked_hashes
        from billfold.ledger.verify import describe_missing

        require_archive(self.directory, is_empty=not self.archive.read_last_seq())
        texts = describe_missing(self.archive, read_booked_hashes(self.ledger_path))
        return [make_finding(FindingCode.ARCHIVE_DAMAGED, text) for text in texts]

    def find_identity(self, run: Run) -> str | None:
        """Find in a run's answers whose account it is, or None where they do not say."""
        return find_identity(ArchiveRunAnswers(self.archive, run))

    def find_listed_ids(self, run: Run) -> frozenset[str]:
        """Find which invoices a run lists; none where it has no list, or one that cannot be read."""
        return find_listed_ids(ArchiveRunAnswers(self.archive, run))

    def drop_ledger(self) -> None:
        """Remove the ledger; the archive stays. Its parts are removed by who writes next."""
        self._require_writable()
        self._remove_files(self.ledger_path, self.ledger_path.with_suffix(".sqlite-journal"))
        self._remove_earlier_ledger()

    def _remove_earlier_ledger(self) -> None:
        """Remove what a ledger of an earlier format left: all of it is computed anew."""
        self._remove_files(*(self.directory / name for name in EARLIER_LEDGER_FILES))

    def _remove_files(self, *paths: Path) -> None:
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise LedgerError(f"{path} cannot be removed: {error.strerror}; remove it by hand") from error

    def _require_writable(self) -> None:
        if self.archive.read_only:
            raise LedgerError(
                f"{self.directory} may only be read, and its ledger must be computed; check the path, its rights, or copy "
                f"the directory whole, {self.ledger_path.name} included, after a sync"
            )

    def catch_up(self) -> None:
        """Book every ended run that is not booked yet, but those whose provider is not installed."""
        with self.open_ledger():
            pass

    def _catch_up(self, ledger: OpenLedger, *, wait: bool) -> None:
        from billfold.ledger import store

        if self.archive.find_other_hashes(store.read_last_hashes(ledger)):
            require_archive(self.directory, is_empty=not self.archive.read_last_seq())
            raise LedgerError(
                f"{self.ledger_path} was computed from another archive than {self.archive.path}, or from one that went further: put "
                "that archive back, or let `billfold rebuild` forget what is not in this one"
            )
        for run in self.list_unbookable_runs(ledger):
            log.info("%s: run %d is not booked: there is no provider %r", run.account, run.id, run.provider)
        if not self._has_work(ledger):
            return
        self._require_writable()
        with store.take_turn(self.ledger_path, wait=wait) as has_turn:
            if not has_turn:
                log.info("another process is booking: what was booked before is shown")
                ledger.is_behind = True
                return
            self._reopen_replaced()
            store.reload_ledger(ledger)
            ledger.release_parts()
            store.remove_leftovers(self.ledger_path)
            ledger.hold_parts()
            self._book_runs(ledger)
            store.reload_ledger(ledger)
            self._remove_earlier_ledger()

    def _has_work(self, ledger: OpenLedger) -> bool:
        """Tell whether anything is to be booked; what may only be read stays as it was made."""
        outdated_providers = find_outdated_providers(ledger)
        if outdated_providers and self.archive.read_only:
            log.warning("%s is shown as an earlier billfold made it: it may only be read", self.ledger_path)
            outdated_providers = set()
        return bool(outdated_providers) or bool(self._list_bookable_runs(ledger))

    def _book_runs(self, ledger: OpenLedger, progress: BookingProgress = lambda *_: None) -> None:
        from billfold.ledger import part_merge

        if outdated_providers := find_outdated_providers(ledger):
            runs = [run for run in self.list_ended_runs() if run.provider in outdated_providers]
            self.book_together(ledger, runs, outdated_providers)  # all or none: half of a history is none
        runs = [run for run in self._list_bookable_runs(ledger) if run.provider not in outdated_providers]
        self.book_in_batches(ledger, runs, progress)
        part_merge.tidy_parts(ledger)

    def book_in_batches(self, ledger: OpenLedger, runs: Sequence[Run], progress: BookingProgress) -> None:
        """Book runs, so many in one go that their charges share a part."""
        for start in range(0, len(runs), RUNS_PER_TRANSACTION):
            self.book_together(ledger, runs[start : start + RUNS_PER_TRANSACTION])
            progress(min(start + RUNS_PER_TRANSACTION, len(runs)), len(runs))

    def book_together(self, ledger: OpenLedger, runs: Sequence[Run], forgotten_providers: Collection[str] = ()) -> None:
        """Book runs in one go, after all that was booked of some providers is forgotten."""
        from billfold.ledger import mapping_versions, store

        with store.open_transaction(ledger):
            for provider_name in forgotten_providers:
                mapping_versions.forget_provider(ledger, provider_name)
            for provider_name in {run.provider for run in runs}:
                mapping_versions.note_mapping_version(ledger, provider_name, find_mapping_version(provider_name))
            for run in runs:
                book_run(ledger, ArchiveRunAnswers(self.archive, self._mend_ending(run)))

    def list_unbookable_runs(self, ledger: OpenLedger) -> list[Run]:
        """Return the ended runs that cannot be booked because their provider is not installed."""
        return [run for run in self.list_pending_runs(ledger) if run.provider not in provider.provider_names()]

    def _list_bookable_runs(self, ledger: OpenLedger) -> list[Run]:
        return [run for run in self.list_pending_runs(ledger) if run.provider in provider.provider_names()]

    def list_pending_runs(self, db: OpenLedger) -> list[Run]:
        """Return the ended runs that are not booked in what is open: nobody can, or another process did since or is doing it."""
        from billfold.ledger.runs import list_booked_ids

        booked_ids = list_booked_ids(db)
        return [run for run in self.list_ended_runs() if run.id not in booked_ids]

    def list_ended_runs(self) -> list[Run]:
        """Return the runs that are to be booked: ended, and not refused."""
        return [
            run
            for run in self.archive.list_runs()
            if run.ended_at and not (run.outcome or "").startswith(REFUSED_PREFIX)
        ]

    def _mend_ending(self, run: Run) -> Run:
        """Return a run whose end has a time: where that is damaged, the latest of its answers, so that they are booked."""
        if is_instant(run.ended_at or ""):
            return run
        times = [entry.fetched_at for entry in self.archive.iter_answers(run=run.id) if is_instant(entry.fetched_at)]
        return run._replace(ended_at=max(times, default=EARLIEST_TIME))

    def replace_archive(self, draft: Path) -> None:
        """Put a new archive file in the place of this one, which stays beside it; the ledger is computed anew."""
        from billfold.ledger import store

        with store.take_turn(self.ledger_path):
            self.archive.checkpoint_wal()
            self.archive.close()
            self.drop_ledger()
            replace_archive_file(self.archive.path, draft, self.directory / MERGE_BACKUP_FILE)
            self._reopen_replaced()

    def close(self) -> None:
        """Close the archive."""
        self.archive.close()
