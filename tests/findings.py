"""What findings say, for tests that hold it against sentences."""

from __future__ import annotations

from collections.abc import Iterable

from billfold.model.finding import AccountFinding, Finding, describe_finding
from billfold.model.finding_codes import Severity


def list_wrong(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return what is wrong, as sentences."""
    return tuple(describe_finding(finding) for finding in findings if finding.is_wrong)


def list_notices(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return what is only worth knowing, as sentences."""
    return tuple(describe_finding(finding) for finding in findings if finding.severity is Severity.NOTICE)


def list_located(findings: Iterable[AccountFinding]) -> list[tuple[bool, str]]:
    """Return findings of a whole ledger as whether they are wrong, and their sentences."""
    return [(located.finding.is_wrong, describe_finding(located.finding)) for located in findings]
