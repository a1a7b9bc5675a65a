"""A text as a cell of CSV: no formula for a spreadsheet to run, and no command for a terminal that shows the file.

What stands here once in Python and once in SQL says the same: listings are written by the first, exports by the second.
"""

from __future__ import annotations

import re

from billfold.model.plain_text import COMMAND_RANGES

_FORMULA_START = "'*[ \\t\\n\u00a0]*[=+@\uff1d\uff0b\uff0d\uff20-]|'*\\t"
"""What a spreadsheet takes for a formula's beginning, whatever blanks and quotes stand before it."""
FORMULA_SIGNS = tuple("=+-@'\t\n \u00a0\uff1d\uff0b\uff0d\uff20")
"""First characters of every text that may be taken for a formula."""
_NUMBER = r"-?\d+([.]\d+)?"
_FORMULA_PATTERN, _NUMBER_PATTERN = re.compile(_FORMULA_START), re.compile(_NUMBER, re.ASCII)
FORMULA_GUARD_NOTE = (
    "In CSV a text that a spreadsheet would run (it begins with = + - @, a tab, or one of them behind blanks or quotes) has "
    "a ' in front, in every column but those of numbers and times; take one ' away to read it. A plain number has none."
)
CONTROL_NOTE = (
    "In CSV a character that a terminal would obey (controls but tab and line feed, bidirectional overrides and isolates, "
    r"line separators) is written by its number, as \u001b; Parquet has the characters themselves."
)


def guard_formula(text: str) -> str:
    """Return a text with a quote in front if a spreadsheet would run it as a formula; a number stays one."""
    if not text.startswith(FORMULA_SIGNS) or not _FORMULA_PATTERN.match(text) or _NUMBER_PATTERN.fullmatch(text):
        return text
    return f"'{text}"


def build_guard_sql(value: str) -> str:
    """Return the SQL that writes a text, an expression, as a cell: guarded as ``guard_formula`` does, its controls escaped."""
    controls = "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in COMMAND_RANGES)
    escaped = (
        f"CASE WHEN regexp_matches(x, '[{controls}]') THEN '\\u' || lpad(lower(to_hex(unicode(x))), 4, '0') ELSE x END"
    )
    text = f"array_to_string(list_transform(string_split({value}, ''), lambda x: {escaped}), '')"
    is_formula = f"{_match_start_sql(value)} AND NOT regexp_full_match({value}, '{_NUMBER}')"
    needs_care = f"regexp_matches({value}, '^(?:{_quote(_FORMULA_START)})|[{controls}]')"
    return f"CASE WHEN {needs_care} THEN CASE WHEN {is_formula} THEN '''' ELSE '' END || {text} ELSE {value} END"


def build_unguard_sql(value: str) -> str:
    """Return the SQL that reads a guarded cell, an expression, as the text that it was made from."""
    return (
        f"CASE WHEN starts_with({value}, '''') AND {_match_start_sql(value)} THEN substr({value}, 2) ELSE {value} END"
    )


def build_formula_test_sql(value: str) -> str:
    """Return the SQL that tells a cell, an expression, that a spreadsheet runs: a formula, not a text that begins like one."""
    return f"regexp_matches({value}, '^(?:=|[+@-][A-Za-z][A-Za-z0-9_.]*[(|])')"


def _match_start_sql(value: str) -> str:
    return f"regexp_matches({value}, '^(?:{_quote(_FORMULA_START)})')"


def _quote(text: str) -> str:
    return text.replace("'", "''")
