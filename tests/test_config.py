"""A configuration names accounts and where their keys are, never the keys, and says the one thing to change."""

from __future__ import annotations

import os
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billfold import config
from billfold.collect.sync import open_transport
from billfold.config import find_config, find_ledger_directory, load_accounts
from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.providers.credential_references import resolve_reference

ACCOUNT = '[[accounts]]\nname = "a"\nprovider = "cockroach"\n'


def read(tmp_path: Path, text: str | bytes) -> list[config.AccountConfig]:
    path = tmp_path / "billfold.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_accounts(path)


def test_an_account_is_read_with_its_references(tmp_path: Path) -> None:
    text = ACCOUNT + 'api_key = "env:K"\nbase_url = "http://x/y"\nrate = "off"\npayment_terms = "Net 30 "\n'
    [account] = read(tmp_path, text)
    assert account.payment_terms == "Net 30"
    assert (account.name, account.provider.name, account.references) == ("a", "cockroach", {"api_key": "env:K"})
    assert (account.base_url, account.unlimited) == ("http://x/y", True)
    [other] = read(tmp_path, ACCOUNT)
    assert (other.references, other.base_url, other.unlimited) == ({}, None, False)


@pytest.mark.parametrize("secret", ["sk-live-1234", "env", "env:", "ENV:K", "vault:x", " env:K", "CCDB1_x"])
def test_a_literal_secret_is_refused_and_not_told(secret: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="never the secret itself") as caught:
        read(tmp_path, ACCOUNT + f'api_key = "{secret}"\n')
    assert f'"{secret}"' not in str(caught.value)
    assert secret not in str(caught.value) or secret.startswith("env")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = [", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        ("accounts = 5", r"\[\[accounts\]\] blocks"),
        ("accounts = [1]", r"\[\[accounts\]\] blocks"),
        ("[accounts]", r"\[\[accounts\]\] blocks"),
        ('[[accounts]]\nprovider = "cockroach"', "give it a name"),
        ('[[accounts]]\nname = "a b"\nprovider = "cockroach"', "give it a name"),
        ('[[accounts]]\nname = "a/b"\nprovider = "cockroach"', "give it a name"),
        ('[[accounts]]\nname = ""\nprovider = "cockroach"', "give it a name"),
        ('[[accounts]]\nname = 5\nprovider = "cockroach"', "name must be text in quotes"),
        ('[[accounts]]\nname = "a"', "account 1: it says name, and no provider; known are .*cockroach"),
        ('[[accounts]]\nname = "a"\nprovder = "vultr"', "it says name, provder, and no provider"),
        ('[[accounts]]\nname = "a"\nprovider = "a/b"', "there is no provider 'a/b'"),
        (
            ACCOUNT + 'token = "env:K"',
            "'token' is not known; CockroachDB Cloud takes api_key, base_url, rate, payment_terms",
        ),
        (ACCOUNT + 'rate = "on"', 'rate can only be "off"'),
        (ACCOUNT + 'payment_terms = " "', 'write payment_terms as your contract has them, as "Net 30"'),
        (ACCOUNT + "rate = 5", "rate must be text"),
        (ACCOUNT + 'base_url = "http://u:p@h"', "account 1: base_url must hold no user and no password: leave out"),
        (ACCOUNT + ACCOUNT, "'a' is used twice"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text: str | bytes, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        read(tmp_path, text)


@pytest.mark.parametrize("vendor", ["aws", "provider", "Vultr"])
def test_an_unknown_provider_stops_no_other_account(vendor: str, tmp_path: Path) -> None:
    """An account of an unknown provider says so when it is asked, and stops no other."""
    text = f'[[accounts]]\nname = "b"\nprovider = "{vendor}"\nwhat_a_newer_one_takes = "env:K"\n'
    first, strange = read(tmp_path, ACCOUNT + text)
    assert (first.provider.name, strange.provider.name) == ("cockroach", vendor)
    for url in (None, "http://127.0.0.1:9"):
        with pytest.raises(InvalidArgument, match=f"there is no provider '{vendor}'; known are cockroach"):
            open_transport(strange._replace(base_url=url))


def test_deep_nesting_is_refused_as_any_other_nonsense(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        read(tmp_path, "x = " + "[" * 5000 + "]" * 5000)


def test_a_file_without_an_end_is_no_configuration_and_no_key() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: it is longer than"):
        load_accounts(Path("/dev/zero"))
    with pytest.raises(ConfigurationError, match="cannot be read: it is longer than"):
        resolve_reference("file:/dev/zero", "here")


def test_no_configuration_and_a_directory_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="make one with `billfold connect PROVIDER`"):
        load_accounts(tmp_path / "none.toml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_accounts(tmp_path)


@given(text=st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_configuration_or_refused(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(ConfigurationError):
        assert load_accounts(path) == []


def test_a_reference_is_resolved_and_trimmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K", " value\n")
    (tmp_path / "key").write_text("\tvalue \r\n")
    assert resolve_reference("env:K", "here") == resolve_reference(f"file:{tmp_path / 'key'}", "here") == "value"


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_an_empty_or_unset_reference_names_itself(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is None:
        monkeypatch.delenv("K", raising=False)
    else:
        monkeypatch.setenv("K", content)
    with pytest.raises(ConfigurationError, match="here: env:K is empty or not set"):
        resolve_reference("env:K", "here")
    (tmp_path / "key").write_text(content or "")
    with pytest.raises(ConfigurationError, match=r"here: file:.*/key is empty or not set"):
        resolve_reference(f"file:{tmp_path / 'key'}", "here")


def test_a_file_that_cannot_be_read_is_named_and_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xffsecret")
    for path, reason in (
        (tmp_path / "key", "not text"),
        (tmp_path, "Is a directory"),
        (tmp_path / "no", "No such file"),
    ):
        with pytest.raises(ConfigurationError, match=f"cannot be read: {reason}") as caught:
            resolve_reference(f"file:{path}", "here")
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("place", ["~nobody-of-this-name/key", "a\x00b"])
def test_a_file_that_cannot_be_named_is_refused(place: str) -> None:
    with pytest.raises(ConfigurationError):
        resolve_reference(f"file:{place}", "here")


def test_no_reference_means_the_vendors_own_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account without a reference uses the vendor's own variable."""
    [account] = read(tmp_path, ACCOUNT)
    monkeypatch.setenv("COCKROACH_API_KEY", "k\n")
    assert account.read_credentials() == {"api_key": "k"}
    monkeypatch.delenv("COCKROACH_API_KEY")
    with pytest.raises(ConfigurationError, match=r"account 'a', api_key: .* COCKROACH_API_KEY is not set"):
        account.read_credentials()


def test_the_places_are_looked_for_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "d"))
    for name in ("BILLFOLD_CONFIG", "BILLFOLD_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "c" / "billfold" / "billfold.toml"
    assert (find_config(None), find_ledger_directory(None)) == (Path("billfold.toml"), tmp_path / "d" / "billfold")
    home.parent.mkdir(parents=True)
    home.touch()
    assert find_config(None) == home
    Path("billfold.toml").touch()
    assert find_config(None) == Path("billfold.toml")
    monkeypatch.setenv("BILLFOLD_CONFIG", "env.toml")
    monkeypatch.setenv("BILLFOLD_LEDGER", "env")
    assert (find_config(None), find_ledger_directory(None)) == (Path("env.toml"), Path("env"))
    assert (find_config("given.toml"), find_ledger_directory("given")) == (Path("given.toml"), Path("given"))


BOMS = {"utf-8": "utf-8-sig", "utf-16": "utf-16"}


@pytest.mark.parametrize("encoding", BOMS.values(), ids=list(BOMS))
def test_a_byte_order_mark_is_no_part_of_a_text(encoding: str, tmp_path: Path) -> None:
    """A configuration and a key as an editor or a shell on Windows writes them are read, also from a variable."""
    text = '[[accounts]]\r\nname = "a"\r\nprovider = "vultr"\r\napi_key = "file:key"\r\n'
    (tmp_path / "billfold.toml").write_bytes(text.encode(encoding))
    (tmp_path / "key").write_bytes("a-key-of-mine\r\n".encode(encoding))
    (account,) = load_accounts(tmp_path / "billfold.toml")
    assert account.read_credentials() == {"api_key": "a-key-of-mine"}


def test_paths_begin_at_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the working directory is: a job's is not the user's."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (home / "key").write_text("a-key-of-mine")
    (home / "proxy").write_text("http://user:hidden@proxy.example:3128")
    lines = ['name = "a"', 'provider = "vultr"', 'api_key = "file:key"', 'ca = "company.pem"', 'proxy = "file:proxy"']
    (home / "billfold.toml").write_text("[[accounts]]\n" + "\n".join(lines))
    (account,) = load_accounts(home / "billfold.toml")
    assert account.read_credentials() == {"api_key": "a-key-of-mine"}
    assert account.find_ca() == str(home / "company.pem")
    assert account.find_proxy() == "http://user:hidden@proxy.example:3128"
    assert "hidden" not in repr(account)


@pytest.mark.parametrize(("proxy", "word"), [("http://user:hidden@p:1", "reference"), ("p:1", "whole address")])
def test_a_proxy_with_a_login_is_referred_to(proxy: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "billfold.toml"
    path.write_text(f'[[accounts]]\nname = "a"\nprovider = "vultr"\nproxy = "{proxy}"\n')
    with pytest.raises(ConfigurationError, match=word) as caught:
        load_accounts(path)
    assert "hidden" not in str(caught.value)


def test_what_is_no_secret_may_stand_in_the_configuration(tmp_path: Path) -> None:
    """A region is a literal; a key still is none."""
    path = tmp_path / "billfold.toml"
    lines = 'name = "a"\nprovider = "genesys"\nregion = "eu-west-1"\nclient_id = "env:I"\nclient_secret = "{}"\n'
    path.write_text("[[accounts]]\n" + lines.format("env:S"))
    (account,) = load_accounts(path)
    assert account.credentials == {"region": "eu-west-1"}
    path.write_text("[[accounts]]\n" + lines.format("a-secret"))
    with pytest.raises(ConfigurationError, match="never the secret itself"):
        load_accounts(path)


def test_a_user_without_a_home_is_told_both_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No HOME and a user without a name: what stands in the working directory is used, else both options are named."""

    def refuse_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.chdir(tmp_path)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "BILLFOLD_CONFIG", "BILLFOLD_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", refuse_home)
    assert find_config(None) == Path("billfold.toml")
    (tmp_path / "billfold.toml").touch()
    assert find_config(None) == Path("billfold.toml")
    assert find_ledger_directory("ledger") == Path("ledger")
    with pytest.raises(
        ConfigurationError, match="--config or BILLFOLD_CONFIG, and the ledger with --ledger or BILLFOLD_LED"
    ):
        find_ledger_directory(None)


def test_a_configuration_can_be_the_text_of_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is used before a file in the working directory, and after one that is named; its paths begin here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BILLFOLD_CONFIG", raising=False)
    (tmp_path / "key").write_text("a-key-of-mine")
    Path("billfold.toml").touch()
    monkeypatch.setenv("BILLFOLD_CONFIG_TOML", ACCOUNT + 'api_key = "file:key"\n[rates]\nX = "1.50"\n')
    (account,) = load_accounts(find_config(None))
    assert account.read_credentials() == {"api_key": "a-key-of-mine"}
    assert config.load_rates(find_config(None)) == {"X": Decimal("1.50")}
    config.check_config(None)
    monkeypatch.setenv("BILLFOLD_CONFIG_TOML", "accounts = 5")
    with pytest.raises(ConfigurationError, match=r"^\$BILLFOLD_CONFIG_TOML: accounts are written"):
        config.check_config(None)
    assert find_config("given.toml") == Path("given.toml")
    monkeypatch.setenv("BILLFOLD_CONFIG_TOML", "")
    assert find_config(None) == Path("billfold.toml")


def test_commands_of_a_file_that_others_write_are_refused(tmp_path: Path) -> None:
    """Whoever can change the file could run what they like as this user; a file without commands may be shared."""
    path = tmp_path / "billfold.toml"
    alert = '[[alerts]]\nname = "a"\nto = "webhook"\nurl = "https://example.com"\nsecret = "cmd:op read it"\n'
    for text in (ACCOUNT + 'api_key = "cmd:op read it"\n', ACCOUNT + 'proxy = "cmd:op read it"\n', alert):
        path.write_text(text)
        path.chmod(0o640)
        assert len(load_accounts(path)) <= 1
        for mode in (0o620, 0o602, 0o666):
            path.chmod(mode)
            with pytest.raises(ConfigurationError, match=r"can be changed by other users, so its cmd: .*`chmod go-w "):
                config.load_section(path, "alerts")
    path.write_text(ACCOUNT + 'api_key = "env:K"\n')
    assert load_accounts(path)


def test_commands_of_anothers_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "billfold.toml"
    path.write_text(ACCOUNT + 'api_key = "cmd:op read it"\n')
    path.chmod(0o600)
    if path.stat().st_uid == 0:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        assert load_accounts(path), "what root wrote is trusted"
        os.chown(path, 1001, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        load_accounts(path)
