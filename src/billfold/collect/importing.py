"""Saved answers: which operation a file answers, and its way into the archive and the ledger."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from billfold.collect.file_reading import read_file
from billfold.collect.workspace import Workspace
from billfold.ledger.account_lock import account_lock
from billfold.ledger.documents import UNKNOWN_VALUE
from billfold.ledger.entries import ArchivedResponse, Run
from billfold.ledger.layout import LOCKS_FOLDER
from billfold.model.errors import ApiError, BillfoldError, InvalidArgument
from billfold.model.finding import describe_finding
from billfold.providers.provider import Provider
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import (
    MEDIA_TYPES,
    Operation,
    OperationType,
    operation_name,
    operation_shape,
    question_text,
    read_response,
)
from billfold.wire.paging import PagedOperation

if TYPE_CHECKING:
    from billfold.ledger.runs import RunBill

MAX_IMPORT_SIZE = 2 * 1024 * 1024 * 1024
"""Bytes of all files of an import: they are in memory together."""


class ImportedFile(NamedTuple):
    """What became of one file."""

    path: Path
    operation: str
    message: str


class ImportResult(NamedTuple):
    """What became of an import: the files, the bills that it changed, the invoices that are listed but not booked.

    ``account`` is what the account is called that they were booked into, "" where nothing was.
    """

    files: list[ImportedFile]
    bills: list[RunBill]
    unbooked_ids: tuple[str, ...] = ()
    account: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether anything was not read or cannot be trusted as it is."""
        return any(not file.operation for file in self.files) or any(bill.parked for bill in self.bills)


class _ReadFiles(NamedTuple):
    """What became of the files that were read, and the answers in them."""

    files: list[ImportedFile]
    responses: list[ArchivedResponse]


def import_files(
    workspace: Workspace,
    provider: Provider,
    account: str,
    paths: Sequence[Path],
    operation: str | None,
    question_fields: Mapping[str, str],
) -> ImportResult:
    """Archive the files as answers of one run, book them, and tell what became of each; an unread file is left out.

    All are read before anybody has to wait for it, and archived as one: of an import that is killed nothing is left.
    """
    now = datetime.now(UTC)
    files, responses = _read_files(paths, provider, operation, question_fields, now)
    with workspace.lock_writers(), account_lock(workspace.directory / LOCKS_FOLDER, provider.name, account):
        workspace.require_ledger()
        if not responses:
            return ImportResult(files, [])
        with workspace.archive.open_transaction():
            run = workspace.archive.start_run(provider.name, account, "import", now)
            workspace.archive.add_responses(run, *responses)
            workspace.archive.end_run(run, "imported", now)
        return _summarize_import(workspace, run, account, files)


def _read_files(
    paths: Sequence[Path],
    provider: Provider,
    operation: str | None,
    question_fields: Mapping[str, str],
    now: datetime,
) -> _ReadFiles:
    read_files, total_size = _ReadFiles([], []), 0
    for path in paths:
        try:
            content = read_file(path)
            if (total_size := total_size + len(content)) > MAX_IMPORT_SIZE:
                raise InvalidArgument(f"these files hold more than {MAX_IMPORT_SIZE >> 20} MiB: import it by itself")
            answers = find_answers(content, provider, operation, question_fields)
        except BillfoldError as error:
            read_files.files.append(ImportedFile(path, "", _describe_error(error)))
            continue
        read_files.responses.extend(
            ArchivedResponse(operation_name(op), question_text(op), 200, response.headers, response.body, now)
            for op, response in answers
        )
        operation_names = ", ".join(sorted({operation_name(op) for op, _ in answers}))
        size = sum(len(response.body) for _, response in answers)
        read_files.files.append(ImportedFile(path, operation_names, f"{size} bytes"))
    return read_files


def _summarize_import(workspace: Workspace, run: Run, account: str, files: list[ImportedFile]) -> ImportResult:
    """Read back what the ledger booked of an import, and what it could not book."""
    from billfold.ledger.query import read_names_by_run
    from billfold.ledger.runs import read_booked_run

    with workspace.open_ledger(wait=True) as ledger:
        booked_run = read_booked_run(ledger, run.id)
        booked_account = read_names_by_run(ledger).get(run.id, "")
    unread_files = [ImportedFile(Path(account), "", describe_finding(finding)) for finding in booked_run.findings]
    return ImportResult(files + unread_files, booked_run.bills, booked_run.unbooked_ids, booked_account)


def _describe_error(error: BillfoldError) -> str:
    """Say why a file was not read; a vendor's answer would be asked for again, but not a file."""
    return f"{error.message}; save the answer again as it came" if isinstance(error, ApiError) else str(error)


def find_answers(
    content: bytes, provider: Provider, operation: str | None, question_fields: Mapping[str, str]
) -> list[tuple[Operation[Any], Response]]:
    """Find the answers in a file: the one that it is, or those that a bare list is made of."""
    try:
        return [identify_answer(content, provider, operation, question_fields)]
    except InvalidArgument:
        items = codec.parse_json(content) if detect_format(content) == "json" else None
        if not items or not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise
        return [identify_answer(codec.encode_json(item), provider, operation, question_fields) for item in items]


def identify_answer(
    content: bytes, provider: Provider, operation: str | None, question_fields: Mapping[str, str]
) -> tuple[Operation[Any], Response]:
    """Find which question a saved body answers; raises ``InvalidArgument`` where it is none of this vendor's."""
    file_format = detect_format(content)
    if file_format != "json":
        return _identify_file(content, file_format, provider, operation, question_fields)
    tree, content = _unwrap_exchange(codec.parse_json(content), content)
    operation_types = [
        operation_type
        for operation_type in provider.operations
        if operation in {None, operation_name(operation_type)} and operation_type.reply is not bytes
    ]
    candidates = [
        (score, operation_type)
        for operation_type in operation_types
        if (score := _score_operation(content, tree, operation_type)) is not None
    ]
    best_match = max(candidates, key=lambda pair: pair[0], default=(0.0, None))
    if best_match[1] is None or not best_match[0] or (best_match[0] < 0.5 and operation is None):
        subject = (
            f"{operation}: leave --operation out"
            if operation
            else f"an operation of {provider.title}; name one with --operation"
        )
        raise InvalidArgument(f"this is not the answer of {subject}")
    response = Response(200, {"content-type": MEDIA_TYPES["json"]}, content)
    op = _build_operation(best_match[1], _read_body_fields(tree, best_match[1]), question_fields)
    reply = read_response(op, response)
    if isinstance(op, PagedOperation):
        op.items(reply)
    return op, response


def _read_body_fields(tree: Any, operation_type: OperationType) -> Mapping[str, Any]:
    """Return what a body says of itself, out of its envelope; the id of an operation that ends in an invoice is its own."""
    result = tree.get(operation_type.result_field) if isinstance(tree, dict) and operation_type.result_field else tree
    if not isinstance(result, dict):
        return {}
    return {"invoice_id": result.get("id"), **result} if operation_type.path.endswith("/{invoice_id}") else result


def detect_format(content: bytes) -> str:
    """Tell by its first bytes what a file would be; what is neither JSON nor a PDF may be a CSV."""
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return "pdf" if start.startswith(b"%PDF") else "json" if start[:1] in {b"{", b"["} else "csv"


def _unwrap_exchange(tree: Any, content: bytes) -> tuple[Any, bytes]:
    """Take the body out of a saved exchange, which has a status and headers beside it."""
    if isinstance(tree, dict) and {"status", "headers", "body"} <= set(tree) and isinstance(tree["body"], dict):
        return tree["body"], codec.encode_json(tree["body"])
    return tree, content


def _identify_file(
    content: bytes, file_format: str, provider: Provider, operation: str | None, question_fields: Mapping[str, str]
) -> tuple[Operation[Any], Response]:
    """Find which operation answers with such a file; raises ``InvalidArgument``, also for a CSV without the vendor's columns."""
    expectation = ""
    for operation_type in provider.operations:
        is_candidate = (
            operation_type.reply is bytes
            and MEDIA_TYPES[file_format] in operation_shape(operation_type).media_types.values()
        )
        if not is_candidate or operation not in {None, operation_name(operation_type)}:
            continue
        row_fields = _read_csv_fields(content, operation_type) if file_format == "csv" else {}
        if row_fields is not None:
            format_field = {"format": file_format} if "format" in operation_type.__struct_fields__ else {}
            return _build_operation(operation_type, row_fields, {**question_fields, **format_field}), Response(
                200, {"content-type": MEDIA_TYPES[file_format]}, content
            )
        expectation = f"and no CSV in UTF-8 that has {', '.join(operation_type.columns)} among its columns"
    description = "it is a PDF" if file_format == "pdf" else "it is no JSON"
    expectation = expectation or f"and {operation or provider.title} does not answer so"
    raise InvalidArgument(f"{description}, {expectation}: import an answer as it came")


def _read_csv_fields(content: bytes, operation_type: OperationType) -> Mapping[str, Any] | None:
    """Return what the rows of a CSV say of the question, or None where it is none of this operation's."""
    fields: dict[str, str] = {}
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        if not set(operation_type.columns) <= set(rows.fieldnames or ()):
            return None
        for row in rows:
            for name in operation_shape(operation_type).path_fields.values():
                if (value := row.get(name)) and fields.setdefault(name, value) != value:
                    raise InvalidArgument(f"its rows are not all of one {name}: import each invoice by itself")
    except (UnicodeDecodeError, csv.Error):
        return None
    return fields


def _score_operation(content: bytes, tree: Any, operation_type: OperationType) -> float | None:
    """Return which share of a body an operation's record knows, or None where it does not fit at all."""
    try:
        decoded_tree = codec.parse_json(codec.encode_json(codec.decode_record(content, operation_type.reply)))
    except (BillfoldError, TypeError):
        return None
    return _count_leaves(decoded_tree) / max(_count_leaves(tree), 1)


def _count_leaves(tree: Any) -> int:
    """Count names and values; a file may be nested deeper than functions can call themselves."""
    count, pending = 0, [tree]
    while pending:
        node = pending.pop()
        children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else None
        count += 1 if children is None else len(children) * isinstance(node, dict)
        pending += children or ()
    return count


def _build_operation(
    operation_type: OperationType, body_fields: Mapping[str, Any], question_fields: Mapping[str, str]
) -> Operation[Any]:
    """Make the question out of what its answer says of itself and what the caller says; they must agree."""
    wire_fields: dict[str, object] = {}
    for field in msgspec.structs.fields(operation_type):
        body_value, question_value = body_fields.get(field.encode_name), question_fields.get(field.name)
        if body_value is not None and question_value not in {None, str(body_value)}:
            raise InvalidArgument(
                f"{operation_name(operation_type)}: the file itself says that its {field.name} is {body_value}, not {question_value}: leave it out"
            )
        if (
            body_value is None
            and question_value is None
            and field.name == "invoice_id"
            and operation_type.reply is not bytes
        ):
            raise InvalidArgument(
                f"{operation_name(operation_type)}: the file does not say which invoice it is of: give --invoice-id"
            )
        if field.required or question_value is not None:
            wire_fields[field.encode_name] = next(
                (value for value in (body_value, question_value) if value is not None), UNKNOWN_VALUE
            )
    try:
        return msgspec.convert(wire_fields, operation_type, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidArgument(f"{operation_name(operation_type)}: {error}") from error
