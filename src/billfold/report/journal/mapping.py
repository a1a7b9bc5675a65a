"""The mapping of charges to accounts: which rule fits which charge, and what stands where none does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

SUSPENSE = "Suspense"
PAYABLE = "Accounts payable"
PREPAID = "Prepaid credits"
ACCRUED = "Accrued liabilities"


class Coding(NamedTuple):
    """Where a charge is booked: account, tax code and cost center of the general ledger; None: not stated."""

    gl_account: str | None = None
    tax_code: str | None = None
    cost_center: str | None = None


class JournalRule(NamedTuple):
    """Patterns (``*`` stands for anything) by the keys that charges are grouped by, and how what fits is coded."""

    patterns: Mapping[str, str]
    coding: Coding

    def fits(self, cells: Mapping[str, str]) -> bool:
        """Tell whether charges that have these values fit."""
        return all(fits_text(pattern, cells[key]) for key, pattern in self.patterns.items())


def fits_text(pattern: str, text: str) -> bool:
    """Tell whether a text fits a pattern of a mapping, its case included."""
    return fnmatchcase(text, pattern)


class VendorAccounts(NamedTuple):
    """What a vendor is called in the books, and the accounts of what is owed to it and of credits bought of it."""

    name: str | None = None
    payable: str | None = None
    prepaid: str | None = None


class DatevHeader(NamedTuple):
    """What a DATEV file says of whose books it is for; ``rates`` are units of a foreign currency for one of the books'."""

    consultant: int = 1001
    client: int = 1
    first_month: int = 1
    account_length: int = 4
    currency: str = "EUR"
    rates: Mapping[str, str] = {}


class JournalMapping(NamedTuple):
    """A whole mapping: rules in their order, what stands where no rule says otherwise, and what formats need.

    ``fallback.gl_account`` None means that charges without a rule go to the suspense account.
    """

    rules: Sequence[JournalRule] = ()
    fallback: Coding = Coding()
    suspense: str = SUSPENSE
    vendors: Mapping[str, VendorAccounts] = {}
    vendor_fallback: VendorAccounts = VendorAccounts(None, PAYABLE, PREPAID)
    accrued: str = ACCRUED
    datev: DatevHeader = DatevHeader()
    has_open_directives: bool = True
    date_format: str = "%d/%m/%Y"

    @property
    def keys(self) -> list[str]:
        """The keys that its rules ask of a charge."""
        return sorted({key for rule in self.rules for key in rule.patterns})

    @property
    def conditions(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Which rule it is, and the key and the pattern of each of its conditions."""
        return [
            (f"rule {number}", key, (pattern,))
            for number, rule in enumerate(self.rules, 1)
            for key, pattern in rule.patterns.items()
        ]

    def code_charges(self, cells: Mapping[str, str]) -> Coding:
        """Return the coding of charges: each part by the first fitting rule that states it, else the fallback's."""
        codings = [rule.coding for rule in self.rules if rule.fits(cells)] + [self.fallback]
        parts = (
            next((value for coding in codings if (value := coding[index]) is not None), None) for index in range(3)
        )
        return Coding(*parts)

    def find_vendor(self, provider: str, issuer: str) -> VendorAccounts:
        """Return what a vendor is called, and its accounts."""
        stated, fallback = self.vendors.get(provider, VendorAccounts()), self.vendor_fallback
        return VendorAccounts(
            stated.name or issuer, stated.payable or fallback.payable, stated.prepaid or fallback.prepaid
        )
