"""CockroachDB Cloud's records: nothing that is documented is lost."""

from __future__ import annotations

from billfold.providers.cockroach.records import Organization
from billfold.wire import codec


def test_organization_keeps_documented_fields() -> None:
    """An organization keeps every documented field."""
    body = b'{"id":"o","cockroach_cloud_service_principals":{"gcp":{"service_account_email":"a@b"}}}'
    assert codec.parse_json(codec.encode_json(codec.decode_record(body, Organization))) == codec.parse_json(body)
