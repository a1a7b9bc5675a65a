"""Where Genesys Cloud is: AWS region names and the domains of the vendor's API and login hosts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from billfold.model.errors import ConfigurationError

REGION_DOMAINS = {
    "us-east-1": "mypurecloud.com",
    "eu-west-1": "mypurecloud.ie",
    "ap-southeast-2": "mypurecloud.com.au",
    "ap-northeast-1": "mypurecloud.jp",
    "eu-central-1": "mypurecloud.de",
    "us-west-2": "usw2.pure.cloud",
    "ca-central-1": "cac1.pure.cloud",
    "ap-northeast-2": "apne2.pure.cloud",
    "eu-west-2": "euw2.pure.cloud",
    "ap-south-1": "aps1.pure.cloud",
    "us-east-2": "use2.us-gov-pure.cloud",
    "sa-east-1": "sae1.pure.cloud",
    "me-central-1": "mec1.pure.cloud",
    "ap-northeast-3": "apne3.pure.cloud",
    "eu-central-2": "euc2.pure.cloud",
    "mx-central-1": "mxc1.pure.cloud",
    "ap-southeast-1": "apse1.pure.cloud",
    "eusc-de-east-1": "edee1.eusc-pure.cloud",
}
"""Source: purecloud_region_hosts of PureCloudPlatformClientV2 269.0.0; us-east-2 is the FedRAMP region."""
_HOST_PATTERN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


def find_domain(region: str) -> str:
    """Return the domain of an AWS region name, or a bare domain as it is; raises ``ConfigurationError`` for anything else."""
    # NOTE: the vendor's command line spells the newer regions with underscores.
    region_domain = REGION_DOMAINS.get(region.strip().lower().replace("_", "-"))
    if region_domain:
        return region_domain
    bare_domain = re.sub(r"^(https?://)?((api|login|apps)\.)?", "", region.strip().lower()).rstrip("/")
    if not _HOST_PATTERN.fullmatch(bare_domain):
        raise ConfigurationError(
            f"there is no Genesys Cloud region {region!r}; known are {', '.join(REGION_DOMAINS)}, or give a domain such as mypurecloud.de"
        )
    return bare_domain


def find_base_url(credentials: Mapping[str, str]) -> str:
    """Return the API's host of the region in the credentials."""
    return f"https://api.{find_domain(credentials['region'])}"


def find_token_url(base_url: str) -> str:
    """Return where to log in: the sibling host ``login.`` of an ``api.`` host, else the same host, as the SDKs have it."""
    return re.sub(r"//api\.", "//login.", base_url.rstrip("/"), count=1) + "/oauth/token"
