"""A signature is what an implementation of the specification that is not ours accepts, and any change breaks it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from billfold.model.errors import ConfigurationError
from billfold.wire.webhook_signature import ID_HEADER, TIME_HEADER, read_signing_key, sign_webhook

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "alerts.md"
BODY = b'{"type":"billfold.new-invoice"}'


def sign(sent_at: datetime | None = None) -> dict[str, str]:
    """Sign the body, at present by default."""
    return sign_webhook(read_signing_key(SECRET, "secret"), "msg_1", sent_at or datetime.now(UTC), BODY)


def test_another_implementation_accepts_it() -> None:
    assert Webhook(SECRET).verify(BODY.decode(), sign()) == {"type": "billfold.new-invoice"}


@pytest.mark.parametrize("change", [{ID_HEADER: "msg_2"}, {TIME_HEADER: "1"}, {}])
def test_whatever_is_changed_breaks_it(change: dict[str, str]) -> None:
    """The id, the time or the body: each is signed."""
    body = BODY if change else BODY + b" "
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.decode(), sign() | change)


def test_an_old_one_is_refused_by_its_time() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY.decode(), sign(datetime.now(UTC) - timedelta(hours=1)))


@pytest.mark.parametrize(
    "secret", ["", "hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64", SECRET.removeprefix("whsec_")]
)
def test_what_is_no_signing_secret_is_refused_untold(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="openssl rand") as caught:
        read_signing_key(secret, "secret")
    assert not secret or secret not in str(caught.value).replace("whsec_ and", "")


def test_the_ten_lines_of_the_page_verify_it() -> None:
    """What the page gives receivers without a library accepts what is genuine, and nothing that is changed or old."""
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Callable[..., bool]] = {}
    exec(compile(block, PAGE.name, "exec"), names)
    is_genuine, headers = names["is_genuine"], sign()
    assert is_genuine(headers, BODY, SECRET)
    assert not is_genuine(headers, BODY + b" ", SECRET)
    assert not is_genuine(headers | {ID_HEADER: "msg_2"}, BODY, SECRET)
    assert not is_genuine(sign(datetime.now(UTC) - timedelta(hours=1)), BODY, SECRET)
    assert not is_genuine(headers, BODY, "whsec_" + base64.b64encode(bytes(32)).decode())
    assert len([line for line in block.splitlines() if line]) <= 10
    assert not is_genuine(headers | {"webhook-signature": "v1,\xfc"}, BODY, SECRET)
