"""Another ledger's archive is brought into this one: both are checked first, and nobody writes meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from billfold.collect.run_answers import ArchiveRunAnswers, find_identity, find_listed_ids
from billfold.collect.workspace import Workspace
from billfold.ledger.archive import Archive
from billfold.ledger.chain import ChainKey
from billfold.ledger.layout import ARCHIVE_FILE, MERGE_DRAFT_FILE
from billfold.ledger.merge import MergeResult, merge_archives
from billfold.model.errors import InvalidArgument
from billfold.model.finding import Finding

MAX_RUNS_ASKED = 32
"""How many of an account's newest runs are asked whose account it is."""


class MergeOutcome(NamedTuple):
    """What a merge brought, or what is damaged of the two: nothing is merged then. ``damage`` names the file of each."""

    result: MergeResult
    damage: list[tuple[Path, Finding]]


class Customer(NamedTuple):
    """Whose an account is as its runs say it: what proves it (None: nothing), and the invoices that were listed."""

    identity: str | None
    listed_ids: frozenset[str]

    def is_another(self, other: Customer) -> bool:
        """Tell whether two are surely not the same customer."""
        has_identities = self.identity is not None and other.identity is not None
        return has_identities and self.identity != other.identity and self.listed_ids.isdisjoint(other.listed_ids)


def merge_ledgers(workspace: Workspace, source_directory: Path, *, may_be_unrelated: bool = False) -> MergeOutcome:
    """Bring the archive of another directory into a workspace, all of it or nothing; the file as it was is kept beside it.

    Raises ``InvalidArgument`` where the other has no archive, calls another customer as this one does, or has nothing in common
    with this one and it is not said that it ``may_be_unrelated``.
    """
    source_path = source_directory / ARCHIVE_FILE
    if not source_path.exists():
        raise InvalidArgument(f"{source_directory} holds no archive.sqlite; name another ledger directory")
    with workspace.lock_writers(alone=True), ExitStack() as sources:
        workspace.require_ledger()
        archive, source_archive = workspace.archive, sources.enter_context(Archive(source_path, as_it_is=True))
        if damage := list(_find_damage((archive, source_archive))):
            return MergeOutcome(MergeResult(0, 0), damage)
        customers, source_customers = find_customers(archive), find_customers(source_archive)
        require_same_customers(customers, source_customers, source_directory)
        if not may_be_unrelated:
            require_relation(customers, source_customers, source_directory)
        draft_path = workspace.directory / MERGE_DRAFT_FILE
        draft_path.unlink(missing_ok=True)
        result = merge_archives(archive, source_archive, draft_path, datetime.now(UTC))
        with Archive(draft_path) as draft:
            is_same = draft.read_head() == archive.read_head()
        if is_same:
            draft_path.unlink()
        else:
            workspace.replace_archive(draft_path)
    return MergeOutcome(result, [])


def _find_damage(archives: Iterable[Archive]) -> Iterator[tuple[Path, Finding]]:
    from billfold.ledger.verify import find_archive_damage, limit_damage

    for archive in archives:
        for located in limit_damage(find_archive_damage(archive)):
            yield archive.path, located.finding


def find_customers(archive: Archive) -> dict[ChainKey, Customer]:
    """Find whose each account of an archive is, in its newest runs that say it."""
    customers, run_counts = dict[ChainKey, Customer](), dict[ChainKey, int]()
    for run in reversed(archive.list_runs()):
        chain_key = run.provider, run.account
        customer = customers.get(chain_key, Customer(None, frozenset()))
        run_counts[chain_key] = run_counts.get(chain_key, 0) + 1
        if run_counts[chain_key] <= MAX_RUNS_ASKED and (customer.identity is None or not customer.listed_ids):
            run_answers = ArchiveRunAnswers(archive, run)
            identity = customer.identity if customer.identity is not None else find_identity(run_answers)
            customer = Customer(identity, customer.listed_ids or find_listed_ids(run_answers))
        customers[chain_key] = customer
    return customers


def require_same_customers(
    customers: Mapping[ChainKey, Customer], source_customers: Mapping[ChainKey, Customer], source_directory: Path
) -> None:
    """Raise ``InvalidArgument`` where one name stands for two customers: their bills would be one account's."""
    for chain_key in sorted(customers.keys() & source_customers.keys()):
        if customers[chain_key].is_another(source_customers[chain_key]):
            raise InvalidArgument(
                f"{source_directory} is not merged: its account {chain_key[1]!r} ({chain_key[0]}) is another customer than "
                "the one of that name here; keep the two ledgers apart"
            )


def require_relation(
    customers: Mapping[ChainKey, Customer], source_customers: Mapping[ChainKey, Customer], source_directory: Path
) -> None:
    """Raise ``InvalidArgument`` where two archives have neither an account nor a customer in common."""
    if customers and source_customers and _list_names(customers).isdisjoint(_list_names(source_customers)):
        names = ", ".join(sorted(account for _, account in source_customers))
        raise InvalidArgument(
            f"{source_directory} is not merged: it has no account in common with this ledger (it has {names}); "
            "--unrelated merges it nevertheless"
        )


def _list_names(customers: Mapping[ChainKey, Customer]) -> set[tuple[str, str, str]]:
    """Return by what an account is recognized: its name and its customer."""
    names = {("account", provider_name, account) for provider_name, account in customers}
    identities = {
        ("customer", chain_key[0], customer.identity) for chain_key, customer in customers.items() if customer.identity
    }
    return names | identities
