"""What Vultr's texts mean: times, descriptions, and the fingerprint of an invoice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.period import parse_instant
from billfold.providers.vultr.mapping import text_fields
from billfold.providers.vultr.records import Invoice


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-09-01T00:00:00+00:00", "2026-09-01T00:00:00Z"),
        ("2026-09-01T02:00:00+02:00", "2026-09-01T00:00:00Z"),
        ("09-01-2021T00:00:00+00:00", "2021-09-01T00:00:00Z"),
        ("2021-08-31 20:00:00", "2021-09-01T00:00:00Z"),
        ("08-31-2021T20:00:00", "2021-09-01T00:00:00Z"),
        ("2016-12-31 19:30:05", "2017-01-01T00:30:05Z"),
        ("2026-09-01", "2026-09-01T00:00:00Z"),
        ("2026-09-01T00:00:00Z", "2026-09-01T00:00:00Z"),
    ],
)
def test_reads_every_recorded_time_format(text: str, instant: str) -> None:
    """Times are read in every spelling that was recorded."""
    assert text_fields.read_time(text) == parse_instant(instant)


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z", "9999-12-31"]
)
def test_non_times_are_refused(text: str) -> None:
    """A text that is not a time is refused."""
    with pytest.raises(ValueError, match="is no time"):
        text_fields.read_time(text)


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("1.1.1.1 (8192 MB) [my-instance]", ("1.1.1.1", "8192 MB", "my-instance")),
        ("1.1.1.1 (1024 MB)", ("1.1.1.1", "1024 MB", None)),
        ("2001:db8::1 (1024 MB) [a (b) [c]]", ("2001:db8::1", "1024 MB", "a (b) [c]")),
        ("Load Balancer (my-loadbalancer)", ("my-loadbalancer", "", "my-loadbalancer")),
        ("Load Balancer (eu (old))", ("eu (old)", "", "eu (old)")),
        ("Bandwidth overage", (None, None, None)),
        ("", (None, None, None)),
        ("()", (None, None, None)),
    ],
)
def test_descriptions_name_resources(text: str, resource: tuple[str | None, str | None, str | None]) -> None:
    """Descriptions name what was rented, whether they are read alone or by the thousand."""
    assert text_fields.resource_of(text) == resource
    assert text_fields.list_resources([text]) == [resource]


@given(st.lists(st.sampled_from(["1.1.1.1", "a", ":", ".", " ", " (", "(", ")", " [", "[", "]", "8192 MB", "\n"])))
def test_many_descriptions_are_read_as_one_is(parts: list[str]) -> None:
    """The usual form is read the same by its pattern as by the rule for every form."""
    text = "".join(parts)
    assert text_fields.list_resources([text]) == [text_fields.resource_of(text)]


def test_fingerprint_covers_own_fields_only() -> None:
    """The fingerprint of a listed invoice covers its own fields only."""
    invoice = Invoice(id=7, date="2026-10-01T00:30:05+00:00", amount=Decimal(10), balance=Decimal(1))
    assert text_fields.make_fingerprint(invoice) == text_fields.make_fingerprint(
        Invoice(id="7", date=invoice.date, amount=Decimal("10.0"), balance=Decimal(99))
    )
    assert text_fields.make_fingerprint(invoice) != text_fields.make_fingerprint(
        Invoice(id=7, date=invoice.date, amount=Decimal("10.01"))
    )


@pytest.mark.parametrize("amount", ["1e999999999", "-1e999999999", "NaN", "1e-999999999", "1" * 60])
def test_an_absurd_amount_has_a_fingerprint(amount: str) -> None:
    """An amount out of all bounds is told from others, and stops nothing that is listed with it."""
    absurd_invoice = Invoice(id=3, date="2026-11-01T00:00:00+00:00", amount=Decimal(amount))
    usual_invoice = Invoice(id=3, date="2026-11-01T00:00:00+00:00", amount=Decimal(7))
    assert text_fields.make_fingerprint(absurd_invoice) != text_fields.make_fingerprint(usual_invoice)
