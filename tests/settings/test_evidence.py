"""The time-stamp authority is an address, or there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.model.errors import ConfigurationError
from billfold.settings.evidence import read_timestamp_url

PATH = Path("billfold.toml")


def test_an_address_is_read_and_none_is_none() -> None:
    assert read_timestamp_url({"timestamp_url": "https://stamp.example.com/tsa"}, PATH).startswith("https://")
    assert read_timestamp_url(None, PATH) == ""


@pytest.mark.parametrize("section", ["x", [], {"url": "https://a"}, {"timestamp_url": "ftp://a"}, {"timestamp_url": 5}])
def test_what_is_no_address_is_refused_with_what_to_write(section: object) -> None:
    with pytest.raises(ConfigurationError, match="timestamp_url"):
        read_timestamp_url(section, PATH)
