"""Put a month's evidence into one file: register, charges, documents, answers, findings, chains, and what verifies them."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.ledger.acknowledgements import list_acknowledgements
from billfold.ledger.bill_answers import list_bill_answers
from billfold.ledger.digest import compute_digest
from billfold.ledger.documents import FILE_SUFFIXES, read_media_type
from billfold.ledger.entries import Entry
from billfold.ledger.query import LedgerFilter
from billfold.ledger.register import RegisterRow, list_register
from billfold.ledger.store import OpenLedger
from billfold.model.errors import ConfigurationError, DamagedAnswer
from billfold.model.focus import CostAndUsage
from billfold.model.period import Month
from billfold.report import evidence_verifier
from billfold.report.render import as_csv, as_json, build_finding_row, csv_lines
from billfold.tasks.documents import list_documents_of
from billfold.tasks.reconcile import reconcile_ledger

VERIFIER_FILE, README_FILE, TIMESTAMP_FILE = "verify.py", "README.txt", "timestamp.tsr"
MAX_NAME_CHARS = 120
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the evidence: the same ledger gives the same bytes."""
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


class EvidenceSummary(NamedTuple):
    """What a file of evidence holds; ``damaged`` names the answers and documents that the archive cannot give any more."""

    invoices: int
    documents: int
    answers: int
    head: str
    hash: str
    sha256: str
    damaged: tuple[str, ...]


class _Content(NamedTuple):
    """The files of the evidence, and of which archive entry those are that are an answer or a document."""

    files: dict[str, bytes]
    seqs: dict[str, int]
    damaged: list[str]


def write_evidence(
    workspace: Workspace,
    db: OpenLedger,
    month: Month,
    path: Path,
    filters: LedgerFilter,
    configured: Collection[tuple[str, str]] = (),
    payment_terms: Mapping[tuple[str, str], str] | None = None,
    stamp: Callable[[bytes], bytes] | None = None,
) -> EvidenceSummary:
    """Write a month's evidence; the same ledger gives the same bytes. Raises ``ConfigurationError`` where a file is in its place.

    A file that is there already is only replaced by the same month's evidence. ``stamp`` returns an outside time-stamp of the
    manifest: with it the bytes are the same but for that.
    """
    filters = filters._replace(first_month=month, last_month=month)
    register = list_register(db, filters, payment_terms)
    content = _Content({}, {}, [])
    _add_entries(workspace, content, list_bill_answers(workspace.archive, db, filters), "answers")
    _add_entries(workspace, content, list_documents_of(workspace, db, filters), "documents")
    digest, head = compute_digest(db, filters), workspace.archive.read_head()
    content.files.update(_build_reports(workspace, db, register, filters, configured))
    content.files[VERIFIER_FILE] = Path(evidence_verifier.__file__).read_bytes()
    content.files[README_FILE] = README_TEXT.format(month=month, head=head).encode()
    manifest = {
        "format": 1,
        "month": str(month),
        "hash": digest,
        "head": head,
        "files": {name: hashlib.sha256(body).hexdigest() for name, body in sorted(content.files.items())},
        "answers": dict(sorted(content.seqs.items())),
        "beside": [TIMESTAMP_FILE],
    }
    content.files[evidence_verifier.MANIFEST] = json.dumps(manifest, indent=1, sort_keys=True).encode()
    if stamp:
        content.files[TIMESTAMP_FILE] = stamp(content.files[evidence_verifier.MANIFEST])
    _write_zip(path, content.files, month)
    counts = [sum(name.startswith(f"{folder}/") for name in content.files) for folder in ("documents", "answers")]
    file_hash = hashlib.sha256(path.read_bytes()).hexdigest()
    return EvidenceSummary(len(register), counts[0], counts[1], head, digest, file_hash, tuple(content.damaged))


def _add_entries(workspace: Workspace, content: _Content, entries: Collection[Entry], folder: str) -> None:
    for entry in entries:
        suffix = FILE_SUFFIXES.get(read_media_type(entry), ".json")
        name = f"{folder}/{entry.seq:06}-{_clean_name(entry)}{suffix}"
        try:
            content.files[name] = workspace.archive.read_body(entry.body)
        except DamagedAnswer:
            content.damaged.append(name)
        else:
            content.seqs[name] = entry.seq


def _clean_name(entry: Entry) -> str:
    return re.sub(r"[^\w.-]+", "-", f"{entry.account}_{entry.operation}")[:MAX_NAME_CHARS]


def _build_reports(
    workspace: Workspace,
    db: OpenLedger,
    register: Collection[RegisterRow],
    filters: LedgerFilter,
    configured: Collection[tuple[str, str]],
) -> Iterator[tuple[str, bytes]]:
    yield evidence_verifier.REGISTER, as_csv(register, RegisterRow._fields).encode()
    charges = csv_lines(query.iter_charges(db, filters), CostAndUsage._fields)
    yield evidence_verifier.CHARGES, "".join(charges).encode()
    findings = reconcile_ledger(workspace, db, filters, configured).findings
    yield "findings.json", as_json(map(build_finding_row, findings)).encode()
    yield "acknowledgements.json", as_json(list_acknowledgements(workspace.archive)).encode()
    entries = (json.dumps(list(entry)) for entry in workspace.archive.iter_entries())
    yield evidence_verifier.CHAIN, "\n".join(entries).encode()


def _write_zip(path: Path, files: Mapping[str, bytes], month: Month) -> None:
    """Write the files whole or not at all."""
    if path.exists() and not _is_evidence_of(path, month):
        raise ConfigurationError(f"{path} is there, and no evidence of {month}: name another file")
    draft_path = path.with_name(f".{path.name}.draft")
    try:
        with zipfile.ZipFile(draft_path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name, body in sorted(files.items()):
                info = zipfile.ZipInfo(name, FIXED_TIME)
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(info, body)
        draft_path.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        draft_path.unlink(missing_ok=True)


def _is_evidence_of(path: Path, month: Month) -> bool:
    try:
        return bool(evidence_verifier.Evidence(str(path)).manifest["month"] == str(month))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return False
