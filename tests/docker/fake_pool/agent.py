"""A pool for the driver's tests, with the standard library alone: the container's side of what a driver goes by.

As init would, it starts as root and becomes the agent's user; it reads what the broker put into /pool and serves
`/v1/health` and `/v1/pool`. `fail` in /pool makes it refuse to start, `deaf` ignore SIGTERM. `/probe?host=H&port=N`
tells whether something listens there, `/starts` how often it was started on this volume.
"""

import json
import os
import signal
import socket
import socketserver
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

POOL = Path("/pool")


class Agent(BaseHTTPRequestHandler):
    settings: ClassVar[dict] = {}
    token = ""
    starts = 0

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path == "/v1/health":
            return self.tell(200, {"protocol": 1, "incarnation": str(self.starts)})
        if self.headers.get("Authorization") != f"Bearer {self.token}":
            return self.tell(401, {"code": "unauthorised", "message": "Who are you?"})
        if path.path == "/v1/pool":
            return self.tell(200, self.report())
        if path.path == "/starts":
            return self.tell(200, {"starts": self.starts, "settings": self.settings, "ids": os.getresuid()})
        asked = parse_qs(path.query)
        return self.tell(200, {"reached": reaches(asked["host"][0], int(asked["port"][0]))})

    def report(self) -> dict:
        zygote = dict.fromkeys(("pid", "python", "freqtrade", "warm_seconds", "immortal_objects", "shared_markets"))
        return {
            "protocol": 1,
            "pool_id": self.settings["pool_id"],
            "incarnation": str(self.starts),
            "started_at": "2026-01-01T00:00:00Z",
            "slots_total": self.settings["slots_total"],
            "slots_used": 0,
            "zygote": {"state": "ready", **zygote},
            "init_memory": None,
            "agent_memory": None,
            "bots_memory": None,
            "memory_limit_bytes": None,
            "paper_exchange": False,
            "recent_fork_milliseconds": [],
        }

    def tell(self, status: int, body: dict) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # without asking the resolver for our name


def reaches(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True


def main() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN if (POOL / "deaf").exists() else lambda *_: os._exit(0))
    if (POOL / "fail").exists():
        sys.exit("The fake pool was told to fail.")
    Agent.settings = json.loads((POOL / "pool.json").read_text())
    os.setgroups([])
    os.setresgid(*[Agent.settings["agent_uid"]] * 3)
    os.setresuid(*[Agent.settings["agent_uid"]] * 3)
    Agent.token = (POOL / "agent-token").read_text().strip()
    starts = POOL / "starts"
    Agent.starts = int(starts.read_text() if starts.exists() else "0") + 1
    starts.write_text(str(Agent.starts))
    Server((Agent.settings["agent_host"], Agent.settings["agent_port"]), Agent).serve_forever()


main()
