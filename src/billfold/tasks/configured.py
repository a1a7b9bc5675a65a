"""What a configuration tells of a ledger, where there is one: accounts, terms, payments, rules; never a credential."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from billfold import config
from billfold.model.commitment import StatedCommitment
from billfold.model.errors import ConfigurationError
from billfold.model.payment import PaymentEvidence
from billfold.report.allocation_rules import AllocationRules
from billfold.settings.allocation import find_rules_file, load_rules
from billfold.settings.bank import find_statement_file, read_bank_entries
from billfold.settings.commitments import parse_commitments
from billfold.settings.company import read_company_name
from billfold.tasks.accounts import list_account_names, map_payment_terms


def list_configured_accounts(path: Path) -> list[tuple[str, str]]:
    """Return provider and name of the configured accounts; none where there is no configuration: reading needs none."""
    return list_account_names(config.load_accounts(path)) if config.has_config(path) else []


def load_payment_terms(path: Path) -> dict[tuple[str, str], str]:
    """Return the terms of payment that a configuration has, if there is one, by provider and name of their account."""
    return map_payment_terms(config.load_accounts(path)) if config.has_config(path) else {}


def load_virtual_rates(path: Path) -> dict[str, Decimal]:
    """Read ``[rates]`` of a configuration, if there is one: what a unit of a virtual currency cost."""
    return config.load_rates(path) if config.has_config(path) else {}


def load_commitments(path: Path) -> Sequence[StatedCommitment]:
    """Return the commitments that a configuration states; raises ``ConfigurationError``."""
    return parse_commitments(config.load_section(path, "commitments"), str(path))


def load_payment_evidence(path: Path, as_of: datetime | None = None) -> PaymentEvidence:
    """Return what a configuration says of payments, as far as it had happened at a time; raises ``ConfigurationError``."""
    entries = read_bank_entries(config.load_section(path, "bank"), path)
    return PaymentEvidence(
        load_payment_terms(path),
        [entry for entry in entries if as_of is None or entry.paid_at <= as_of],
        load_commitments(path),
    )


def list_named_files(path: Path) -> list[Path]:
    """Return the files that a configuration names and reports read: the rules of allocation, the bank's statement.

    None of a section that is not as it should be: who reads it is told.
    """
    files = list[Path]()
    for name, find_file in (("allocation", find_rules_file), ("bank", find_statement_file)):
        with suppress(ConfigurationError):
            file = find_file(config.load_section(path, name), path)
            files += [file] if file else []
    return files


def load_team_rules(path: Path) -> AllocationRules:
    """Read the rules that the configuration names; raises ``ConfigurationError`` where it names none."""
    rules = load_allocation_rules(path)
    if rules is None:
        raise ConfigurationError(
            f"{path}: teams come from the rules of [allocation]; name them as `billfold allocate` explains"
        )
    return rules


def load_allocation_rules(path: Path) -> AllocationRules | None:
    """Read the rules that ``[allocation]`` of a configuration names; None where it names none."""
    rules_path = find_rules_file(config.load_section(path, "allocation"), path)
    return load_rules(rules_path) if rules_path else None


def load_company_name(path: Path) -> str:
    """Return what stands on top of statements; raises ``ConfigurationError``."""
    return read_company_name(config.load_section(path, "company"), path)
