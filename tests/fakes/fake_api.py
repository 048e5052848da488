"""What a bot serves on its `api.sock`: the few routes that tests of the relay need, behind HTTP Basic."""

import asyncio
import base64
import threading
from pathlib import Path

from aiohttp import web

from pool.ipc.unix_address import bind_unix


def serve_api(file: Path, username: str, password: str, started: threading.Event) -> None:
    """Until the process ends."""
    asyncio.run(_serve(file, username, password, started))


async def _serve(file: Path, username: str, password: str, started: threading.Event) -> None:
    app = build_api(username, password)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.SockSite(runner, bind_unix(file)).start()
    started.set()
    await asyncio.Event().wait()


def build_api(username: str, password: str) -> web.Application:
    expected = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()

    @web.middleware
    async def check(request: web.Request, handler: object) -> web.StreamResponse:
        is_socket = request.path.endswith("/message/ws") and request.query.get("token") == "the-token"
        if request.headers.get("Authorization") != expected and not is_socket:
            return web.json_response({"detail": "Unauthorized"}, status=401)
        return await handler(request)  # type: ignore[operator]

    app = web.Application(middlewares=[check])
    app.router.add_get("/api/v1/ping", lambda _: _json({"status": "pong"}))
    app.router.add_route("*", "/api/v1/echo", _echo)
    app.router.add_get("/api/v1/cut", cut)
    carried_out: list[str] = []

    async def vanish(request: web.Request) -> web.Response:
        """Acts, and ends the connection instead of answering."""
        carried_out.append(request.method)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    app.router.add_delete("/api/v1/vanish", vanish)
    app.router.add_get("/api/v1/carried-out", lambda _: _json(carried_out))
    app.router.add_post("/api/v1/token/login", lambda _: _json({"access_token": "the-token"}))
    app.router.add_get("/api/v1/message/ws", _socket)
    return app


async def cut(request: web.Request) -> web.StreamResponse:
    """Ends in the middle of what it announced."""
    response = web.StreamResponse(headers={"Content-Length": "10"})
    await response.prepare(request)
    await response.write(b"abc")
    assert request.transport is not None
    request.transport.close()
    return response


async def _json(body: object) -> web.Response:
    return web.json_response(body, headers={"Set-Cookie": "secret=1", "X-Kept": "yes"})


async def _echo(request: web.Request) -> web.Response:
    body = (await request.read()).decode()
    headers = {name.lower(): value for name, value in request.headers.items() if name.lower() != "authorization"}
    return web.json_response({"method": request.method, "query": dict(request.query), "body": body, "headers": headers})


async def _socket(request: web.Request) -> web.WebSocketResponse:
    response = web.WebSocketResponse()
    await response.prepare(request)
    async for message in response:
        if message.data == "go away":
            await response.close(code=4001, message=b"Gone away.")
            break
        if message.data == "break off":
            assert request.transport is not None
            request.transport.abort()
            break
        await response.send_str(f"echo {message.data}")
    return response
