"""A client takes only the options that there are, and what a vendor did not say is not made up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import billfold
from billfold.wire.codec import UNSET


@pytest.mark.parametrize("client", [billfold.Vultr, billfold.AsyncGenesys, billfold.Fastly])
def test_a_misspelt_option_is_refused(client: Any) -> None:
    """A misspelt option is refused, so that no key goes to another address."""
    with pytest.raises(TypeError, match=r"has no option 'base_ur'; it has .*base_url"):
        client(base_ur="http://127.0.0.1:1")


@pytest.mark.parametrize("key", ["one\ntwo", "schl\u00fcssel"])
def test_a_key_that_cannot_travel_is_refused_by_name(key: str) -> None:
    """A key that cannot travel is refused by its name, and not told."""
    with pytest.raises(
        billfold.ConfigurationError, match=r"^api_key holds a line break or a character that no key has"
    ) as error:
        billfold.Vultr(api_key=key)
    assert key not in str(error.value)


@pytest.mark.parametrize("client", [billfold.Vultr, billfold.AsyncFastly])
def test_a_password_in_the_base_url_is_refused_and_not_told(client: Any) -> None:
    with pytest.raises(billfold.ConfigurationError, match=r"^base_url must hold no user and no password") as error:
        client("k", base_url="http://user:hidden@127.0.0.1:1")
    assert "hidden" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        *(
            ({"timeout": value}, f"timeout must be a number of seconds greater than 0, not {value!r}")
            for value in (-1, 0, "5", None, True, float("nan"), float("inf"))
        ),
        *(
            ({"retries": value}, f"retries must be a whole number, 0 or greater, not {value!r}")
            for value in (-1, 1.5, "5", None, True)
        ),
        ({"unlimited": "no"}, "unlimited must be True or False, not 'no'"),
        *(
            ({"base_url": value}, "base_url must be an http:// or https:// address without query")
            for value in ("", "api.vultr.com", "ftp://api.vultr.com", "https://", "https:///v2", "http://h:port", 5)
        ),
        *(
            ({"base_url": value}, "base_url must be an http:// or https:// address without query")
            for value in (
                "https://h?key=hidden",
                "https://h/#x",
                "https://h /",
                "https://h\n",
                "http://[::1",
                "http://h:0",
            )
        ),
        ({"api_key": 5}, "api_key must be text"),
    ],
)
@pytest.mark.parametrize("client", [billfold.Vultr, billfold.AsyncVultr])
def test_an_option_that_cannot_be_is_refused_at_once(client: Any, options: Any, sentence: str) -> None:
    """In the constructor, in a sentence, and without what an address holds."""
    with pytest.raises(billfold.ConfigurationError) as error:
        client(**{"api_key": "k", **options})
    assert str(error.value).startswith(sentence)
    assert "hidden" not in str(error.value)


@pytest.mark.parametrize("options", [{"timeout": 1, "retries": 0, "unlimited": True}, {"base_url": None}, {}])
def test_an_option_that_can_be_is_taken(options: Any) -> None:
    with billfold.Vultr("k", **options) as vultr:
        assert vultr.transport.settings.timeout == options.get("timeout", 60)
        assert vultr.transport.context.retries == options.get("retries", 4)


@pytest.mark.parametrize("client", [billfold.Fastly, billfold.AsyncFastly])
def test_a_client_says_whom_it_asks_and_no_secret(client: Any) -> None:
    assert repr(client("key-hidden")) == f"<billfold.{client.__name__} https://api.fastly.com>"
    assert repr(client("key-hidden", base_url="http://[::1]:80/x")) == f"<billfold.{client.__name__} http://[::1]:80/x>"


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
