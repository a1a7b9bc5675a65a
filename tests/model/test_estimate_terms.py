"""Terms say how long a month is at most for a service."""

from __future__ import annotations

from billfold.model.estimate_terms import UNKNOWN_TERMS, EstimateTerms


def test_a_service_has_the_cap_of_its_words_or_the_usual_one() -> None:
    terms = EstimateTerms(672, {"gpu": 730})
    assert [terms.find_hour_cap(service) for service in ("Cloud GPU", "Block Storage")] == [730, 672]
    assert UNKNOWN_TERMS.find_hour_cap("Cloud GPU") is None
