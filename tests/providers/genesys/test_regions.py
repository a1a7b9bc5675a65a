"""Where Genesys Cloud is: regions, domains and the login host."""

from __future__ import annotations

import pytest

from billfold.model.errors import ConfigurationError
from billfold.providers.genesys import regions


@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("us-east-1", "mypurecloud.com"),
        ("EU-Central-1", "mypurecloud.de"),
        ("me_central_1", "mec1.pure.cloud"),
        ("mypurecloud.ie", "mypurecloud.ie"),
        ("https://api.usw2.pure.cloud/", "usw2.pure.cloud"),
    ],
)
def test_region_is_name_or_domain(region: str, domain: str) -> None:
    """A region is given as a name or as a domain."""
    assert regions.find_domain(region) == domain
    assert regions.find_base_url({"region": region}) == f"https://api.{domain}"


@pytest.mark.parametrize("region", ["moon-1", "", "evil.example/path", "user@host.example"])
def test_unknown_region_lists_regions(region: str) -> None:
    """An unknown region is refused with a list of the known regions."""
    with pytest.raises(ConfigurationError, match="us-east-1, eu-west-1"):
        regions.find_domain(region)


@pytest.mark.parametrize(
    ("base", "token"),
    [
        ("https://api.mypurecloud.de", "https://login.mypurecloud.de/oauth/token"),
        ("http://127.0.0.1:8400/genesys", "http://127.0.0.1:8400/genesys/oauth/token"),
    ],
)
def test_login_url_matches_sdk(base: str, token: str) -> None:
    """The login is where the SDK looks for it."""
    assert regions.find_token_url(base) == token
