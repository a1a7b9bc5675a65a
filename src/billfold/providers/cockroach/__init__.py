"""CockroachDB Cloud: two billing operations, no pages, amounts in USD or in prepaid credits."""

from billfold.providers.cockroach.api import CockroachApi, GetInvoice, GetOrganization, ListInvoices, problem
from billfold.providers.cockroach.mapping.charges import bills, identity, listing
from billfold.providers.cockroach.mapping.collect import collect
from billfold.providers.provider import Credential, Provider
from billfold.wire.auth import HeaderKey

PROVIDER = Provider(
    name="cockroach",
    title="CockroachDB Cloud",
    client="Cockroach",
    api=CockroachApi,
    operations=(ListInvoices, GetInvoice, GetOrganization),
    credentials=(Credential("api_key", ("COCKROACH_API_KEY",)),),
    base_url=lambda _: "https://cockroachlabs.cloud",
    auth=lambda credentials, _: HeaderKey(credentials["api_key"]),
    problem=problem,
    collect=collect,
    bills=bills,
    pace=10.0,
    right="role BILLING_COORDINATOR or CLUSTER_ADMIN, at the organization scope",
    identity=identity,
    listing=listing,
)
