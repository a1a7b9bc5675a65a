"""Put a month's evidence into one file: register, charges, documents, answers, findings, chains, and what verifies them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger.acknowledgements import list_acknowledgements
from billfold.ledger.bill_answers import list_bill_answers
from billfold.ledger.charge_files import write_charge_csv
from billfold.ledger.digest import compute_digest
from billfold.ledger.documents import FILE_SUFFIXES, read_media_type
from billfold.ledger.entries import Entry
from billfold.ledger.query import LedgerFilter
from billfold.ledger.register import RegisterRow, list_register
from billfold.ledger.store import OpenLedger
from billfold.model.errors import DamagedAnswer, build_write_error
from billfold.model.payment import NO_EVIDENCE, PaymentEvidence
from billfold.model.period import Month
from billfold.report import evidence_verifier
from billfold.report.evidence_file import Content, check_target, hash_content, write_evidence_file
from billfold.report.render import as_csv, as_json, build_finding_row
from billfold.tasks.documents import list_documents_of
from billfold.tasks.reconcile import reconcile_ledger

VERIFIER_FILE, README_FILE = "verify.py", "README.txt"
MAX_NAME_CHARS = 120
README_TEXT = """Evidence of the invoices of {month}

Verify it on any machine that has Python 3.11 or newer, and nothing else:

    python verify.py EVIDENCE.zip [HEAD]

register.csv           each invoice: supplier, dates, terms, net, tax, gross
charges.csv            each charge that the invoices add up from (FOCUS 1.4 CostAndUsage)
documents/             every version of each invoice's documents
answers/               the vendors' answers that the invoices were read from, byte for byte
findings.json          what does not add up, and what somebody accepted
acknowledgements.json  who accepted which finding, when, and why
chain.jsonl            every entry of the archive's chains; each hash covers the entry before it
manifest.json          the SHA-256 of each file, and the archive's head

Keep the head apart from this file, or have kept an earlier one: it proves that nothing was written anew since.
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


class EvidenceSummary(NamedTuple):
    """What a file of evidence holds; ``damaged`` names the answers and documents that the archive cannot give any more."""

    bills: int
    documents: int
    answers: int
    head: str
    hash: str
    sha256: str
    damaged: tuple[str, ...]


class _Contents(NamedTuple):
    """The files of the evidence, and of which archive entry those are that are an answer or a document."""

    files: dict[str, Content]
    seqs: dict[str, int]
    damaged: list[str]


def write_evidence(workspace: Workspace, db: OpenLedger, request: EvidenceRequest, path: Path) -> EvidenceSummary:
    """Write a month's evidence; the same ledger gives the same bytes, but for a time-stamp. Raises ``ConfigurationError``.

    A file that is there already is only replaced if it is the same month's evidence.
    """
    filters = request.filters._replace(first_month=request.month, last_month=request.month)
    try:
        return _write_evidence(workspace, db, request, filters, path)
    except OSError as error:
        raise build_write_error(path, error) from error


def _write_evidence(
    workspace: Workspace, db: OpenLedger, request: EvidenceRequest, filters: LedgerFilter, path: Path
) -> EvidenceSummary:
    with TemporaryDirectory(prefix=".billfold-", dir=check_target(path, request.month)) as directory:
        register = list_register(db, filters, request.evidence.agreed_terms)
        contents = _Contents({evidence_verifier.CHARGES: Path(directory, "charges.csv")}, {}, [])
        write_charge_csv(db, filters, Path(directory, "charges.csv"))
        _add_entries(workspace, contents, list_bill_answers(workspace.archive, db, filters), "answers")
        _add_entries(workspace, contents, list_documents_of(workspace, db, filters), "documents")
        contents.files.update(_build_reports(workspace, db, register, filters, request))
        digest, head = compute_digest(db, filters), workspace.archive.read_head()
        _add_manifest(contents, request, digest, head)
        write_evidence_file(path, contents.files)
    documents, answers = (
        sum(name.startswith(f"{folder}/") for name in contents.files) for folder in ("documents", "answers")
    )
    return EvidenceSummary(len(register), documents, answers, head, digest, hash_content(path), tuple(contents.damaged))


def _add_manifest(contents: _Contents, request: EvidenceRequest, digest: str, head: str) -> None:
    contents.files[VERIFIER_FILE] = Path(evidence_verifier.__file__).read_bytes()
    contents.files[README_FILE] = README_TEXT.format(month=request.month, head=head).encode()
    manifest = {
        "format": 1,
        "month": str(request.month),
        "hash": digest,
        "head": head,
        "files": {name: hash_content(content) for name, content in sorted(contents.files.items())},
        "answers": dict(sorted(contents.seqs.items())),
        "scope": [request.filters.provider or "", request.filters.account or ""],
    }
    manifest_text = json.dumps(manifest, indent=1, sort_keys=True).encode()
    contents.files[evidence_verifier.MANIFEST] = manifest_text
    if request.stamp:
        contents.files[evidence_verifier.TIMESTAMP] = request.stamp(manifest_text)


def _add_entries(workspace: Workspace, contents: _Contents, entries: Collection[Entry], folder: str) -> None:
    for entry in entries:
        suffix = FILE_SUFFIXES.get(read_media_type(entry), ".json")
        name = f"{folder}/{entry.seq:06}-{_clean_name(entry)}{suffix}"
        try:
            contents.files[name] = workspace.archive.read_body(entry.body)
        except DamagedAnswer:
            contents.damaged.append(name)
        else:
            contents.seqs[name] = entry.seq


def _clean_name(entry: Entry) -> str:
    return re.sub(r"[^\w.-]+", "-", f"{entry.account}_{entry.operation}")[:MAX_NAME_CHARS]


def _build_reports(
    workspace: Workspace,
    db: OpenLedger,
    register: Collection[RegisterRow],
    filters: LedgerFilter,
    request: EvidenceRequest,
) -> Iterator[tuple[str, bytes]]:
    yield evidence_verifier.REGISTER, as_csv(register, RegisterRow._fields).encode()
    findings = reconcile_ledger(workspace, db, filters, request.configured, request.evidence).findings
    yield "findings.json", as_json(map(build_finding_row, findings)).encode()
    yield "acknowledgements.json", as_json(list_acknowledgements(workspace.archive)).encode()
    entries = (json.dumps(list(entry)) for entry in workspace.archive.iter_entries())
    yield evidence_verifier.CHAIN, "\n".join(entries).encode()
