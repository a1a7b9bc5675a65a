"""The clusters and folders of CockroachDB Cloud's twin."""

from __future__ import annotations

import re

from billfold.twin.host import TwinHost
from tests.providers.cockroach.twin.kit import INVOICES, list_clusters, parse_body, send_request


def test_cluster_has_hardware_of_plan(host: TwinHost) -> None:
    """A cluster has the hardware of its plan."""
    for cluster in list_clusters(host):
        is_advanced, nodes = cluster["plan"] == "ADVANCED", {region["node_count"] for region in cluster["regions"]}
        assert list(cluster["config"]) == ["dedicated" if is_advanced else "serverless"]
        assert nodes == ({3} if is_advanced else {0})
        assert bool(cluster["cidr_range"]) == (is_advanced and cluster["cloud_provider"] == "GCP")
        assert re.fullmatch(r"2025-11-01T\d\d:\d\d:\d\d\.\d{6}Z", cluster["created_at"])
    hardware = [cluster["config"]["dedicated"] for cluster in list_clusters(host) if cluster["plan"] == "ADVANCED"]
    names = {"machine_type", "num_virtual_cpus", "storage_gib", "memory_gib", "disk_iops"}
    assert hardware
    assert all(set(machine) == names for machine in hardware)


def test_folders_have_names_and_clusters(host: TwinHost) -> None:
    """Folders have names, and the clusters in them."""
    invoice = parse_body(send_request(host))["invoices"][-1]
    resources = {resource["resource_id"]: resource for resource in invoice["folder_resources"]}
    nested_clusters = [cluster for cluster in list_clusters(host) if cluster["parent_id"] != "root"]
    assert nested_clusters
    for cluster in nested_clusters:
        folder = resources[cluster["parent_id"]]
        assert (folder["resource_type"], folder["parent_id"], folder["path"]) == ("FOLDER", "root", [])
        assert resources[cluster["id"]]["path"] == [{"id": folder["resource_id"], "name": folder["name"]}]
    assert {folder["name"] for folder in resources.values() if folder["resource_type"] == "FOLDER"} <= {
        "payments",
        "platform",
    }


def test_older_versions_have_older_plans(host: TwinHost) -> None:
    """Older versions have the older plans."""
    for version in ("2022-03-31", "2022-09-20", "2023-04-10"):
        assert {cluster["plan"] for cluster in list_clusters(host, version)} == {"SERVERLESS", "DEDICATED"}
    assert {cluster["plan"] for cluster in list_clusters(host)} == {"BASIC", "STANDARD", "ADVANCED"}
    invoice_id = parse_body(send_request(host))["invoices"][0]["invoice_id"]
    items = parse_body(send_request(host, f"{INVOICES}/{invoice_id}", version="2023-04-10"))["invoice_items"]
    assert {item["cluster"]["plan"] for item in items} == {"SERVERLESS", "DEDICATED"}
