"""Verify a month's evidence with nothing but Python: every file, every entry of the chains, every sum, every signed invoice.

Run it as ``python verify.py EVIDENCE.zip [HEAD] [--part]``, on any machine. It shares no code with what wrote the evidence.
HEAD is one that was kept elsewhere: of the day of the evidence, or any earlier one. Evidence of some accounts only is a part,
and refused without ``--part``, however sound it is.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from billfold.report.evidence_reading import (
    ACKNOWLEDGEMENTS,
    CHARGES,
    COUNTED,
    MANIFEST,
    REGISTER,
    STATUSES,
    TIMESTAMP,
    ChainEntry,
    Evidence,
    Scope,
    includes,
)
from billfold.report.evidence_signatures import (
    Acceptance,
    Comparison,
    Signature,
    compare_register,
    find_signatures,
    read_acceptances,
)

ANSWERS = "answers/"
ARCHIVED_FOLDERS = (ANSWERS, "documents/")
FORMAT, PART_OPTION = 2, "--part"
NUMBER = re.compile(r"(?<![\w.])-?\d{1,20}(?:\.\d{1,30})?(?![\w.])")
MAX_DECIMALS = 6
"""Decimals of a total that count: what stands behind them in JSON is the dust of a 64-bit float."""
GENESIS, SEPARATOR = "0" * 64, "\x1f"
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, RecursionError),
    *(LookupError, ValueError, TypeError, ArithmeticError, AttributeError),
)
"""What reading a damaged file ends with."""


class Verdict(NamedTuple):
    """What the evidence is of, a sentence for each defect of it, and what it proves where it has none."""

    coverage: str
    defects: list[str]
    proofs: list[str]


def verify(path: str, head: str = "", *, is_part_wanted: bool = False) -> Verdict:
    """Verify a file of evidence; ``head`` is one that its archive must have had."""
    coverage, defects, proofs = path, list[str](), list[str]()
    try:
        with Evidence(path) as evidence:
            coverage, all_entries = evidence.coverage, evidence.read_chain()
            entries = [entry for entry in all_entries if entry.seq <= evidence.manifest["as_of"]]
            if evidence.is_part and not is_part_wanted:
                defects.append(f"the rest of the month is not in this file; {PART_OPTION} verifies a part")
            for defect in chain(
                _check_files(evidence),
                _check_chains(evidence, all_entries, head),
                _check_answers(evidence, all_entries),
                _check_acknowledgements(evidence, entries),
                _check_register(evidence),
                _check_totals(evidence),
            ):
                defects.append(defect)
            proofs.append(_count_files(evidence, entries))
            for is_defect, sentence in _judge_signatures(evidence, entries):
                (defects if is_defect else proofs).append(sentence)
            proofs.append(f"head {evidence.manifest['head']}, as of entry {evidence.manifest['as_of']}")
    except UNREADABLE as error:
        defects.append(f"the evidence is damaged: {type(error).__name__}: {error}")
    return Verdict(coverage, defects, proofs)


def _count_files(evidence: Evidence, entries: list[ChainEntry]) -> str:
    files, answers = len(evidence.manifest["files"]), len(evidence.manifest["answers"])
    ending = (
        "as they were written; the rest of the month is not in this file"
        if evidence.is_part
        else "all as they were written"
    )
    return f"{files} files, {answers} archived answers and documents, {len(entries)} entries of the chains, {ending}"


def _check_files(evidence: Evidence) -> Iterator[str]:
    stated = evidence.manifest["files"]
    if evidence.manifest["format"] != FORMAT:
        yield f"the evidence is of format {evidence.manifest['format']}, and this verifier reads format {FORMAT}"
    if TIMESTAMP in evidence.names and hashlib.sha256(evidence.read(MANIFEST)).digest() not in evidence.read(TIMESTAMP):
        yield f"{TIMESTAMP} is not of this manifest"
    for name in evidence.repeated_names:
        yield f"{name} is there twice"
    for name in sorted(set(stated) | evidence.names - {MANIFEST, TIMESTAMP}):
        if name.startswith("/") or ".." in name.split("/") or "\\" in name:
            yield f"{name} is no name of a file in evidence"
        elif name not in evidence.names:
            yield f"{name} is missing"
        elif name not in stated:
            yield f"{name} is not in the manifest"
        elif evidence.hash_file(name) != stated[name]:
            yield f"{name} was changed"
        elif name.startswith(ARCHIVED_FOLDERS) and name not in evidence.manifest["answers"]:
            yield f"{name} is bound to no entry of the archive"


def _check_chains(evidence: Evidence, entries: list[ChainEntry], head: str) -> Iterator[str]:
    """Check every entry; the heads are those up to the entry that the evidence is of."""
    last_hashes, start_hashes = dict[Scope, str](), dict[int, str]()
    settled, heads, as_of = dict[Scope, str](), [_compute_head({})], evidence.manifest["as_of"]
    for entry in entries:
        key = entry.provider, entry.account
        is_start = entry.operation == ":start"
        start_hash = "" if is_start else start_hashes.get(entry.run, "")
        texts = last_hashes.get(key, GENESIS), start_hash, *map(str, entry[2:-1])
        if hashlib.sha256(SEPARATOR.join(texts).encode()).hexdigest() != entry.hash:
            yield f"entry {entry.seq} of {' '.join(key)} is not the one that was archived, or one before it is not"
        last_hashes[key] = entry.hash
        if is_start:
            start_hashes[entry.run] = entry.hash
        elif entry.operation.startswith(":") and entry.seq <= as_of:
            settled[key] = entry.hash
            heads.append(_compute_head(settled))
    if heads[-1] != evidence.manifest["head"]:
        yield "the chains do not lead to the head that the manifest states"
    if not settled or as_of not in {entry.seq for entry in entries}:
        yield f"the chains are empty, or have no entry {as_of}"
    if head and head not in heads:
        yield f"{head} was never the head of this archive up to entry {as_of}"


def _compute_head(settled: dict[tuple[str, str], str]) -> str:
    lines = sorted(SEPARATOR.join((*key, entry_hash)) for key, entry_hash in settled.items())
    return "sha256:" + hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


def _check_answers(evidence: Evidence, entries: list[ChainEntry]) -> Iterator[str]:
    """Check that each answer and document is the body of its entry, or what a redaction put in its place."""
    bodies, redacted = dict[int, str](), defaultdict[str, set[str]](set)
    for entry in entries:
        bodies[entry.seq] = entry.body
        if entry.operation == ":redact":
            for digest, replacement in json.loads(entry.question).items():
                redacted[digest].add(replacement)
    for name, seq in evidence.manifest["answers"].items():
        digest = evidence.hash_file(name)
        expected = bodies.get(seq, "")
        if digest != expected and digest not in redacted[expected]:
            yield f"{name} is not what entry {seq} of the archive holds"


def _check_register(evidence: Evidence) -> Iterator[str]:
    """Add the charges of each counted invoice up, in the currency of the invoice, and net and tax to its total."""
    rows = list[dict[str, str]]()
    for row in evidence.iter_rows(REGISTER):
        if row["status"] not in STATUSES:
            yield f"{row['account']} {row['invoice_id']}: {row['status']!r} is no status of an invoice"
        if not row["period_start"].startswith(evidence.month):
            yield f"{row['account']} {row['invoice_id']} is of another month than {evidence.month}"
        if not includes(evidence.scope, (row["provider"], row["account"])):
            yield f"{row['account']} {row['invoice_id']} is of another account: the evidence is of {evidence.coverage}"
        rows += [row] if row["status"] == COUNTED else []
    keys = {(row["account"], row["invoice_id"], row["currency"]) for row in rows}
    sums = defaultdict[tuple[str, str, str], Decimal](Decimal)
    for charge in evidence.iter_rows(CHARGES):
        place = charge["x_AccountName"], charge["InvoiceId"]
        is_priced = (*place, charge["PricingCurrency"]) in keys
        column = "PricingCurrencyEffectiveCost" if is_priced else "BilledCost"
        key = (*place, charge["PricingCurrency" if is_priced else "BillingCurrency"])
        sums[key] += Decimal(charge[column] or charge["BilledCost"] or 0)
    totals = defaultdict[tuple[str, str, str], Decimal](Decimal)
    for row in rows:
        if Decimal(row["net"]) + Decimal(row["tax"]) != Decimal(row["gross"]):
            yield f"{row['account']} {row['invoice_id']}: net and tax are not its total"
        totals[row["account"], row["invoice_id"], row["currency"]] += Decimal(row["gross"])
    for key in sorted(set(totals) | set(sums)):
        if totals.get(key, Decimal(0)) != sums.get(key, Decimal(0)):
            yield f"{' '.join(key)}: its charges come to {sums[key]}, the register has {totals[key]}"


def _check_totals(evidence: Evidence) -> Iterator[str]:
    """Check that each issued invoice's total stands in an answer of the vendor that names the invoice."""
    texts = [
        evidence.read(name).decode("utf-8", "replace")
        for name in evidence.manifest["answers"]
        if name.startswith(ANSWERS)
    ]
    numbers = dict[int, set[Decimal]]()
    for row in evidence.iter_rows(REGISTER):
        if row["state"] != "issued" or row["status"] != COUNTED:
            continue
        gross, is_named = abs(round(Decimal(row["gross"]), MAX_DECIMALS)), False
        for index, text in enumerate(texts):
            if row["invoice_id"] in text:
                is_named = True
                if index not in numbers:
                    numbers[index] = {abs(round(Decimal(token), MAX_DECIMALS)) for token in NUMBER.findall(text)}
                if gross in numbers[index]:
                    break
        else:
            where = "in no answer that names it" if is_named else "nowhere: no answer names it"
            yield f"{row['account']} {row['invoice_id']}: its total {row['gross']} stands {where}"


def _check_acknowledgements(evidence: Evidence, entries: list[ChainEntry]) -> Iterator[str]:
    """Check that what is accepted is what the chains say: who accepted which finding, and why."""
    accepted = {key: (acceptance.reason, acceptance.by) for key, acceptance in read_acceptances(entries).items()}
    stated = {row["id"]: (row["reason"], row["by"]) for row in json.loads(evidence.read(ACKNOWLEDGEMENTS))}
    for finding_id in sorted(set(accepted) | set(stated)):
        if accepted.get(finding_id) != stated.get(finding_id):
            yield f"acknowledgement {finding_id} is not what the chains say"


def _judge_signatures(evidence: Evidence, entries: list[ChainEntry]) -> Iterator[tuple[bool, str]]:
    """Say who signed what and what is another since, each with whether it is a defect: a change that nobody accepted."""
    signatures, acceptances = find_signatures(entries, evidence.month), list(read_acceptances(entries).values())
    comparison = compare_register(evidence, signatures, acceptances)
    inside = [
        value
        for key, value in signatures.items()
        if includes(evidence.scope, key) or includes(value.scope, evidence.scope)
    ]
    signed = f"signed by {' and '.join(sorted({f'{value.by} on {value.day}' for value in inside}))}"
    yield False, signed if inside else "not signed: nobody's signature proves which invoices there were"
    for change, accepted_by in comparison.changes:
        yield not accepted_by, f"{signed}, and changed since: {change}; {accepted_by or 'accepted by nobody'}"
    for name, lines in (("not signed", comparison.unsigned), ("signed, and left out here", comparison.left_out)):
        for place in sorted({line[:2] for line in lines} if signatures else ()):
            ids = ", ".join(line.invoice_id for line in lines if line[:2] == place)
            yield False, f"{name}: {' '.join(place)} {ids}"
    yield from _judge_hash(evidence, inside, comparison, acceptances)


def _judge_hash(
    evidence: Evidence, inside: list[Signature], comparison: Comparison, acceptances: list[Acceptance]
) -> Iterator[tuple[bool, str]]:
    """Compare the hash of the month with the signed one, if exactly what the evidence is of was signed."""
    stated, hashes = evidence.manifest["hash"], {value.hash for value in inside}
    if stated in {value.hash for value in inside if value.scope == evidence.scope}:
        yield False, f"hash of the month {stated}, as signed"
        return
    signed_seq = max((value.seq for value in inside), default=0)
    phrases = [f"{word} {evidence.month}" for word in ("changed in", "disputed in", "parked in", "appeared in")]
    later = [value for value in acceptances if value.seq > signed_seq and includes(evidence.scope, value.place)]
    later = [value for value in later if any(word in value.text for word in phrases)]
    for value in later if inside and not comparison.changes else ():
        yield False, f"changed since it was signed: {' '.join(value.place)} {value.text}; {value}"
    is_read_anew = evidence.manifest["code"] not in {value.code for value in inside}
    is_other_part = any(value.scope != evidence.scope for value in inside)
    is_open = not (comparison.changes or later or is_read_anew or is_other_part)
    cause = (
        " (it states that another version of billfold read the answers)"
        if is_read_anew and inside and not is_other_part
        else ""
    )
    yield False, f"hash of the month {stated}, proven by no signature{cause}"
    if is_open:
        yield True, f"hash of the month {stated}: signed was {' and '.join(hashes)}, and no accepted change explains it"


def _write_line(line: str) -> None:
    """Print a line, whatever is in it: a vendor's text gives a terminal no orders."""
    encoding, text = sys.stdout.encoding or "utf-8", "".join(c if c.isprintable() else "?" for c in line)
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def main(arguments: list[str]) -> int:
    """Verify the file that is named, print what is found, and return the exit code."""
    names = [argument for argument in arguments if argument != PART_OPTION]
    if not 1 <= len(names) <= 2:
        sys.stderr.write(f"usage: python verify.py EVIDENCE.zip [HEAD] [{PART_OPTION}]\n")
        return 2
    verdict = verify(*names, is_part_wanted=PART_OPTION in arguments)
    for line in (verdict.coverage, *(verdict.defects or verdict.proofs)):
        _write_line(line)
    return 1 if verdict.defects else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
