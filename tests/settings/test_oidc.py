"""``[oidc]``: the secret is a reference, the service is reached by https, and who may what is written out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from billfold.model.errors import ConfigurationError
from billfold.model.identity import EVERY_ACCOUNT, DataScope, Role
from billfold.settings.oidc import read_oidc

SECTION: Mapping[str, object] = {
    "issuer": "https://login.example.com/",
    "client_id": "billfold",
    "client_secret": "env:OIDC_SECRET",
    "rights": [{"value": "finance", "role": "accountant"}],
}


def test_a_section_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_SECRET", "abc")
    settings = read_oidc(SECTION, Path("billfold.toml"))
    assert settings is not None
    assert (settings.issuer, settings.client_secret, settings.name_claim) == (
        "https://login.example.com",
        "abc",
        "email",
    )
    (rights,) = settings.rights
    assert (rights.role, rights.accounts) == (Role.ACCOUNTANT, EVERY_ACCOUNT)
    assert rights.scopes == {DataScope.NUMBERS, DataScope.DOCUMENTS}
    assert read_oidc(None, Path("billfold.toml")) is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"issuer": "http://login.example.com"}, "begins with https://"),
        ({"issuer": "https://login.example.com?x=1"}, "begins with https://"),
        ({"client_secret": "abc"}, "is a reference"),
        ({"client_secret": "env:NOT_SET"}, "is empty or not set"),
        ({"client_id": ""}, "write client_id as text"),
        ({"colour": "red"}, "it has claim, client_id"),
        ({"rights": []}, "say who may what"),
        ({"rights": [{"value": "x", "role": "king"}]}, "role is one of"),
        ({"rights": [{"value": "x", "accounts": "vultr"}]}, "no pattern of accounts"),
        ({"rights": [{"value": "x", "accounts": 5}]}, "rights 1"),
        ({"rights": [{"value": "x", "role": "reader", "scope": "settings"}]}, "for the role admin"),
        ({"rights": [{"role": "reader"}]}, "write value as text"),
    ],
)
def test_what_cannot_be_is_told(monkeypatch: pytest.MonkeyPatch, changes: Mapping[str, object], text: str) -> None:
    monkeypatch.setenv("OIDC_SECRET", "abc")
    with pytest.raises(ConfigurationError) as caught:
        read_oidc({**SECTION, **changes}, Path("billfold.toml"))
    assert text in str(caught.value)


def test_a_service_on_this_machine_may_do_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_SECRET", "abc")
    for issuer in ("http://127.0.0.1:9000", "http://localhost:9000/realm"):
        assert read_oidc({**SECTION, "issuer": issuer}, Path("billfold.toml"))
