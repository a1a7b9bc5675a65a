"""vultr-python-client: its response object, handed the body as urllib3 would."""

import urllib3
import vultr_python_client
from common import measured
from vultr_python_client.paths.billing_invoices_invoice_id_items import get

CONFIGURATION = vultr_python_client.Configuration(host="http://localhost")


def decode(body: bytes) -> object:
    headers = {"content-type": "application/json"}
    response = urllib3.HTTPResponse(body=body, headers=headers, status=200, preload_content=True)
    return get._response_for_200.deserialize(response, CONFIGURATION).body  # noqa: SLF001 - what the SDK itself calls


if __name__ == "__main__":
    measured(decode)
