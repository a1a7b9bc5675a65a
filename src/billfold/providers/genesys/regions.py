"""Where Genesys Cloud is: AWS region names and the domains of the vendor's API and login hosts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from billfold.model.errors import ConfigurationError

DOMAINS = {
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
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


def domain(region: str) -> str:
    """Return the domain of an AWS region name, or a bare domain as it is; raises ``ConfigurationError`` for anything else."""
    # NOTE: the vendor's command line spells the newer regions with underscores.
    known = DOMAINS.get(region.strip().lower().replace("_", "-"))
    if known:
        return known
    bare = re.sub(r"^(https?://)?((api|login|apps)\.)?", "", region.strip().lower()).rstrip("/")
    if not _HOST.fullmatch(bare):
        raise ConfigurationError(
            f"there is no Genesys Cloud region {region!r}; known are {', '.join(DOMAINS)}, or give a domain such as mypurecloud.de"
        )
    return bare


def base_url(credentials: Mapping[str, str]) -> str:
    """Return the API's host of the region in the credentials."""
    return f"https://api.{domain(credentials['region'])}"


def token_url(base: str) -> str:
    """Return where to log in: the sibling host ``login.`` of an ``api.`` host, else the same host, as the SDKs have it."""
    return re.sub(r"//api\.", "//login.", base.rstrip("/"), count=1) + "/oauth/token"
