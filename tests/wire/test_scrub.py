"""A vendor that echoes a credential, however it writes it, makes us neither print nor keep it."""

from __future__ import annotations

import base64
import html
import json
import tracemalloc
import urllib.parse
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.wire import scrub
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


def write_numbers(text: str, pattern: str) -> str:
    return "".join(pattern.format(ord(character)) for character in text)


def write_pair(length: int, key: str) -> str:
    """Return a user's name of a length and a key, as they travel together."""
    return base64.b64encode(f"{'i' * length}:{key}".encode()).decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "php": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "twice-in-json": lambda key: json.dumps(json.dumps(key)[1:-1])[1:-1],
    "javascript": lambda key: write_numbers(key, "\\x{:02x}"),
    "percent": lambda key: urllib.parse.quote(key, safe=""),
    "percent-all": lambda key: write_numbers(key, "%{:02x}"),
    "percent-twice": lambda key: urllib.parse.quote(urllib.parse.quote(key, safe=""), safe=""),
    "entity": lambda key: html.escape(key).replace("/", "&sol;").replace("+", "&plus;"),
    "entity-decimal": lambda key: write_numbers(key, "&#{};"),
    "entity-hexadecimal": lambda key: write_numbers(key, "&#x{:X};"),
    "entity-in-json": lambda key: write_numbers(key, "\\u0026#{};"),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64-in-json": lambda key: base64.b64encode(key.encode()).decode().replace("/", "\\/"),
    "base64-percent": lambda key: urllib.parse.quote(base64.b64encode(key.encode()).decode(), safe=""),
    **{f"pair-of-{length}": partial(write_pair, length) for length in (3, 4, 5)},
    "pair-for-urls": lambda key: base64.urlsafe_b64encode(f"id:{key}".encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
}
"""How a vendor may spell a key, other than as it is."""


@pytest.mark.parametrize("key", [KEY, "plain-key-without-signs", "Zm9vYmFy+/==&&&&"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_credential_is_kept(spelling: str, key: str) -> None:
    """Nothing is left of it but the edges in base64, in an answer's body, in a header and in a message."""
    spelled = SPELLINGS[spelling](key)
    text = f'{{"before": "a%b&c", "key": "{spelled}", "after": "\\u00e9"}}'
    response = scrub_response(Response(200, {"x-echo": text}, text.encode()), (key,))
    for scrubbed in (response.body.decode(), response.headers["x-echo"], scrub_secrets(text, (key,))):
        before, secret_sign, after = scrubbed.partition("[secret]")
        assert secret_sign
        assert text.startswith(before)
        assert text.endswith(after)
        rest_length = len(before) + len(after) - len(text) + len(spelled)

        assert rest_length <= (12 if "64" in spelling or "pair" in spelling else 0)


def test_a_text_with_many_escapes_is_kept_exactly() -> None:
    body = json.dumps({"text": "50% & é \\/ &#47; &amp; %2F \\u0041 " * 50}).encode()
    assert scrub_response(Response(200, {}, body), (KEY,)).body == body


def test_a_key_in_small_letters_is_no_name_of_a_header() -> None:
    assert scrub_response(Response(200, {"x-key-7f3a-abc": ""}, b""), ("KEY-7f3a-ABC",)).headers == {"x-[secret]": ""}


def test_a_long_body_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is found wherever the pieces of a body meet, and a bomb of escapes takes the memory of a piece."""
    monkeypatch.setattr(scrub, "PIECE_LENGTH", 50)
    escaped_key = write_numbers(KEY, "%{:02x}").encode()
    for length in range(0, 120, 7):
        body = b"%41" * length + escaped_key + b"%42" * 40
        assert scrub_response(Response(200, {}, body), (KEY,)).body == b"%41" * length + b"[secret]" + b"%42" * 40
    monkeypatch.setattr(scrub, "PIECE_LENGTH", 10_000)
    bomb = b"%41" * 100_000
    tracemalloc.start()
    try:
        assert scrub_response(Response(200, {}, bomb), (KEY,)).body == bomb
        assert tracemalloc.get_traced_memory()[1] < 6 << 20
    finally:
        tracemalloc.stop()
