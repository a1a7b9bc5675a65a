"""The clusters and folders of the story, as the vendor's records tell them."""

from __future__ import annotations

import json

from billfold.model.focus import CostAndUsage
from billfold.model.period import format_instant
from billfold.providers.cockroach.api import VERSION_HEADER
from billfold.providers.cockroach.records import Cluster, FolderResource, PathSegment, Region
from billfold.providers.cockroach.twin import scenario
from billfold.providers.twin_api import TwinAccount
from billfold.wire.codec import JsonObject

CLOUDS_BY_HOST = {title: cloud for cloud, title in scenario.CLOUD_NAMES.items()}
OLD_PLAN_NAMES = {"BASIC": "SERVERLESS", "STANDARD": "SERVERLESS", "ADVANCED": "DEDICATED"}  # GUESS: that of Standard
# GUESS: which machines have 8 vCPU and 32 GiB
MACHINE_TYPES = {"GCP": "n2-standard-8", "AWS": "m6i.2xlarge", "AZURE": "Standard_D8s_v5"}


def make_cluster(account: TwinAccount, row: CostAndUsage, version: str) -> Cluster:
    """Return the cluster of a charge, as an API of that version calls its plan."""
    scenario_cluster = next(
        candidate for candidate in scenario.list_clusters(account) if candidate.id == row.ResourceId
    )
    cloud, is_dedicated = CLOUDS_BY_HOST[row.HostProviderName or ""], scenario_cluster.plan == "ADVANCED"
    return Cluster(
        id=row.ResourceId,
        name=row.ResourceName,
        cockroach_version="v24.3.5",
        upgrade_status="FINALIZED",
        plan=OLD_PLAN_NAMES[scenario_cluster.plan] if version < VERSION_HEADER["cc-version"] else scenario_cluster.plan,
        cloud_provider=cloud,
        account_id="",
        state="CREATED",
        creator_id=scenario.make_uuid(account, "creator"),
        operation_status="UNSPECIFIED",
        config={"dedicated": _make_hardware(cloud, scenario_cluster.storage_gib)}
        if is_dedicated
        else {"serverless": _make_routing(scenario_cluster.name)},
        regions=[
            _make_region(name, scenario_cluster.name, cloud, 3 if is_dedicated else 0)
            for name in scenario_cluster.regions
        ],
        cidr_range="172.28.0.0/14" if is_dedicated and cloud == "GCP" else "",
        labels=json.loads(row.Tags or "{}"),
        is_customer_cloud_account=False,
        parent_id=row.SubAccountId or "root",
        delete_protection="DISABLED",
        network_visibility="PUBLIC",
        egress_traffic_policy="ALLOW_ALL",
        created_at=format_instant(scenario_cluster.created_at),
        updated_at=format_instant(scenario_cluster.created_at),
    )


def _make_hardware(cloud: str, storage_gib: int) -> JsonObject:
    return {
        "machine_type": MACHINE_TYPES[cloud],
        "num_virtual_cpus": 8,
        "storage_gib": storage_gib,
        "memory_gib": 32,
        "disk_iops": 0,
    }


def _make_routing(cluster_name: str) -> JsonObject:
    return {"routing_id": f"{cluster_name}-1533", "upgrade_type": "AUTOMATIC"}


def _make_region(name: str, cluster_name: str, cloud: str, node_count: int) -> Region:
    host = f"{cluster_name}.{cloud.lower()}-{name}.cockroachlabs.cloud"
    return Region(
        name=name,
        sql_dns=host,
        ui_dns="",
        internal_dns=f"internal-{host}",
        private_endpoint_dns=f"private-{host}",
        node_count=node_count,
    )


def make_folders(account: TwinAccount, rows: list[CostAndUsage]) -> list[FolderResource]:
    """Return the folders that a bill's clusters lie in, and those clusters."""
    organization_id = scenario.make_uuid(account, "organization")
    cluster_rows = {row.ResourceId: row for row in rows if row.SubAccountId}
    folders = {row.SubAccountId: _make_folder(row, organization_id) for row in cluster_rows.values()}
    return [*folders.values(), *(_make_folder_member(row, organization_id) for row in cluster_rows.values())]


def _make_folder(row: CostAndUsage, organization_id: str) -> FolderResource:
    return FolderResource(
        resource_id=row.SubAccountId,
        resource_type="FOLDER",
        parent_id="root",
        organization_id=organization_id,
        name=row.SubAccountName,
        path=[],
        labels={},
    )


def _make_folder_member(row: CostAndUsage, organization_id: str) -> FolderResource:
    return FolderResource(
        resource_id=row.ResourceId,
        resource_type="CLUSTER",
        parent_id=row.SubAccountId,
        organization_id=organization_id,
        name=row.ResourceName,
        path=[PathSegment(id=row.SubAccountId, name=row.SubAccountName)],
        labels=json.loads(row.Tags or "{}"),
    )
