"""What the log says of a request is one line, whatever address was asked for."""

import pytest
from loguru import logger
from starlette.types import Message, Receive, Scope, Send

from api.metrics import Metrics
from api.middleware import EdgeMiddleware


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/api/v1/bots", "/api/v1/bots"),
        ("/x\n2026-11-21 | WARNING | all bots are halted", r"/x\n2026-11-21 | WARNING | all bots are halted"),
        ("/\x1b[2J\x9b1m\u2028\x00", r"/\x1b[2J\x9b1m\u2028\x00"),
        ("/" + "a" * 5000, "/" + "a" * 299 + "…"),
        ("/{}{0}</red>é", "/{}{0}</red>é"),
    ],
)
async def test_no_address_writes_lines_of_its_own(path: str, shown: str) -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_message: Message) -> None:
        return None

    told: list[str] = []
    sink = logger.add(told.append, level="INFO", format="{message}")
    try:
        scope = {"type": "http", "method": "POST", "path": path, "scheme": "http", "headers": []}
        await EdgeMiddleware(app, Metrics())(scope, receive, send)
    finally:
        logger.remove(sink)
    (line,) = told
    assert line.startswith(f"POST {shown} 404 ")
    assert line.count("\n") == 1
