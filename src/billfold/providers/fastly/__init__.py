"""Fastly: invoices and month-to-date by billing v3, and billing v2 for answers that were saved before it was retired."""

from billfold.providers.fastly.api import OPERATIONS, FastlyApi, problem
from billfold.providers.fastly.mapping.charges import bills
from billfold.providers.fastly.mapping.checks import checks, identity, listing
from billfold.providers.fastly.mapping.collect import collect
from billfold.providers.provider import Credential, Provider
from billfold.wire.auth import HeaderKey

PROVIDER = Provider(
    name="fastly",
    title="Fastly",
    client="Fastly",
    api=FastlyApi,
    operations=OPERATIONS,
    credentials=(Credential("token", ("FASTLY_API_TOKEN", "FASTLY_API_KEY")),),
    base_url=lambda _: "https://api.fastly.com",
    auth=lambda credentials, _: HeaderKey(credentials["token"], header="fastly-key", prefix=""),
    problem=problem,
    collect=collect,
    bills=bills,
    pace=20.0,  # a courtesy: the vendor limits no reads
    right="a token of a billing user or a superuser, or an automation token with the role Billing and scope global:read",
    identity=identity,
    listing=listing,
    checks=checks,
    personal={"get_token_self": ("ip",), "get_current_user": ("name", "login")},
)
