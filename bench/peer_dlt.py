"""dlt's REST source, as its documents have it: Vultr's invoices and their lines into DuckDB. Prints how many lines came.

Numbers are declared decimal: left to itself dlt makes two columns of ``total``, and the sum of neither is the invoice's.
"""

from __future__ import annotations

import json
import os
import sys

# Nothing leaves this machine, and nothing but the load is measured.
os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}

import dlt
import duckdb
from dlt.sources.rest_api import rest_api_source

EXACT = {"data_type": "decimal", "precision": 38, "scale": 18}


def load(base_url: str, key: str, directory: str) -> int:
    """Load every invoice and every line, in pages of 500, and count the lines."""
    pages = {"type": "cursor", "cursor_path": "meta.links.next", "cursor_param": "cursor"}
    source = rest_api_source(
        {
            "client": {"base_url": f"{base_url}/", "auth": {"type": "bearer", "token": key}, "paginator": pages},
            "resource_defaults": {"write_disposition": "replace", "endpoint": {"params": {"per_page": 500}}},
            "resources": [
                {"name": "invoices", "endpoint": {"path": "billing/invoices", "data_selector": "billing_invoices"}},
                {
                    "name": "items",
                    "endpoint": {
                        "path": "billing/invoices/{resources.invoices.id}/items",
                        "data_selector": "invoice_items",
                    },
                    "include_from_parent": ["id"],
                    "columns": dict.fromkeys(("units", "unit_price", "total"), EXACT),
                },
            ],
        }
    )
    database = f"{directory}/peer.duckdb"
    pipeline = dlt.pipeline(
        pipeline_name="peer",
        pipelines_dir=directory,
        destination=dlt.destinations.duckdb(database),
        dataset_name="vultr",
    )
    pipeline.run(source, loader_file_format="parquet")
    with duckdb.connect(database) as db:
        row = db.execute("SELECT count(*) FROM vultr.items").fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    print(json.dumps({"items": load(*sys.argv[1:])}))
