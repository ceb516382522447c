"""A receiver of HTTP calls in a process of its own: `python -m … FOLDER`. It keeps each call as FOLDER/kept/<n>.json.

The path says how it behaves: /status/503, /later/7 (429 with Retry-After), /away (302), /cut (breaks the connection
after the call was read), /slow; everything else is answered 200. A file FOLDER/answers.json maps further paths to JSON
answers.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
LOCK = threading.Lock()


class Receiver(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with LOCK:
            number = len(list((FOLDER / "kept").iterdir())) + 1
            call = {"path": self.path, "headers": list(self.headers.items()), "body": base64.b64encode(body).decode()}
            (FOLDER / "kept" / f"{number:06}.json").write_text(json.dumps(call))
        self._answer(self.path.strip("/").split("/"))

    do_GET = do_POST  # noqa: N815

    def _answer(self, words: list[str]) -> None:
        match words:
            case ["status", code]:
                self._say(int(code), {})
            case ["later", seconds, *_]:
                self._say(429, {"Retry-After": seconds})
            case ["away"]:
                self._say(302, {"Location": "/landed"})
            case ["cut"]:
                self.close_connection = True
                self.connection.close()
            case ["slow"]:
                time.sleep(3)
                self._say(200, {})
            case _:
                self._say(200, {}, self._said())

    def _said(self) -> bytes:
        answers: dict[str, Any] = {}
        if (FOLDER / "answers.json").exists():
            answers = json.loads((FOLDER / "answers.json").read_text())
        return json.dumps(answers.get(self.path.partition("?")[0], {"ok": True})).encode()

    def _say(self, code: int, headers: dict[str, str], body: bytes = b"{}") -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Length": str(len(body)), "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""


if __name__ == "__main__":
    (FOLDER / "kept").mkdir(exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
