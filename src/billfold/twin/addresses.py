"""Which vendor a request is for: the one whose mount its path lies under, or whose own host it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from billfold.twin.world import PlayedVendor
from billfold.wire.message import Request


def find_vendor(vendors: Sequence[PlayedVendor], request: Request) -> tuple[PlayedVendor, str] | None:
    """Return the vendor, and the path below its API's base URL; None where nobody is meant."""
    for vendor in vendors:
        if _lies_below(request.path, vendor.twin.mount_path):
            return vendor, request.path.removeprefix(vendor.twin.mount_path)
    host_name = parse_host_name(f"//{request.headers.get('host', '')}")
    for vendor in vendors if host_name else ():
        for vendor_host, base_path in _iter_hosts(vendor):
            if host_name == vendor_host and _lies_below(request.path, base_path):
                return vendor, request.path.removeprefix(base_path)
    return None


def parse_host_name(url: str) -> str:
    """Return the host that a URL names, without its port; "" where it names none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _lies_below(path: str, base_path: str) -> bool:
    return path == base_path or path.startswith(base_path + "/")


def _iter_hosts(vendor: PlayedVendor) -> Iterator[tuple[str, str]]:
    """Yield the hosts of a vendor's API, each with the path at which the API begins there."""
    base_url = urlsplit(vendor.provider.find_base_url(vendor.accounts[0].credentials))
    for host_name in (base_url.hostname or "", *vendor.twin.host_names):
        yield host_name, base_url.path.rstrip("/")
