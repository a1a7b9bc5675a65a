"""fastly-py, billing v3, one invoice: the deserializer that every answer goes through."""

from types import SimpleNamespace

import fastly
from common import measured
from fastly.model.eom_invoice_response import EomInvoiceResponse

CLIENT = fastly.ApiClient(fastly.Configuration(host="http://localhost"))


def decode(body: bytes) -> object:
    return CLIENT.deserialize(SimpleNamespace(data=body.decode()), (EomInvoiceResponse,), True)


if __name__ == "__main__":
    measured(decode)
