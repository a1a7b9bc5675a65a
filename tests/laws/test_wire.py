"""Laws 1 and 2: the declared operations are the documented ones, and what was asked is what is heard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billfold.providers.provider import Provider
from billfold.transport.loop import normalize_request
from billfold.wire.answer import Routes
from billfold.wire.operation import OperationType, build_request, operation_name
from tests.laws.kit import DOORS, KINDS, named, questions

TABLE = Path(__file__).with_name("operations.txt").read_text(encoding="utf-8").splitlines()
DOCUMENTED = {tuple(row.split()) for row in TABLE if row and not row.startswith("#")}


def test_law_1_the_declared_operations_are_the_documented_ones() -> None:
    declared = {
        (provider.name, operation_name(kind), kind.method, re.sub(r"\{\w+\}", "{}", kind.path))
        for provider, kind in KINDS
    }
    assert not DOCUMENTED - declared, f"documented but not declared: {sorted(DOCUMENTED - declared)}"
    extra = {row for row in declared - DOCUMENTED if row[1] not in BEYOND}
    assert not extra, f"declared but not documented: {sorted(extra)}"


BEYOND = {"get_service_level_usage_types"}
"""Operations of the vendors' SDKs that lie beside the billing documents."""


@pytest.mark.parametrize(("provider", "kind"), KINDS, ids=named)
def test_law_1_every_operation_says_what_it_does(provider: Provider, kind: OperationType) -> None:
    """Law 1: every operation says what it does and where that is written."""
    first = (kind.__doc__ or "").strip().partition("\n")[0]
    assert first.endswith((".", ":", ",", ";")), f"{kind.__name__} has no first sentence: {first!r}"
    assert kind.docs.startswith("https://"), f"{kind.__name__} names no document"
    assert callable(getattr(provider.api, operation_name(kind), None)) or operation_name(kind) in vars(provider.api)


@pytest.mark.parametrize(("provider", "kind"), KINDS, ids=named)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_law_2_what_was_sent_is_what_arrives(provider: Provider, kind: OperationType, data: st.DataObject) -> None:
    operation = data.draw(questions(kind))
    assert Routes(provider.operations).match_request(normalize_request(build_request(operation))) == operation


def test_law_1_every_provider_is_found_by_looking() -> None:
    assert {provider.name for provider in DOORS} >= {"cockroach", "fastly", "genesys", "vultr"}
