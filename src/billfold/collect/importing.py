"""Saved answers: which operation a file answers, and its way into the archive and the ledger."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from billfold.collect.workspace import Books
from billfold.ledger.account_lock import turn
from billfold.ledger.documents import UNNAMED
from billfold.ledger.entries import Heard
from billfold.model.errors import ApiError, BillfoldError, Misasked, Unreadable
from billfold.providers.provider import Provider
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import FORMATS, Kind, Operation, name_of, question, read, shape
from billfold.wire.paging import Paged

LARGEST = 512 * 1024 * 1024
"""Bytes of a file: no more is taken from a vendor either."""


class File(NamedTuple):
    """What became of one file."""

    path: Path
    operation: str
    words: str


class Told(NamedTuple):
    """What became of an import: the files, the bills that it changed, the invoices that are listed but not booked."""

    files: list[File]
    bills: list[dict[str, Any]]
    unread: tuple[str, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether anything was not read or cannot be trusted as it is."""
        return any(not file.operation for file in self.files) or any(bill["parked"] for bill in self.bills)


def bring(
    books: Books, door: Provider, account: str, paths: Sequence[Path], operation: str | None, said: Mapping[str, str]
) -> Told:
    """Archive the files as answers of one run, book them, and tell what became of each; an unread file is left out."""
    now, files = datetime.now(UTC), list[File]()
    with turn(books.directory / "locks", door.name, account):
        run = books.archive.start(door.name, account, "import", now)
        for path in paths:
            try:
                found = answers(_content(path), door, operation, said)
            except BillfoldError as error:
                files.append(File(path, "", _words(error)))
                continue
            heard = (Heard(name_of(op), question(op), 200, one.headers, one.body, now) for op, one in found)
            books.archive.add(run, *heard)
            names = ", ".join(sorted({name_of(op) for op, _ in found}))
            files.append(File(path, names, f"{sum(len(response.body) for _, response in found)} bytes"))
        books.archive.end(run, "imported", now)
    with books.ledger() as db:
        rows = db.execute(
            "SELECT state, invoice_id, total, currency, parked FROM bills WHERE run=? ORDER BY period_start, invoice_id",
            [run.id],
        ).fetchall()
        problems, listing = db.execute("SELECT problems, listing FROM runs WHERE run=?", [run.id]).fetchall()[0]
        listed = set(json.loads(listing)["ids"]) if listing else set()
        mine = "SELECT invoice_id FROM bills JOIN runs USING (provider, account) WHERE runs.run=?"
        booked = db.execute(mine, [run.id]).fetchall()
    unread = tuple(sorted(listed - {row[0] for row in booked}))
    bills = [dict(zip(("state", "invoice_id", "total", "currency", "parked"), row, strict=True)) for row in rows]
    said_of = (problem.removesuffix(f" {Unreadable.advice}") for problem in json.loads(problems))
    return Told(files + [File(Path(account), "", problem) for problem in said_of], bills, unread)


def _words(error: BillfoldError) -> str:
    """Say why a file was not read; a vendor's answer would be asked for again, but not a file."""
    return f"{error.message}; save the answer again as it came" if isinstance(error, ApiError) else str(error)


def _content(path: Path) -> bytes:
    """Read a saved answer whole; raises ``Misasked`` for what can be none."""
    if path.is_char_device() or path.is_block_device():
        raise Misasked("it is a device, not a file")
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Misasked(f"it is larger than {LARGEST >> 20} MiB")
    if not content.strip():
        raise Misasked("it is empty")
    return content


def answers(
    content: bytes, door: Provider, operation: str | None, said: Mapping[str, str]
) -> list[tuple[Operation[Any], Response]]:
    """Find the answers in a file: the one that it is, or those that a bare list is made of."""
    try:
        return [understood(content, door, operation, said)]
    except Misasked:
        listed = codec.tree(content) if _format(content) == "json" else None
        if not listed or not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise
        return [understood(codec.encode(one), door, operation, said) for one in listed]


def understood(
    content: bytes, door: Provider, operation: str | None, said: Mapping[str, str]
) -> tuple[Operation[Any], Response]:
    """Find which question a saved body answers; raises ``Misasked`` where it is none of this vendor's."""
    form = _format(content)
    if form != "json":
        return _file(content, form, door, operation, said)
    tree, content = _unwrapped(codec.tree(content), content)
    kinds = [kind for kind in door.operations if operation in {None, name_of(kind)} and kind.reply is not bytes]
    scored = [(score, kind) for kind in kinds if (score := _known(content, tree, kind)) is not None]
    best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    if best[1] is None or not best[0] or (best[0] < 0.5 and operation is None):
        named = (
            f"{operation}: leave --operation out"
            if operation
            else f"an operation of {door.title}; name one with --operation"
        )
        raise Misasked(f"this is not the answer of {named}")
    response = Response(200, {"content-type": FORMATS["json"]}, content)
    op = _asked(best[1], _own(tree, best[1]), said)
    found = read(op, response)
    if isinstance(op, Paged):
        op.items(found)
    return op, response


def _own(tree: Any, kind: Kind) -> Mapping[str, Any]:
    """Return what a body says of itself, out of its envelope; the id of an operation that ends in an invoice is its own."""
    inner = tree.get(kind.unwrap) if isinstance(tree, dict) and kind.unwrap else tree
    if not isinstance(inner, dict):
        return {}
    return {"invoice_id": inner.get("id"), **inner} if kind.path.endswith("/{invoice_id}") else inner


def _format(content: bytes) -> str:
    """Tell by its first bytes what a file would be; what is neither JSON nor a PDF may be a CSV."""
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return "pdf" if start.startswith(b"%PDF") else "json" if start[:1] in {b"{", b"["} else "csv"


def _unwrapped(tree: Any, content: bytes) -> tuple[Any, bytes]:
    """Take the body out of a saved exchange, which has a status and headers beside it."""
    if isinstance(tree, dict) and {"status", "headers", "body"} <= set(tree) and isinstance(tree["body"], dict):
        return tree["body"], codec.encode(tree["body"])
    return tree, content


def _file(
    content: bytes, form: str, door: Provider, operation: str | None, said: Mapping[str, str]
) -> tuple[Operation[Any], Response]:
    """Find which operation answers with such a file; raises ``Misasked``, also for a CSV without the vendor's columns."""
    wanted = ""
    for kind in door.operations:
        fits = kind.reply is bytes and FORMATS[form] in shape(kind).accepts.values()
        if not fits or operation not in {None, name_of(kind)}:
            continue
        own = _columns(content, kind) if form == "csv" else {}
        if own is not None:
            extra = {"format": form} if "format" in kind.__struct_fields__ else {}
            return _asked(kind, own, {**said, **extra}), Response(200, {"content-type": FORMATS[form]}, content)
        wanted = f"and no CSV in UTF-8 that has {', '.join(kind.columns)} among its columns"
    found = "it is a PDF" if form == "pdf" else "it is no JSON"
    wanted = wanted or f"and {operation or door.title} does not answer so"
    raise Misasked(f"{found}, {wanted}: import an answer as it came")


def _columns(content: bytes, kind: Kind) -> Mapping[str, Any] | None:
    """Return what the rows of a CSV say of the question, or None where it is none of this operation's."""
    told: dict[str, Any] = {}
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        if not set(kind.columns) <= set(rows.fieldnames or ()):
            return None
        for row in rows:
            for name in shape(kind).path_fields.values():
                if (value := row.get(name)) and told.setdefault(name, value) != value:
                    raise Misasked(f"its rows are not all of one {name}: import each invoice by itself")
    except (UnicodeDecodeError, csv.Error):
        return None
    return told


def _known(content: bytes, tree: Any, kind: Kind) -> float | None:
    """Return which share of a body an operation's record knows, or None where it does not fit at all."""
    try:
        again = codec.tree(codec.encode(codec.decode(content, kind.reply)))
    except (BillfoldError, TypeError):
        return None
    return _leaves(again) / max(_leaves(tree), 1)


def _leaves(tree: Any) -> int:
    """Count names and values; a file may be nested deeper than functions can call themselves."""
    count, left = 0, [tree]
    while left:
        one = left.pop()
        inner = list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else None
        count += 1 if inner is None else len(inner) * isinstance(one, dict)
        left += inner or ()
    return count


def _asked(kind: Kind, own: Mapping[str, Any], said: Mapping[str, str]) -> Operation[Any]:
    """Make the question out of what its answer says of itself and what the caller says; they must agree."""
    wire: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        told, given = own.get(field.encode_name), said.get(field.name)
        if told is not None and given not in {None, str(told)}:
            raise Misasked(
                f"{name_of(kind)}: the file itself says that its {field.name} is {told}, not {given}: leave it out"
            )
        if told is None and given is None and field.name == "invoice_id" and kind.reply is not bytes:
            raise Misasked(f"{name_of(kind)}: the file does not say which invoice it is of: give --invoice-id")
        if field.required or given is not None:
            wire[field.encode_name] = next((one for one in (told, given) if one is not None), UNNAMED)
    try:
        return msgspec.convert(wire, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Misasked(f"{name_of(kind)}: {error}") from error
