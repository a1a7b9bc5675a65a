"""fastly-py, billing v2: the deserializer that every answer goes through."""

from types import SimpleNamespace

import fastly
from common import measured
from fastly.model.billing_response import BillingResponse

CLIENT = fastly.ApiClient(fastly.Configuration(host="http://localhost"))


def decode(body: bytes) -> object:
    return CLIENT.deserialize(SimpleNamespace(data=body.decode()), (BillingResponse,), True)


if __name__ == "__main__":
    measured(decode)
