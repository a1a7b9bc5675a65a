"""Vultr: four documented billing operations and four newer ones, amounts in US dollars, lists in pages."""

from billfold.providers.provider import Credential, Provider
from billfold.providers.vultr.api import (
    GetAccount,
    GetAccountBandwidth,
    GetInvoice,
    GetInvoiceItems,
    GetPendingChargesCsv,
    ListBillingHistory,
    ListInvoices,
    ListPendingCharges,
    VultrApi,
    problem,
)
from billfold.providers.vultr.mapping.charges import bills
from billfold.providers.vultr.mapping.checks import checks, identity, listing
from billfold.providers.vultr.mapping.collect import collect
from billfold.wire.auth import HeaderKey

PROVIDER = Provider(
    name="vultr",
    title="Vultr",
    client="Vultr",
    api=VultrApi,
    operations=(
        ListBillingHistory,
        ListInvoices,
        GetInvoice,
        GetInvoiceItems,
        ListPendingCharges,
        GetPendingChargesCsv,
        GetAccount,
        GetAccountBandwidth,
    ),
    credentials=(Credential("api_key", ("VULTR_API_KEY",)),),
    base_url=lambda _: "https://api.vultr.com/v2",
    auth=lambda credentials, _: HeaderKey(credentials["api_key"]),
    problem=problem,
    collect=collect,
    bills=bills,
    pace=30.0,
    counts_addresses=True,
    right="ACL billing",
    identity=identity,
    listing=listing,
    checks=checks,
    personal={"get_account": ("account.email",)},
)
