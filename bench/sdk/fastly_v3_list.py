"""fastly-py, billing v3, a page of invoices: the deserializer that every answer goes through."""

from types import SimpleNamespace

import fastly
from common import measured
from fastly.model.list_eom_invoices_response import ListEomInvoicesResponse

CLIENT = fastly.ApiClient(fastly.Configuration(host="http://localhost"))


def decode(body: bytes) -> object:
    return CLIENT.deserialize(SimpleNamespace(data=body.decode()), (ListEomInvoicesResponse,), True)


if __name__ == "__main__":
    measured(decode)
