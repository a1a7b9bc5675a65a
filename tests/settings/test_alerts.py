"""[[alerts]] say whom to tell what; whatever is wrong in them is told with the one thing to change, and no secret."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.model.alert_target import ALL_KINDS, AlertTarget, MailAddress, TargetType
from billfold.model.errors import ConfigurationError
from billfold.model.fact import FactKind
from billfold.settings.alerts import read_alerts
from tests.tasks.alert_kit import make_fact

PATH = Path("/etc/billfold.toml")
WEBHOOK = 'name = "hook"\nto = "webhook"\nurl = "https://example.com/in"\nsecret = "env:HOOK"\n'
SLACK = 'name = "chat"\nto = "slack"\nurl = "env:CHAT_URL"\n'
MAIL = 'name = "post"\nto = "mail"\nserver = "smtp.example.com"\nsender = "a@example.com"\nrecipients = ["b@example.com"]\n'
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "alerts.md"
SECRET_URL = "https://hooks.example.com/services/T0/B0/CHAT-TOKEN"


def read(*blocks: str) -> list[AlertTarget]:
    """Read blocks as a configuration has them."""
    return read_alerts(tomllib.loads("".join(f"[[alerts]]\n{block}\n" for block in blocks)).get("alerts"), PATH)


def test_targets_of_each_sort_are_read() -> None:
    hook, chat, post = read(
        WEBHOOK + 'kinds = ["late", "parked"]\naccounts = ["vultr/*"]\nminimum = "100 USD"\nallow_private = true',
        SLACK,
        MAIL,
    )
    wishes = frozenset({FactKind.LATE, FactKind.PARKED}), ("vultr/*",), (Decimal(100), "USD"), True
    secret_less = "hook", TargetType.WEBHOOK, "https://example.com/in", "env:HOOK", MailAddress()
    assert hook == AlertTarget(*secret_less, *wishes, PATH.parent)
    assert (chat.url, chat.fact_kinds, chat.address) == ("env:CHAT_URL", ALL_KINDS, "env:CHAT_URL")
    assert post.mail == MailAddress("smtp.example.com", 587, "a@example.com", ("b@example.com",), "")
    assert (hook.address, post.address) == ("https://example.com", "b@example.com by smtp.example.com")
    assert read() == read_alerts(None, PATH) == []


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ("", "give it a name"),
        ('name = "a b"', "give it a name"),
        ('name = "a"\nto = "pager"', 'write to = "webhook"'),
        ('name = "a"\nto = "webhook"\nurl = "https://example.com"', "a webhook needs its secret"),
        (WEBHOOK.replace("env:HOOK", "whsec_LITERAL"), "write a reference for secret"),
        (WEBHOOK.replace("https", "http"), "https://"),
        (WEBHOOK.replace("https://example.com/in", "https://me:LITERAL@example.com/in"), "no user and no password"),
        (WEBHOOK.replace("https://example.com/in", "https://exämple.com"), "a whole address"),
        (WEBHOOK.replace("https://example.com/in", "ftp://example.com"), "a whole address"),
        (WEBHOOK + 'channel = "x"', "'channel' is not known"),
        (WEBHOOK + 'kinds = ["lates"]', "'lates' is no kind"),
        (WEBHOOK + 'kinds = ["summary"]', "'summary' is no kind"),
        (WEBHOOK + "kinds = []", "write kinds as a list"),
        (WEBHOOK + 'accounts = ["vultr"]', "write VENDOR/ACCOUNT"),
        (WEBHOOK + 'minimum = "100"', "with its currency"),
        (WEBHOOK + 'minimum = "-1 USD"', "with its currency"),
        (WEBHOOK + 'allow_private = "yes"', "without quotes"),
        (SLACK.replace("env:CHAT_URL", SECRET_URL), "write a reference for url"),
        (MAIL.replace("smtp.example.com", "smtp example"), "write the server with its port"),
        (MAIL.replace("smtp.example.com", "smtp.example.com:99999"), "write the server with its port"),
        (MAIL.replace("b@example.com", "b@example.com, c@example.com"), "plain mail addresses"),
        (MAIL.replace("a@example.com", "A <a@example.com>"), "plain mail addresses"),
        (MAIL.replace('["b@example.com"]', "[]"), "recipients is empty"),
        (MAIL + 'user = "me"', "a login has both"),
        (MAIL + 'secret = "env:MAIL"', "a login has both"),
    ],
)
def test_what_is_wrong_is_told_and_no_secret(block: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(block)
    assert sentence in str(caught.value)
    assert "LITERAL" not in str(caught.value)
    assert "CHAT-TOKEN" not in str(caught.value)


def test_two_of_one_name_and_no_blocks_are_told() -> None:
    with pytest.raises(ConfigurationError, match="called 'hook'"):
        read(WEBHOOK, WEBHOOK)
    with pytest.raises(ConfigurationError, match="blocks"):
        read_alerts({"name": "hook"}, PATH)


@pytest.mark.parametrize(
    ("wishes", "fields", "is_wanted"),
    [
        ("", {}, True),
        ('kinds = ["late"]', {}, False),
        ('accounts = ["vultr/*"]', {}, True),
        ('accounts = ["vultr/m*"]', {"account": "other"}, False),
        ('accounts = ["*/*"]', {"provider": "", "account": ""}, True),
        ('accounts = ["vultr/*"]', {"provider": "", "account": ""}, False),
        ('minimum = "100 USD"', {"amount": Decimal(100)}, True),
        ('minimum = "100 USD"', {"amount": Decimal("99.99")}, False),
        ('minimum = "100 USD"', {"amount": Decimal(-500)}, True),
        ('minimum = "100 USD"', {"amount": Decimal(1), "currency": "EUR"}, True),
        ('minimum = "100 USD"', {"amount": None}, True),
    ],
)
def test_a_target_is_told_what_it_wants(wishes: str, fields: dict[str, Any], is_wanted: bool) -> None:
    """By kind, account and amount; another currency is never compared with its minimum."""
    (target,) = read(WEBHOOK + wishes)
    assert target.wants(make_fact(1, **fields)) is is_wanted


def test_the_configuration_of_the_page_is_right() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    targets = read_alerts(tomllib.loads(block)["alerts"], PATH)
    assert [target.type for target in targets] == ["webhook", "slack", "mail"]


def test_the_page_names_every_kind() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [kind for kind in ALL_KINDS if f"`{kind}`" not in text] == []
