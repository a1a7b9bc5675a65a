"""A run's bills on their way from its answers into the ledger: one that cannot be booked hides no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from billfold.collect.run_answers import ArchiveRunAnswers, find_identity, read_listing
from billfold.ledger.entries import Run
from billfold.model.bill import Bill, State
from billfold.model.errors import PROVIDER_FAULTS, ApiError, BillfoldError, DamagedAnswer
from billfold.model.finding import Finding, drop_repeated, limit_findings, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import describe_arithmetic_error
from billfold.model.period import parse_instant
from billfold.providers import provider
from billfold.providers.provider import RunAnswers

if TYPE_CHECKING:
    from billfold.ledger.booking import Booking
    from billfold.ledger.identities import AccountIdentity
    from billfold.ledger.store import OpenLedger

T = TypeVar("T")


def book_run(ledger: OpenLedger, run_answers: ArchiveRunAnswers) -> None:
    """Book one run: whose it is, its bills, what they supersede, and how it ended."""
    from billfold.ledger import booking
    from billfold.ledger.verify import find_run_damage

    run, booking_findings = run_answers.run, list[Finding]()
    listing = read_listing(run_answers)
    account_identity = _resolve_account(ledger, run_answers, listing)
    with booking.open_booking(ledger, account_identity) as run_booking:
        _book_bills(ledger, run_booking, run_answers, booking_findings)
    run_provider = provider.find_provider(run.provider)
    check_findings = list(_iter_guarded(run_provider.check_answers, run_answers, booking_findings))
    _book_stated_values(ledger, account_identity, run_answers, booking_findings)
    damage = [
        *find_run_damage(run_answers.archive, run),
        *run_answers.describe_unreadable(),
        *run_answers.check_clocks(),
    ]
    booking_findings += limit_findings(damage)
    booking.close_run(
        ledger,
        account_identity,
        run.ended_at or "",
        run.outcome or "",
        asked_at=run_answers.find_vendor_time(),
        booking_findings=booking_findings,
        check_findings=check_findings,
        listing=listing,
        chain_hash=run_answers.archive.read_hash(account_identity.seq),
    )


def _book_stated_values(
    ledger: OpenLedger, account_identity: AccountIdentity, run_answers: ArchiveRunAnswers, findings: list[Finding]
) -> None:
    """Book what a run's answers state of payments, balances and usage; why they cannot be read is noted, unless it was before."""
    from billfold.ledger import stated_values
    from billfold.ledger.older_files import IMPORTED

    run_provider, new_findings = provider.find_provider(run_answers.run.provider), list[Finding]()
    payments = list(_iter_guarded(run_provider.read_payments, run_answers, new_findings))
    balances = list(_iter_guarded(run_provider.read_balances, run_answers, new_findings))
    usages = list(_iter_guarded(run_provider.read_usages, run_answers, new_findings))
    is_imported = run_answers.run.outcome == IMPORTED
    stated_values.book_payments(ledger, account_identity, payments, is_imported=is_imported)
    stated_values.book_balances(ledger, account_identity, balances, is_imported=is_imported)
    stated_values.book_usages(ledger, account_identity, usages, is_imported=is_imported)
    noted_texts = {finding.text for finding in findings}
    findings += [finding for finding in drop_repeated(new_findings) if finding.text not in noted_texts]


def _resolve_account(ledger: OpenLedger, run_answers: ArchiveRunAnswers, listing: str | None) -> AccountIdentity:
    from billfold.ledger import identities

    run = run_answers.run
    return identities.resolve_account(
        ledger,
        run.provider,
        find_identity(run_answers),
        run.account,
        run.id,
        run_answers.archive.read_last_seq(run.id),
        json.loads(listing)["ids"] if listing else [],
        can_rename=run.outcome != "imported",  # whoever saved a file may call its account anything
        is_stable=provider.find_provider(run.provider).has_stable_identity,
    )


def _is_stale_estimate(bill: Bill, run: Run) -> bool:
    """Tell an estimate of a time that is over, where a collection did not bring everything: its invoice may be missing."""
    is_complete = run.outcome in {"complete", "imported"}
    return bill.state is State.ESTIMATE and not is_complete and bill.period.end <= parse_instant(run.ended_at or "")


@dataclass
class _ToldBills:
    """What a run tells, new or known: whatever it could tell and does not is believed no more."""

    trusted_currencies: dict[str, set[str]] = field(default_factory=dict)
    """In which currencies bills of each invoice add up."""
    estimate_keys: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def note_row(self, row: Mapping[str, Any]) -> None:
        """Note a bill that the run tells, as the ledger has it."""
        self.keys.add(row["bill_key"])
        if row["state"] == State.ESTIMATE:
            self.estimate_keys.append(row["bill_key"])
        elif row["invoice_id"] and row["parked"] is None:
            self.trusted_currencies.setdefault(row["invoice_id"], set()).add(row["currency"])

    def note_unbooked(self, bill: Bill) -> None:
        """Note a bill that the run tells and the ledger has not."""
        self.keys.add(bill.key)
        if bill.state is State.ESTIMATE:
            self.estimate_keys.append(bill.key)


def _book_bills(
    ledger: OpenLedger, run_booking: Booking, run_answers: ArchiveRunAnswers, findings: list[Finding]
) -> None:
    """Book all bills of a run, then end what they supersede; one that cannot be booked hides no other."""
    from billfold.ledger.older_files import IMPORTED, is_older, note_older

    run, told_bills = run_answers.run, _ToldBills()

    def recall_bills(inputs_hash: str) -> bool:
        known_rows = run_booking.find_bills_of(inputs_hash)
        for row in known_rows:
            told_bills.note_row(row)
        return bool(known_rows)

    read_bills = provider.find_provider(run.provider).read_bills
    answers_and_ledger = replace(run_answers, recall_bills=recall_bills, recall_taxes=run_booking.list_derived_taxes)
    for bill in _iter_guarded(read_bills, answers_and_ledger, findings):
        if _is_stale_estimate(bill, run):
            told_bills.estimate_keys.append(bill.key)
            continue
        booked_row = run_booking.find_current(bill.key)
        if run.outcome == IMPORTED and booked_row and is_older(ledger, bill, booked_row, run.id):
            findings += note_older(bill, booked_row)
            told_bills.note_unbooked(bill)
            continue
        is_repeated = bill.key in told_bills.keys
        is_booked = _book_bill(run_booking, bill, findings, is_repeated=is_repeated)
        run_booking.note_inputs(bill, is_booked=is_booked)
        if told_row := run_booking.find_told_row(bill):
            told_bills.note_row(told_row)
        else:
            told_bills.note_unbooked(bill)
    run_booking.supersede_missing(told_bills.keys, told_bills.trusted_currencies, told_bills.estimate_keys)


def _book_bill(booking: Booking, bill: Bill, findings: list[Finding], *, is_repeated: bool) -> bool:
    """Book a bill; returns whether the ledger has it so. One that cannot be booked is noted, and hides no other."""
    if disagreement := booking.check_agreement(bill):
        findings.append(disagreement)
        return False
    try:
        is_new = booking.book_bill(bill, may_replace=not is_repeated)
    except (BillfoldError, ValueError, ArithmeticError, TypeError) as error:
        message = str(error) if isinstance(error, BillfoldError) else f"{type(error).__name__}: {error}"
        code = FindingCode.ARCHIVE_DAMAGED if isinstance(error, DamagedAnswer) else FindingCode.BILL_UNBOOKABLE
        text = describe_arithmetic_error(error) or message
        findings.append(make_finding(code, text, bill.key, **_name_invoice(bill)))
        return False
    if is_new and is_repeated:
        text = "is told twice by one collection, and not alike: the first is kept"
        findings.append(make_finding(FindingCode.BILL_REPEATED, text, bill.key, **_name_invoice(bill)))
    return not (is_new and is_repeated)


def _name_invoice(bill: Bill) -> dict[str, str]:
    return {"invoice_id": bill.invoice_id} if bill.invoice_id else {}


def _iter_guarded(
    read_values: Callable[[RunAnswers], Iterable[T]], run_answers: ArchiveRunAnswers, findings: list[Finding]
) -> Iterator[T]:
    """Yield values as long as they can be read; why they cannot is noted. A file is not asked for again as an answer is."""
    try:
        yield from read_values(run_answers)
    except DamagedAnswer as error:
        findings.append(make_finding(FindingCode.ARCHIVE_DAMAGED, str(error)))
    except (BillfoldError, ValueError, ArithmeticError) as error:
        message = error.summary if isinstance(error, ApiError) and run_answers.run.run_type == "import" else str(error)
        findings.append(make_finding(FindingCode.ANSWER_UNREADABLE, describe_arithmetic_error(error) or message))
    except PROVIDER_FAULTS as error:  # a provider's fault is never another's
        failure = f"the provider's own code failed: {type(error).__name__}: {error}"
        text = describe_arithmetic_error(error) or failure
        findings.append(make_finding(FindingCode.ANSWER_UNREADABLE, text, error=type(error).__name__))
