"""What a file of a month's evidence holds: its files, the register's invoices, the entries of the chains."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple, Self

MANIFEST, CHAIN, REGISTER, CHARGES = "manifest.json", "chain.jsonl", "register.csv", "charges.csv"
ACKNOWLEDGEMENTS, TIMESTAMP = "acknowledgements.json", "timestamp.tsr"
COUNTED, STATUSES = "counted", {"counted", "parked", "disputed"}
Scope = tuple[str, str]
"""A provider and an account; empty: all of them."""


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


class InvoiceTotal(NamedTuple):
    """An issued invoice in one currency; a credit memo ``corrects`` another."""

    provider: str
    account: str
    invoice_id: str
    currency: str
    total: Decimal
    corrects: str = ""

    @property
    def money(self) -> str:
        """Its total for people: all its digits, cents at least."""
        units, _, fraction = f"{self.total:f}".partition(".")
        return f"{units}.{fraction.rstrip('0'):0<2} {self.currency}"


class Evidence:
    """The files of a month's evidence; a name that is there twice is damage. Close it, or use it in a ``with`` statement."""

    def __init__(self, path: str) -> None:
        self._archive = zipfile.ZipFile(path)
        names = self._archive.namelist()
        self.repeated_names = sorted({name for name in names if names.count(name) > 1})
        self.names = set(names)
        self.manifest = json.loads(self.read(MANIFEST))
        provider, account = self.manifest["scope"]
        self.month, self.scope, self.is_part = (
            str(self.manifest["month"]),
            (provider, account),
            bool(provider or account),
        )
        self.coverage = describe_coverage(self.month, self.scope)

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

    def list_invoices(self, status: str = COUNTED) -> list[InvoiceTotal]:
        """Return the issued invoices of the register that have a status."""
        rows = [row for row in self.iter_rows(REGISTER) if (row["status"], row["state"]) == (status, "issued")]
        return [
            InvoiceTotal(
                row["provider"],
                row["account"],
                row["invoice_id"],
                row["currency"],
                Decimal(row["gross"] or 0),
                row["corrects"],
            )
            for row in rows
        ]

    def read(self, name: str) -> bytes:
        """Return what a file holds."""
        return self._archive.read(name)

    def read_chain(self) -> list[ChainEntry]:
        """Return the entries of all chains, in their order: those of the evidence, and later ones that tell of redactions."""
        return [ChainEntry(*json.loads(line)) for line in self.read(CHAIN).decode().splitlines()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()


def includes(scope: Scope, place: Scope) -> bool:
    """Tell whether a provider and account are in a scope."""
    return scope[0] in {"", place[0]} and scope[1] in {"", place[1]}


def describe_coverage(month: str, scope: Scope) -> str:
    """Say what evidence is of: all accounts of a month, or only some."""
    return (
        f"{month}, only {' '.join(filter(None, scope))}: a part of the month"
        if any(scope)
        else f"{month}, all accounts"
    )
