"""Takes our own credentials out of what a vendor sends: one that echoes a key can make us neither print nor keep it.

A vendor may spell it otherwise: escaped as in JSON, a URL or HTML, once or in layers, in base64, alone or behind a user's
name, or in hexadecimal digits.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from html.entities import html5
from typing import NamedTuple

from billfold.wire.message import Response

MIN_SECRET_LENGTH = 8
"""Characters of the shortest credential that is looked for in answers: a shorter one is no secret, and stands in amounts."""
MAX_LAYERS = 4
"""How often what is escaped may be escaped again, as ``%252F``."""
PIECE_LENGTH, MAX_ESCAPED_LENGTH = 1_000_000, 40
"""Characters of a text whose escapes are read at once, and letters that one character may be escaped by."""
MARK = "[secret]"
_ESCAPE_SIGNS = ("\\u00", "\\x", "\\/", '\\"', "\\\\", "%", "&")
"""What every escape of a character begins with; most answers have none."""
_ESCAPE_PATTERN = re.compile(
    r"\\u00([0-9a-fA-F]{2})|\\x([0-9a-fA-F]{2})|%([0-9a-fA-F]{2})|&#[xX]0{0,6}([0-9a-fA-F]{2});?"
    r"""|&#0{0,6}([0-9]{2,3});?|\\(["/\\])|&([A-Za-z]{2,8});"""
)
_HEX_GROUPS = (1, 2, 3, 4)
_DECIMAL_GROUP, _ITSELF_GROUP, _NAME_GROUP = 5, 6, 7


def scrub_secrets(text: str, secrets: Iterable[str]) -> str:
    """Replace every secret in a text, the longest first, however a vendor may spell it."""
    spellings = _list_all_spellings(tuple(secrets))
    for spelling in spellings:
        text = text.replace(spelling, MARK)
    spans = _find_escaped(lambda start, end: text[start:end], len(text), spellings) if _may_be_escaped(text) else []
    return "".join(text[start:end] if start >= 0 else MARK for start, end in _divide(len(text), spans))


def select_long_secrets(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return the secrets that are long enough to be looked for in answers."""
    return tuple(secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH)


def scrub_response(response: Response, secrets: Iterable[str]) -> Response:
    """Return a response with ``[secret]`` wherever its vendor echoes a credential; any other is byte for byte as it came."""
    long_secrets = select_long_secrets(secrets)
    names_secrets = (
        *long_secrets,
        *(secret.lower() for secret in long_secrets),
    )  # whoever carries a name changes its case
    headers = {
        scrub_secrets(name, names_secrets): scrub_secrets(value, long_secrets)
        for name, value in response.headers.items()
    }
    return response._replace(headers=headers, body=_scrub_body(response.body, long_secrets))


def _scrub_body(body: bytes, secrets: tuple[str, ...]) -> bytes:
    spellings = _list_all_spellings(secrets)
    for spelling in spellings:
        body = body.replace(spelling.encode(), MARK.encode())  # it is the same object where there is none
    if not any(sign.encode() in body for sign in _ESCAPE_SIGNS):
        return body
    spans = _find_escaped(lambda start, end: body[start:end].decode("latin-1"), len(body), spellings)
    parts = (body[start:end] if start >= 0 else MARK.encode() for start, end in _divide(len(body), spans))
    return b"".join(parts) if spans else body


@lru_cache(maxsize=64)
def _list_all_spellings(secrets: tuple[str, ...]) -> tuple[str, ...]:
    spellings = {spelling for secret in secrets if secret.strip() for spelling in _list_spellings(secret)}
    return tuple(sorted(spellings, key=len, reverse=True))


def _list_spellings(secret: str) -> Iterator[str]:
    """Yield a secret, and what stays the same of it in base64 and in digits, whatever stands around it there."""
    yield secret
    content = secret.encode(errors="surrogatepass")
    digits = [content.hex(), content.hex().upper()]
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        for offset, changed_count in ((0, 0), (1, 2), (2, 3)):  # letters that the bytes before it have a part in
            letters = encode(bytes(offset) + content).decode()
            tail = 0 if letters[-1] != "=" else 1  # the last letter, in which the bytes behind it have a part
            digits.append(letters.rstrip("=")[changed_count : -tail or None])
    yield from (spelling for spelling in digits if len(spelling) >= MIN_SECRET_LENGTH)


def _may_be_escaped(text: str) -> bool:
    return any(sign in text for sign in _ESCAPE_SIGNS)


class _PlainText(NamedTuple):
    """A text without its escapes, and where each part that follows an escape stands: in it, and in what it came from."""

    text: str
    starts: list[int]
    source_starts: list[int]

    def find_source(self, index: int) -> int:
        """Return where the character of an index stands in the text that this one came from."""
        place = bisect_right(self.starts, index) - 1
        return self.source_starts[place] + index - self.starts[place]


def _find_escaped(
    read_piece: Callable[[int, int], str], length: int, spellings: Sequence[str]
) -> list[tuple[int, int]]:
    """Return where secrets stand once escapes are read; a long text is read in pieces, which takes the memory of one."""
    spans, overlap = list[tuple[int, int]](), MAX_ESCAPED_LENGTH * max(map(len, spellings), default=0)
    for offset in range(0, length, PIECE_LENGTH) if spellings else ():
        piece = read_piece(offset, offset + PIECE_LENGTH + overlap)
        spans += [(offset + start, offset + end) for start, end in _find_in_layers(piece, spellings)]
    return spans


def _find_in_layers(text: str, spellings: Iterable[str]) -> Iterator[tuple[int, int]]:
    layers, layer_text = list[_PlainText](), text
    while len(layers) < MAX_LAYERS and _may_be_escaped(layer_text):
        layers.append(_read_escapes(layer_text))
        layer_text = layers[-1].text
        for span in _find_spans(layer_text, spellings):
            start, end = (
                reduce(lambda index, layer: layer.find_source(index), reversed(layers), edge) for edge in span
            )
            yield start, end


def _read_escapes(text: str) -> _PlainText:
    parts, starts, source_starts, length, source_end = list[str](), [0], [0], 0, 0
    for match in _ESCAPE_PATTERN.finditer(text):
        character = _read_escape(match)
        if not character:
            continue
        parts += (text[source_end : match.start()], character)
        length, source_end = length + match.start() - source_end + 1, match.end()
        starts.append(length)
        source_starts.append(source_end)
    return _PlainText("".join(parts) + text[source_end:], starts, source_starts)


def _read_escape(match: re.Match[str]) -> str:
    """Return the character that an escape stands for, "" for one that is in no credential."""
    group = match.lastindex or 0
    if group == _ITSELF_GROUP:
        return match[group]
    if group == _NAME_GROUP:
        character = html5.get(f"{match[group]};", "")
    else:
        character = chr(int(match[group], 16 if group in _HEX_GROUPS else 10))
    return character if len(character) == 1 and character.isascii() else ""


def _find_spans(text: str, spellings: Iterable[str]) -> Iterator[tuple[int, int]]:
    for spelling in spellings:
        start = text.find(spelling)
        while start >= 0:
            yield start, start + len(spelling)
            start = text.find(spelling, start + 1)


def _divide(length: int, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the parts that stay, and (-1, -1) for each that does not: spans that overlap are one."""
    covered_end = 0
    for start, end in sorted(spans):
        if start >= covered_end:
            yield covered_end, start
            yield -1, -1
        covered_end = max(covered_end, end)
    yield covered_end, length
