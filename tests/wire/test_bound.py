"""An operation is a method with its own words and arguments, on a client and on its class."""

from __future__ import annotations

import asyncio
import inspect
import pydoc
import re
from typing import Any, get_args

import pytest

from billfold.clients import AsyncFastly, Fastly
from billfold.model.errors import InvalidArgument, InvalidResponse
from billfold.providers.provider import Provider
from billfold.wire.operation import OperationType, operation_name, read_response
from tests import stage
from tests.laws.kit import KINDS, named
from tests.wire.kit import ok


@pytest.mark.parametrize(("door", "kind"), KINDS, ids=named)
def test_the_class_of_a_client_shows_every_operation_with_its_arguments_and_its_words(
    door: Provider, kind: OperationType
) -> None:
    method = getattr(door.api, operation_name(kind))
    assert {"self", *kind.__struct_fields__} <= {*inspect.signature(method).parameters}
    first = (method.__doc__ or "").partition("\n")[0]
    assert first.startswith(("Get ", "List "))
    page = pydoc.plain(pydoc.render_doc(door.api))
    assert f"{operation_name(kind)}(self,/" in re.sub(r"[\s|]", "", page)  # long ones go over several lines
    assert first in page


def test_a_method_of_the_class_asks_with_the_client_that_it_is_given() -> None:
    host = stage.twin(months=1)
    account = stage.stage(host, "cockroach").accounts[0]
    client: Any = stage.client(host, account)
    assert type(client).get_organization(client) == client.get_organization()


def test_a_record_that_comes_as_a_file_too_shows_which() -> None:
    format_ = inspect.signature(Fastly.get_invoice).parameters["format"]
    assert (format_.default, get_args(format_.annotation)) == ("json", ("csv", "pdf"))


@pytest.mark.parametrize("format_", ["PDF", "xml", "CSV", "", None, ["pdf"]])
@pytest.mark.parametrize("client", [Fastly, AsyncFastly])
def test_a_format_that_there_is_not_is_refused_before_anything_is_asked(client: Any, format_: Any) -> None:
    made = client(token="t", base_url="http://127.0.0.1:9")
    for method, fields in (
        (made.get_invoice, {"year": "2026", "month": "05"}),
        (made.get_invoice_by_id, {"customer_id": "c", "invoice_id": "1"}),
    ):
        for asked in (method, method.raw):
            with pytest.raises(InvalidArgument, match=r"there is no format .*; the formats are json, csv, pdf"):
                awaited(asked(**fields, format=format_))


def awaited(answer: Any) -> Any:
    """Return what an answer is, at once or when it is awaited."""

    async def wait() -> Any:
        return await answer

    return asyncio.run(wait()) if inspect.isawaitable(answer) else answer


@pytest.mark.parametrize("body", [b"{}", b'{"message":"hello"}', b'{"billing_invoice":{}}'])
def test_no_single_invoice_is_read_from_an_answer_that_holds_none(body: bytes) -> None:
    kinds = [kind for _, kind in KINDS if operation_name(kind).startswith("get_invoice") and kind.expected_fields]
    assert len(kinds) == 5
    for kind in kinds:
        op = kind(**dict.fromkeys(kind.__struct_fields__, "1"))
        with pytest.raises(InvalidResponse, match=r"the answer has no(ne of)? "):
            read_response(op, ok(body))
