"""An operation is a method with its own words and arguments, on a client and on its class."""

from __future__ import annotations

import inspect
import pydoc
import re
from typing import Any, get_args

import pytest

from billfold.providers.provider import Provider
from billfold.wire.operation import Kind, name_of
from tests import stage
from tests.laws.kit import KINDS, named


@pytest.mark.parametrize(("door", "kind"), KINDS, ids=named)
def test_the_class_of_a_client_shows_every_operation_with_its_arguments_and_its_words(
    door: Provider, kind: Kind
) -> None:
    method = getattr(door.api, name_of(kind))
    assert {"self", *kind.__struct_fields__} <= {*inspect.signature(method).parameters}
    first = (method.__doc__ or "").partition("\n")[0]
    assert first.startswith(("Get ", "List "))
    page = pydoc.plain(pydoc.render_doc(door.api))
    assert f"{name_of(kind)}(self,/" in re.sub(r"[\s|]", "", page)  # long ones go over several lines
    assert first in page


def test_a_method_of_the_class_asks_with_the_client_that_it_is_given() -> None:
    host = stage.twin(months=1)
    account = stage.stage(host, "cockroach").accounts[0]
    client: Any = stage.client(host, account)
    assert type(client).get_organization(client) == client.get_organization()


def test_a_record_that_comes_as_a_file_too_shows_which() -> None:
    from billfold.clients import Fastly

    format_ = inspect.signature(Fastly.get_invoice).parameters["format"]
    assert (format_.default, get_args(format_.annotation)) == ("json", ("csv", "pdf"))
