"""What could be asked of Fastly's billing v2: retired since 2025-03, and kept for answers that were saved."""

from __future__ import annotations

from typing import Literal

import msgspec

from billfold.providers.fastly.records_v2 import (
    BillingEstimateResponse,
    BillingResponse,
    Serviceusagetype,
    Serviceusagetypes,
)
from billfold.wire.operation import Enveloped, Operation
from billfold.wire.waiting import Waiting

ROLES = ("billing", "superuser")
V2_DOCS = "https://github.com/fastly/fastly-py/blob/main/docs/BillingApi.md"
ESTIMATE_WAITING = Waiting(first_delay_s=2.0, delay_factor=1.5, max_delay_s=15.0, timeout_s=120.0)
"""An estimate takes less than 5 seconds as a rule and up to 60; until then the answer is 202."""


class ByMonth(msgspec.Struct, frozen=True):
    """What has a month by ``year`` and ``month``; the number 5 is asked as ``05``."""

    def __post_init__(self) -> None:
        for name, digits in (("year", 4), ("month", 2)):
            if isinstance(number := getattr(self, name), int):
                msgspec.structs.force_setattr(self, name, f"{number:0{digits}}")


class AsRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What comes as a record where no file is asked for."""

    format: Literal["json"] = "json"


class AsFile(msgspec.Struct, frozen=True, kw_only=True):
    """What comes as a file: the format must be said."""

    format: Literal["csv", "pdf"]


class GetInvoice(ByMonth, AsRecord, Operation[BillingResponse], frozen=True, forbid_unknown_fields=True):
    """Get the invoice for a given year and month; ``format="csv"`` or ``"pdf"`` gives the file as bytes.

    Any month from when the customer was created. Billing v2: amounts in US dollars; retired by Fastly since 2025-03.
    """

    path = "/billing/v2/year/{year}/month/{month}"
    expected_fields = ("invoice_id", "total", "regions", "line_items")
    permissions = ROLES
    seed = True
    docs = V2_DOCS
    year: int | str
    month: int | str


class GetInvoiceFile(ByMonth, AsFile, Operation[bytes], frozen=True):
    """Get the invoice for a given year and month as a CSV or PDF file.

    Billing v2, retired by Fastly since 2025-03; the CSV's columns are documented nowhere.
    """

    name_override = "get_invoice"
    path = "/billing/v2/year/{year}/month/{month}"
    permissions = ROLES
    seed = True
    docs = V2_DOCS
    columns = ("amount",)  # GUESS: it is called as in the JSON
    year: int | str
    month: int | str


class GetInvoiceById(AsRecord, Operation[BillingResponse], frozen=True, forbid_unknown_fields=True):
    """Get the invoice for the given invoice_id; ``format="csv"`` or ``"pdf"`` gives the file as bytes.

    Billing v2: amounts in US dollars; retired by Fastly since 2025-03.
    """

    path = "/billing/v2/account_customers/{customer_id}/invoices/{invoice_id}"
    expected_fields = ("invoice_id", "total", "regions", "line_items")
    permissions = ROLES
    seed = True
    docs = V2_DOCS
    customer_id: str
    invoice_id: int | str


class GetInvoiceByIdFile(AsFile, Operation[bytes], frozen=True):
    """Get the invoice for the given invoice_id as a CSV or PDF file.

    Billing v2, retired by Fastly since 2025-03; the CSV's columns are documented nowhere.
    """

    name_override = "get_invoice_by_id"
    path = "/billing/v2/account_customers/{customer_id}/invoices/{invoice_id}"
    permissions = ROLES
    seed = True
    docs = V2_DOCS
    customer_id: str
    invoice_id: int | str
    columns = ("amount",)  # GUESS: it is called as in the JSON


class OfMonth(ByMonth, frozen=True, kw_only=True):
    """What has a month that may be left out."""

    month: int | str | None = None
    year: int | str | None = None


class GetInvoiceMtd(OfMonth, Operation[BillingEstimateResponse], frozen=True):
    """Get the current month-to-date estimate, in US dollars; made on demand and cached for 4 hours.

    Accounts with parent-pay have none, and a parent's estimate leaves its children out. Billing v2, retired since 2025-03.
    """

    path = "/billing/v2/account_customers/{customer_id}/mtd_invoice"
    waiting = ESTIMATE_WAITING
    permissions = ROLES
    seed = True
    docs = V2_DOCS
    customer_id: str


class GetServiceLevelUsageTypes(Enveloped[Serviceusagetypes, list[Serviceusagetype]], frozen=True):
    """Get the products and usage types that can be asked for by service (billing v2, retired since 2025-03)."""

    path = "/billing/v2/account_customers/{customer_id}/service-usage-types"
    result_field = "data"
    permissions = ROLES
    docs = "https://github.com/fastly/fastly-py/blob/v5.10.0/docs/BillingUsageMetricsApi.md"
    customer_id: str
