"""Rules that need more than one row, as data: questions that find what breaks them.

Sums of an invoice are compared within the Rounding Variance Tolerance of FOCUS 1.4: the larger of 100 subunits of the
currency and half a subunit times the square root of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from billfold.ledger.file_questions import Groups, Orphans, Pairs, Question, Sums, UnequalSums
from billfold.model.focus import COMMITMENT, COST, INVOICE, PERIOD

ZERO_DECIMAL_CURRENCIES = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "UYI",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
THREE_DECIMAL_CURRENCIES = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]


class DatasetRule(NamedTuple):
    """A rule over several rows: its name, where it is told, what to say, which columns it needs, what breaks it."""

    name: str
    dataset: str
    message: str
    needs: Mapping[str, str]
    broken: Question


def _quote_codes(codes: list[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


_SUBUNIT = f"CASE WHEN BillingCurrency IN ({_quote_codes(ZERO_DECIMAL_CURRENCIES)}) THEN 1 WHEN BillingCurrency IN ({_quote_codes(THREE_DECIMAL_CURRENCIES)}) THEN 0.001 ELSE 0.01 END"
_TOLERANCE = f"greatest(100, 0.5 * sqrt(greatest(o.n, coalesce(t.n, 0)))) * {_SUBUNIT}"
_CHARGED = Sums(COST, "BilledCost#", "InvoiceId IS NOT NULL", "charged")
_BILLED = Sums(INVOICE, "BilledCost#", "InvoiceIssueStatus IS DISTINCT FROM 'Open'", "billed")
_INVOICE = ("InvoiceIssuerName", "InvoiceId")
_LINE = (*_INVOICE, "InvoiceDetailId")
_PERIOD = ("InvoiceIssuerName", "BillingPeriodStart", "BillingPeriodEnd")


def _single_parent_rule(child: str, parent: str, scope: str = "ServiceProviderName") -> DatasetRule:
    """Say that every child has one parent, within a provider."""
    return DatasetRule(
        f"one-{parent}-per-{child}",
        COST,
        f"one {child} has several {parent}",
        {COST: f"{scope} {child} {parent}"},
        Groups(
            COST,
            (scope, child),
            having=f"count(DISTINCT {parent}) > 1",
            shown=(child,),
            condition=f"{child} IS NOT NULL AND {parent} IS NOT NULL",
        ),
    )


def _unique_rule(dataset: str, *key: str) -> DatasetRule:
    return DatasetRule(
        f"unique-{key[-1]}",
        dataset,
        f"{' and '.join(key)} stand twice",
        {dataset: " ".join(key)},
        Groups(dataset, key, having="count(*) > 1", shown=key),
    )


def _equal_sums_rule(name: str, key: tuple[str, ...]) -> DatasetRule:
    """Say that charges and invoice lines come to the same, for each key, where the invoice is not open."""
    columns = f"{' '.join(key)} BillingCurrency BilledCost"
    return DatasetRule(
        name,
        INVOICE,
        f"charges and invoice lines differ for one {key[-1]}",
        {COST: columns, INVOICE: f"{columns} InvoiceIssueStatus"},
        UnequalSums(_CHARGED, _BILLED, key, "BillingCurrency", _TOLERANCE),
    )


def _same_in_line_rule(column: str) -> DatasetRule:
    needs = " ".join((*_LINE, column))
    return DatasetRule(
        f"line-{column}",
        COST,
        f"{column} differs between a charge and its invoice line",
        {COST: needs, INVOICE: needs},
        Pairs(COST, INVOICE, _LINE, f"t.{column} IS DISTINCT FROM o.{column}", shown=_LINE),
    )


def _same_in_invoice_rule(column: str) -> DatasetRule:
    return DatasetRule(
        f"invoice-{column}",
        INVOICE,
        f"the lines of one invoice differ in {column}",
        {INVOICE: " ".join((*_INVOICE, column))},
        Groups(INVOICE, _INVOICE, having=f"count(DISTINCT coalesce({column}, '')) > 1", shown=_INVOICE),
    )


def _closed_period_rule(
    name: str, message: str, needs: Mapping[str, str], dataset: str, condition: str, shown: str
) -> DatasetRule:
    """Say that nothing in a dataset keeps a closed period open."""
    return DatasetRule(
        name,
        PERIOD,
        message,
        {name: " ".join((*_PERIOD, columns)) for name, columns in needs.items()},
        Pairs(
            dataset,
            PERIOD,
            _PERIOD,
            f"BillingPeriodStatus = 'Closed' AND {condition}",
            shown=("InvoiceIssuerName", shown),
            is_distinct=True,
        ),
    )


DATASET_RULES: tuple[DatasetRule, ...] = (
    _single_parent_rule("ServiceName", "ServiceCategory"),
    _single_parent_rule("SkuPriceId", "SkuId"),
    _single_parent_rule("CommitmentDiscountId", "CommitmentDiscountUnit"),
    _single_parent_rule("InvoiceId", "BillingPeriodStart", "InvoiceIssuerName"),
    _single_parent_rule("InvoiceId", "BillingPeriodEnd", "InvoiceIssuerName"),
    _unique_rule(INVOICE, *_LINE),
    _unique_rule(PERIOD, *_PERIOD),
    _unique_rule(COMMITMENT, "ServiceProviderName", "ContractCommitmentId"),
    _equal_sums_rule("sums-of-lines", _LINE),
    _equal_sums_rule("sums-of-invoices", _INVOICE),
    DatasetRule(
        "charge-twice",
        COST,
        "a charge stands twice in all its columns",
        {COST: "InvoiceDetailId"},
        Groups(
            COST,
            ("hash(t)",),
            having="count(*) > 1",
            shown=("'hash'", "hash(t)"),
            condition="InvoiceDetailId IS NOT NULL",
        ),
    ),
    DatasetRule(
        "period-unknown",
        COST,
        "no BillingPeriod has the period and issuer of a charge",
        {COST: " ".join(_PERIOD), PERIOD: " ".join(_PERIOD)},
        Orphans(COST, PERIOD, {name: name for name in _PERIOD}, shown=_PERIOD[:2], is_distinct=True),
    ),
    DatasetRule(
        "line-unknown",
        COST,
        "no InvoiceDetail has the line that a charge names",
        {COST: " ".join(_LINE), INVOICE: " ".join(_LINE)},
        Orphans(COST, INVOICE, {name: name for name in _LINE}, shown=_LINE, condition="InvoiceId IS NOT NULL"),
    ),
    *map(
        _same_in_line_rule,
        ("ChargeCategory", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd", "BillingAccountId"),
    ),
    *map(
        _same_in_invoice_rule,
        ("InvoiceIssueStatus", "InvoiceIssueDate", "PaymentDueDate", "BillingPeriodStart", "BillingAccountId"),
    ),
    DatasetRule(
        "payment-line-unknown",
        INVOICE,
        "PaymentCurrencyInvoiceDetailId names no line of the invoice",
        {INVOICE: " ".join((*_LINE, "PaymentCurrencyInvoiceDetailId"))},
        Orphans(
            INVOICE,
            INVOICE,
            {**{name: name for name in _INVOICE}, "PaymentCurrencyInvoiceDetailId": "InvoiceDetailId"},
            shown=("InvoiceId", "InvoiceDetailId"),
        ),
    ),
    _closed_period_rule(
        "closed-with-open-invoice",
        "a closed period has an open invoice",
        {PERIOD: "BillingPeriodStatus", INVOICE: "InvoiceId InvoiceIssueStatus"},
        INVOICE,
        "InvoiceIssueStatus = 'Open'",
        shown="InvoiceId",
    ),
    _closed_period_rule(
        "closed-before-line",
        "a closed period was last updated before a line of it was created",
        {PERIOD: "BillingPeriodStatus BillingPeriodLastUpdated", INVOICE: "InvoiceId InvoiceDetailCreated"},
        INVOICE,
        "InvoiceDetailCreated > BillingPeriodLastUpdated",
        shown="InvoiceId",
    ),
    _closed_period_rule(
        "closed-with-estimate",
        "a closed period has a charge that costs something and is on no invoice",
        {PERIOD: "BillingPeriodStatus", COST: "InvoiceId BilledCost"},
        COST,
        'InvoiceId IS NULL AND "BilledCost#" <> 0',
        shown="BillingPeriodStart",
    ),
    DatasetRule(
        "correction-of-open-period",
        COST,
        "a Correction lies in a billing period that is still open, and corrects nothing before it",
        {
            PERIOD: " ".join((*_PERIOD, "BillingPeriodStatus")),
            COST: " ".join((*_PERIOD, "ChargeClass ChargePeriodStart ChargeDescription")),
        },
        Pairs(
            COST,
            PERIOD,
            _PERIOD,
            "BillingPeriodStatus = 'Open' AND ChargeClass = 'Correction' AND ChargePeriodStart >= BillingPeriodStart",
            shown=("InvoiceIssuerName", "ChargeDescription"),
        ),
    ),
    DatasetRule(
        "commitment-unknown",
        COST,
        "ContractApplied names a commitment that ContractCommitment does not have",
        {COST: "ContractApplied", COMMITMENT: "ContractId ContractCommitmentId"},
        Orphans(
            COST,
            COMMITMENT,
            {name: name for name in ("ContractId", "ContractCommitmentId")},
            shown=("ContractCommitmentId",),
            is_distinct=True,
            elements="ContractApplied",
        ),
    ),
)
