"""Send a body to an address that somebody configured: to a checked address, without redirects, proxies or long answers."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2

from billfold.model.plain_text import make_printable
from billfold.transport.checked_network import AddressRefused, CheckedNetwork
from billfold.transport.deadline import install_network
from billfold.transport.failures import failure_for_error
from billfold.transport.http import HttpSettings
from billfold.version import __version__

TIMEOUT_S, DEADLINE_S = 10, 20
"""Seconds of silence, and seconds until the whole answer is there."""
MAX_ANSWER_BYTES = 4096
"""How much of an answer is read."""
GONE_STATUS = 410


class SendResult(NamedTuple):
    """What came of sending: whether the receiver took it, what it answered, in how many seconds it wants to be asked again.

    One that ``is_final`` will never be taken there.
    """

    is_accepted: bool
    text: str
    retry_after_s: int = 0
    is_final: bool = False


def post_webhook(url: str, headers: Mapping[str, str], body: bytes, *, allow_private: bool = False) -> SendResult:
    """Post a body, and return what came of it; the text names the host, and never the rest of the address."""
    parts = urlsplit(url)
    settings = HttpSettings(f"{parts.scheme}://{parts.hostname}", TIMEOUT_S, DEADLINE_S)
    network = CheckedNetwork(allow_private=allow_private)
    options = settings.client_options(parts.scheme, "")
    all_headers = {"user-agent": f"billfold/{__version__}", "accept-encoding": "identity", **headers}
    try:
        with httpx2.Client(**options) as client:
            install_network(client, network)
            with network.end_after(DEADLINE_S), client.stream("POST", url, headers=all_headers, content=body) as answer:
                return _read_result(answer)
    except AddressRefused as error:
        return SendResult(
            is_accepted=False, text=f"{settings.host} is refused: {error}; allow_private = true lets it pass"
        )
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        return SendResult(is_accepted=False, text=failure_for_error(error, settings).reason)


def _read_result(answer: httpx2.Response) -> SendResult:
    status, content = answer.status_code, b""
    if answer.is_success:
        return SendResult(is_accepted=True, text=f"HTTP {status}")
    if 300 <= status < 400:
        return SendResult(
            is_accepted=False, text=f"HTTP {status}: redirects are not followed; write the address it leads to"
        )
    for chunk in answer.iter_raw():
        content += chunk
        if len(content) >= MAX_ANSWER_BYTES:
            break
    shown = make_printable(" ".join(content[:MAX_ANSWER_BYTES].decode(errors="replace").split()))
    return SendResult(
        is_accepted=False,
        text=f"HTTP {status}: {shown}" if shown else f"HTTP {status}",
        retry_after_s=_read_retry_after(answer.headers),
        is_final=status == GONE_STATUS,
    )


def _read_retry_after(headers: httpx2.Headers) -> int:
    """Return the seconds after which a receiver wants to be asked again; 0 where it does not say."""
    text, date = headers.get("retry-after", ""), headers.get("date", "")
    if text.isascii() and text.isdecimal():
        return int(text[:9])
    try:
        return max(0, int((parsedate_to_datetime(text) - parsedate_to_datetime(date)).total_seconds()))
    except (ValueError, TypeError):
        return 0
