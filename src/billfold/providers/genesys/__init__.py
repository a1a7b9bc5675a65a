"""Genesys Cloud: contracts, billing periods, wallets, invoices with lines and documents; OAuth client credentials."""

from billfold.providers.genesys.api import OPERATIONS, GenesysApi, login_refusal, problem
from billfold.providers.genesys.mapping.charges import bills, checks, identity, listing
from billfold.providers.genesys.mapping.collect import collect
from billfold.providers.genesys.regions import base_url, token_url
from billfold.providers.provider import Credential, Provider
from billfold.wire.auth import ClientCredentials

PROVIDER = Provider(
    name="genesys",
    title="Genesys Cloud",
    client="Genesys",
    api=GenesysApi,
    operations=OPERATIONS,
    credentials=(
        Credential("client_id", ("GENESYSCLOUD_OAUTHCLIENT_ID",), secret=False),
        Credential("client_secret", ("GENESYSCLOUD_OAUTHCLIENT_SECRET",)),
        Credential("region", ("GENESYSCLOUD_REGION",), secret=False, default="us-east-1"),
    ),
    base_url=base_url,
    auth=lambda credentials, base: ClientCredentials(
        credentials["client_id"], credentials["client_secret"], token_url=token_url(base), refusal=login_refusal
    ),
    problem=problem,
    collect=collect,
    bills=bills,
    pace=5.0,
    right="permission billing:subscription:view (Billing > Subscription > View), in a role of the OAuth client",
    identity=identity,
    listing=listing,
    checks=checks,
    personal={"get_billing_reports_billableusage": ("usages[].resources[].name",)},
)
