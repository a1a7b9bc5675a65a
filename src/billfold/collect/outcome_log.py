"""How a sync went, as lines of the log: an account when its vendor was asked all, and what the ledger made of it."""

from __future__ import annotations

import logging

from billfold.collect.outcome import CollectOutcome
from billfold.model.log_context import log_fields

log = logging.getLogger("billfold.sync")


def log_collected(outcome: CollectOutcome) -> None:
    """Log that an account's collection ended, by the thread that made it."""
    fields = {"outcome": _name_outcome(outcome), "answers": outcome.answers, "seconds": round(outcome.seconds, 3)}
    if outcome.error:
        log.info("collection failed: %s", outcome.error, extra=log_fields(**fields))
    else:
        log.info("collected %d answers", outcome.answers, extra=log_fields(**fields))


def log_booked(outcome: CollectOutcome) -> None:
    """Log an account's findings, and that it is booked; what it is about stands in the line: all are booked by one thread."""
    subject = {"provider": outcome.provider, "account": outcome.account}
    for finding in outcome.all_findings:
        fields = {
            "code": finding.code,
            "severity": finding.severity,
            "subject": finding.subject,
            "count": finding.count,
        }
        log.info("finding: %s", finding.text, extra=log_fields(**subject, **fields))
    fields = {"outcome": _name_outcome(outcome), "findings": len(outcome.all_findings), "head": outcome.head}
    log.info("booked", extra=log_fields(**subject, **fields))


def _name_outcome(outcome: CollectOutcome) -> str:
    if outcome.error:
        return "failed"
    return "incomplete" if any(finding.is_wrong for finding in outcome.missing) else "complete"
