"""Takes our own credentials out of what a vendor sends: one that echoes a key can make us neither print nor keep it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from billfold.wire.message import Response

MIN_SECRET_LENGTH = 8
"""Characters of the shortest credential that is looked for in answers: a shorter one is no secret, and stands in amounts."""
SHORT_ESCAPES = '/"\\'
"""Characters that JSON may escape by a backslash alone; any other has to be written by its number."""


def scrub_secrets(text: str, secrets: Iterable[str]) -> str:
    """Replace every secret in a text, the longest first, also where it is written with JSON's escapes."""
    for secret in sorted(filter(str.strip, secrets), key=len, reverse=True):
        text = _compile_secret(secret).sub("[secret]", text) if "\\" in text else text.replace(secret, "[secret]")
    return text


@lru_cache(maxsize=64)
def _compile_secret(secret: str) -> re.Pattern[str]:
    """Return what finds a secret whose characters stand as they are or as JSON escapes them."""
    return re.compile("".join(map(_write_alternatives, secret)))


def _write_alternatives(character: str) -> str:
    digits = "".join(f"[{digit}{digit.upper()}]" for digit in f"{ord(character):04x}")
    short_escape = rf"|\\{re.escape(character)}" if character in SHORT_ESCAPES else ""
    return rf"(?:\\u{digits}{short_escape}|{re.escape(character)})"


def select_long_secrets(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return the secrets that are long enough to be looked for in answers."""
    return tuple(secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH)


def scrub_response(response: Response, secrets: Iterable[str]) -> Response:
    """Return a response with ``[secret]`` wherever its vendor echoes a credential; any other is byte for byte as it came."""
    long_secrets = select_long_secrets(secrets)
    headers = {
        scrub_secrets(name, long_secrets): scrub_secrets(value, long_secrets)
        for name, value in response.headers.items()
    }
    return response._replace(headers=headers, body=_scrub_body(response.body, long_secrets))


def _scrub_body(body: bytes, secrets: tuple[str, ...]) -> bytes:
    if any(secret.encode() in body for secret in secrets) or _may_hide_secret(body, secrets):
        return scrub_secrets(body.decode("latin-1"), secrets).encode("latin-1")
    return body


def _may_hide_secret(body: bytes, secrets: tuple[str, ...]) -> bool:
    """Tell, sooner than a secret itself is looked for, whether JSON's escapes may hide it; most bodies have none."""
    short_escapes = {f"\\{character}" for secret in secrets for character in secret if character in SHORT_ESCAPES}
    return any(escape.encode() in body for escape in ("\\u00", *short_escapes))
