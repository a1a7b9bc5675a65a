"""An operation is a method with its own words and arguments, on a client and on its class."""

from __future__ import annotations

import asyncio
import inspect
import pydoc
import re
from typing import Any, get_args

import pytest

from billfold import AsyncFastly, AsyncVultr, Fastly, Vultr
from billfold.clients import CLIENT_MODULES, find_client
from billfold.model.errors import InvalidArgument, InvalidResponse
from billfold.providers.provider import Provider
from billfold.wire.methods import Api, C, api_method, format_method, list_method
from billfold.wire.operation import OperationType, operation_name, read_response
from tests import stage
from tests.laws.kit import KINDS, named
from tests.wire.kit import GetPaper, GetPart, GetThing, ListThings, ok


@pytest.mark.parametrize(("provider", "kind"), KINDS, ids=named)
def test_a_clients_class_shows_every_operation(provider: Provider, kind: OperationType) -> None:
    """The class of a client shows every operation with its arguments and its words."""
    method = getattr(provider.api, operation_name(kind))
    assert {"self", *kind.__struct_fields__} <= {*inspect.signature(method).parameters}
    first = (method.__doc__ or "").partition("\n")[0]
    assert first.startswith(("Get ", "List "))
    page = pydoc.plain(pydoc.render_doc(provider.api))
    assert f"{operation_name(kind)}(self,/" in re.sub(r"[\s|]", "", page)  # long ones go over several lines
    assert first in page


def test_a_method_of_the_class_asks_with_its_client() -> None:
    """A method of the class asks with the client that it is given."""
    host = stage.twin(months=1)
    account = stage.stage(host, "cockroach").accounts[0]
    client: Any = stage.client(host, account)
    assert type(client).get_organization(client) == client.get_organization()


@pytest.mark.parametrize(
    "client_type", list(map(find_client, CLIENT_MODULES)), ids=lambda client_type: client_type.__name__
)
def test_every_method_of_a_client_introduces_itself(client_type: Any) -> None:
    """Its name, its words, its parameters and its result are those of the operation, on the client and on the class."""
    client = client_type(*"ab"[: 2 if client_type.__name__.endswith("Genesys") else 1], base_url="http://127.0.0.1:9")
    names = [operation_name(kind) for provider, kind in KINDS if issubclass(client_type, provider.api)]
    assert len(names) > 2
    for name in names:
        method, function = getattr(client, name), getattr(client_type, name)
        assert repr(method) == f"<{client_type.__name__}.{name}>"
        shown = inspect.signature(method)
        assert shown.return_annotation not in {inspect.Signature.empty, None}
        assert all(parameter.annotation is not inspect.Parameter.empty for parameter in shown.parameters.values())
        assert [*inspect.signature(function).parameters] == ["self", *shown.parameters]
        for callable_ in (method, function):
            assert (callable_.__name__, callable_.__qualname__) == (name, f"{client_type.__name__}.{name}")
            assert (callable_.__doc__ or "").startswith(("Get ", "List "))
            assert callable_.__module__ == client_type.__module__


def test_an_api_gathers_its_operations_from_its_methods() -> None:
    """In their order, a file's beside its record's, and after those of the class above."""

    class Things(Api[C]):
        list_things = list_method(ListThings)
        get_part = api_method(GetPart)

    class More(Things[C]):
        get_thing = format_method(GetThing, GetPaper)

    assert Api.operations == ()
    assert Things.operations == (ListThings, GetPart)
    assert More.operations == (ListThings, GetPart, GetThing, GetPaper)


def test_a_method_is_called_as_its_operation() -> None:
    with pytest.raises(TypeError, match=r"^Things\.fetch_part must be called get_part$"):

        class Things(Api[C]):
            fetch_part = api_method(GetPart)


@pytest.mark.parametrize(("provider", "kind"), KINDS, ids=named)
def test_what_stands_in_the_path_is_given_by_position(provider: Provider, kind: OperationType) -> None:
    """In the order of the path, where it is required, and nothing else is."""
    parameters = inspect.signature(kind).parameters.values()
    positional = [
        parameter.name for parameter in parameters if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    assert positional == re.findall(r"\{(\w+)\}", kind.path), provider.name


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda vultr: vultr.get_invoice(id=1), "takes invoice_id, not 'id'"),
        (lambda vultr: vultr.get_invoice.raw(id=1), "takes invoice_id, not 'id'"),
        (lambda vultr: vultr.get_invoice(), "needs invoice_id"),
        (lambda vultr: vultr.get_invoice(1, 2), "takes invoice_id by position; 2 values are too many"),
        (lambda vultr: vultr.get_invoice(1, invoice_id=2), "got invoice_id twice, by position and by name"),
        (lambda vultr: type(vultr).get_invoice(vultr, id=2), "takes invoice_id, not 'id'"),
    ],
)
@pytest.mark.parametrize("client_type", [Vultr, AsyncVultr])
def test_a_wrong_argument_is_refused_with_what_is_taken(client_type: Any, call: Any, sentence: str) -> None:
    with pytest.raises(TypeError, match=rf"^{client_type.__name__}\.get_invoice\(\) {re.escape(sentence)}$"):
        call(client_type("k", base_url="http://127.0.0.1:9"))


def test_what_is_given_by_position_to_a_list_is_refused() -> None:
    vultr: Any = Vultr("k", base_url="http://127.0.0.1:9")
    with pytest.raises(TypeError, match=r"takes nothing by position; name each value, as in per_page=\.\.\."):
        vultr.list_invoices(3)
    with pytest.raises(TypeError, match=r"^Vultr\.get_account\(\) takes no arguments$"):
        vultr.get_account(3)


def test_a_path_argument_is_taken_by_position_and_by_name() -> None:
    host = stage.twin(months=2)
    client: Any = stage.client(host, stage.stage(host, "vultr").accounts[0])
    number = next(iter(client.list_invoices())).id
    assert client.get_invoice(number) == client.get_invoice(invoice_id=number)
    assert list(client.get_invoice_items(number, per_page=500)) == list(client.get_invoice_items(invoice_id=number))


def test_a_record_that_comes_as_a_file_too_shows_which() -> None:
    format_ = inspect.signature(Fastly.get_invoice).parameters["format"]
    assert (format_.default, get_args(format_.annotation)) == ("json", ("json", "csv", "pdf"))


@pytest.mark.parametrize("format_", ["PDF", "xml", "CSV", "", None, ["pdf"]])
@pytest.mark.parametrize("client", [Fastly, AsyncFastly])
def test_an_unknown_format_is_refused_before_asking(client: Any, format_: Any) -> None:
    """A format that there is not is refused before anything is asked."""
    made_client = client(token="t", base_url="http://127.0.0.1:9")
    for method, fields in (
        (made_client.get_invoice, {"year": "2026", "month": "05"}),
        (made_client.get_invoice_by_id, {"customer_id": "c", "invoice_id": "1"}),
    ):
        for read in (method, method.raw):
            with pytest.raises(InvalidArgument, match=r"there is no format .*; the formats are json, csv, pdf"):
                awaited(read(**fields, format=format_))


def awaited(answer: Any) -> Any:
    """Return what an answer is, at once or when it is awaited."""

    async def wait() -> Any:
        return await answer

    return asyncio.run(wait()) if inspect.isawaitable(answer) else answer


@pytest.mark.parametrize("body", [b"{}", b'{"message":"hello"}', b'{"billing_invoice":{}}'])
def test_no_invoice_is_read_from_an_answer_without_one(body: bytes) -> None:
    """No single invoice is read from an answer that holds none."""
    operation_types = [
        kind for _, kind in KINDS if operation_name(kind).startswith("get_invoice") and kind.expected_fields
    ]
    assert len(operation_types) == 5
    for kind in operation_types:
        op = kind(**dict.fromkeys(re.findall(r"\{(\w+)\}", kind.path), "1"))
        with pytest.raises(InvalidResponse, match=r"the answer has no(ne of)? "):
            read_response(op, ok(body))
