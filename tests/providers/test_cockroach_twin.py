"""CockroachDB Cloud, played: what its twin says in the vendor's words, and what the client makes of a refusal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from billfold.model.errors import Forbidden, RateLimited
from billfold.providers.cockroach.api import ListInvoices, read_error
from billfold.providers.cockroach.twin import handlers
from billfold.twin.host import TwinHost
from billfold.wire.message import Request, Response
from tests.twin.kit import alone
from tests.wire.kit import Talk, forever, line, ok, talk

KEY = "twin-cockroach-key"
INVOICES = "/api/v1/invoices"


@pytest.fixture(scope="module")
def host() -> TwinHost:
    return alone()


def asked(host: TwinHost, path: str = INVOICES, key: str = KEY, version: str = "2024-09-16", **query: str) -> Response:
    """Ask the twin as any program would."""
    headers = {"authorization": f"Bearer {key}", "cc-version": version}
    answer = host.answer_request(Request("GET", f"/cockroach{path}", tuple(query.items()), headers))
    assert answer is not None
    return answer


def said(response: Response, status: int = 200) -> Any:
    assert response.status == status, response.body
    return json.loads(response.body)


def test_one_request_too_many_is_told_to_come_back_after_a_second() -> None:
    limited = alone(limits=True)
    answers = [asked(limited) for _ in range(11)]
    assert [one.status for one in answers] == [200] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert said(answers[-1], 429) == {"code": 8, "message": "rate limit exceeded", "details": []}


def refused(words: str, **headers: str) -> tuple[type[Exception], int]:
    """Return what a lasting 403 with these words comes to, and how often it was asked."""
    wires, heard = line(retries=2), Talk()
    wires.read_error = read_error
    answer = ok({"code": 8, "message": words, "details": []}, 403, **headers)
    with pytest.raises((Forbidden, RateLimited)) as caught:
        talk(ListInvoices(), forever(answer), wires, heard)
    return type(caught.value), len(heard.requests)


def test_a_403_that_says_rate_limit_exceeded_and_when_to_come_back_is_no_missing_right() -> None:
    assert refused("Rate limit exceeded", retry_after="1") == (RateLimited, 3)
    assert refused("rate limit exceeded") == (Forbidden, 1)
    assert refused("permission denied", retry_after="1") == (Forbidden, 1)


def clusters(host: TwinHost, version: str = "2024-09-16") -> list[dict[str, Any]]:
    """Return the clusters of the latest invoice."""
    return [item["cluster"] for item in said(asked(host, version=version))["invoices"][-1]["invoice_items"]]


def test_a_cluster_is_told_with_the_hardware_of_its_plan(host: TwinHost) -> None:
    for one in clusters(host):
        advanced, nodes = one["plan"] == "ADVANCED", {region["node_count"] for region in one["regions"]}
        assert list(one["config"]) == ["dedicated" if advanced else "serverless"]
        assert nodes == ({3} if advanced else {0})
        assert bool(one["cidr_range"]) == (advanced and one["cloud_provider"] == "GCP")
        assert re.fullmatch(r"2025-11-01T\d\d:\d\d:\d\d\.\d{6}Z", one["created_at"])
    hardware = [one["config"]["dedicated"] for one in clusters(host) if one["plan"] == "ADVANCED"]
    names = {"machine_type", "num_virtual_cpus", "storage_gib", "memory_gib", "disk_iops"}
    assert hardware
    assert all(set(one) == names for one in hardware)


def test_folders_are_told_by_name_with_the_clusters_in_them(host: TwinHost) -> None:
    invoice = said(asked(host))["invoices"][-1]
    told = {one["resource_id"]: one for one in invoice["folder_resources"]}
    lying = [one for one in clusters(host) if one["parent_id"] != "root"]
    assert lying
    for one in lying:
        folder = told[one["parent_id"]]
        assert (folder["resource_type"], folder["parent_id"], folder["path"]) == ("FOLDER", "root", [])
        assert told[one["id"]]["path"] == [{"id": folder["resource_id"], "name": folder["name"]}]
    assert {folder["name"] for folder in told.values() if folder["resource_type"] == "FOLDER"} <= {
        "payments",
        "platform",
    }


def test_older_versions_say_the_older_plans(host: TwinHost) -> None:
    for version in ("2022-03-31", "2022-09-20", "2023-04-10"):
        assert {one["plan"] for one in clusters(host, version)} == {"SERVERLESS", "DEDICATED"}
    assert {one["plan"] for one in clusters(host)} == {"BASIC", "STANDARD", "ADVANCED"}
    one = said(asked(host))["invoices"][0]["invoice_id"]
    items = said(asked(host, f"{INVOICES}/{one}", version="2023-04-10"))["invoice_items"]
    assert {item["cluster"]["plan"] for item in items} == {"SERVERLESS", "DEDICATED"}


@pytest.mark.parametrize("name", ["start_time", "end_time"])
@pytest.mark.parametrize(
    "text", ["2026-03-01", "2026-03-01T00:00:00", "1772323200", "soon", "", "2026-13-01T00:00:00Z"]
)
def test_a_time_without_a_zone_or_of_another_form_is_a_bad_request_in_the_vendors_words(
    host: TwinHost, name: str, text: str
) -> None:
    words = f'invalid argument: invalid {name} "{text}"'
    assert said(asked(host, **{name: text}), 400) == {"code": 3, "message": words, "details": []}


def test_a_status_that_is_none_is_a_bad_request_in_the_vendors_words(host: TwinHost) -> None:
    assert said(asked(host, status="HAHA"), 400)["message"] == 'invalid argument: invalid status "HAHA"'
    assert said(asked(host, version="1999-01-01"), 400)["message"] == "invalid Cc-Version"


@pytest.mark.parametrize("zone", ["Z", "+00:00", ".5-00:30"])
def test_times_of_any_zone_bound_the_list(host: TwinHost, zone: str) -> None:
    times = {"start_time": f"2026-02-28T23:00:00{zone}", "end_time": f"2026-06-01T00:00:00{zone}"}
    starts = [one["period_start"][:7] for one in said(asked(host, **times))["invoices"]]
    assert starts == ["2026-03", "2026-04", "2026-05"]


def test_a_missing_right_is_not_named_and_the_organization_is_another_right(host: TwinHost) -> None:
    noright = "twin-cockroach-noright"
    for path in (INVOICES, f"{INVOICES}/x"):
        assert said(asked(host, path, noright), 403) == {"code": 7, "message": "permission denied", "details": []}
    assert said(asked(host, "/api/v1/organization", noright)) == said(asked(host, "/api/v1/organization"))


def test_credits_are_paid_when_an_invoice_is_finalized_and_not_by_a_draft(host: TwinHost) -> None:
    *_, last, draft = said(asked(host, key="twin-cockroach-credits"))["invoices"]
    assert (last["status"], draft["status"]) == ("FINALIZED", "DRAFT")
    assert draft["balances"] == last["balances"]
    assert last["balances"][0]["amount"] > 0
    assert draft["totals"][0]["amount"] > 0


def test_every_guess_of_the_twin_is_listed_in_the_readme() -> None:
    home = Path(str(handlers.__file__)).parent.parent
    readme = (home / "README.md").read_text(encoding="utf-8")
    listed = readme.partition("Guesses in the code:")[2].partition("## ")[0]
    for path in home.rglob("*.py"):
        assert ("# GUESS: " in path.read_text(encoding="utf-8")) == (f"{path.name}`" in listed), path.name
