"""Ask a server of a ledger, and read its answer line by line while it comes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import httpx2

from billfold.model.errors import InvalidArgument, ServerFault
from billfold.model.plain_text import make_printable
from billfold.transport.document import is_loopback
from billfold.transport.http import make_ssl_context
from billfold.transport.proxy import UnusableSetting, find_proxy

LINES_TYPE = "application/x-ndjson"
CONNECT_TIMEOUT, SILENCE_TIMEOUT = 10, 600
"""Seconds to reach a server, and for which it may be silent: a command may compute for long before it prints."""
MAX_DETAIL_BYTES = 10_000


def open_lines(url: str, query: Sequence[tuple[str, str]], key: str = "") -> Iterator[bytes]:
    """Yield the lines of an answer; raises ``ServerFault`` and ``InvalidArgument`` with what to do."""
    base_url = _check_url(url, has_key=bool(key))
    headers = {"accept": f"{LINES_TYPE}, application/problem+json"} | (
        {"authorization": f"Bearer {key}"} if key else {}
    )
    try:
        with (
            _open_client(url) as client,
            client.stream("GET", url, params=list(query), headers=headers) as response,
        ):
            _check_answer(response, base_url)
            yield from (line.encode() for line in response.iter_lines() if line)
    except (httpx2.HTTPError, httpx2.InvalidURL, UnusableSetting, OSError) as error:
        reason = make_printable(str(error)) or type(error).__name__
        raise ServerFault(
            f"no answer from {base_url}: {reason}; is `billfold serve` running there, and is the address right?"
        ) from error


def _open_client(url: str) -> httpx2.Client:
    return httpx2.Client(
        timeout=httpx2.Timeout(SILENCE_TIMEOUT, connect=CONNECT_TIMEOUT),
        verify=make_ssl_context(urlsplit(url).scheme),
        trust_env=False,
        proxy=find_proxy(url) or None,
        follow_redirects=False,
    )


def _check_url(url: str, *, has_key: bool) -> str:
    """Return a server's address as errors name it; raises ``InvalidArgument`` for what is none, or would show the key to others."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise InvalidArgument(
            "--server takes an address, as https://billfold.example.com, with no user and no password in it"
        )
    if has_key and parts.scheme == "http" and not is_loopback(parts.hostname):
        raise InvalidArgument("a key goes to another machine by https only: write --server https://...")
    return f"{parts.scheme}://{parts.netloc}"


def _check_answer(response: httpx2.Response, base_url: str) -> None:
    """Raise ``ServerFault`` for whatever is no answer of a command, in the server's own sentence where it is one of ours."""
    media_type = response.headers.get("content-type", "").partition(";")[0]
    if response.status_code == 200 and media_type == LINES_TYPE:
        return
    detail = _read_detail(response) if media_type == "application/problem+json" else ""
    match response.status_code:
        case 401:
            raise ServerFault(
                f"{base_url} does not know the key: set BILLFOLD_KEY, or --key env:NAME, to one that it made"
            )
        case _ if not detail:
            raise ServerFault(
                f"{base_url} is no server of billfold that can do this: it answers {response.status_code}"
            )
        case 400 | 404:
            raise InvalidArgument(detail)
    raise ServerFault(f"{base_url}: {detail}")


def _read_detail(response: httpx2.Response) -> str:
    """Return the sentence of a problem, "" where it has none."""
    content = b""
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MAX_DETAIL_BYTES:
            return ""
    try:
        problem = json.loads(content)
    except ValueError:
        return ""
    detail = problem.get("detail") if isinstance(problem, dict) else None
    return detail if isinstance(detail, str) else ""
