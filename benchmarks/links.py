"""How long a redirect takes: `/r/<token>` of a real server against a bare ASGI redirect, asked in turns in one run.

    python benchmarks/links.py [requests]

Both are asked over kept connections by the same client, CLIENTS at a time; each redirect of ours looks a code up,
judges whether a person came, and keeps the arrival in the inbox.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.doors.collector.server import free_port, serving, wait_for

from lianyi.settings import Settings
from lianyi.workspace import Workspace

CLIENTS = 8
BARE = """
import sys
import uvicorn
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive(); await send({"type": "lifespan.startup.complete"})
        await receive(); await send({"type": "lifespan.shutdown.complete"}); return
    await send({"type": "http.response.start", "status": 302,
                "headers": [(b"location", b"https://tea.cn/"), (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
uvicorn.run(app, port=int(sys.argv[1]), http="httptools", loop="uvloop", access_log=False, log_level="warning")
"""
MAKE = """
import json, pathlib, sys
from datetime import UTC, datetime
from lianyi.doors.console.start import prepare
prepare(pathlib.Path(sys.argv[1]))
from lianyi.action.codes import issuing
from lianyi.action.codes.models import Code
now = datetime.now(UTC)
wanted = {"campaign": "c", "channel": "web", "target": "https://tea.cn/", "landing": False, "by": "b", "now": now}
for start in range(0, 20_000, 500):
    issuing._rows(issuing.Wanted(campaign="c", channel="web", target="https://tea.cn/", landing=False),
                  [("", f"user:{n}") for n in range(start, start + 500)], by="b", now=now)
print(json.dumps(list(Code.objects.values_list("token", flat=True)[:4000])))
"""
HEAD = (
    "GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: Mozilla/5.0 (iPhone) {number}\r\nAccept: text/html\r\n"
    "Accept-Language: zh-CN\r\n\r\n"
)


async def ask(port: int, paths: list[str]) -> list[float]:
    """Seconds that each answer took."""
    taken: list[float] = []
    waiting = iter(enumerate(paths))

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number, path in waiting:
            began = time.perf_counter()
            writer.write(HEAD.format(path=path, number=number).encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            taken.append(time.perf_counter() - began)
            assert b" 302 " in answer, answer
        writer.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return taken


def said(name: str, taken: list[float]) -> float:
    """Print and return the 95th percentile in milliseconds."""
    ordered = sorted(taken)
    half, high = ordered[len(ordered) // 2] * 1e3, ordered[int(len(ordered) * 0.95)] * 1e3
    print(f"{name:8} p50 {half:6.2f} ms   p95 {high:6.2f} ms   ({len(taken):,} requests, {CLIENTS} at a time)")
    return high


def main() -> None:
    """Both, in turns."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    with tempfile.TemporaryDirectory() as folder:
        ws = Path(folder) / "w"
        Workspace.create(ws, Settings(memory_mb=512))
        made = subprocess.run([sys.executable, "-c", MAKE, str(ws)], capture_output=True, text=True, check=True)
        tokens = json.loads(made.stdout.splitlines()[-1])
        port = free_port()
        bare = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
        try:
            with serving(ws) as ours:
                wait_for(lambda: asyncio.run(up(port)), what="the bare server")
                paths = [f"/r/{tokens[number % len(tokens)]}" for number in range(count)]
                asyncio.run(ask(ours.port, paths[:200]))
                first, second = [], []
                for start in range(0, count, 500):
                    second += asyncio.run(ask(port, paths[start : start + 500]))
                    first += asyncio.run(ask(ours.port, paths[start : start + 500]))
                high = said("ours", first)
                print(f"p95 is {high / said('bare', second):.1f} times that of the bare redirect; 20,000 codes")
        finally:
            bare.terminate()
            bare.wait()


async def up(port: int) -> bool:
    """Whether somebody listens."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


if __name__ == "__main__":
    main()
