"""How every vendor's currencies are read: trimmed, in capitals, and one of ISO 4217 or a credit that the vendor documents."""

from __future__ import annotations

from collections.abc import Container, Iterator

from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import CURRENCY_PATTERN, NATIONAL_CURRENCIES, NO_CURRENCY, NO_MONEY_CODES
from billfold.wire.codec import Maybe, get_or


def read_currency(text: Maybe[str]) -> str:
    """Return a currency's code; "" where none is stated, and that of no currency where the text cannot be a code."""
    code = get_or(text, "").strip().upper()
    return code if not code or CURRENCY_PATTERN.fullmatch(code) else NO_CURRENCY


def check_currency(
    text: Maybe[str], credit_codes: Container[str] = (), *, subject: str = "the invoice"
) -> Iterator[Finding]:
    """Say what is wrong with a currency as the vendor writes it: it is not stated, or neither money nor a known credit.

    ``credit_codes`` are the vendor's own, which stand for what was paid before; ``subject`` is what should state it.
    """
    code = read_currency(text)
    if not code:
        yield make_finding(FindingCode.CURRENCY_UNKNOWN, f"{subject} states no currency")
    elif code not in credit_codes and code not in NATIONAL_CURRENCIES - NO_MONEY_CODES:
        text = (
            f"its currency {get_or(text, '')[:40]!r} is neither one of ISO 4217 nor a credit that the vendor documents"
        )
        yield make_finding(FindingCode.CURRENCY_UNKNOWN, text, currency=code)
