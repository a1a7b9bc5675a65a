"""A vendor that echoes a credential, however it writes it, makes us neither print nor keep it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.wire.message import Response
from billfold.wire.scrub import scrub_response, scrub_secrets

WORDS = st.text(min_size=1)
KEY = 'key/7f3a"+do-not-print'


@given(WORDS, st.lists(WORDS, min_size=1, max_size=4))
def test_a_scrubbed_text_holds_no_secret(text: str, secrets: list[str]) -> None:
    marks = tuple(f"<{secret}>" for secret in secrets)
    assert not any(
        secret in scrub_secrets(f"{text}{secret}{text}", (secret,)) for secret in marks if secret not in "[secret]"
    )


def test_a_secret_that_begins_like_another_is_scrubbed_whole() -> None:
    assert "tail" not in scrub_secrets("key-tail", ("key", "key-tail"))


@pytest.mark.parametrize("secret", ["", " ", "\t "])
def test_a_secret_of_nothing_leaves_a_text_alone(secret: str) -> None:
    assert scrub_secrets("a b \t c", (secret,)) == "a b \t c"


@pytest.mark.parametrize("body", [b"", b"\xff\x00 key-7f3a", b"{}", b"\r\n[secret]", bytes(range(256))])
def test_an_answer_without_credentials_is_kept_exactly(body: bytes) -> None:
    """An answer that echoes no credential is kept byte for byte."""
    came = Response(200, {"etag": '"5"'}, body)
    assert scrub_response(came, ("key-7f3a-do-not-print", "", "7f3a")) == came


def test_a_credential_is_taken_out_of_bytes_that_are_no_text() -> None:
    came = Response(200, {"etag": "key-7f3a-1"}, b"\xff\x00key-7f3a-1\xfekey-7f3a")
    assert scrub_response(came, ("key-7f3a", "key-7f3a-1"))[1:] == (
        {"etag": "[secret]"},
        b"\xff\x00[secret]\xfe[secret]",
    )


@given(st.sets(st.integers(0, len(KEY) - 1)), st.booleans())
def test_a_credential_that_json_escapes_is_found(escaped_indexes: set[int], in_capitals: bool) -> None:
    """Whichever characters of it are written as JSON's escapes."""
    escaped_key = "".join(
        f"\\u{ord(character):04{'X' if in_capitals else 'x'}}"
        if index in escaped_indexes
        else json.dumps(character)[1:-1]
        for index, character in enumerate(KEY)
    )
    body = scrub_response(Response(200, {}, f'{{"id": "{escaped_key}"}}'.encode()), (KEY,)).body
    assert json.loads(body) == {"id": "[secret]"}


def test_a_credential_is_no_name_of_a_header() -> None:
    assert scrub_response(Response(200, {"x-key-7f3a-1": "5"}, b""), ("key-7f3a-1",)).headers == {"x-[secret]": "5"}
