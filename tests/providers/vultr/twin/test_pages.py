"""The pages of Vultr's twin."""

from __future__ import annotations

from billfold.providers.vultr.api import ListBillingHistory
from billfold.providers.vultr.twin.pages import make_cursor
from tests.providers.vultr.twin.kit import answer_request


def test_cursors_match_recorded() -> None:
    """Cursors are written as the recorded cursors are."""
    assert make_cursor("next", "1319815") == "bmV4dF9fMTMxOTgxNQ=="
    assert make_cursor("next", "WAW") == "bmV4dF9fV0FX"


def test_pages_lead_on_and_back() -> None:
    """Pages lead on and back."""
    first_page = answer_request(ListBillingHistory(per_page=5))
    assert first_page.meta.links.prev == ""
    assert first_page.meta.total == 27
    second_page = answer_request(ListBillingHistory(per_page=5, cursor=first_page.meta.links.next))
    previous_page = answer_request(ListBillingHistory(per_page=5, cursor=second_page.meta.links.prev))
    assert previous_page == first_page
    dates = [row.date for row in answer_request(ListBillingHistory()).billing_history]
    assert dates == sorted(dates, reverse=True)
