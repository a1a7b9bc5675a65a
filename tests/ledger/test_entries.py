"""An entry of the archive holds no credential, and its time sorts as it is written."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from billfold.ledger.entries import ARCHIVED_HEADERS, format_time


def test_no_header_that_could_carry_a_credential_is_kept() -> None:
    assert not set(ARCHIVED_HEADERS) & {
        "authorization",
        "set-cookie",
        "cookie",
        "location",
        "www-authenticate",
        "fastly-key",
    }


@given(st.datetimes(), st.datetimes())
def test_times_sort_as_they_are_written(earlier: Any, other: Any) -> None:
    from datetime import UTC

    first, second = earlier.replace(tzinfo=UTC), other.replace(tzinfo=UTC)
    assert (format_time(first) < format_time(second)) == (first < second)
