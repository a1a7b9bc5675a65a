"""The clusters and folders of the story, as the vendor's records tell them."""

from __future__ import annotations

import json
from typing import Any

from billfold.model.focus import CostAndUsage
from billfold.model.period import format_instant
from billfold.providers.cockroach.api import VERSION
from billfold.providers.cockroach.records import Cluster, FolderResource, PathSegment, Region
from billfold.providers.cockroach.twin import scenario
from billfold.providers.twin_api import TwinAccount

CLOUDS = {title: cloud for cloud, title in scenario.CLOUDS.items()}
OLD_PLANS = {"BASIC": "SERVERLESS", "STANDARD": "SERVERLESS", "ADVANCED": "DEDICATED"}  # GUESS: that of Standard
# GUESS: which machines have 8 vCPU and 32 GiB
MACHINES = {"GCP": "n2-standard-8", "AWS": "m6i.2xlarge", "AZURE": "Standard_D8s_v5"}


def told_cluster(account: TwinAccount, row: CostAndUsage, version: str) -> Cluster:
    """Return the cluster of a charge, as an API of that version calls its plan."""
    known = next(c for c in scenario.clusters(account) if c.id == row.ResourceId)
    cloud, dedicated = CLOUDS[row.HostProviderName or ""], known.plan == "ADVANCED"
    return Cluster(
        id=row.ResourceId,
        name=row.ResourceName,
        cockroach_version="v24.3.5",
        upgrade_status="FINALIZED",
        plan=OLD_PLANS[known.plan] if version < VERSION["cc-version"] else known.plan,
        cloud_provider=cloud,
        account_id="",
        state="CREATED",
        creator_id=scenario.uuid(account, "creator"),
        operation_status="UNSPECIFIED",
        config={"dedicated": _hardware(cloud, known.gib)} if dedicated else {"serverless": _routing(known.name)},
        regions=[_region(name, known.name, cloud, 3 if dedicated else 0) for name in known.regions],
        cidr_range="172.28.0.0/14" if dedicated and cloud == "GCP" else "",
        labels=json.loads(row.Tags or "{}"),
        is_customer_cloud_account=False,
        parent_id=row.SubAccountId or "root",
        delete_protection="DISABLED",
        network_visibility="PUBLIC",
        egress_traffic_policy="ALLOW_ALL",
        created_at=format_instant(known.born),
        updated_at=format_instant(known.born),
    )


def _hardware(cloud: str, gib: int) -> dict[str, Any]:
    return {
        "machine_type": MACHINES[cloud],
        "num_virtual_cpus": 8,
        "storage_gib": gib,
        "memory_gib": 32,
        "disk_iops": 0,
    }


def _routing(name: str) -> dict[str, Any]:
    return {"routing_id": f"{name}-1533", "upgrade_type": "AUTOMATIC"}


def _region(name: str, cluster: str, cloud: str, nodes: int) -> Region:
    host = f"{cluster}.{cloud.lower()}-{name}.cockroachlabs.cloud"
    return Region(
        name=name,
        sql_dns=host,
        ui_dns="",
        internal_dns=f"internal-{host}",
        private_endpoint_dns=f"private-{host}",
        node_count=nodes,
    )


def told_folders(account: TwinAccount, rows: list[CostAndUsage]) -> list[FolderResource]:
    """Return the folders that a bill's clusters lie in, and those clusters."""
    owner = scenario.uuid(account, "organization")
    inside = {row.ResourceId: row for row in rows if row.SubAccountId}
    folders = {row.SubAccountId: _folder(row, owner) for row in inside.values()}
    return [*folders.values(), *(_inside(row, owner) for row in inside.values())]


def _folder(row: CostAndUsage, owner: str) -> FolderResource:
    return FolderResource(
        resource_id=row.SubAccountId,
        resource_type="FOLDER",
        parent_id="root",
        organization_id=owner,
        name=row.SubAccountName,
        path=[],
        labels={},
    )


def _inside(row: CostAndUsage, owner: str) -> FolderResource:
    return FolderResource(
        resource_id=row.ResourceId,
        resource_type="CLUSTER",
        parent_id=row.SubAccountId,
        organization_id=owner,
        name=row.ResourceName,
        path=[PathSegment(id=row.SubAccountId, name=row.SubAccountName)],
        labels=json.loads(row.Tags or "{}"),
    )
