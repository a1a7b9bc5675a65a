"""A version of FOCUS is its data."""

from __future__ import annotations

import pytest

from billfold.focus import versions
from billfold.model.errors import InvalidArgument


def test_a_version_is_added_by_adding_its_data() -> None:
    assert versions.version_names()[-1] == versions.NEWEST == "1.4"
    sizes = {
        name: len(versions.load_version(name).datasets["CostAndUsage"].columns) for name in versions.version_names()
    }
    assert sizes["1.4"] == 65
    with pytest.raises(InvalidArgument, match=r"known are 1\.2, 1\.3, 1\.4"):
        versions.load_version("1.1")
