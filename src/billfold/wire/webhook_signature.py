"""Signatures of webhooks as the Standard Webhooks specification has them: a receiver can tell who sent what, and when."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from billfold.model.errors import ConfigurationError

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
ID_HEADER, TIME_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"


def read_signing_key(secret: str, label: str) -> bytes:
    """Return the key of a secret as ``whsec_`` and base64; raises ``ConfigurationError``, without telling it."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise ConfigurationError(
            f"{label} is no signing secret: it is whsec_ and {MIN_KEY_BYTES} to {MAX_KEY_BYTES} random bytes in base64; "
            "`openssl rand -base64 32` makes them"
        )
    return key


def sign_webhook(key: bytes, delivery_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a body that is sent at a time: its id, the time and the signature over both and the body."""
    timestamp = str(int(sent_at.timestamp()))
    content = f"{delivery_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {ID_HEADER: delivery_id, TIME_HEADER: timestamp, SIGNATURE_HEADER: f"v1,{signature}"}
