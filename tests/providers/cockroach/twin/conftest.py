"""A twin for the tests of CockroachDB Cloud's part in it."""

from __future__ import annotations

import pytest

from billfold.twin.host import TwinHost
from tests.twin.kit import alone


@pytest.fixture(scope="module")
def host() -> TwinHost:
    return alone()
