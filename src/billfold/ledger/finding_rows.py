"""Findings as the catalog keeps them: each with the stage in which it was made, and the run or the bill that it is of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum

from billfold.ledger.store import OpenLedger
from billfold.model.finding import Finding


class FindingStage(StrEnum):
    """Where a finding was made: in a bill, while a run was booked, by what the vendor says beside its bills, or in the archive."""

    BILL = "bill"
    BOOKING = "booking"
    CHECK = "check"
    ARCHIVE = "archive"


def add_findings(db: OpenLedger, run_id: int, stage: FindingStage, findings: Iterable[Finding]) -> None:
    """Note what was found of a run."""
    db.catalog.insert_rows("findings", (_build_finding_values(run_id, None, stage, finding) for finding in findings))


def add_bill_findings(db: OpenLedger, run_id: int, findings_by_bill: Mapping[int, Iterable[Finding]]) -> None:
    """Note what was found of the bills that a run brought, by their numbers."""
    rows = (
        _build_finding_values(run_id, bill_id, FindingStage.BILL, finding)
        for bill_id, findings in findings_by_bill.items()
        for finding in findings
    )
    db.catalog.insert_rows("findings", rows)


def _build_finding_values(
    run_id: int, bill_id: int | None, stage: FindingStage, finding: Finding
) -> tuple[object, ...]:
    data = json.dumps(dict(finding.data))
    return (
        *(run_id, bill_id, stage, finding.code, finding.severity),
        *(finding.subject, finding.count, finding.text, data),
    )
