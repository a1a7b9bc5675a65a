"""CockroachDB Cloud: billing operations without pages, amounts in USD or in prepaid credits."""

from billfold.providers.cockroach.api import CockroachApi, read_error
from billfold.providers.cockroach.mapping.balances import read_balances
from billfold.providers.cockroach.mapping.charges import read_bills
from billfold.providers.cockroach.mapping.checks import check_answers, find_identity, read_listing
from billfold.providers.cockroach.mapping.collect import plan_requests
from billfold.providers.provider import Credential, Provider
from billfold.wire.auth import HeaderKey

PROVIDER = Provider(
    name="cockroach",
    title="CockroachDB Cloud",
    api=CockroachApi,
    credentials=(Credential("api_key", ("COCKROACH_API_KEY",)),),
    find_base_url=lambda _: "https://cockroachlabs.cloud",
    make_auth=lambda credentials, _: HeaderKey(credentials["api_key"]),
    read_error=read_error,
    plan_requests=plan_requests,
    read_bills=read_bills,
    requests_per_second=10.0,
    billing_right="role BILLING_COORDINATOR or CLUSTER_ADMIN, at the organization scope",
    find_identity=find_identity,
    read_listing=read_listing,
    check_answers=check_answers,
    read_balances=read_balances,
    twin_module="billfold.providers.cockroach.twin.handlers",
)
