"""Put a month's evidence into one file: register, charges, documents, answers, findings, chains, and what verifies them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger.acknowledgements import list_acknowledgements
from billfold.ledger.archive import Archive
from billfold.ledger.bill_answers import list_bill_answers
from billfold.ledger.chain import compute_head
from billfold.ledger.charge_files import iter_charge_csv
from billfold.ledger.digest import compute_digest
from billfold.ledger.documents import FILE_SUFFIXES, read_media_type
from billfold.ledger.entries import REDACTION, Entry
from billfold.ledger.mapping_versions import read_booking_code
from billfold.ledger.query import LedgerFilter
from billfold.ledger.register import RegisterRow, list_register
from billfold.ledger.store import OpenLedger
from billfold.model.errors import DamagedAnswer
from billfold.model.payment import NO_EVIDENCE, PaymentEvidence
from billfold.model.period import Month
from billfold.report.evidence_file import EvidenceDraft, build_verifier, hash_file, open_evidence
from billfold.report.evidence_reading import (
    ACKNOWLEDGEMENTS,
    CHAIN,
    CHARGES,
    MANIFEST,
    REGISTER,
    TIMESTAMP,
    describe_coverage,
)
from billfold.report.evidence_verifier import FORMAT, PART_OPTION
from billfold.report.render import as_csv, as_json, build_finding_row
from billfold.tasks.documents import list_documents_of
from billfold.tasks.reconcile import reconcile_ledger

VERIFIER_FILE, README_FILE = "verify.py", "README.txt"
MAX_NAME_CHARS = 120
README_TEXT = """Evidence of the invoices of {coverage}

Verify it on any machine that has Python 3.11 or newer, and nothing else:

    python verify.py EVIDENCE.zip [HEAD]{option}

register.csv           each invoice: supplier, dates, terms, net, tax, gross
charges.csv            each charge that the invoices add up from (FOCUS 1.4 CostAndUsage)
documents/             every version of each invoice's documents
answers/               the vendors' answers that the invoices were read from, byte for byte
findings.json          what does not add up, and what somebody accepted
acknowledgements.json  who accepted which finding, when, and why
chain.jsonl            every entry of the archive's chains; each hash covers the entry before it
manifest.json          the SHA-256 of each file, what the evidence is of, and the archive's head

Keep the head apart from this file, or have kept an earlier one: it proves that nothing was written anew since.
It is the head as of entry {as_of} of the archive; what came later is not in this file.
head {head}
"""


class EvidenceRequest(NamedTuple):
    """Which month's evidence is wanted, of which part of the ledger.

    ``configured`` are provider and name of the expected accounts. ``stamp`` returns an outside time-stamp of the manifest.
    """

    month: Month
    filters: LedgerFilter
    configured: Collection[tuple[str, str]] = ()
    evidence: PaymentEvidence = NO_EVIDENCE
    stamp: Callable[[bytes], bytes] | None = None

    @property
    def month_filters(self) -> LedgerFilter:
        """The filter narrowed to the month."""
        return self.filters._replace(first_month=self.month, last_month=self.month)


class EvidenceSummary(NamedTuple):
    """What a file of evidence holds; ``damaged`` names the answers and documents that the archive cannot give any more."""

    bills: int
    documents: int
    answers: int
    head: str
    hash: str
    sha256: str
    damaged: tuple[str, ...]


class _Draft(NamedTuple):
    """Evidence that is being written: of which archive entry those files are that are an answer or a document."""

    files: EvidenceDraft
    seqs: dict[str, int]
    damaged: list[str]


def write_evidence(workspace: Workspace, db: OpenLedger, request: EvidenceRequest, path: Path) -> EvidenceSummary:
    """Write a month's evidence; the same ledger gives the same bytes, but for a time-stamp. Raises ``ConfigurationError``.

    It is of what was archived when this began, or of the filter's archive number. A file that is there already is only
    replaced if it is the same month's evidence.
    """
    filters = request.month_filters
    as_of = min(filters.seq, workspace.archive.read_last_seq())
    with open_evidence(path, request.month) as files:
        draft = _Draft(files, {}, [])
        register = list_register(db, filters, request.evidence.agreed_terms)
        files.add(CHARGES, iter_charge_csv(db, filters, files.piece_path))
        _add_entries(workspace, draft, list_bill_answers(workspace.archive, db, filters), "answers")
        _add_entries(workspace, draft, list_documents_of(workspace, db, filters), "documents")
        _add_reports(workspace, db, draft, register, request, as_of)
        digest, head = compute_digest(db, filters), _add_chain(workspace.archive, draft, as_of)
        _add_manifest(draft, request, as_of, {"hash": digest, "head": head, "code": read_booking_code(db)})
    documents, answers = (
        sum(name.startswith(f"{folder}/") for name in draft.seqs) for folder in ("documents", "answers")
    )
    return EvidenceSummary(len(register), documents, answers, head, digest, hash_file(path), tuple(draft.damaged))


def _add_manifest(draft: _Draft, request: EvidenceRequest, as_of: int, proofs: Mapping[str, str]) -> None:
    scope = request.filters.provider or "", request.filters.account or ""
    coverage, is_part = describe_coverage(str(request.month), scope), any(scope)
    option = f" {PART_OPTION}" if is_part else ""
    readme = README_TEXT.format(coverage=coverage, option=option, as_of=as_of, head=proofs["head"])
    draft.files.add(VERIFIER_FILE, [build_verifier()])
    draft.files.add(README_FILE, [readme.encode()])
    manifest = {
        "format": FORMAT,
        "month": str(request.month),
        "scope": scope,
        "as_of": as_of,
        "files": draft.files.hashes,
        "answers": draft.seqs,
        **proofs,
    }
    manifest_text = json.dumps(manifest, indent=1, sort_keys=True).encode()
    draft.files.add(MANIFEST, [manifest_text])
    if request.stamp:
        draft.files.add(TIMESTAMP, [request.stamp(manifest_text)])


def _add_entries(workspace: Workspace, draft: _Draft, entries: Collection[Entry], folder: str) -> None:
    for entry in sorted(entries):
        suffix = FILE_SUFFIXES.get(read_media_type(entry), ".json")
        name = f"{folder}/{entry.seq:06}-{_clean_name(entry)}{suffix}"
        try:
            body = workspace.archive.read_body(entry.body)
        except DamagedAnswer:
            draft.damaged.append(name)
        else:
            draft.files.add(name, [body])
            draft.seqs[name] = entry.seq


def _clean_name(entry: Entry) -> str:
    return re.sub(r"[^\w.-]+", "-", f"{entry.account}_{entry.operation}")[:MAX_NAME_CHARS]


def _add_chain(archive: Archive, draft: _Draft, as_of: int) -> str:
    """Add the entries up to a number, and return the head of then; later ones only to tell of the last redaction.

    An answer of then that was redacted since is redacted in this file, too: without that entry it looks forged.
    """
    entries = list(archive.iter_entries())
    last_seq = max([as_of, *(entry.seq for entry in entries if entry.operation == REDACTION)])
    lines = (json.dumps(list(entry)) for entry in entries if entry.seq <= last_seq)
    draft.files.add(CHAIN, ["\n".join(lines).encode()])
    return compute_head({entry.chain_key: entry.hash for entry in entries if entry.is_settling and entry.seq <= as_of})


def _add_reports(
    workspace: Workspace,
    db: OpenLedger,
    draft: _Draft,
    register: Collection[RegisterRow],
    request: EvidenceRequest,
    as_of: int,
) -> None:
    draft.files.add(REGISTER, [as_csv(register, RegisterRow._fields).encode()])
    findings = reconcile_ledger(workspace, db, request.month_filters, request.configured, request.evidence).findings
    draft.files.add("findings.json", [as_json(map(build_finding_row, findings)).encode()])
    acknowledgements = list_acknowledgements(workspace.archive, as_of)
    draft.files.add(ACKNOWLEDGEMENTS, [as_json(acknowledgements).encode()])
