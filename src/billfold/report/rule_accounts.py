"""Whether the rules of a file name accounts that there are: one that fits none is misspelled, or of no use any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

Condition = tuple[str, str, Sequence[str]]
"""What a rule is called, the key that it looks at, and its patterns."""
_PLACES = {"provider": 0, "account": 1}


def list_idle_rules(
    conditions: Iterable[Condition], accounts: Collection[tuple[str, str]], fits: Callable[[str, str], bool]
) -> list[str]:
    """Return a sentence for each condition on a provider or an account that fits none of these (provider and name).

    ``fits`` tells whether a pattern fits a name. Where no account is known, nothing is said.
    """
    return [
        f"{rule_name}: there is no {key} {', '.join(map(repr, patterns))}, so that it fits nothing"
        for rule_name, key, patterns in conditions
        if key in _PLACES and accounts and not _fits_any(patterns, {row[_PLACES[key]] for row in accounts}, fits)
    ]


def _fits_any(patterns: Iterable[str], names: Iterable[str], fits: Callable[[str, str], bool]) -> bool:
    known_names = list(names)
    return any(fits(pattern, name) for pattern in patterns for name in known_names)
