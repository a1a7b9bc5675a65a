"""A company is a name, or there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.model.errors import ConfigurationError
from billfold.settings.company import read_company_name


def test_a_name_is_read() -> None:
    assert read_company_name({"name": " Example Ltd "}, Path("x")) == "Example Ltd"
    assert read_company_name(None, Path("x")) == ""


@pytest.mark.parametrize("section", ["x", {}, {"name": 5}, {"name": "x" * 200}, {"name": "a", "tax": "b"}])
def test_what_is_no_name_is_refused(section: object) -> None:
    with pytest.raises(ConfigurationError, match="Example Ltd"):
        read_company_name(section, Path("x"))
