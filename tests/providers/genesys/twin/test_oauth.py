"""The logins of Genesys Cloud's twin, and its documents behind signed URLs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from billfold.model.errors import Unauthorized
from billfold.model.period import Month
from billfold.providers.genesys.twin import customers, scenario
from billfold.twin.host import TwinHost
from billfold.wire.message import Request, Response
from tests import stage as stages
from tests.providers.genesys.twin.kit import TwinClient, first_account, log_in


@pytest.mark.parametrize(
    ("client_id", "secret", "status", "description"),
    [("nobody", "x", 400, "client not found"), ("twin-genesys-client", "x", 401, "authentication failed")],
)
def test_bad_login_matches_sample(host: TwinHost, client_id: str, secret: str, status: int, description: str) -> None:
    """A wrong login is refused as in the sample."""
    answer = log_in(host, client_id, secret)
    body = json.loads(answer.body)
    assert (answer.status, body["error"], body["description"]) == (status, "invalid_client", description)
    account = first_account(host)._replace(
        credentials={**first_account(host).credentials, "client_id": client_id, "client_secret": secret}
    )
    with pytest.raises(Unauthorized, match=description):
        stages.client(host, account, credentials=dict(account.credentials)).get_billing_contract(contract_id="x")


def test_other_grants_are_refused(host: TwinHost) -> None:
    """A grant of another type is refused."""
    assert log_in(host, "twin-genesys-client", "twin-genesys-secret", b"grant_type=password").status == 400


def test_token_lasts_a_day(host: TwinHost) -> None:
    """A token is valid for a day; after it the client logs in again."""
    bare_client, client = TwinClient(host), stages.client(host, first_account(host))
    assert bare_client.get("/contracts")[0].status == 200
    assert list(client.get_billing_contracts())
    host.clock.advance(timedelta(days=1, seconds=1))
    answer, body = bare_client.get("/contracts")
    assert (answer.status, body["code"]) == (401, "credentials.expired")
    assert list(client.get_billing_contracts())


def test_document_url_expires(host: TwinHost) -> None:
    """A document has a URL at the twin, which expires."""
    client, account = TwinClient(host), first_account(host)
    number = scenario.invoice_id_of(account, customers.make_contracts(account)[0], Month(2026, 10))
    url = client.get(f"/contracts/invoices/{number}/document")[1]["url"]
    path, _, query_text = url.removeprefix("http://twin.test").partition("?")
    query_pairs = tuple(pair.partition("=")[::2] for pair in query_text.split("&"))

    def fetch_document(query: Any) -> Response:
        answer = host.answer_request(Request("GET", path, query, {}))
        assert answer
        return answer

    document = fetch_document(query_pairs)
    assert (document.status, document.media_type, document.body[:5]) == (200, "application/pdf", b"%PDF-")
    assert document.body == fetch_document(query_pairs).body
    for signature in ("0", "é"):
        forged_pairs = [(key, signature if key.endswith("Signature") else value) for key, value in query_pairs]
        forged = fetch_document(tuple(forged_pairs))
        assert (forged.status, b"SignatureDoesNotMatch" in forged.body) == (403, True)
    host.clock.advance(timedelta(minutes=11))
    expired = fetch_document(query_pairs)
    assert (expired.status, expired.media_type, b"Request has expired" in expired.body) == (
        403,
        "application/xml",
        True,
    )
