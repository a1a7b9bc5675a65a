"""The sections ``[[alerts]]``: whom to tell what comes, is late or is wrong, by webhook, in a chat or by mail."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from billfold.model.alert_target import ALL_KINDS, AlertTarget, MailAddress, TargetType
from billfold.model.errors import ConfigurationError
from billfold.model.fact import FactKind
from billfold.model.money import CURRENCY_PATTERN
from billfold.model.plain_values import read_plain_amount
from billfold.providers.credential_references import REFERENCE_PATTERN
from billfold.wire.auth import check_url_userinfo

EXAMPLE = 'name = "finance", to = "webhook", url = "https://example.com/hook", secret = "env:HOOK_SECRET"'
COMMON_KEYS = ("name", "to", "kinds", "accounts", "minimum", "allow_private")
REQUIRED_KEYS = {
    TargetType.WEBHOOK: ("url", "secret"),
    TargetType.SLACK: ("url",),
    TargetType.MAIL: ("server", "sender", "recipients"),
}
OPTIONAL_KEYS: Mapping[TargetType, tuple[str, ...]] = {TargetType.MAIL: ("user", "secret")}
SUBMISSION_PORT = 587
_NAME = re.compile(r"[\w.@+-]{1,60}")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_PATTERN = re.compile(r"[^/\s]+/[^/\s]+")


def read_alerts(section: object, path: Path) -> list[AlertTarget]:
    """Read the targets of a configuration (None: there are none); raises ``ConfigurationError`` with the one thing to change."""
    if section is None:
        return []
    if not isinstance(section, list) or not all(isinstance(block, dict) for block in section):
        raise ConfigurationError(f"{path}: alerts are written as [[alerts]] blocks, each with {EXAMPLE}")
    targets = [
        _read_target(block, f"{path}, [[alerts]] number {number}", path.parent)
        for number, block in enumerate(section, 1)
    ]
    names = [target.name for target in targets]
    if duplicates := sorted(name for name in set(names) if names.count(name) > 1):
        raise ConfigurationError(f"{path}: two [[alerts]] are called {duplicates[0]!r}; give each a name of its own")
    return targets


def _read_target(block: Mapping[str, object], place: str, directory: Path) -> AlertTarget:
    name = block.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError(f"{place}: give it a name of letters, digits and . _ - @ +, as {EXAMPLE}")
    place = f"{place} ({name})"
    try:
        target_type = TargetType(str(block.get("to")))
    except ValueError:
        raise ConfigurationError(f'{place}: write to = "webhook", "slack" or "mail"') from None
    required_keys = REQUIRED_KEYS[target_type]
    own_keys = (*COMMON_KEYS, *required_keys, *OPTIONAL_KEYS.get(target_type, ()))
    if unknown := sorted(set(block) - set(own_keys)):
        raise ConfigurationError(f"{place}: {unknown[0]!r} is not known; a {target_type} has {', '.join(own_keys)}")
    if missing := [key for key in required_keys if key not in block]:
        raise ConfigurationError(f"{place}: a {target_type} needs its {missing[0]}")
    allow_private = block.get("allow_private", False)
    if not isinstance(allow_private, bool):
        raise ConfigurationError(f"{place}: write allow_private = true, without quotes, or leave it out")
    return AlertTarget(
        name,
        target_type,
        _read_url(block["url"], target_type, place, allow_private=allow_private) if "url" in block else "",
        _read_reference(block["secret"], "secret", place) if "secret" in block else "",
        _read_mail(block, place) if target_type is TargetType.MAIL else MailAddress(),
        _read_kinds(block.get("kinds"), place),
        _read_accounts(block.get("accounts", []), place),
        _read_minimum(block.get("minimum"), place),
        allow_private,
        directory,
    )


def _read_reference(value: object, key: str, place: str) -> str:
    if not isinstance(value, str) or not REFERENCE_PATTERN.fullmatch(value):
        raise ConfigurationError(
            f"{place}: write a reference for {key} (env:NAME, file:PATH, keyring:SERVICE/USER or cmd:COMMAND), never the secret itself"
        )
    return value


def _read_url(value: object, target_type: TargetType, place: str, *, allow_private: bool) -> str:
    """Read an address: that of a chat's webhook is a secret by itself, so it is referred to."""
    if target_type is TargetType.SLACK or (isinstance(value, str) and REFERENCE_PATTERN.fullmatch(value)):
        return _read_reference(value, "url", place)
    url = value if isinstance(value, str) else ""
    check_target_url(url, f"{place}: url", allow_private=allow_private)
    return url


def check_target_url(url: str, label: str, *, allow_private: bool) -> None:
    """Raise ``ConfigurationError`` for an address that nothing is sent to, without telling it: it may be a secret."""
    schemes = {"https", "http"} if allow_private else {"https"}
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigurationError(
            f"{label} must be a whole address that begins with https://; http:// only where allow_private = true"
        )
    check_url_userinfo(url, label)


def _read_mail(block: Mapping[str, object], place: str) -> MailAddress:
    server = block["server"]
    match = _HOST.fullmatch(server) if isinstance(server, str) else None
    if not match or not 0 < int(match[2] or SUBMISSION_PORT) < 65536:
        raise ConfigurationError(f'{place}: write the server with its port, as server = "smtp.example.com:587"')
    recipients = block["recipients"]
    addresses = recipients if isinstance(recipients, list) else [recipients]
    for key, address in [("sender", block["sender"]), *(("recipients", address) for address in addresses)]:
        if not isinstance(address, str) or not _MAIL.fullmatch(address):
            raise ConfigurationError(f"{place}: write {key} as plain mail addresses, as finance@example.com")
    if not addresses:
        raise ConfigurationError(f"{place}: recipients is empty: name who gets the mails")
    user = block.get("user", "")
    if not isinstance(user, str) or bool(user) != ("secret" in block):
        raise ConfigurationError(
            f"{place}: a login has both, user in quotes and a reference as secret; or leave both out"
        )
    return MailAddress(
        match[1].strip("[]"), int(match[2] or SUBMISSION_PORT), str(block["sender"]), tuple(map(str, addresses)), user
    )


def _read_kinds(value: object, place: str) -> frozenset[FactKind]:
    if value is None:
        return ALL_KINDS
    names = _read_texts(value, "kinds", place)
    if unknown := [name for name in names if name not in ALL_KINDS]:
        raise ConfigurationError(f"{place}: {unknown[0]!r} is no kind; there are {', '.join(sorted(ALL_KINDS))}")
    return frozenset(map(FactKind, names))


def _read_accounts(value: object, place: str) -> tuple[str, ...]:
    patterns = _read_texts(value, "accounts", place) if value != [] else []
    if wrong := [pattern for pattern in patterns if not _PATTERN.fullmatch(pattern)]:
        raise ConfigurationError(
            f'{place}: {wrong[0]!r} is no pattern; write VENDOR/ACCOUNT, as accounts = ["vultr/*"]'
        )
    return tuple(patterns)


def _read_texts(value: object, key: str, place: str) -> Collection[str]:
    if not isinstance(value, list) or not value or not all(isinstance(text, str) for text in value):
        raise ConfigurationError(f'{place}: write {key} as a list of texts, as {key} = ["..."], or leave it out')
    return [str(text) for text in value]


def _read_minimum(value: object, place: str) -> tuple[Decimal, str] | None:
    if value is None:
        return None
    number, _, currency = value.partition(" ") if isinstance(value, str) else ("", "", "")
    amount = read_plain_amount(number)
    if amount is None or amount < 0 or not CURRENCY_PATTERN.fullmatch(currency):
        raise ConfigurationError(f'{place}: write minimum with its currency, as minimum = "100 USD"')
    return amount, currency
