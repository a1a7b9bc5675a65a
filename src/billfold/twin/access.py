"""Who may use the control desk: programs of this machine, and no page that a browser shows from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address

from billfold.twin.addresses import parse_host_name
from billfold.wire.message import Request

BODY_TYPES = {"", "application/json", "application/x-www-form-urlencoded"}
"""What a JSON body may be called: `curl -d` and urllib call any body a form. A page of any site can send plain text unasked."""


def find_intrusion(request: Request, allowed_hosts: Iterable[str]) -> str:
    """Return why a request to the control desk is refused; "" where it may be answered.

    A browser names the page's site in ``Origin``, and in ``Host`` the name by which a page of that site reached this machine.
    A program sends no ``Origin``, and may leave ``Host`` out.
    """
    names = {name.lower() for name in allowed_hosts}
    for header, url in (
        ("host", f"//{request.headers.get('host', '')}"),
        ("origin", request.headers.get("origin", "//")),
    ):
        host_name = parse_host_name(url)
        if url != "//" and not _is_loopback(host_name) and host_name not in names:
            return f"the {header.capitalize()} header names {host_name or url!r}: start the twin with --allow-host NAME to allow it"
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin", "same-site"}:
        return "a page of another site asks; open the address itself"
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return "" if media_type in BODY_TYPES else f"the request is {media_type}; send it as application/json"


def is_open_address(address: str) -> bool:
    """Tell whether others than this machine reach what listens on an address."""
    return not _is_loopback(address.lower())


def _is_loopback(host_name: str) -> bool:
    with suppress(ValueError):
        return ip_address(host_name).is_loopback
    return host_name == "localhost" or host_name.endswith(".localhost")
