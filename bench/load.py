"""Asks one thing again and again over some connections kept open, and prints how many answers came in which time."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit


async def ask(host: str, port: int, request: bytes, until: float) -> int:
    """Use one connection: the next question goes out when the answer is in. Returns how many came."""
    reader, writer = await asyncio.open_connection(host, port)
    count = 0
    while time.monotonic() < until:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
        await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
        count += 1
    writer.close()
    return count


async def load(url: str, headers: dict[str, str], connections: int, seconds: float) -> tuple[int, float]:
    """Use all connections at once; returns answers and seconds."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    header_values = {"Host": parts.netloc, "Accept": "application/json", **headers}
    header_text = "".join(f"{name}: {value}\r\n" for name, value in header_values.items())
    request = f"GET {path} HTTP/1.1\r\n{header_text}\r\n".encode()
    began = time.monotonic()
    asking = [ask(parts.hostname, parts.port, request, began + seconds) for _ in range(connections)]
    return sum(await asyncio.gather(*asking)), time.monotonic() - began


if __name__ == "__main__":
    print(json.dumps(asyncio.run(load(**json.loads(sys.argv[1])))))
