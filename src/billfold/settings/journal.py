"""The journal's mapping: a TOML file of its own, which ``[journal]`` of the configuration names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from billfold.ledger.grouping import KEY_SQL, TAG_PREFIX
from billfold.model.errors import ConfigurationError
from billfold.model.plain_values import check_document, resolve_path
from billfold.report.journal.mapping import (
    ACCRUED,
    PAYABLE,
    PREPAID,
    SUSPENSE,
    Coding,
    DatevHeader,
    JournalMapping,
    JournalRule,
    VendorAccounts,
)

TOP_KEYS = ("suspense", "accrued", "date_format", "open_directives", "default", "vendors", "rules", "datev")
CODING_KEYS = ("gl_account", "tax_code", "cost_center")
KEY_ALIASES = {"vendor": "provider", "category": "charge-category"}
PATTERN_KEYS = tuple(key for key in KEY_SQL if key not in {"bill", "state", "month", "day"})
DATE_FORMATS = {"DD/MM/YYYY": "%d/%m/%Y", "MM/DD/YYYY": "%m/%d/%Y", "YYYY-MM-DD": "%Y-%m-%d"}


def find_mapping_path(section: object, config_path: Path, path_option: Path | None) -> Path | None:
    """Return where the mapping is: the path that was given, or the one that ``[journal]`` has; None where neither is."""
    if path_option is not None or section is None:
        return path_option
    if not isinstance(section, dict) or set(section) != {"mapping"} or not isinstance(section["mapping"], str):
        raise ConfigurationError(f'{config_path}, [journal]: write mapping = "journal.toml", and nothing else')
    return resolve_path(section["mapping"], config_path, f"{config_path}, [journal]")


def load_mapping(path: Path) -> JournalMapping:
    """Read a mapping's file; raises ``ConfigurationError`` with the one thing to change."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        raise ConfigurationError(f"there is no mapping at {path}; write one, or name another with --mapping") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    check_document(document, path)
    return parse_mapping(document, str(path))


def parse_mapping(document: Mapping[str, object], location: str) -> JournalMapping:
    """Read a mapping from TOML values; raises ``ConfigurationError``."""
    _require_keys(document, TOP_KEYS, location)
    default = _require_table(document.get("default", {}), f"{location}, [default]")
    _require_keys(default, (*CODING_KEYS, "payable", "prepaid"), f"{location}, [default]")
    texts = _read_texts(default, f"{location}, [default]")
    vendors = _require_table(document.get("vendors", {}), f"{location}, [vendors]")
    rules = document.get("rules", [])
    if not isinstance(rules, list):
        raise ConfigurationError(f"{location}: rules are written as [[rules]] blocks")
    return JournalMapping(
        rules=[_parse_rule(rule, f"{location}, rule {number}") for number, rule in enumerate(rules, 1)],
        fallback=Coding(*(texts.get(key) for key in CODING_KEYS)),
        suspense=_read_text(document, "suspense", SUSPENSE, location),
        vendors={name: _parse_vendor(table, f"{location}, [vendors.{name}]") for name, table in vendors.items()},
        vendor_fallback=VendorAccounts(None, texts.get("payable", PAYABLE), texts.get("prepaid", PREPAID)),
        accrued=_read_text(document, "accrued", ACCRUED, location),
        datev=_parse_datev(document.get("datev", {}), f"{location}, [datev]"),
        has_open_directives=_read_flag(document, "open_directives", location),
        date_format=_parse_date_format(_read_text(document, "date_format", "DD/MM/YYYY", location), location),
    )


def _parse_rule(rule: object, location: str) -> JournalRule:
    table = dict(_require_table(rule, location))
    tags = _read_texts(_require_table(table.pop("tags", {}), f"{location}, tags"), f"{location}, tags")
    texts = _read_texts(table, location)
    coding = Coding(*(texts.pop(key, None) for key in CODING_KEYS))
    if coding == Coding():
        raise ConfigurationError(f"{location}: it states none of {', '.join(CODING_KEYS)}")
    patterns = {KEY_ALIASES.get(key, key.replace("_", "-")): pattern for key, pattern in texts.items()}
    if unknown := set(patterns) - set(PATTERN_KEYS):
        known_keys = ", ".join([*KEY_ALIASES, *PATTERN_KEYS])
        raise ConfigurationError(f"{location}: {min(unknown)!r} is not known; a rule can ask for {known_keys} and tags")
    return JournalRule(patterns | {f"{TAG_PREFIX}{key}": pattern for key, pattern in tags.items()}, coding)


def _parse_vendor(table: object, location: str) -> VendorAccounts:
    texts = _read_texts(_require_table(table, location), location)
    _require_keys(texts, VendorAccounts._fields, location)
    return VendorAccounts(**texts)


def _parse_datev(table: object, location: str) -> DatevHeader:
    cells = dict(_require_table(table, location))
    _require_keys(cells, DatevHeader._fields, location)
    rates = _read_texts(_require_table(cells.pop("rates", {}), f"{location}, rates"), f"{location}, rates")
    currency = _read_text(cells, "currency", "EUR", location)
    cells.pop("currency", None)
    numbers = {key: value for key, value in cells.items() if isinstance(value, int) and value > 0}
    if wrong := set(cells) - set(numbers):
        raise ConfigurationError(f"{location}: {min(wrong)} must be a whole number above 0")
    if numbers.get("first_month", 1) > 12 or not currency.isalpha() or len(currency) != 3:
        raise ConfigurationError(f"{location}: first_month is 1 to 12, and currency a code of three letters")
    return DatevHeader(**numbers, currency=currency, rates=rates)


def _parse_date_format(text: str, location: str) -> str:
    if text not in DATE_FORMATS:
        raise ConfigurationError(f"{location}: date_format is {text!r}; it can be {', '.join(DATE_FORMATS)}")
    return DATE_FORMATS[text]


def _require_table(value: object, location: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{location}: write it as a table of names and values")
    return value


def _require_keys(table: Mapping[str, object], keys: tuple[str, ...], location: str) -> None:
    if unknown := set(table) - set(keys):
        raise ConfigurationError(f"{location}: {min(unknown)!r} is not known; there are {', '.join(keys)}")


def _read_texts(table: Mapping[str, object], location: str) -> dict[str, str]:
    texts = {key: value for key, value in table.items() if isinstance(value, str) and value.strip()}
    if wrong := set(table) - set(texts):
        raise ConfigurationError(f'{location}: {min(wrong)} must be text in quotes, as "6100"')
    return texts


def _read_text(table: Mapping[str, object], key: str, default: str, location: str) -> str:
    return _read_texts({key: table[key]}, location)[key] if key in table else default


def _read_flag(table: Mapping[str, object], key: str, location: str) -> bool:
    flag = table.get(key, True)
    if not isinstance(flag, bool):
        raise ConfigurationError(f"{location}: {key} is true or false")
    return flag
