"""Faults on demand: what a vendor's bad day looks like from outside, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.providers import provider
from billfold.providers.provider import Provider
from billfold.providers.twin_api import ApiFault
from billfold.twin import damage, invoices, payments, respelling
from billfold.twin.effects import (
    BodyFault,
    Effect,
    JsonFault,
    add_headers,
    answer_pending,
    answer_with,
    cut_body,
    limit_rate,
    redirect_to,
    refuse_with,
    repeat_first_page,
)
from billfold.twin.invoices import LASTING, InvoiceFault
from billfold.wire.operation import operation_name, operation_shape

LATE_FAULT, DEFAULT_LATE_DAYS = "invoice-late", 10
RESTATEMENTS = ("restated-added", "restated-changed", "restated-split")
"""Faults that happen to the world itself: an issued invoice of the last closed month is restated, and so is the truth."""
DOCUMENT_OPERATION = "document"
"""The operation name of a download behind a pre-signed URL."""


SERVER_ERROR_HTML = (
    b"<html><head><title>503 Service Unavailable</title></head><body><h1>503</h1>Backend is unhealthy</body></html>"
)
SIGN_IN_HTML = b"<html><body><form action='/login'>Please sign in</form></body></html>"

FAULTS: dict[str, Effect] = {
    "unauthorized": refuse_with(ApiFault.UNAUTHORIZED),
    "token-expired": refuse_with(ApiFault.UNAUTHORIZED),
    "forbidden": refuse_with(ApiFault.FORBIDDEN),
    "not-found": refuse_with(ApiFault.NOT_FOUND),
    "estimate-unavailable": refuse_with(ApiFault.UNPROCESSABLE),
    "rate-limited": limit_rate({"retry-after": "1"}),
    "rate-limited-silent": limit_rate({}),
    "rate-limited-zero": limit_rate({"retry-after": "0"}),
    "rate-limited-date": limit_rate({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    "rate-limited-huge": limit_rate({"retry-after": "86400"}),
    "server-error": refuse_with(ApiFault.SERVER_ERROR),
    "server-html": answer_with(503, "text/html; charset=utf-8", SERVER_ERROR_HTML),
    "html-200": answer_with(200, "text/html; charset=utf-8", SIGN_IN_HTML),
    "accepted-202": answer_with(202, "application/json", b'{"title":"Accepted","status":"202"}'),
    "in-progress": answer_pending,
    "cut-body": cut_body,
    "looping-cursor": repeat_first_page,
    "short-page": JsonFault(damage.halve_page),
    "total-moving": JsonFault(damage.raise_count, ("items", "size")),
    "item-moved": JsonFault(damage.shift_items),
    "line-ids-changing": JsonFault(damage.change_line_ids, ("items", "id")),
    "invoice-vanishing": JsonFault(damage.remove_invoice),
    "total-off-by-a-cent": JsonFault(damage.shift_total("0.01"), ("money",)),
    "total-off-by-a-lot": JsonFault(damage.shift_total("1234.56"), ("money",)),
    "draft-finalized": JsonFault(damage.finalize_drafts, ("items", "draft")),
    "number-as-string": JsonFault(damage.rewrite_amount(str), ("money",)),
    "number-as-null": JsonFault(damage.rewrite_amount(lambda _: None), ("money",)),
    "number-tiny": JsonFault(damage.rewrite_amount(lambda _: Decimal("1e-7")), ("money",)),
    "number-negative-zero": JsonFault(damage.rewrite_amount(lambda _: Decimal("-0")), ("money",)),
    "number-25-digits": JsonFault(damage.rewrite_amount(lambda _: Decimal("1234567890123.123456789012")), ("money",)),
    "new-enum": JsonFault(damage.invent_state, ("items", "state")),
    "renamed-field": JsonFault(damage.rename_amount, ("items", "money")),
    "two-currencies": JsonFault(damage.change_currency, ("items", "currency")),
    "identical-lines": JsonFault(damage.duplicate_line),
    "csv-bom": BodyFault(lambda body: b"\xef\xbb\xbf" + body, "text/csv"),
    "csv-formula": BodyFault(lambda body: body + b'=HYPERLINK("http://example.invalid"),,,,\n', "text/csv"),
    "csv-other-total": BodyFault(damage.change_last_digit, "text/csv"),
    "document-expired": answer_with(403, "application/xml", b"<Error><Code>AccessDenied</Code></Error>"),
    "document-empty": answer_with(200, "application/pdf", b""),
    "document-html": answer_with(200, "text/html", SIGN_IN_HTML),
    "document-truncated": cut_body,
    "document-other-bytes": BodyFault(lambda body: body + b"\n% another day\n", "application/pdf"),
    "document-redirect": redirect_to("https://documents.example.invalid/invoice.pdf"),
    "document-redirect-private": redirect_to("http://169.254.169.254/latest/meta-data"),
    "wrong-length": add_headers({"x-twin-wire": "wrong-length"}),
    "reset-mid-body": add_headers({"x-twin-wire": "reset"}),
    "slow-drip": add_headers({"x-twin-wire": "drip"}),
    "gzip-bomb": lambda _: damage.make_gzip_bomb(),
    "contract-without-periods": JsonFault(damage.remove_periods, ("periods",)),
    "negative-wallet": JsonFault(damage.overdraw_wallet, ("balance",)),
    LATE_FAULT: InvoiceFault(invoices.hide_late_month),
    "newest-invoice-missing": InvoiceFault(invoices.hide_newest),
    "duplicate-invoice": InvoiceFault(invoices.copy_newest(invoices.renumber, invoices.keep_invoice)),
    "reissued-nearly-equal": InvoiceFault(invoices.copy_newest(invoices.renumber, invoices.shift_total_and_line)),
    "id-respelled": InvoiceFault(invoices.copy_newest(invoices.respell_id, invoices.keep_invoice)),
    "late-credit-memo": InvoiceFault(
        invoices.copy_newest(invoices.renumber, invoices.take_back), ("invoice", "kind", "memo")
    ),
    "invoice-overdue": JsonFault(damage.leave_unpaid, ("invoice", "unpaid")),
    "dropped-line": InvoiceFault(invoices.revise_newest(invoices.drop_line), ("lines",)),
    "total-and-lines-shifted": InvoiceFault(invoices.revise_newest(invoices.shift_total_and_line), ("lines",)),
    "payment-missing": JsonFault(payments.remove_payment, ("payment",)),
    "payment-doubled": JsonFault(payments.double_payment, ("payment",)),
    "payment-partial": JsonFault(payments.halve_payment, ("payment",)),
    "odd-currency": JsonFault(respelling.respell_currency(lambda _: "ZZQ"), ("currency",)),
    "lowercase-currency": JsonFault(respelling.respell_currency(str.lower), ("currency",)),
    "spaced-currency": JsonFault(respelling.respell_currency(lambda code: f" {code} "), ("currency",)),
    "empty-as-null": JsonFault(respelling.respell_empty(lambda: None), ()),
    "empty-as-list": JsonFault(respelling.respell_empty(list), ()),
    "empty-as-text": JsonFault(respelling.respell_empty(str), ()),
    "wrong-date-header": add_headers({"date": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    "wrong-date-header-ahead": add_headers({"date": "Wed, 21 Oct 2065 07:28:00 GMT"}),
    "endless-drip": add_headers({"x-twin-wire": "endless-drip"}),
    "endless-silence": add_headers({"x-twin-wire": "endless-silence"}),
}

EXPECTATIONS: dict[str, str] = {
    LATE_FAULT: "that an invoice of the last period is due and not there, until it comes; the period is not closed",
    "newest-invoice-missing": "that an invoice of the last period is due and never comes; the period is not closed",
    "duplicate-invoice": "both invoices, and that one may be the duplicate of the other",
    "reissued-nearly-equal": "both invoices, and that they are alike in nearly all lines",
    "id-respelled": "that one id is listed in two spellings; the invoice counts once, or both are named",
    "late-credit-memo": "the memo, and that it came into a period that was closed",
    "invoice-overdue": "that invoices are due and not paid",
    "dropped-line": "that the lines do not come to the total; the invoice does not count as it stands",
    "total-and-lines-shifted": "nothing at first sight: the invoice adds up; a restatement where it was read before",
    "payment-missing": "that the newest invoice is not paid",
    "payment-doubled": "two payments of one amount, for one invoice",
    "payment-partial": "that the newest invoice is paid in part",
    "odd-currency": "that the currency is none; the bills do not count",
    "lowercase-currency": "the same bills in the same currency",
    "spaced-currency": "the same bills in the same currency",
    "empty-as-null": "the same bills",
    "empty-as-list": "the same bills",
    "empty-as-text": "the same bills",
    "wrong-date-header": "the same bills, and that the vendor's clock is wrong",
    "wrong-date-header-ahead": "the same bills, and that the vendor's clock is wrong",
    "endless-drip": "no answer, when the time for one is over",
    "endless-silence": "no answer, when the time for one is over",
}
"""What a collector should see while a fault lasts; of the others ``docs/faults.md`` says what billfold does."""


@dataclass
class Fault:
    """A fault that is set: strikes the matching requests from number ``at`` on, ``times`` times.

    One of a scenario strikes those of one ``account``, ``since`` a time, about the invoice of a ``month``.
    """

    provider: str
    fault: str
    operation: str | None = None
    at: int = 1
    times: int = 1
    days: int = DEFAULT_LATE_DAYS
    account: str | None = None
    month: Month | None = None
    since: datetime | None = None
    match_count: int = 0
    change_count: int = 0

    def is_active(self, account_name: str | None, now: datetime) -> bool:
        """Tell whether it is about an account, and has begun."""
        return self.account in {None, account_name} and (self.since is None or self.since <= now)

    def matches(self, provider: str, operation: str | None) -> bool:
        """Count a request, and tell whether this fault strikes it."""
        target_operation = self.operation or (DOCUMENT_OPERATION if self.fault.startswith("document-") else None)
        if (
            provider != self.provider
            or (target_operation and operation != target_operation)
            or (operation == DOCUMENT_OPERATION and not target_operation)
        ):
            return False
        self.match_count += 1
        return self.at <= self.match_count < self.at + self.times

    def as_dict(self) -> dict[str, object]:
        """Describe the fault: how many requests it saw, and how many answers are other than they would have been."""
        counts = {"match_count", "change_count"} | (set() if self.fault == LATE_FAULT else {"days"})
        fields = {name: value for name, value in vars(self).items() if name not in counts and value is not None}
        changes = {"changed": self.change_count} if self.match_count else {}
        return fields | {"seen": self.match_count} | changes


def parse_fault(settings: Mapping[str, object], provider_names: list[str]) -> Fault:
    """Read a fault to be set; raises ``InvalidArgument``, also for one that could change nothing of what the vendor answers."""
    fault_name = _choose_name(settings, "fault", [*FAULTS, *RESTATEMENTS])
    provider_name = _choose_name(settings, "provider", provider_names)
    defaults = _list_defaults(fault_name)
    if unknown := set(settings) - {"provider", "fault", "operation", *defaults}:
        raise InvalidArgument(
            f"a fault has no {min(unknown)!r}; it has provider, fault, operation, {', '.join(defaults)}"
        )
    numbers = {key: settings[key] for key in defaults if key in settings}
    counts = {key: value for key, value in numbers.items() if type(value) is int and value >= 1}
    if counts.keys() != numbers.keys():
        raise InvalidArgument(f"{' and '.join(defaults)} are whole numbers from 1")
    vendor, operation = provider.find_provider(provider_name), settings.get("operation")
    if operation is not None and operation != DOCUMENT_OPERATION:
        operation = operation_name(vendor.find_operation(str(operation)))
    operation = None if operation is None else str(operation)
    _check_places(vendor, fault_name, operation)
    counts = {"days": DEFAULT_LATE_DAYS, **defaults, **counts}
    return Fault(provider_name, fault_name, operation, counts["at"], counts["times"], counts["days"])


def _list_defaults(fault_name: str) -> dict[str, int]:
    """Return the numbers of a fault, as they are where nobody says them."""
    defaults = {"at": 1, "times": LASTING if isinstance(FAULTS.get(fault_name), InvoiceFault) else 1}
    return defaults | ({"days": DEFAULT_LATE_DAYS} if fault_name == LATE_FAULT else {})


def _check_places(vendor: Provider, fault_name: str, operation: str | None) -> None:
    operations = list_places(vendor, fault_name)
    if fault_name.startswith("document-") and operation is None:
        operation = DOCUMENT_OPERATION
    if operations is not None and (not operations if operation is None else operation not in operations):
        acts_on = f"it acts on {', '.join(operations)}" if operations else "none of its answers has what it changes"
        raise InvalidArgument(f"{fault_name} can change nothing of {operation or vendor.title}: {acts_on}")


def list_places(vendor: Provider, fault_name: str) -> list[str] | None:
    """Return the operations of a vendor whose answers a fault can change; None where it can change any."""
    effect, twin = FAULTS.get(fault_name), vendor.load_twin()
    documents = [DOCUMENT_OPERATION] if twin.documents_path is not None else []
    if fault_name.startswith("document-"):
        return [*documents, *map(operation_name, vendor.operations)]
    if isinstance(effect, BodyFault):
        return _list_operations(vendor, effect.media_type)
    if isinstance(effect, JsonFault | InvoiceFault):
        return [
            name for name, fields in twin.field_maps.items() if all(getattr(fields, field) for field in effect.fields)
        ]
    if effect is answer_pending:
        waiting = {operation_name(kind): kind.waiting for kind in vendor.operations}
        return [name for name, pending in waiting.items() if pending and pending.field]
    return None


def _list_operations(vendor: Provider, media_type: str) -> list[str]:
    """Return the operations that may be answered in a media type."""
    operation_types = [kind for kind in vendor.operations if media_type in operation_shape(kind).media_types.values()]
    return list(dict.fromkeys(operation_name(kind) for kind in operation_types))


def _choose_name(settings: Mapping[str, object], subject: str, names: list[str]) -> str:
    """Return a setting that is one of these names; raises ``InvalidArgument``."""
    name = settings.get(subject)
    if name not in names:
        raise InvalidArgument(f"there is no {subject} {name!r}; known are {', '.join(names)}")
    return str(name)
