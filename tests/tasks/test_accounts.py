"""Accounts that a program makes are checked as those of a configuration, and show no credential."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.model.errors import ConfigurationError
from billfold.tasks.accounts import Account, load_accounts


def test_the_credentials_of_a_program_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential that a program gives is used before the environment's; one that it leaves out is the environment's."""
    monkeypatch.setenv("VULTR_API_KEY", "from-environment")
    accounts = load_accounts([Account("a", "vultr", {"api_key": " own "}), Account("b", "vultr")])
    assert [account.read_credentials()["api_key"] for account in accounts] == ["own", "from-environment"]


def test_no_account_shows_its_credentials() -> None:
    """Neither an account nor what a collection makes of it has a credential in its ``repr``."""
    account = Account("a", "vultr", {"api_key": "hidden-key"})
    assert "hidden-key" not in f"{account!r} {load_accounts([account])!r}"


@pytest.mark.parametrize(
    ("account", "sentence"),
    [
        (Account("a b", "vultr"), "account 'a b': give it a name"),
        (Account("a", "vultr", {"key": "k"}), "account 'a': 'key' is not known; Vultr takes api_key"),
        (Account("a", "vultr", base_url="example.com"), "base_url must be a whole URL"),
        (Account("a", "no vendor"), "there is no provider 'no vendor'"),
    ],
)
def test_an_account_that_cannot_be_is_refused(account: Account, sentence: str) -> None:
    """An account of a program is refused as one of a configuration would be."""
    with pytest.raises(ConfigurationError, match=sentence):
        load_accounts([account])


@pytest.mark.parametrize("key", ["", "  ", None, "two\nlines"])
def test_a_credential_that_cannot_be_is_not_replaced(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """An empty credential is refused by its name; the environment's, of another account maybe, does not take its place."""
    monkeypatch.setenv("VULTR_API_KEY", "from-environment")
    (account,) = load_accounts([Account("a", "vultr", {"api_key": key})])
    with pytest.raises(ConfigurationError, match="account 'a', api_key"):
        account.read_credentials()


def test_two_accounts_have_two_names() -> None:
    """A name that two accounts have is refused."""
    with pytest.raises(ConfigurationError, match="the account name 'a' is used twice"):
        load_accounts([Account("a", "vultr"), Account("a", "fastly")])


def test_a_configuration_is_named_by_its_path(tmp_path: Path) -> None:
    """The path of a configuration stands for its accounts, as a path or as a text."""
    path = tmp_path / "billfold.toml"
    path.write_text('[[accounts]]\nname = "main"\nprovider = "vultr"\n', encoding="utf-8")
    assert [load_accounts(name)[0].name for name in (path, str(path))] == ["main", "main"]
