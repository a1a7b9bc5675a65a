"""Who signed which invoices of a month and accepted what since, as the chains say it, against the register of the evidence."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from decimal import Decimal
from itertools import zip_longest
from typing import Any, NamedTuple

from billfold.report.evidence_reading import COUNTED, STATUSES, ChainEntry, Evidence, InvoiceTotal, Scope, includes


class Signature(NamedTuple):
    """The last signature of a month of an account: of which invoices, and the hash of the whole ``scope`` that was signed."""

    seq: int
    by: str
    day: str
    hash: str
    code: str
    scope: Scope
    invoices: list[InvoiceTotal]


class Acceptance(NamedTuple):
    """Who accepted which finding of which account, and why."""

    seq: int
    place: Scope
    text: str
    reason: str
    by: str

    def __str__(self) -> str:
        return f"accepted by {self.by}: {self.reason}"


class Comparison(NamedTuple):
    """The register against what was signed: how each change is told and by whom it was accepted ("": by nobody), and the rest."""

    changes: list[tuple[str, str]]
    left_out: list[InvoiceTotal]
    unsigned: list[InvoiceTotal]


def read_acceptances(entries: list[ChainEntry]) -> dict[str, Acceptance]:
    """Return what is accepted and not withdrawn, by the ids of the findings."""
    accepted = dict[str, Acceptance]()
    for entry in entries:
        if entry.operation == ":acknowledge":
            fields, place = json.loads(entry.question), (entry.provider, entry.account)
            accepted.pop(fields["id"], None)
            if "withdrawn" not in fields:
                accepted[fields["id"]] = Acceptance(entry.seq, place, fields["text"], fields["reason"], fields["by"])
    return accepted


def find_signatures(entries: list[ChainEntry], month: str) -> dict[Scope, Signature]:
    """Return the last signature of a month, by provider and account."""
    signatures = dict[Scope, Signature]()
    for entry in entries:
        if entry.operation == ":close" and (fields := json.loads(entry.question))["month"] == month:
            key, scope = (entry.provider, entry.account), (fields["scope"][0], fields["scope"][1])
            invoices = [InvoiceTotal(*key, line[0], line[1], Decimal(line[2] or 0)) for line in fields["register"]]
            stated = fields["by"], entry.fetched_at[:10], fields["hash"], fields.get("code", "")
            signatures[key] = Signature(entry.seq, *stated, scope, invoices)
    return signatures


def compare_register(
    evidence: Evidence, signatures: dict[Scope, Signature], acceptances: list[Acceptance]
) -> Comparison:
    """Hold the register against the signed ones, both ways; an account may be called otherwise than when it was signed."""
    register, signed = evidence.list_invoices(), [line for value in signatures.values() for line in value.invoices]
    missing, added = _subtract(signed, register), _subtract(register, signed)
    scopes = {*signatures, *(value.scope for value in signatures.values())}
    uncounted = {line[:4]: line for status in STATUSES - {COUNTED} for line in evidence.list_invoices(status)}
    changed = defaultdict[tuple[str, ...], tuple[list[InvoiceTotal], list[InvoiceTotal]]](lambda: ([], []))
    rest = dict[bool, list[InvoiceTotal]]({True: [], False: []})
    for side, lines in enumerate((missing, added)):
        for line in lines:
            is_of_both = includes(evidence.scope, line[:2]) and any(includes(scope, line[:2]) for scope in scopes)
            (changed[line[0], *line[2:4]][side] if is_of_both else rest[bool(side)]).append(line)
    changes = [
        _tell_change(evidence.month, old, new, uncounted, acceptances)
        for _, sides in sorted(changed.items())
        for old, new in zip_longest(*sides)
    ]
    return Comparison(changes, left_out=rest[False], unsigned=rest[True])


def _subtract(lines: list[InvoiceTotal], others: list[InvoiceTotal]) -> list[InvoiceTotal]:
    """Return the invoices that are not among others, by provider, id, currency and total."""
    counts, rest = Counter((line[0], *line[2:5]) for line in others), list[InvoiceTotal]()
    for line in lines:
        counts[line[0], *line[2:5]] -= 1
        rest += [line] if counts[line[0], *line[2:5]] < 0 else []
    return rest


def _tell_change(
    month: str,
    old: InvoiceTotal | None,
    new: InvoiceTotal | None,
    uncounted: dict[tuple[Any, ...], InvoiceTotal],
    acceptances: list[Acceptance],
) -> tuple[str, str]:
    """Return how a change is told, and who accepted it in these words, or the others that billfold has for it."""
    line = new or old
    assert line is not None
    if new:
        sentence = (
            f"changed in {month}: was {old.money}, is {new.money}" if old else f"appeared in {month}: {new.money}"
        )
        sentences = [sentence, f"corrects invoice {new.corrects}, {sentence}"]
    else:
        sentences = [f"vanished from {month}: was {line.money}"]
        if line[:4] in uncounted:
            sentences.insert(0, f"is parked in {month}, not counted: it states {uncounted[line[:4]].money}")
    texts = {f"{line.invoice_id}: {sentence}" for sentence in sentences}
    accepted = [value for value in acceptances if value.place == line[:2] and value.text in texts]
    return f"{' '.join(line[:3])} {sentences[0]}", str(accepted[-1]) if accepted else ""
