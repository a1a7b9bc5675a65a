"""Vultr: four documented billing operations and four newer ones, amounts in US dollars, lists in pages."""

from billfold.model.estimate_terms import EstimateTerms
from billfold.providers.provider import Credential, Provider
from billfold.providers.vultr.api import VultrApi, read_error
from billfold.providers.vultr.mapping.charges import read_bills
from billfold.providers.vultr.mapping.checks import check_answers, find_identity, read_listing
from billfold.providers.vultr.mapping.collect import plan_requests
from billfold.providers.vultr.mapping.payments import read_balances, read_payments
from billfold.wire.auth import HeaderKey

PROVIDER = Provider(
    name="vultr",
    title="Vultr",
    api=VultrApi,
    credentials=(Credential("api_key", ("VULTR_API_KEY",)),),
    find_base_url=lambda _: "https://api.vultr.com/v2",
    make_auth=lambda credentials, _: HeaderKey(credentials["api_key"]),
    read_error=read_error,
    plan_requests=plan_requests,
    read_bills=read_bills,
    requests_per_second=30.0,
    limits_by_address=True,
    billing_right="ACL billing",
    has_stable_identity=False,
    find_identity=find_identity,
    read_listing=read_listing,
    check_answers=check_answers,
    checked_against="the billing history and its balance",
    read_payments=read_payments,
    read_balances=read_balances,
    personal_fields={"get_account": ("account.email",)},
    estimate_terms=EstimateTerms(hour_cap=672, hour_caps_by_word={"gpu": 730}),
    twin_module="billfold.providers.vultr.twin.handlers",
)
