"""Law 5: a list gives every item once, in order, for any page size, and goes on from any bookmark."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from billfold.model.errors import IncompleteList
from billfold.providers.provider import Provider
from billfold.wire.codec import encode_json
from billfold.wire.operation import OperationType, operation_name, read_response
from billfold.wire.paging import PagedOperation, Walk
from tests import stage as stages
from tests.laws.kit import DOORS, KINDS, examples, named

LISTS = [(provider, kind) for provider, kind in KINDS if issubclass(kind, PagedOperation)]
SIZES = ("per_page", "page_size", "limit")


def size_of(kind: OperationType) -> str | None:
    return next((name for name in SIZES if name in kind.__struct_fields__), None)


def items(transport: Any, op: PagedOperation[Any, Any]) -> tuple[list[Any], Walk[Any, Any], list[Any]]:
    walk, read_items, requests = Walk(op), list[Any](), list[Any]()
    while walk.next_operation is not None:
        requests.append(walk.next_operation)
        read_items.extend(walk.take_page(read_response(walk.next_operation, transport.send(walk.next_operation))))
    return read_items, walk, requests


@pytest.mark.parametrize(("provider", "kind"), LISTS, ids=named)
def test_law_5_any_page_size_gives_the_same_items(provider: Provider, kind: OperationType) -> None:
    host = stages.twin()
    account, questions = examples(host, provider)
    transport, op = stages.connection(host, account), questions[kind]
    assert isinstance(op, PagedOperation)
    whole, walk, _ = items(transport, op)
    assert walk.end_confirmed
    assert whole
    size = size_of(kind)
    for number in (1, 3, 7, 10) if size else ():
        sized = msgspec.structs.replace(op, **{str(size): number})
        assert items(transport, sized)[0] == whole, f"{size}={number}"


@pytest.mark.parametrize(("provider", "kind"), LISTS, ids=named)
def test_law_5_a_walk_goes_on_from_its_bookmark(provider: Provider, kind: OperationType) -> None:
    host = stages.twin()
    account, questions = examples(host, provider)
    transport, op, size = stages.connection(host, account), questions[kind], size_of(kind)
    assert isinstance(op, PagedOperation)
    if size is None:
        pytest.skip("this list comes in one answer")
    whole, _, requests = items(transport, msgspec.structs.replace(op, **{size: 5}))
    for number, bookmark in enumerate(requests):
        stored = msgspec.json.decode(encode_json(bookmark), type=kind)
        assert isinstance(stored, PagedOperation)
        assert items(transport, stored)[0] == whole[number * 5 :]


@pytest.mark.parametrize(("provider", "kind"), [pair for pair in LISTS if size_of(pair[1])], ids=named)
def test_law_5_a_list_that_leads_round_is_refused(provider: Provider, kind: OperationType) -> None:
    host = stages.twin()
    account, questions = examples(host, provider)
    client, op = stages.client(host, account), questions[kind]
    host.faults.append(stages.fault(provider.name, "looping-cursor", at=2, times=9))
    arguments = {name: getattr(op, name) for name in op.__struct_fields__ if getattr(op, name) is not None}
    size = size_of(kind)
    assert size
    method = getattr(client, operation_name(op))
    with pytest.raises(IncompleteList, match=f"^{provider.name} {operation_name(op)}: .* leads back"):
        list(method(**{**arguments, size: 2}))


def test_every_provider_but_cockroach_pages() -> None:
    assert {provider.name for provider, kind in LISTS if size_of(kind)} == {provider.name for provider in DOORS} - {
        "cockroach"
    }
