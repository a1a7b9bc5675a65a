"""Text that others wrote, made safe to show: a terminal must not be told what to do by a vendor's words."""

from __future__ import annotations

import json
import re
import unicodedata

MAX_LINE_LENGTH = 1000
"""Characters that a line for people has at most; JSON has all of them."""
_INVISIBLE = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""What JSON leaves as it is and a terminal may obey or hide: C1 controls, bidi and other format controls, surrogates."""


COMMAND_RANGES = (
    *((0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F)),
    *((0x2028, 0x2029), (0x202A, 0x202E), (0x2066, 0x2069)),
)
"""Characters that a terminal obeys, first and last of each range: controls but tab and line feed, line separators, bidi."""
_COMMANDS = re.compile(f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in COMMAND_RANGES)}]")


def make_printable(text: str) -> str:
    """Return a text as one line: a ``?`` for each control or format character, a space for each other kind of space."""
    return text if text.isprintable() else "".join(map(_replace_character, text))


def _replace_character(character: str) -> str:
    if character.isprintable():
        return character
    return " " if unicodedata.category(character) == "Zs" else "?"


def make_encodable(text: str) -> str:
    """Return a text that a file can hold: a half of a character, which is none, is written by its number."""
    return text.encode("utf-8", "backslashreplace").decode()


def format_line(text: str) -> str:
    """Return a text as one line for people, cut where it is longer than anybody reads."""
    line = make_printable(text)
    return line if len(line) <= MAX_LINE_LENGTH else f"{line[: MAX_LINE_LENGTH - 1]}…"


def escape_commands(text: str) -> str:
    """Return data of many lines with each character that a terminal would obey written by its number, as JSON does it."""
    return _COMMANDS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def escape_json(text: str) -> str:
    """Return JSON with its invisible characters escaped: the same values, and nothing that a terminal obeys."""
    if text.isascii() and "\x7f" not in text:
        return text
    return _INVISIBLE.sub(lambda match: json.dumps(match[0])[1:-1], text)
