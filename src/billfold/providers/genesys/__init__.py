"""Genesys Cloud: contracts, billing periods, wallets, invoices with lines and documents; OAuth client credentials."""

from billfold.model.estimate_terms import EstimateTerms
from billfold.providers.genesys.api import GenesysApi, describe_login_error, read_error
from billfold.providers.genesys.mapping.charges import read_bills
from billfold.providers.genesys.mapping.checks import check_answers, find_identity, read_listing
from billfold.providers.genesys.mapping.collect import plan_requests
from billfold.providers.genesys.mapping.overviews import read_usages
from billfold.providers.genesys.mapping.payments import read_balances, read_payments
from billfold.providers.genesys.regions import find_base_url, find_token_url
from billfold.providers.provider import Credential, Provider
from billfold.wire.auth import ClientCredentials

PROVIDER = Provider(
    name="genesys",
    title="Genesys Cloud",
    api=GenesysApi,
    credentials=(
        Credential("client_id", ("GENESYSCLOUD_OAUTHCLIENT_ID",), is_secret=False),
        Credential("client_secret", ("GENESYSCLOUD_OAUTHCLIENT_SECRET",)),
        Credential("region", ("GENESYSCLOUD_REGION",), is_secret=False, default="us-east-1"),
    ),
    find_base_url=find_base_url,
    make_auth=lambda credentials, base: ClientCredentials(
        credentials["client_id"],
        credentials["client_secret"],
        token_url=find_token_url(base),
        describe_refusal=describe_login_error,
    ),
    read_error=read_error,
    plan_requests=plan_requests,
    read_bills=read_bills,
    requests_per_second=5.0,
    billing_right="permission billing:subscription:view (Billing > Subscription > View), in a role of the OAuth client",
    find_identity=find_identity,
    read_listing=read_listing,
    check_answers=check_answers,
    checked_against="the prepaid wallets and the documents",
    read_payments=read_payments,
    read_balances=read_balances,
    read_usages=read_usages,
    personal_fields={"get_billing_reports_billableusage": ("usages[].resources[].name",)},
    # GUESS: these units count how many there are; all others add up from day to day.
    estimate_terms=EstimateTerms(
        level_units=frozenset({"Users", "People", "Employees", "Instances", "Phone Numbers", "Ports", "Streams"})
    ),
    twin_module="billfold.providers.genesys.twin.handlers",
)
