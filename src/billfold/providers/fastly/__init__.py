"""Fastly: invoices and month-to-date by billing v3, and billing v2 for answers that were saved before it was retired."""

from billfold.providers.fastly.api import FastlyApi, read_error
from billfold.providers.fastly.mapping.charges import read_bills
from billfold.providers.fastly.mapping.checks import check_answers, find_identity, read_listing
from billfold.providers.fastly.mapping.collect import plan_requests
from billfold.providers.fastly.mapping.payments import read_payments
from billfold.providers.fastly.mapping.usages import read_usages
from billfold.providers.provider import Credential, Provider
from billfold.wire.auth import HeaderKey

PROVIDER = Provider(
    name="fastly",
    title="Fastly",
    api=FastlyApi,
    credentials=(Credential("token", ("FASTLY_API_TOKEN", "FASTLY_API_KEY")),),
    find_base_url=lambda _: "https://api.fastly.com",
    make_auth=lambda credentials, _: HeaderKey(credentials["token"], header="fastly-key", prefix=""),
    read_error=read_error,
    plan_requests=plan_requests,
    read_bills=read_bills,
    requests_per_second=20.0,  # a courtesy: the vendor limits no reads
    billing_right="a token of a billing user or a superuser, or an automation token with the role Billing and scope global:read",
    find_identity=find_identity,
    read_listing=read_listing,
    check_answers=check_answers,
    read_payments=read_payments,
    read_usages=read_usages,
    personal_fields={"get_token_self": ("ip",), "get_current_user": ("name", "login")},
    twin_module="billfold.providers.fastly.twin.handlers",
)
