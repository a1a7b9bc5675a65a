"""A time-stamp by an outside authority (RFC 3161): proof that a content was there at a time."""

from __future__ import annotations

import hashlib

from billfold.model.errors import APIStatusError, InvalidResponse
from billfold.transport.single_request import send_request

REQUEST_PREFIX = bytes.fromhex("3039020101303130 0d060960864801650304020105000420")
"""TimeStampReq of version 1 with a SHA-256, up to the hash itself; DER, RFC 3161 section 2.4.1."""
REQUEST_SUFFIX = bytes.fromhex("0101ff")
"""The authority's certificate is wanted in its answer, so that it can be verified years from now."""
REQUEST_TYPE, RESPONSE_TYPE = "application/timestamp-query", "application/timestamp-reply"
GRANTED_STATUSES = {0, 1}
"""PKIStatus granted, and granted with modifications."""
SEQUENCE_TAG, INTEGER_TAG = 0x30, 0x02
NAME = "timestamp"


def build_timestamp_request(content: bytes) -> bytes:
    """Return the request for a time-stamp of a content's SHA-256; the same content gives the same request."""
    return REQUEST_PREFIX + hashlib.sha256(content).digest() + REQUEST_SUFFIX


def fetch_timestamp(url: str, content: bytes) -> bytes:
    """Return an authority's time-stamp of a content, as it came; raises an ``ApiError`` where there is none, or of something else.

    That it is of this content and was granted is checked here; ``openssl ts -verify`` checks who signed it.
    """
    headers = {"content-type": REQUEST_TYPE, "accept": RESPONSE_TYPE}
    status, token = send_request(NAME, "POST", url, headers, build_timestamp_request(content))
    if status != 200:
        raise APIStatusError("the authority refused", operation=NAME, status=status)
    if reason := describe_unusable(token, content):
        raise InvalidResponse(f"the authority's answer is no time-stamp of this: {reason}", operation=NAME)
    return token


def describe_unusable(token: bytes, content: bytes) -> str:
    """Say why an answer is no granted time-stamp of a content; "" where it is one."""
    try:
        response_tag, response, _ = _read_element(token)
        info_tag, info, _ = _read_element(response)
        status_tag, status, _ = _read_element(info)
    except IndexError:
        return "it is cut off"
    if (response_tag, info_tag, status_tag) != (SEQUENCE_TAG, SEQUENCE_TAG, INTEGER_TAG):
        return "it is not a TimeStampResp"
    if int.from_bytes(status, "big") not in GRANTED_STATUSES:
        return f"it was not granted (status {int.from_bytes(status, 'big')})"
    return "" if hashlib.sha256(content).digest() in token else "it is of another content"


def _read_element(data: bytes) -> tuple[int, bytes, bytes]:
    """Return the tag and the content of the DER element at the beginning, and what follows it; raises ``IndexError``."""
    tag, length, start = data[0], data[1], 2
    if length >= 0x80:
        start += length - 0x80
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise IndexError
    return tag, data[start : start + length], data[start + length :]
