"""The client generated from CockroachDB Cloud's OpenAPI document, handed the body as httpx would."""

import httpx
from cockroach_cloud import AuthenticatedClient
from cockroach_cloud.api.billing import cockroach_cloud_list_invoices
from common import measured

CLIENT = AuthenticatedClient(base_url="http://localhost", token="none")


def decode(body: bytes) -> object:
    response = httpx.Response(200, content=body)
    return cockroach_cloud_list_invoices._parse_response(client=CLIENT, response=response)  # noqa: SLF001 - what it calls


if __name__ == "__main__":
    measured(decode)
