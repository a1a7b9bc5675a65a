"""Rules that need more than one row, as data: queries that return what breaks them, one example text a row.

Sums of an invoice are compared within the Rounding Variance Tolerance of FOCUS 1.4: the larger of 100 subunits of the
currency and half a subunit times the square root of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

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
    words: str
    needs: Mapping[str, str]
    broken: str


def _quote_codes(codes: list[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


_SUBUNIT = f"CASE WHEN currency IN ({_quote_codes(ZERO_DECIMAL_CURRENCIES)}) THEN 1 WHEN currency IN ({_quote_codes(THREE_DECIMAL_CURRENCIES)}) THEN 0.001 ELSE 0.01 END"
_TOLERANCE = f"greatest(100, 0.5 * sqrt(greatest(billed.n, coalesce(charged.n, 0)))) * {_SUBUNIT}"
_KEY = "concat_ws(' ', InvoiceIssuerName, InvoiceId)"


def _single_parent_rule(child: str, parent: str, needs: str = "ServiceProviderName") -> DatasetRule:
    """Say that every child has one parent, within a provider."""
    return DatasetRule(
        f"one-{parent}-per-{child}",
        COST,
        f"one {child} has several {parent}",
        {COST: f"{needs} {child} {parent}"},
        f"""SELECT {child} FROM "{COST}" WHERE {child} IS NOT NULL AND {parent} IS NOT NULL
            GROUP BY {needs}, {child} HAVING count(DISTINCT {parent}) > 1""",
    )


def _unique_rule(dataset: str, key: str) -> DatasetRule:
    return DatasetRule(
        f"unique-{key.rsplit(maxsplit=1)[-1]}",
        dataset,
        f"{' and '.join(key.split())} stand twice",
        {dataset: key},
        f"""SELECT concat_ws(' ', {", ".join(key.split())}) FROM "{dataset}" GROUP BY {", ".join(key.split())} HAVING count(*) > 1""",
    )


_LINE = "InvoiceIssuerName InvoiceId InvoiceDetailId"
_SAME = "ChargeCategory BillingCurrency BillingPeriodStart BillingPeriodEnd BillingAccountId"
_PERIOD = "InvoiceIssuerName BillingPeriodStart BillingPeriodEnd"


def _equal_sums_rule(name: str, key: str) -> DatasetRule:
    """Say that charges and invoice lines come to the same, for each key, where the invoice is not open."""
    columns = ", ".join(key.split())
    side = f'SELECT {columns}, BillingCurrency AS currency, sum("BilledCost#") AS cost, count(*) AS n FROM'
    return DatasetRule(
        name,
        INVOICE,
        f"charges and invoice lines differ for one {key.rsplit(maxsplit=1)[-1]}",
        {COST: f"{key} BillingCurrency BilledCost", INVOICE: f"{key} BillingCurrency BilledCost InvoiceIssueStatus"},
        f"""WITH charged AS ({side} "{COST}" WHERE InvoiceId IS NOT NULL GROUP BY ALL),
                 billed AS ({side} "{INVOICE}" WHERE InvoiceIssueStatus IS DISTINCT FROM 'Open' GROUP BY ALL)
            SELECT concat_ws(' ', {columns}, 'charged', charged.cost, 'billed', billed.cost)
            FROM billed LEFT JOIN charged USING ({columns}, currency)
            WHERE abs(billed.cost - coalesce(charged.cost, 0)) > {_TOLERANCE}""",
    )


DATASET_RULES: tuple[DatasetRule, ...] = (
    _single_parent_rule("ServiceName", "ServiceCategory"),
    _single_parent_rule("SkuPriceId", "SkuId"),
    _single_parent_rule("CommitmentDiscountId", "CommitmentDiscountUnit"),
    _single_parent_rule("InvoiceId", "BillingPeriodStart", "InvoiceIssuerName"),
    _single_parent_rule("InvoiceId", "BillingPeriodEnd", "InvoiceIssuerName"),
    _unique_rule(INVOICE, _LINE),
    _unique_rule(PERIOD, _PERIOD),
    _unique_rule(COMMITMENT, "ServiceProviderName ContractCommitmentId"),
    _equal_sums_rule("sums-of-lines", _LINE),
    _equal_sums_rule("sums-of-invoices", "InvoiceIssuerName InvoiceId"),
    DatasetRule(
        "charge-twice",
        COST,
        "a charge stands twice in all its columns",
        {COST: "InvoiceDetailId"},
        f"""SELECT 'hash ' || h FROM (SELECT hash(c) AS h FROM "{COST}" c WHERE InvoiceDetailId IS NOT NULL)
            GROUP BY h HAVING count(*) > 1""",
    ),
    DatasetRule(
        "period-unknown",
        COST,
        "no BillingPeriod has the period and issuer of a charge",
        {COST: _PERIOD, PERIOD: _PERIOD},
        f"""SELECT DISTINCT concat_ws(' ', InvoiceIssuerName, BillingPeriodStart) FROM "{COST}"
            ANTI JOIN "{PERIOD}" USING (InvoiceIssuerName, BillingPeriodStart, BillingPeriodEnd)""",
    ),
    DatasetRule(
        "line-unknown",
        COST,
        "no InvoiceDetail has the line that a charge names",
        {COST: _LINE, INVOICE: _LINE},
        f"""SELECT concat_ws(' ', InvoiceIssuerName, InvoiceId, InvoiceDetailId) FROM "{COST}"
            ANTI JOIN "{INVOICE}" USING (InvoiceIssuerName, InvoiceId, InvoiceDetailId) WHERE InvoiceId IS NOT NULL""",
    ),
    *(
        DatasetRule(
            f"line-{column}",
            COST,
            f"{column} differs between a charge and its invoice line",
            {COST: f"{_LINE} {column}", INVOICE: f"{_LINE} {column}"},
            f"""SELECT concat_ws(' ', c.InvoiceIssuerName, c.InvoiceId, c.InvoiceDetailId) FROM "{COST}" c
                JOIN "{INVOICE}" d USING (InvoiceIssuerName, InvoiceId, InvoiceDetailId)
                WHERE c.{column} IS DISTINCT FROM d.{column}""",
        )
        for column in _SAME.split()
    ),
    *(
        DatasetRule(
            f"invoice-{column}",
            INVOICE,
            f"the lines of one invoice differ in {column}",
            {INVOICE: f"InvoiceIssuerName InvoiceId {column}"},
            f"""SELECT {_KEY} FROM "{INVOICE}" GROUP BY InvoiceIssuerName, InvoiceId
                HAVING count(DISTINCT coalesce({column}, '')) > 1""",
        )
        for column in [
            "InvoiceIssueStatus",
            "InvoiceIssueDate",
            "PaymentDueDate",
            "BillingPeriodStart",
            "BillingAccountId",
        ]
    ),
    DatasetRule(
        "payment-line-unknown",
        INVOICE,
        "PaymentCurrencyInvoiceDetailId names no line of the invoice",
        {INVOICE: f"{_LINE} PaymentCurrencyInvoiceDetailId"},
        f"""SELECT concat_ws(' ', d.InvoiceId, d.InvoiceDetailId) FROM "{INVOICE}" d
            ANTI JOIN "{INVOICE}" o ON o.InvoiceIssuerName = d.InvoiceIssuerName AND o.InvoiceId = d.InvoiceId
                 AND o.InvoiceDetailId = d.PaymentCurrencyInvoiceDetailId""",
    ),
    DatasetRule(
        "closed-with-open-invoice",
        PERIOD,
        "a closed period has an open invoice",
        {PERIOD: f"{_PERIOD} BillingPeriodStatus", INVOICE: f"{_PERIOD} InvoiceId InvoiceIssueStatus"},
        f"""SELECT DISTINCT {_KEY} FROM "{INVOICE}" JOIN "{PERIOD}" USING (InvoiceIssuerName, BillingPeriodStart, BillingPeriodEnd)
            WHERE BillingPeriodStatus = 'Closed' AND InvoiceIssueStatus = 'Open'""",
    ),
    DatasetRule(
        "closed-before-line",
        PERIOD,
        "a closed period was last updated before a line of it was created",
        {PERIOD: f"{_PERIOD} BillingPeriodStatus BillingPeriodLastUpdated", INVOICE: f"{_PERIOD} InvoiceDetailCreated"},
        f"""SELECT DISTINCT {_KEY} FROM "{INVOICE}" JOIN "{PERIOD}" USING (InvoiceIssuerName, BillingPeriodStart, BillingPeriodEnd)
            WHERE BillingPeriodStatus = 'Closed' AND InvoiceDetailCreated > BillingPeriodLastUpdated""",
    ),
    DatasetRule(
        "closed-with-estimate",
        PERIOD,
        "a closed period has a charge that costs something and is on no invoice",
        {PERIOD: f"{_PERIOD} BillingPeriodStatus", COST: f"{_PERIOD} InvoiceId BilledCost"},
        f"""SELECT DISTINCT concat_ws(' ', InvoiceIssuerName, BillingPeriodStart) FROM "{COST}"
            JOIN "{PERIOD}" USING (InvoiceIssuerName, BillingPeriodStart, BillingPeriodEnd)
            WHERE BillingPeriodStatus = 'Closed' AND InvoiceId IS NULL AND "BilledCost#" <> 0""",
    ),
    DatasetRule(
        "correction-of-open-period",
        COST,
        "a Correction lies in a billing period that is still open, and corrects nothing before it",
        {PERIOD: f"{_PERIOD} BillingPeriodStatus", COST: f"{_PERIOD} ChargeClass ChargePeriodStart ChargeDescription"},
        f"""SELECT concat_ws(' ', InvoiceIssuerName, ChargeDescription) FROM "{COST}"
            JOIN "{PERIOD}" USING (InvoiceIssuerName, BillingPeriodStart, BillingPeriodEnd)
            WHERE BillingPeriodStatus = 'Open' AND ChargeClass = 'Correction' AND ChargePeriodStart >= BillingPeriodStart""",
    ),
    DatasetRule(
        "commitment-unknown",
        COST,
        "ContractApplied names a commitment that ContractCommitment does not have",
        {COST: "ContractApplied", COMMITMENT: "ContractId ContractCommitmentId"},
        f"""WITH applied AS (SELECT unnest(json_extract(ContractApplied, '$.Elements[*]')) AS e FROM "{COST}"
                             WHERE json_valid(ContractApplied))
            SELECT DISTINCT e->>'$.ContractCommitmentId' FROM applied
            ANTI JOIN "{COMMITMENT}" m ON m.ContractId = (e->>'$.ContractId')
                 AND m.ContractCommitmentId = (e->>'$.ContractCommitmentId')""",
    ),
)
