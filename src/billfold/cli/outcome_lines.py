"""What a sync prints: a line for each account as soon as it is done, then what the ledger makes of it; or all as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from billfold.cli.logs import is_json_log
from billfold.cli.output import print_data, print_line
from billfold.collect.outcome import CollectOutcome
from billfold.ledger.acknowledgements import is_accepted
from billfold.model.finding import Finding, describe_finding, describe_labelled
from billfold.model.finding_codes import FindingCode
from billfold.report.render import as_json as format_json
from billfold.report.render import build_finding_fields, counted

MAX_SHOWN_ACCOUNTS = 8
"""Accounts that a sync shows by name where it has many; of fewer no sum is needed."""


class OutcomeLines:
    """Prints outcomes as they come, or all at the end ``as_json``; ``quiet`` prints only those with something wrong or new."""

    def __init__(self, account_names: Iterable[str], *, quiet: bool = False, as_json: bool = False) -> None:
        self._width, self._quiet, self._as_json = max(map(len, account_names), default=0), quiet, as_json
        self._is_logged = is_json_log() and not as_json  # the log has it already, account by account
        self._shown_errors: dict[str, object] = {}
        self._last_account = ""

    def print_collected(self, outcome: CollectOutcome) -> None:
        """Print how an account's collection went. Nobody who stops listening ends the others' collections."""
        if self._as_json or self._is_logged:
            return
        if not self._quiet or outcome.error or any(map(_is_news, outcome.missing)):
            with suppress(OSError):  # it is printed again at the end, and told there
                self._print_collection(outcome)

    def print_booked(self, outcomes: list[CollectOutcome], last_lines: Iterable[str] = ()) -> None:
        """Print what the ledger makes of the accounts, each after its own line, the sum of many, and the archive's head.

        ``last_lines`` are told after it, but not among JSON.
        """
        reported_outcomes = [outcome for outcome in outcomes if not self._quiet or _is_reported(outcome)]
        if self._as_json:
            _print_json(reported_outcomes)
        elif self._is_logged:
            for line in last_lines:
                print_line(line, err=True)
        else:
            self._print_outcomes(reported_outcomes, describe_sum(outcomes), last_lines)

    def _print_outcomes(
        self, reported_outcomes: list[CollectOutcome], sum_line: str, last_lines: Iterable[str]
    ) -> None:
        for outcome in reported_outcomes:
            if self._shown_errors.get(outcome.account, self) is not outcome.error:
                self._print_collection(outcome)
            for finding in filter(_is_news, outcome.findings) if self._quiet else outcome.findings:
                self._print_line(outcome.account, _describe(finding))
        if len(reported_outcomes) > MAX_SHOWN_ACCOUNTS:
            print_line(sum_line)
        if reported_outcomes:
            print_line(f"head {reported_outcomes[0].head}")
        for line in last_lines:
            print_line(line)

    def _print_collection(self, outcome: CollectOutcome) -> None:
        summary = f"{counted(outcome.answers, 'answer')} in {outcome.seconds:.1f} s"
        self._last_account = ""
        self._print_line(outcome.account, f"FAILED: {outcome.error}" if outcome.error else summary)
        for finding in outcome.missing:
            self._print_line(outcome.account, _describe(finding))
        self._shown_errors[outcome.account] = outcome.error

    def _print_line(self, account: str, text: str) -> None:
        label = "" if account == self._last_account else account
        print_line(f"{label:<{self._width}}  {text}")
        self._last_account = account


def _describe(finding: Finding) -> str:
    return f"accepted: {describe_finding(finding)}" if is_accepted(finding) else describe_labelled(finding)


def _is_reported(outcome: CollectOutcome) -> bool:
    return bool(outcome.error) or any(map(_is_news, outcome.all_findings))


def _is_news(finding: Finding) -> bool:
    """Tell what is worth a mail: not what is accepted, nor what is always so."""
    return finding.code not in {FindingCode.INVOICE_OLDER, FindingCode.EXTRA_UNANSWERED} and not is_accepted(finding)


def describe_sum(outcomes: list[CollectOutcome]) -> str:
    """Say how it went with many accounts, naming the first of those that failed."""
    failed_names = [outcome.account for outcome in outcomes if outcome.error]
    wrong_count = sum(
        any(finding.is_wrong for finding in outcome.all_findings) for outcome in outcomes if not outcome.error
    )
    text = f"{len(outcomes)} accounts: {wrong_count} with something wrong, {len(failed_names)} failed"
    named = ", ".join(failed_names[:MAX_SHOWN_ACCOUNTS])
    more = f" and {len(failed_names) - MAX_SHOWN_ACCOUNTS} more" if len(failed_names) > MAX_SHOWN_ACCOUNTS else ""
    return f"{text}: {named}{more}" if failed_names else text


def _print_json(outcomes: list[CollectOutcome]) -> None:
    if outcomes:
        print_data(format_json([_build_row(outcome) for outcome in outcomes]), newline=True)


def _build_row(outcome: CollectOutcome) -> dict[str, object]:
    return {
        "account": outcome.account,
        "provider": outcome.provider,
        "answers": outcome.answers,
        "error": str(outcome.error) if outcome.error else None,
        "seconds": round(outcome.seconds, 3),
        "head": outcome.head,
        "findings": [build_finding_fields(finding) for finding in outcome.all_findings],
    }
