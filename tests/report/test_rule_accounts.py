"""A rule that names an account that there is not is told; one that fits any, or looks at something else, is not."""

from __future__ import annotations

from fnmatch import fnmatchcase

from billfold.report.rule_accounts import list_idle_rules

ACCOUNTS = [("vultr", "cloud"), ("fastly", "cdn")]


def fits(pattern: str, name: str) -> bool:
    return fnmatchcase(name, pattern)


def test_a_rule_that_no_account_fits_is_told() -> None:
    conditions = [("web", "account", ["clowd"]), ("edge", "provider", ["fastlyy", "vultrr"])]
    assert list_idle_rules(conditions, ACCOUNTS, fits) == [
        "web: there is no account 'clowd', so that it fits nothing",
        "edge: there is no provider 'fastlyy', 'vultrr', so that it fits nothing",
    ]


def test_a_rule_that_may_fit_is_not_told() -> None:
    """Any of its patterns is enough; of other keys nothing is known; without accounts, neither."""
    conditions = [("web", "account", ["clowd", "c*"]), ("db", "service", ["none"])]
    assert list_idle_rules(conditions, ACCOUNTS, fits) == []
    assert list_idle_rules([("web", "account", ["clowd"])], [], fits) == []
