"""A twin for the tests of Genesys Cloud's part in it."""

from __future__ import annotations

import pytest

from billfold.twin.host import TwinHost
from tests import stage as stages


@pytest.fixture
def host() -> TwinHost:
    return stages.twin()
