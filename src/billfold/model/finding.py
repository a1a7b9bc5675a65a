"""What is wrong, missing, odd or changed, as a value: made where it is known, kept in the ledger, told by every command.

Nothing reads a finding's text: who must know what it is asks for its code, its subject and its data.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import NamedTuple

from billfold.model.finding_codes import FindingCode, Severity
from billfold.model.plain_text import make_encodable

MONTHLY_CODES = frozenset(
    {
        FindingCode.MONTH_EMPTY,
        FindingCode.MONTH_OPEN,
        FindingCode.BUDGET_EXCEEDED,
        FindingCode.BUDGET_AT_RISK,
        FindingCode.COST_ANOMALY,
    }
)
"""Codes whose findings are of the month that they were found of, and of nothing else."""
BUDGET_CODES = frozenset({FindingCode.BUDGET_EXCEEDED, FindingCode.BUDGET_AT_RISK})
"""Codes whose findings are of the whole ledger, of which accounts a budget may be."""
REQUEST_ID_PATTERN = re.compile(r"\brequest [^\s),;]+")
"""What a text says of one answer only: the next one like it has another number."""
LISTED_FIELD = "is_listed"
"""The field of a finding's data that says "no" where it tells that an invoice is not in its vendor's list."""
ESTIMATE_SUBJECT = "estimate"
"""The subject of what is found of an estimate."""
MAX_ALIKE = 3
"""How many findings of one code are told one by one of one subject."""
MAX_SUBJECTS = 100
"""How many findings of one code are told one by one of one bill or account, whatever their subjects."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, missing, odd or changed.

    ``subject`` names what it is about (an invoice id, a list, a contract; empty: the whole of where it was found), ``text``
    says it to people, ``count`` is how many there are like it, this one included, and ``data`` holds the amounts and names
    in it, as text.
    """

    code: FindingCode
    text: str
    subject: str = ""
    severity: Severity = Severity.WRONG
    count: int = 1
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_wrong(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.severity is Severity.WRONG


class AccountFinding(NamedTuple):
    """A finding, and the account and month (``YYYY-MM``, empty: the account as a whole) that it was found of."""

    provider: str
    account: str
    month: str
    finding: Finding

    @property
    def place(self) -> str:
        """Where it was found, for people; "" where that is everywhere."""
        return " ".join(filter(None, self[:3]))

    @property
    def id(self) -> str:
        """What it is acknowledged by: the same as long as it says the same of the same."""
        is_unlisted = self.finding.data.get(LISTED_FIELD) == "no"
        return self._compute_id(describe_unlisted(self.finding.subject) if is_unlisted else self.finding)

    def is_accepted_by(self, acknowledged_ids: Collection[str]) -> bool:
        """Tell whether it is among what is acknowledged, or the same fact is that was found otherwise then.

        A month without a bill, between two that were billed, was an invoice that is late before the second one came.
        """
        if not acknowledged_ids:
            return False
        ids = {self.id, self._compute_id(self.finding)}
        last_month = self.finding.data.get("last_month")
        if self.finding.code is FindingCode.MONTH_EMPTY and last_month:
            late_findings = (
                Finding(FindingCode.INVOICE_LATE, "", subject, data={"last_month": last_month})
                for subject in {"", self.finding.subject}
            )
            ids |= set(map(self._compute_id, late_findings))
        return not ids.isdisjoint(acknowledged_ids)

    def _compute_id(self, finding: Finding) -> str:
        month = self.month if finding.code in MONTHLY_CODES or finding.subject == ESTIMATE_SUBJECT else ""
        text = REQUEST_ID_PATTERN.sub("", finding.text)
        if finding.code is FindingCode.INVOICE_LATE:  # who accepts that none comes need not do so month by month
            text = finding.data.get("last_month", "")
        if finding.code in BUDGET_CODES:  # what is billed and expected differs day by day
            text = " ".join((finding.data.get("amount", ""), finding.data.get("currency", "")))
        fields = self.provider, self.account, month, finding.code, finding.subject, text
        return blake2b("\x1f".join(fields).encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def describe_unlisted(invoice_id: str) -> Finding:
    """Return that a vendor lists an invoice no longer; whatever tells it has the same id."""
    return make_finding(FindingCode.INVOICE_VANISHED, "is no longer listed", invoice_id, **{LISTED_FIELD: "no"})


def make_finding(code: FindingCode, text: str, subject: str = "", /, **data: object) -> Finding:
    """Make a finding as bad as its code says; ``data`` are its amounts and names, without those that are not known (None)."""
    known_data = {name: make_encodable(str(value)) for name, value in data.items() if value is not None}
    return Finding(code, make_encodable(text), make_encodable(subject), code.handling.severity, 1, known_data)


def drop_repeated(findings: Iterable[Finding]) -> list[Finding]:
    """Keep the first of findings that say the same of the same."""
    first_findings: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        first_findings.setdefault((finding.code, finding.subject, finding.text), finding)
    return list(first_findings.values())


def limit_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Keep the first few findings of each code and subject; the last of them counts for all that are left out."""
    by_code: dict[FindingCode, dict[str, list[Finding]]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, {}).setdefault(finding.subject, []).append(finding)
    return [finding for by_subject in by_code.values() for finding in _limit_subjects(by_subject)]


def _limit_subjects(by_subject: Mapping[str, Sequence[Finding]]) -> Iterator[Finding]:
    limited_findings = [finding for alike in by_subject.values() for finding in count_alike(alike, MAX_ALIKE)]
    return count_alike(limited_findings, MAX_SUBJECTS)


def count_alike(findings: Sequence[Finding], limit: int) -> Iterator[Finding]:
    """Yield the first ``limit`` findings of a sort; the last of them counts for all that are left out."""
    yield from findings[: limit - 1]
    for finding in findings[limit - 1 : limit]:
        yield replace(finding, count=sum(other.count for other in findings[limit - 1 :]))


def describe_finding(finding: Finding) -> str:
    """Return a finding as a sentence: what it is about, what is the matter, and how many more there are like it."""
    more = f" (and {finding.count - 1} more like this)" if finding.count > 1 else ""
    return f"{finding.subject}: {finding.text}{more}" if finding.subject else f"{finding.text}{more}"


def describe_labelled(finding: Finding) -> str:
    """Return a finding as a sentence among findings of other sorts: with its label in front."""
    label = finding.code.handling.label
    return f"{label}: {describe_finding(finding)}" if label else describe_finding(finding)
