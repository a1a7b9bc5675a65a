"""PureCloudPlatformClientV2: the deserializer that every answer goes through."""

import PureCloudPlatformClientV2 as Genesys
from common import measured

CLIENT = Genesys.api_client.ApiClient()


class Answer:
    """What the SDK expects of a response."""

    def __init__(self, body: bytes) -> None:
        self.data = body

    def getheader(self, name: str) -> str:
        return "application/json"


def decode(body: bytes) -> object:
    return CLIENT.deserialize(Answer(body), "BillingInvoiceItemListing")


if __name__ == "__main__":
    measured(decode)
