"""Hashes, archived answers, documents and statements as typed rows: what shows that the numbers are what was received."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from billfold.ledger import query
from billfold.ledger.digest import compute_digest
from billfold.ledger.origins import ChargeOrigin
from billfold.ledger.verify import check_head, find_damage
from billfold.model.errors import InvalidArgument
from billfold.model.finding import describe_finding
from billfold.report import explain
from billfold.report.statement import Statement
from billfold.serve import rows
from billfold.serve.questions import Question
from billfold.serve.sql_page import MAX_DATA_ROWS, answer_sql
from billfold.tasks.configured import load_company_name
from billfold.tasks.documents import DocumentRow, list_document_rows
from billfold.tasks.statement import build_statement, render_statement

STATEMENT_TYPES = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def read_hash(question: Question) -> rows.HashRow:
    """Return the line that stands for all that the ledger believes, or for a part of it."""
    return rows.HashRow(compute_digest(question.view.db, question.filters), question.view.workspace.archive.read_head())


def verify_archive(question: Question) -> rows.VerifyRow:
    """Check every stored hash of the archive, and whether it once had the ``head``."""
    workspace, head = question.view.workspace, _read_head(question.values.get("head", ""))
    damage = [describe_finding(finding) for finding in find_damage(workspace.archive, workspace.ledger_path)]
    entry, finding = check_head(workspace.archive, head) if head else (None, None)
    damage += [describe_finding(finding)] if finding else []
    return rows.VerifyRow(
        *(not damage, workspace.archive.read_last_seq(), damage),
        *(workspace.archive.read_head(), entry.seq if entry else None),
    )


def _read_head(text: str) -> str:
    digest = text.strip().lower().removeprefix("sha256:")
    if digest and not re.fullmatch("[0-9a-f]{64}", digest):
        raise InvalidArgument(f"{text[:40]!r} is no head; one is sha256: and 64 hexadecimal digits")
    return f"sha256:{digest}" if digest else ""


def iter_entries(question: Question) -> Iterator[rows.EntryRow]:
    """Yield the archived answers, the oldest first; ``after`` an entry's number. Months narrow nothing."""
    workspace, filters, text = question.view.workspace, question.filters, question.values.get("after") or "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise InvalidArgument(f"after is the number of an entry, and not {text[:40]!r}")
    account_names = query.read_names_by_run(question.view.db, filters.seq)
    for entry in workspace.archive.iter_answers(after=int(text)):
        account = account_names.get(entry.run, entry.account)
        if entry.seq <= filters.seq and filters.includes_account(entry.provider, account):
            yield rows.EntryRow(
                *(entry.seq, entry.run, entry.provider, account, entry.operation, entry.question, entry.status),
                *(entry.fetched_at, entry.body, entry.hash),
            )


def list_origins(question: Question) -> Sequence[ChargeOrigin]:
    """Return the charges of an invoice, of a charge's id or of all estimates, each with the place it was read from."""
    reference = question.values.get("reference")
    if not reference:
        raise InvalidArgument(
            "say of what: ?reference= an invoice's id, a charge's InvoiceDetailId, or the word estimate"
        )
    return explain.find_charges(question.view.db, reference, question.filters)


def list_documents(question: Question) -> Sequence[DocumentRow]:
    """Return the archived documents, and the invoices without one last; every version with ``all_versions``."""
    all_versions = question.values.get("all_versions") == "1"
    return list_document_rows(question.view.workspace, question.view.db, question.filters, all_versions=all_versions)


def read_statement(question: Question) -> Statement:
    """Return a month's statement: sections of rows."""
    workspace, db, path = question.view[:3]
    evidence = question.payment_evidence
    filters, company = question.month_filters, load_company_name(path)
    return build_statement(workspace, db, question.the_month, filters, question.configured, evidence, company)


def write_statement(question: Question, suffix: str) -> bytes:
    """Write a month's statement as a file."""
    head = question.view.workspace.archive.read_head()
    return render_statement(read_statement(question), Path(f"statement.{suffix}"), head)


def list_sql_rows(question: Question) -> list[Mapping[str, object]]:
    """Return the first rows of one SELECT's answer."""
    return answer_sql(question, question.values.get("query", ""), MAX_DATA_ROWS).rows  # type: ignore[return-value]
