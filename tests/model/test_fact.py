"""A fact's id follows from what it is of, and from nothing that is said of it."""

from __future__ import annotations

from decimal import Decimal

from billfold.model.fact import TITLES, FactKey, FactKind, describe_fact, format_money, list_fact_values
from tests.tasks.alert_kit import make_fact


def test_every_kind_has_a_title() -> None:
    assert TITLES.keys() == set(FactKind)


def test_an_id_follows_from_the_key_alone() -> None:
    """It is pinned: another one would tell everybody everything again."""
    key = FactKey(FactKind.LATE, "vultr", "main", ("a", "2026-10"))
    assert key.id == "51293e8e063c375a"
    others = [key._replace(kind=FactKind.PARKED), key._replace(account="b"), key._replace(parts=("a2026-10",))]
    assert len({other.id for other in others} | {key.id}) == 4


def test_a_fact_is_a_sentence_and_texts() -> None:
    fact = make_fact(1, amount=Decimal("1E+2"))
    assert describe_fact(fact) == "New invoice: vultr main 2026-11: INV-1: 100.00 USD"
    assert (list_fact_values(fact)["amount"], format_money(fact)) == ("100", "100.00 USD")
    assert (list_fact_values(fact._replace(amount=None))["amount"], format_money(fact._replace(amount=None))) == (
        None,
        "",
    )
