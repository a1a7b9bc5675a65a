"""Credit memos: what is one, which invoice it takes back from, and what cannot be told of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.providers.genesys.mapping.lines import read_amount
from billfold.providers.genesys.records import BillingInvoice, BillingInvoiceItem
from billfold.wire.codec import get_or

_WORD_PATTERN = re.compile(r"[\w-]+")


def is_credit_memo(invoice: BillingInvoice) -> bool:
    """Tell whether an invoice is a credit memo, by its type or because its amount is negative."""
    return _is_called_credit(invoice) or read_amount(invoice.amount) < 0


def _is_called_credit(invoice: BillingInvoice) -> bool:
    return "credit" in get_or(invoice.customer_invoice_type, "").lower()


def check_credit_signs(invoice: BillingInvoice, items: Iterable[BillingInvoiceItem]) -> Iterator[Finding]:
    """Say what a credit memo adds to the debt: it may be meant to take it away."""
    # GUESS: what is credited is negative; whether the vendor writes it so is not documented.
    if _is_called_credit(invoice):
        invoice_type = get_or(invoice.customer_invoice_type, "")
        if read_amount(invoice.amount) > 0:
            text = f"it is a {invoice_type!r} of a positive amount: whether the vendor gives or takes it cannot be told"
            yield make_finding(FindingCode.SIGN_UNCLEAR, text)
        for item in items:
            if read_amount(item.amount) > 0:
                line_id = get_or(item.id, "")
                text = f"it is a {invoice_type!r} with a positive line {line_id}: gift or debt cannot be told"
                yield make_finding(FindingCode.SIGN_UNCLEAR, text, line=line_id)


def find_corrected_invoice(
    invoice: BillingInvoice, items: Iterable[BillingInvoiceItem], invoice_ids: Iterable[str]
) -> str | None:
    """Return the invoice that a credit memo takes back from, where its lines name one that is known."""
    description_words = {word for item in items for word in _WORD_PATTERN.findall(get_or(item.description, ""))}
    corrected_ids = sorted(description_words & set(invoice_ids) - {str(get_or(invoice.id, ""))})
    return corrected_ids[0] if is_credit_memo(invoice) and len(corrected_ids) == 1 else None
