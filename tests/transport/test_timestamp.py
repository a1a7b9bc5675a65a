"""A time-stamp is asked for by the hash alone, and taken only where it was granted for this content.

The token is what `openssl ts -reply` made of our own request, and `openssl ts -verify` accepts it.
"""

from __future__ import annotations

import base64
import hashlib

import pytest

from billfold.model.errors import APIStatusError, InvalidResponse, Unreachable
from billfold.transport.timestamp import build_timestamp_request, describe_unusable, fetch_timestamp
from tests.transport.hostile import Say, hostile, says

CONTENT = b"manifest"
TOKEN = base64.b64decode("""
MIIFxjADAgEAMIIFvQYJKoZIhvcNAQcCoIIFrjCCBaoCAQMxDzANBglghkgBZQMEAgEFADCBhQYLKoZIhvcNAQkQAQSgdgR0
MHICAQEGBCoDBAEwMTANBglghkgBZQMEAgEFAAQgBbOr8leaXrZkA814vlV/2GBjOh/iEDx2QgMN7+MsZX8CAQIYDzIwMjYx
MTI5MjIyMjU4WgEB/6AdpBswGTEXMBUGA1UEAwwOVGVzdCBBdXRob3JpdHmgggMPMIIDCzCCAfOgAwIBAgIUEe/piTJd9vLK
FlXbseALY1o2QZEwDQYJKoZIhvcNAQELBQAwGTEXMBUGA1UEAwwOVGVzdCBBdXRob3JpdHkwIBcNMjYxMTI5MjIyMjU4WhgP
MjEyNjExMDUyMjIyNThaMBkxFzAVBgNVBAMMDlRlc3QgQXV0aG9yaXR5MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKC
AQEApKugZkcTj+cIrTrNfLO3IPFDBLwsl+KxhT3uCfJnBHuNzsz8noXEWDrb4vdcktyizoFDdkJHw9DW8KqjA9jcJ5YFSLyU
pDgD3Q2rOvnKGuUk25hbIXl40RcX8e8lmQhBqLojueSF0mscwK3HTU9kXQZyjvixwKO/KU88stRgVHd1f9og7roMjQ+JR3O5
WdPypB6qDDRfHC8de647pIpnNQn25cninT/2eqDzwn/okAkhorD/gs/oIiQScpxVdHXHvH8Fa2/BWLukRKMTAzmI9+ed0qOv
n2jRYgk+42I5xmGNa8cQnoBsM/tcrbVsHSYLFgPbLqxRdtzZqeyLfOFx8wIDAQABo0kwRzAWBgNVHSUBAf8EDDAKBggrBgEF
BQcDCDAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0OBBYEFP1JsuIua3NB/uXV6j06dfUVkqHuMA0GCSqGSIb3DQEBCwUAA4IBAQB1
IVKwyG2AwLNGo81CXr9yUbh1GI6UFpfD7U7KbNstWvgP9GO8ldI0URwmJdtqAwBR6S9mO7pZw5oeufSuylxTZy3F9eUHQM3b
yTyLokd+rso8G1cxfZTeY5q4bSzlGgP1owDT3AvLtFDU49O7Vj2BcKJnslunU5Ar6588rsaRqJPnqlDlJPojaNL7Q9yAsObK
VrNQ/izDSFzKp6Ik9jdIASBXvBVwxr0jAayD1tmuJlAana5Nej8sCy418b/IrUPyM6bocgDXyURCpb74pS3SkqVFZ+u9ROAL
mHIKnw3J+LUfmZ7+rdgYnAnU5x9phWgB3BpadjFmJLHydiNyzc02MYIB9zCCAfMCAQEwMTAZMRcwFQYDVQQDDA5UZXN0IEF1
dGhvcml0eQIUEe/piTJd9vLKFlXbseALY1o2QZEwDQYJYIZIAWUDBAIBBQCggZgwGgYJKoZIhvcNAQkDMQ0GCyqGSIb3DQEJ
EAEEMBwGCSqGSIb3DQEJBTEPFw0yNjExMjkyMjIyNThaMCsGCyqGSIb3DQEJEAIMMRwwGjAYMBYEFJh3k/Cwm2tQXFOAS0dQ
6kaXmE2rMC8GCSqGSIb3DQEJBDEiBCAo2k2zwByQcDiIKMSdhgg264+BLW1SYFi9v8YTjBd24zANBgkqhkiG9w0BAQEFAASC
AQB63Ft3cv02VTzADhJb9n3DPZJnPSA6q7JlMd6p/VTJj0ndp+I5K6ZzAUTRP9ljqlOdUx3ZNfuCpGi7YIYg4EKLgdwJGjz0
be5xXobVZvcAMcuUhmnLrwQpCtx/ryDq7udTnFuE2fXls6sXuUGsEq4l6hYAYT9hA6EexThu4OTQKxHllai7QzngT9RezFOl
guNtHaTdji0ZS6qMFUpLZamaBVE/htpPQlgkLJ5N/FJhA1unCicJCfpPCL6DQaE9CmQTNYl4ndl7PSAaazQmSbEU+dFdzFxZ
1TM6n5/sYconOs+c6cNxJTZXuhlcU13LciGUT68314HR1Z6PInv0gdPI
""")
REJECTED = bytes.fromhex("30053003020102")


def reply(body: bytes, status: str = "200 OK") -> Say:
    return says(body, status, content_type="application/timestamp-reply")


def test_the_request_is_the_hash_and_nothing_else() -> None:
    request = build_timestamp_request(CONTENT)
    assert request[1] == len(request) - 2
    assert hashlib.sha256(CONTENT).digest() in request


def test_a_granted_time_stamp_is_returned_as_it_came() -> None:
    with hostile(reply(TOKEN)) as server:
        assert fetch_timestamp(server.root, CONTENT) == TOKEN
    assert "application/timestamp-query" in server.received[0]


@pytest.mark.parametrize("body", [b"", b"<html>", TOKEN[:100], REJECTED])
def test_what_is_no_time_stamp_is_refused(body: bytes) -> None:
    with hostile(reply(body)) as server, pytest.raises(InvalidResponse):
        fetch_timestamp(server.root, CONTENT)


def test_a_time_stamp_of_something_else_is_refused() -> None:
    assert describe_unusable(TOKEN, b"another") == "it is of another content"


def test_a_refusal_names_its_status() -> None:
    with hostile(reply(b"", "503 Busy")) as server, pytest.raises(APIStatusError, match="503"):
        fetch_timestamp(server.root, CONTENT)


def test_an_authority_that_is_not_there_is_named_with_the_cure() -> None:
    with pytest.raises(Unreachable, match="nobody listens"):
        fetch_timestamp("http://127.0.0.1:9/", CONTENT)
