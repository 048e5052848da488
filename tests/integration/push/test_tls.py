"""Pushes over HTTPS go to the address that was looked up, and to whoever has the name's certificate there alone."""

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from orchestrator.push import places
from orchestrator.push.models import PushSubscriptionModel
from orchestrator.push.places import Places, PushWays
from orchestrator.push.sender import PushSender
from tests.fakes.certificates import write_certificate
from tests.fakes.push_service import PushService
from tests.integration.orchestrator.rig import Rig
from tests.integration.push.test_delivery import VAPID, queue, row_of, send_all, subscribed, texts


@contextlib.asynccontextmanager
async def over_tls(service: PushService, directory: Path) -> AsyncIterator[int]:
    """The same service; its port."""
    write_certificate(directory / "certificate", directory / "key")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(directory / "certificate", directory / "key")
    app = web.Application()
    app.router.add_post("/send/{name}", service.take)
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await web.SockSite(runner, listener, ssl_context=context).start()
        try:
            yield listener.getsockname()[1]
        finally:
            await runner.cleanup()


@pytest.mark.parametrize(("name", "taken"), [("localhost", True), ("other.example", False)])
async def test_a_push_service_proves_the_name_that_was_asked_for(
    rig: Rig, service: PushService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, taken: bool
) -> None:
    """Its certificate is good for the address, too, which is not what counts."""
    async with over_tls(service, tmp_path) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate"))
        monkeypatch.setattr(places, "_HTTPS", port)
        monkeypatch.setattr(places, "is_public", lambda address: address in ("127.0.0.1", "127.0.0.9"))
        subscription = await subscribed(rig, service)
        service.origin = f"https://{name}:{port}"
        async with rig.database.unit_of_work() as session:
            row = await session.get_one(PushSubscriptionModel, subscription)
            row.endpoint = f"{service.origin}/send/one"

        async def look_up(host: str, port: int) -> list[str]:
            assert host == name
            return ["127.0.0.9", "127.0.0.1"]  # nobody answers at the first

        await queue(rig, "one")
        await send_all(PushSender(rig.database, VAPID, PushWays(Places((), look_up))))
        row_now = await row_of(rig, subscription)
        assert row_now is not None
        assert (texts(service), row_now.problem is None) == (["one"] if taken else [], taken)
        if taken:
            assert service.taken[0][2]["Host"] == f"{name}:{port}"
