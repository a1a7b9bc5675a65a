"""A mapping is read from its TOML, and what cannot be meant is named with what to change."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.model.errors import ConfigurationError
from billfold.report.journal.mapping import Coding, JournalMapping
from billfold.settings.journal import find_mapping_path, load_mapping, parse_mapping

WHOLE = """
suspense = "9999"
date_format = "YYYY-MM-DD"
open_directives = false
[default]
payable = "2000"
tax_code = "9"
[vendors.genesys]
name = "Genesys Cloud Services, Inc."
[[rules]]
vendor = "genesys"
sub_account = "a*"
tags = { team = "web" }
gl_account = "6400"
[[rules]]
category = "Tax"
gl_account = "1576"
tax_code = "0"
[datev]
consultant = 29098
currency = "USD"
rates = { EUR = "1.0834" }
"""


def parse(text: str) -> JournalMapping:
    return parse_mapping(tomllib.loads(text, parse_float=Decimal), "journal.toml")


def test_a_whole_mapping_is_read() -> None:
    mapping = parse(WHOLE)
    assert (mapping.suspense, mapping.date_format, mapping.has_open_directives) == ("9999", "%Y-%m-%d", False)
    assert mapping.keys == ["charge-category", "provider", "sub-account", "tag:team"]
    assert mapping.datev[:2] == (29098, 1)
    assert (mapping.datev.currency, mapping.datev.rates) == ("USD", {"EUR": "1.0834"})
    assert mapping.find_vendor("genesys", "Genesys").name == "Genesys Cloud Services, Inc."
    assert mapping.find_vendor("fastly", "Fastly") == ("Fastly", "2000", "Prepaid credits")


def test_each_part_is_the_first_fitting_rules() -> None:
    mapping = parse(WHOLE)
    cells = {"provider": "genesys", "sub-account": "abc", "tag:team": "web", "charge-category": "Tax"}
    assert mapping.code_charges(cells) == Coding("6400", "0", None)
    assert mapping.code_charges(cells | {"sub-account": "b"}) == Coding("1576", "0", None)
    assert mapping.code_charges(cells | {"sub-account": "b", "charge-category": "Usage"}) == Coding(None, "9", None)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rule = 1", "'rule' is not known"),
        ("rules = 1", "[[rules]] blocks"),
        ("[[rules]]\nvendor = 'x'", "states none of gl_account"),
        ("[[rules]]\ngl_account = 6400", "gl_account must be text in quotes"),
        ("[[rules]]\ngl_account = '1'\ncolor = 'red'", "'color' is not known"),
        ("default = 1", "as a table"),
        ("[default]\npayables = '1'", "'payables' is not known"),
        ("[vendors.x]\naccount = '1'", "'account' is not known"),
        ("[datev]\nconsultant = 'x'", "consultant must be a whole number"),
        ("[datev]\nfirst_month = 13", "first_month is 1 to 12"),
        ("[datev]\ncurrency = 'E'", "three letters"),
        ("date_format = 'D'", "DD/MM/YYYY"),
        ("open_directives = 1", "true or false"),
        ("suspense = 1", "suspense must be text"),
        ("[default]\naccrued = '1'", "accrued belongs at the top of the file"),
        ("payable = '1'", "payable belongs into [default] or [vendors.NAME]"),
        ("[rates]\nCRDB_CLOUD_CREDITS = '1'", "rates belongs into billfold.toml, as [rates]"),
        (
            "suspense = 1\n[datev]\nclient = 'x'",
            'suspense must be text in quotes, as "6100"; journal.toml, [datev]: client must',
        ),
    ],
)
def test_what_cannot_be_meant_is_named(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse(text)
    assert sentence in str(error.value)


def test_a_mapping_lies_beside_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "billfold.toml"
    assert find_mapping_path({"mapping": "j.toml"}, config, None) == tmp_path / "j.toml"
    assert find_mapping_path({"mapping": "j.toml"}, config, Path("k.toml")) == Path("k.toml")
    assert find_mapping_path(None, config, None) is None
    with pytest.raises(ConfigurationError, match="mapping = "):
        find_mapping_path({"file": "j.toml"}, config, None)
    with pytest.raises(ConfigurationError, match="there is no mapping"):
        load_mapping(tmp_path / "j.toml")
    (tmp_path / "j.toml").write_text("[")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_mapping(tmp_path / "j.toml")
    (tmp_path / "j.toml").write_text(WHOLE)
    assert load_mapping(tmp_path / "j.toml").suspense == "9999"
