"""An account is added to a configuration beside what was there, or the file stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.config import ENVIRONMENT_CONFIG, load_accounts
from billfold.model.errors import ConfigurationError
from billfold.tasks.connect import add_account


def test_an_added_account_stands_beside_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "billfold.toml"
    add_account(path, {"name": "one", "provider": "cockroach", "api_key": "env:K"})
    path.write_text("# a comment\n" + path.read_text())
    add_account(path, {"name": "two", "provider": "cockroach", "base_url": 'http://x/"\\\u20ac'})
    assert [account.name for account in load_accounts(path)] == ["one", "two"]
    assert load_accounts(path)[1].base_url == 'http://x/"\\\u20ac'
    assert path.read_text().startswith("# a comment\n")


@pytest.mark.parametrize("block", [{"name": "one"}, {"name": "x", "api_key": "literal"}, {"name": "a b"}])
def test_an_account_that_does_not_fit_leaves_the_file_as_it_was(block: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "billfold.toml"
    add_account(path, {"name": "one", "provider": "cockroach"})
    before = path.read_bytes()
    with pytest.raises(ConfigurationError):
        add_account(path, {"provider": "cockroach", **block})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["file/billfold.toml", ".", "latin"])
def test_an_unwritable_configuration_is_one_of_our_errors(name: str, tmp_path: Path) -> None:
    """A configuration that cannot be written is one of our errors."""
    (tmp_path / "file").touch()
    (tmp_path / "latin").write_bytes(b"# \xe9")
    with pytest.raises(ConfigurationError):
        add_account(tmp_path / name, {"name": "one", "provider": "cockroach"})


def test_what_is_no_file_is_not_added_to() -> None:
    with pytest.raises(ConfigurationError, match="BILLFOLD_CONFIG_TOML: add the account there"):
        add_account(ENVIRONMENT_CONFIG, {"name": "one", "provider": "cockroach"})
