"""What each table and column that anybody may ask for in SQL means, in a few words."""

from __future__ import annotations

from collections.abc import Mapping

from billfold.model.focus import COMMITMENT, COST, INVOICE, PERIOD

COSTS_VIEW = "costs"
RECORDS_TABLE = "records"
TABLE_MEANINGS = {
    COSTS_VIEW: "charges with short names: begin here",
    COST: "charges, as FOCUS exports them",
    INVOICE: "lines of issued invoices and drafts (FOCUS)",
    PERIOD: "billing periods of each issuer (FOCUS)",
    COMMITMENT: "what contracts commit to (FOCUS)",
    "bills": "every version of every invoice, draft and estimate",
    "runs": "collections and imports that are booked",
    "accounts": "accounts and their identities",
    "findings": "what was found of bills and runs",
    RECORDS_TABLE: "every archived answer, its body as text",
}
"""The tables that are documented; a ledger has others inside, which change without notice."""
_COSTS = {
    "provider": "the vendor: vultr, fastly, cockroach, genesys",
    "account": "the account's name in the configuration",
    "month": "month in which the billing period begins, as 2026-05",
    "state": "issued, draft or estimate: never add two of them",
    "currency": "currency of the bill: never add two of them",
    "cost": "what is owed for it, exact, in that currency",
    "service": "what it is for; of a tax or credit also that it is one",
    "category": "Usage, Purchase, Tax, Credit or Adjustment",
    "frequency": "Usage-Based, Recurring or One-Time",
    "sku": "the vendor's product",
    "region": "where it was used",
    "resource": "name, or else id, of what was used",
    "sub_account": "folder, organization or team at the vendor",
    "tags": "labels, JSON text: tags->>'team'",
    "description": "the line as the vendor words it",
    "quantity": "how much was priced",
    "unit": "of the quantity",
    "invoice_id": "of an issued invoice or a draft",
    "day": "day on which the charge begins",
}
_COST = {
    "BilledCost": "what is invoiced for it",
    "BillingAccountId": "the account's identity at the vendor",
    "BillingAccountName": "the account's name",
    "BillingCurrency": "currency of the costs",
    "BillingPeriodEnd": "end of the billing period, exclusive",
    "BillingPeriodStart": "beginning of the billing period",
    "ChargeCategory": "Usage, Purchase, Tax, Credit or Adjustment",
    "ChargeClass": "Correction where it corrects an earlier period",
    "ChargeDescription": "the line as the vendor words it",
    "ChargeFrequency": "Usage-Based, Recurring or One-Time",
    "ChargePeriodEnd": "end of the time it is for, exclusive",
    "ChargePeriodStart": "beginning of the time it is for",
    "ConsumedQuantity": "how much was used",
    "ConsumedUnit": "of the quantity used",
    "ContractApplied": "commitments it counts for, JSON text",
    "ContractedCost": "contracted price x quantity",
    "ContractedUnitPrice": "price of a unit by contract",
    "EffectiveCost": "cost after all reductions",
    "HostProviderName": "whose infrastructure runs it",
    "InvoiceDetailId": "id of the invoice line, for `billfold explain`",
    "InvoiceId": "of an issued invoice or a draft",
    "InvoiceIssuerName": "the vendor, as its invoices name it",
    "ListCost": "list price x quantity",
    "ListUnitPrice": "price of a unit before reductions",
    "PricingCurrency": "currency of the prices",
    "PricingCurrencyEffectiveCost": "effective cost in that currency",
    "PricingQuantity": "how much was priced",
    "PricingUnit": "of the quantity priced",
    "RegionId": "region, by its id",
    "RegionName": "region, by its name",
    "ResourceId": "what was used, by its id",
    "ResourceName": "what was used, by its name",
    "ResourceType": "what sort of resource it is",
    "ServiceCategory": "FOCUS's category of the service",
    "ServiceName": "the vendor's service",
    "ServiceProviderName": "who provides the service",
    "ServiceSubcategory": "FOCUS's subcategory of the service",
    "SkuId": "the vendor's product",
    "SkuMeter": "what of the product is measured",
    "SkuPriceId": "the product at one price",
    "SubAccountId": "folder, organization or team, by its id",
    "SubAccountName": "folder, organization or team, by its name",
    "Tags": "labels, JSON text",
    "x_AccountName": "the account's name in the configuration",
    "x_ArchiveSeq": "number of the archived answer it came from",
    "x_Details": "what else the vendor states, JSON text",
    "x_InvoiceIssueDate": "when its invoice was issued",
    "x_JsonPath": "place in that answer",
    "x_ListedUnitPrice": "the vendor's rate, where rate x quantity is not the cost",
    "x_NativeId": "the vendor's own id of the line",
    "x_State": "issued, draft or estimate: never add two of them",
    "x_UnitPrice": "the vendor's rate, always filled: compare this",
    "x_PriceBasis": "rate, capped, tiered or derived",
    "x_Synthetic": "true for a row that no vendor listed",
}
_INVOICE = {
    "InvoiceDetailDescription": "the line as the vendor words it",
    "InvoiceDetailGrain": "what tells the line from others, JSON text",
    "InvoiceIssueDate": "when the invoice was issued",
    "InvoiceIssueStatus": "Issued or Open",
    "PaymentDueDate": "when it is to be paid",
    "PaymentTerms": "as the vendor or the configuration states them",
    "PurchaseOrderNumber": "the customer's order",
    "ReferenceInvoiceId": "the invoice that it corrects, or its own",
}
_PERIOD = {"BillingPeriodStatus": "Open or Closed", "BillingPeriodLastUpdated": "when its bills last changed"}
_COMMITMENT = {
    "ContractCommitmentCost": "what is committed, as money",
    "ContractCommitmentId": "the commitment's id at the vendor",
    "ContractCommitmentPeriodEnd": "end of the commitment, exclusive",
    "ContractCommitmentPeriodStart": "beginning of the commitment",
    "ContractCommitmentQuantity": "what is committed, as a quantity",
    "ContractCommitmentUnit": "of that quantity",
    "ContractId": "the contract's id",
}
_BILLS = {
    "id": "the version's number in this ledger",
    "provider": "the vendor",
    "account": "the account's identity, as in accounts",
    "bill_key": "the same for all versions of a bill",
    "state": "issued, draft or estimate",
    "invoice_id": "the vendor's number, null for an estimate",
    "period_start": "beginning of its period",
    "period_end": "end of its period, exclusive",
    "currency": "of its total",
    "total": "as the vendor states it: text, cast it to DECIMAL",
    "lines": "how many lines the vendor lists",
    "charges": "how many charges there are",
    "summed": "what the charges sum to, as text",
    "parked": "why it is not counted, null where it is",
    "issuer": "who issued it",
    "issued_on": "when it was issued",
    "due_on": "when it is to be paid",
    "terms": "terms of payment",
    "purchase_order": "the customer's order",
    "corrects": "the invoice that a credit memo corrects",
    "disputes": "id of the trusted version that it disputes",
    "run": "the run that brought it",
    "from_seq": "archive number since which it is believed",
    "until_seq": "archive number until which; null: it is believed now",
}
_RUNS = {
    "run": "the run's number",
    "account": "the account's identity, as in accounts",
    "ended": "when it ended, by this machine",
    "asked": "when it was made, by the vendor's time",
    "seq": "the last archive number of it",
    "outcome": "complete, imported, or why not",
}
_RECORDS = {
    "seq": "number in the archive",
    "operation": "what was asked",
    "question": "with which arguments, JSON text",
    "status": "HTTP status",
    "fetched_at": "when, by this machine",
    "body": "the answer as text, null where it is none",
}
_ACCOUNTS = {"account": "the identity at the vendor", "name": "what it is called now"}
_FINDINGS = {
    "bill": "the version of a bill it is about",
    "stage": "where it was found",
    "code": "what sort of finding it is",
    "severity": "wrong, open or notice",
    "subject": "what it is about",
    "text": "what is the matter",
    "data": "amounts and names in it, JSON text",
}
_BY_TABLE: Mapping[str, Mapping[str, str]] = {
    COSTS_VIEW: _COSTS,
    COST: _COST,
    INVOICE: _COST | _INVOICE,
    PERIOD: _COST | _PERIOD,
    COMMITMENT: _COST | _COMMITMENT,
    "bills": _BILLS,
    "runs": _BILLS | _RUNS,
    "accounts": _BILLS | _RUNS | _ACCOUNTS,
    "findings": _RUNS | _FINDINGS,
    RECORDS_TABLE: _BILLS | _RUNS | _RECORDS,
}


_OTHERWISE = dict.fromkeys((COST, INVOICE, PERIOD, COMMITMENT), "as FOCUS defines it")


def find_meaning(table: str, column: str) -> str:
    """Return what a column of a table means."""
    return _BY_TABLE.get(table, {}).get(column, "") or _OTHERWISE.get(table, "for the ledger itself: may change")
