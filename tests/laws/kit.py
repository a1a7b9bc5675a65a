"""What the laws run over: every provider, every operation, one good question for each."""

from __future__ import annotations

import types
from datetime import date, datetime
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from billfold.providers.provider import Provider
from billfold.providers.twin_api import TwinAccount
from billfold.twin.host import TwinHost
from billfold.wire.operation import Operation, OperationType
from tests.stage import list_providers, stage

DOORS = sorted((provider for provider in list_providers() if provider.has_twin), key=lambda provider: provider.name)
KINDS = [(provider, kind) for provider in DOORS for kind in provider.operations]


def named(value: object) -> str:
    """Name a parameter for pytest."""
    if isinstance(value, Provider):
        return value.name
    return value.__name__ if isinstance(value, type) else str(value)


def examples(host: TwinHost, provider: Provider) -> tuple[TwinAccount, dict[OperationType, Operation[Any]]]:
    """Return the provider's first account and one good question of each operation."""
    played = stage(host, provider.name)
    account = played.accounts[0]
    operations = {type(op): op for op in played.twin.example_operations(account, host.clock.now())}
    missing = [kind.__name__ for kind in provider.operations if kind not in operations]
    assert not missing, f"{provider.name}: example_operations of its twin has no {', '.join(missing)}"
    return account, operations


def questions(kind: OperationType) -> st.SearchStrategy[Operation[Any]]:
    """Make any question of an operation."""
    fields = {
        field.name: (field, of_type(field.type, path="{" + field.name + "}" in kind.path))
        for field in msgspec.structs.fields(kind)
    }
    required = {name: strategy for name, (field, strategy) in fields.items() if field.required}
    free = {name: strategy for name, (field, strategy) in fields.items() if not field.required}
    return st.fixed_dictionaries(required, optional=free).map(lambda fields_: kind(**fields_))


def of_type(hint: Any, *, path: bool) -> st.SearchStrategy[Any]:
    """Make any value of a field's type."""
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) in {Union, types.UnionType}:
        members = [member for member in get_args(hint) if not (member is int and str in get_args(hint))]
        return st.one_of([st.none() if member is type(None) else of_type(member, path=path) for member in members])
    texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1 if path else 0)
    if path or hint is str:
        texts = texts.filter(lambda text: text not in {".", ".."} and not text.isdecimal())
    strategies: dict[Any, st.SearchStrategy[Any]] = {
        str: texts,
        int: st.integers(0, 10**6),
        date: st.dates(),
        datetime: st.datetimes(timezones=st.just(__import__("datetime").UTC)),
        bool: st.booleans(),
    }
    return strategies[hint]
