"""Verify a month's evidence with nothing but Python: every file, every entry of the chains, every sum of the register.

Run it as ``python verify.py EVIDENCE.zip [HEAD]``, on any machine. It shares no code with the program that wrote the evidence.
HEAD is one that was kept elsewhere: of the day of the evidence, or any earlier one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sys
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple, Self

MANIFEST, CHAIN, REGISTER, CHARGES = "manifest.json", "chain.jsonl", "register.csv", "charges.csv"
ACKNOWLEDGEMENTS, TIMESTAMP = "acknowledgements.json", "timestamp.tsr"
ANSWERS = "answers/"
ARCHIVED_FOLDERS = (ANSWERS, "documents/")
COUNTED, STATUSES = "counted", {"counted", "parked", "disputed"}
NUMBER = re.compile(r"(?<![\w.])-?\d{1,20}(?:\.\d{1,30})?(?![\w.])")
MAX_DECIMALS = 6
"""Decimals of a total that count: what stands behind them in JSON is the dust of a 64-bit float."""
GENESIS = "0" * 64
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, RecursionError),
    *(LookupError, ValueError, TypeError, ArithmeticError, AttributeError),
)
"""What reading a damaged file ends with."""
SEPARATOR = "\x1f"


class ChainEntry(NamedTuple):
    """An entry of the archive: what was asked of whom, what came, and the hash that covers it and the entry before it."""

    seq: int
    run: int
    provider: str
    account: str
    operation: str
    question: str
    status: int
    headers: str
    body: str
    fetched_at: str
    hash: str


class Signature(NamedTuple):
    """Who signed a month of an account, and the total of each invoice in it by id and currency."""

    by: str
    totals: dict[tuple[str, str], Decimal]


class Evidence:
    """The files of a month's evidence; a name that is there twice is damage. Close it, or use it in a ``with`` statement."""

    def __init__(self, path: str) -> None:
        self._archive = zipfile.ZipFile(path)
        names = self._archive.namelist()
        self.repeated_names = sorted({name for name in names if names.count(name) > 1})
        self.names = set(names)
        self.manifest = json.loads(self._archive.read(MANIFEST))

    def hash_file(self, name: str) -> str:
        """Return the SHA-256 of a file."""
        digest = hashlib.sha256()
        with self._archive.open(name) as file:
            while chunk := file.read(1_048_576):
                digest.update(chunk)
        return digest.hexdigest()

    def iter_rows(self, name: str) -> Iterator[dict[str, str]]:
        """Yield the rows of a CSV file."""
        with io.TextIOWrapper(self._archive.open(name), "utf-8", newline="") as file:
            yield from csv.DictReader(file)

    def read_text(self, name: str) -> str:
        """Return a file as text, whatever its bytes."""
        return self._archive.read(name).decode("utf-8", "replace")

    def read_json(self, name: str) -> Any:
        """Return what a JSON file holds."""
        return json.loads(self._archive.read(name))

    def read_chain(self) -> list[ChainEntry]:
        """Return the entries of all chains, in their order."""
        return [ChainEntry(*json.loads(line)) for line in self._archive.read(CHAIN).decode().splitlines()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()


def find_defects(path: str, head: str = "") -> list[str]:
    """Return a sentence for each thing that is not as it was written; none for sound evidence."""
    defects = list[str]()
    try:
        with Evidence(path) as evidence:
            entries = evidence.read_chain()
            for defect in chain(
                _check_files(evidence),
                _check_chains(evidence, entries, head),
                _check_answers(evidence, entries),
                _check_acknowledgements(evidence, entries),
                _check_register(evidence),
                _check_totals(evidence),
                _check_signature(evidence, entries),
            ):
                defects.append(defect)
    except UNREADABLE as error:
        defects.append(f"the evidence is damaged: {type(error).__name__}: {error}")
    return defects


def _check_files(evidence: Evidence) -> Iterator[str]:
    stated = evidence.manifest["files"]
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
    last_hashes, start_hashes = dict[tuple[str, str], str](), dict[int, str]()
    settled, heads = dict[tuple[str, str], str](), list[str]()
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
        elif entry.operation.startswith(":"):
            settled[key] = entry.hash
            heads.append(_compute_head(settled))
    if _compute_head(settled) != evidence.manifest["head"]:
        yield "the chains do not lead to the head that the manifest states"
    if not settled:
        yield "the chains are empty"
    if head and head not in heads:
        yield f"{head} was never the head of this archive"


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
        if not row["period_start"].startswith(evidence.manifest["month"]):
            yield f"{row['account']} {row['invoice_id']} is of another month than {evidence.manifest['month']}"
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


def _check_acknowledgements(evidence: Evidence, entries: list[ChainEntry]) -> Iterator[str]:
    """Check that what is accepted is what the chains say: who accepted which finding, and why."""
    accepted = dict[str, tuple[str, str]]()
    for entry in entries:
        if entry.operation == ":acknowledge":
            fields = json.loads(entry.question)
            accepted.pop(fields["id"], None)
            if "withdrawn" not in fields:
                accepted[fields["id"]] = fields["reason"], fields["by"]
    stated = {row["id"]: (row["reason"], row["by"]) for row in evidence.read_json(ACKNOWLEDGEMENTS)}
    for finding_id in sorted(set(accepted) | set(stated)):
        if accepted.get(finding_id) != stated.get(finding_id):
            yield f"acknowledgement {finding_id} is not what the chains say"


def _check_totals(evidence: Evidence) -> Iterator[str]:
    """Check that each issued invoice's total stands in an answer of the vendor that names the invoice."""
    texts = [evidence.read_text(name) for name in evidence.manifest["answers"] if name.startswith(ANSWERS)]
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


def _check_signature(evidence: Evidence, entries: list[ChainEntry]) -> Iterator[str]:
    """Check that the register is what was signed last, where the month was signed: each signature is in the chains."""
    register = {
        (row["invoice_id"], row["currency"]): Decimal(row["gross"])
        for row in evidence.iter_rows(REGISTER)
        if row["status"] == COUNTED and row["state"] == "issued"
    }
    provider, account = evidence.manifest["scope"]
    for key, signature in find_signatures(entries, evidence.manifest["month"]).items():
        if (provider and key[0] != provider) or (account and key[1] != account):
            continue
        for invoice, total in sorted(signature.totals.items()):
            if register.get(invoice) != total:
                stands = register.get(invoice, "nothing")
                yield f"{' '.join(key)} {invoice[0]}: {signature.by} signed {total}, the register has {stands}"


def find_signatures(entries: list[ChainEntry], month: str) -> dict[tuple[str, str], Signature]:
    """Return the last signature of a month, by provider and account."""
    signatures = dict[tuple[str, str], Signature]()
    for entry in entries:
        if entry.operation == ":close" and (fields := json.loads(entry.question))["month"] == month:
            totals = {(invoice_id, currency): Decimal(total) for invoice_id, currency, total in fields["register"]}
            signatures[entry.provider, entry.account] = Signature(fields["by"], totals)
    return signatures


def describe(path: str) -> str:
    """Say what a sound file of evidence proves, and what it does not."""
    with Evidence(path) as evidence:
        manifest, entries = evidence.manifest, evidence.read_chain()
    signers = sorted({signature.by for signature in find_signatures(entries, manifest["month"]).values()})
    signed = (
        f"signed by {', '.join(signers)}"
        if signers
        else "not signed: what invoices there were is proven by nobody's signature"
    )
    return (
        f"{manifest['month']}: {len(manifest['files'])} files, {len(manifest['answers'])} archived answers and documents, "
        f"{len(entries)} entries of the chains, all as they were written\n{signed}\n"
        f"hash of the month {manifest['hash']}\nhead {manifest['head']}"
    )


def main(arguments: list[str]) -> int:
    """Verify the file that is named, print what is found, and return the exit code."""
    if not 1 <= len(arguments) <= 2:
        sys.stderr.write("usage: python verify.py EVIDENCE.zip [HEAD]\n")
        return 2
    defects = find_defects(*arguments)
    sys.stdout.write("\n".join(defects or [describe(arguments[0])]) + "\n")
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
