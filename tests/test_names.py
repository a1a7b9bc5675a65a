"""What ``import billfold`` gives: the names that are written down, and no other."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import billfold
from billfold.clients import find_client
from billfold.model.errors import InvalidArgument
from billfold.wire import codec
from billfold.wire.codec import Record


def test_type_checkers_see_the_names_that_are_there() -> None:
    """The names that type checkers see are those that are there."""
    tree = ast.parse(Path(billfold.__file__).read_text(encoding="utf-8"))
    imported = [
        node.names[0].asname for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.names[0].asname
    ]
    listed = [name for names in (*billfold._HOMES.values(), billfold._RECORDS) for name in names.split()]
    assert sorted(imported) == sorted([*listed, "__version__"])
    assert all(hasattr(billfold, name) for name in listed)


def test_the_records_of_each_vendor_have_a_name() -> None:
    """They are those of its providers' module, and none is loaded before it is used."""
    for name in billfold._RECORDS.split():
        assert getattr(billfold, name) is import_module(f"billfold.providers.{name}.records")
        assert issubclass(
            getattr(billfold, name).Invoice if name != "genesys" else billfold.genesys.BillingInvoice, Record
        )
    code = "import sys, billfold; print([name for name in sys.modules if 'records' in name or name == 'msgspec'])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_field_that_the_vendor_left_out_can_be_named() -> None:
    assert billfold.UNSET is codec.UNSET


@pytest.mark.parametrize(
    "name", ["Any", "ClassVar", "Http", "Options", "Provider", "BY_STATUS", "errors_", "Nobody", ""]
)
def test_what_is_not_named_is_not_there(name: str) -> None:
    assert not hasattr(billfold, name)
    with pytest.raises(InvalidArgument, match="there is no client"):
        find_client(name)
