"""A client takes only the options that there are, and what a vendor did not say is not made up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import billfold
from billfold.wire.codec import UNSET


@pytest.mark.parametrize("client", [billfold.Vultr, billfold.AsyncGenesys, billfold.Fastly])
def test_a_misspelt_option_is_refused_so_that_no_key_goes_to_another_address(client: Any) -> None:
    with pytest.raises(TypeError, match=r"has no option 'base_ur'; it has .*base_url"):
        client(base_ur="http://127.0.0.1:1")


@pytest.mark.parametrize("key", ["one\ntwo", "schl\u00fcssel"])
def test_a_key_that_cannot_travel_is_refused_by_its_name_and_not_told(key: str) -> None:
    with pytest.raises(
        billfold.ConfigurationError, match=r"^api_key holds a line break or a character that no key has"
    ) as told:
        billfold.Vultr(api_key=key)
    assert key not in str(told.value)


@pytest.mark.parametrize("client", [billfold.Vultr, billfold.AsyncFastly])
def test_a_password_in_the_base_url_is_refused_and_not_told(client: Any) -> None:
    with pytest.raises(billfold.ConfigurationError, match=r"^base_url must hold no user and no password") as told:
        client("k", base_url="http://user:hidden@127.0.0.1:1")
    assert "hidden" not in str(told.value)


@pytest.mark.parametrize("value", [None, UNSET])
def test_a_field_that_is_needed_and_not_there_is_an_error(value: Any) -> None:
    assert billfold.require(7) == 7
    with pytest.raises(billfold.InvalidResponse, match="absent or null"):
        billfold.require(value)


def test_the_package_names_only_what_there_is() -> None:
    assert issubclass(billfold.RateLimited, billfold.ApiError)
    for name in ("Vultre", "given", "clients_"):
        with pytest.raises(AttributeError):
            getattr(billfold, name)


def test_the_package_lists_what_it_names() -> None:
    assert {"Vultr", "AsyncVultr", "ApiError", "UNSET", "require", "__version__"} <= set(dir(billfold))
    assert all(hasattr(billfold, name) for name in dir(billfold))


def test_a_closed_client_says_so() -> None:
    with billfold.Vultr(api_key="k", base_url="http://127.0.0.1:9") as vultr:
        pass
    with pytest.raises(billfold.InvalidArgument, match="this client is closed"):
        vultr.get_account()


def test_a_closed_client_that_is_awaited_says_so() -> None:
    async def ask() -> None:
        async with billfold.AsyncVultr(api_key="k", base_url="http://127.0.0.1:9") as vultr:
            pass
        await vultr.get_account()

    with pytest.raises(billfold.InvalidArgument, match="this client is closed"):
        asyncio.run(ask())
