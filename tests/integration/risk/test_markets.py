"""What the leader learns from an exchange's candles: which assets move together, and that a market falls."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from orchestrator.bots.announce import user_topic
from orchestrator.exchanges import candles
from orchestrator.kit.clock import utc_now
from orchestrator.risk import markets
from pool.contract.risk import Mode
from tests.integration.orchestrator.rig import OWNER
from tests.integration.risk.rig import RiskRig, warm_engine
from tests.support import eventually
from tests.unit.risk.fleet import asking, reading


class Exchange:
    """Candles of a minute: BTC and ETH move together, DOGE against them. `fallen` takes a tenth of the last close."""

    def __init__(self) -> None:
        self.url: str | None = None
        self.fallen = False
        self.asked: list[tuple[str, str, int]] = []

    async def klines(self, request: web.Request) -> web.Response:
        symbol, limit = request.query["symbol"], int(request.query["limit"])
        self.asked.append((symbol, request.query["interval"], limit))
        if symbol == "XRPUSDT":
            return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
        now = int(time.time()) // 60
        rows = []
        for minute in range(now - limit + 1, now + 1):
            up = (minute % 2 == 0) is (symbol != "DOGEUSDT")
            close = 101.0 if up else 100.0
            if self.fallen and minute == now:
                close = 90.0
            rows.append([minute * 60_000, "0", "0", "0", str(close), "0"])
        return web.json_response(rows)


@asynccontextmanager
async def an_exchange() -> AsyncIterator[Exchange]:
    exchange = Exchange()
    app = web.Application()
    app.add_routes([web.get("/api/v3/klines", exchange.klines)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    exchange.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield exchange
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_group_follows_from_candles_and_a_falling_market_binds(world: RiskRig) -> None:
    one = await world.add_bot("one", pairs=["BTC/USDT", "ETH/USDT", "DOGE/USDT", "XRP/USDT"])
    await world.store(one, reading(utc_now(), equity=1000))
    await world.policy(
        limits={"group_exposure": {"ratio": "0.1", "timeframe": "1m", "candles": 60}},
        emergency={"pair": "BTC/USDT", "ratio": "0.1", "minutes": 30, "response": "flatten", "release": "manual"},
    )
    async with an_exchange() as exchange, world.leading(engine=warm_engine(), paper_url=lambda: exchange.url) as task:
        engine = task.board.engine
        await eventually(lambda: len({symbol for symbol, _, limit in exchange.asked if limit == 61}) == 4)
        await eventually(lambda: bool(task.board.world.policies))

        def ask(name: str, pair: str) -> tuple[bool, str]:
            grant = engine.reserve(one, asking(name, 60, utc_now(), pair=pair))
            return grant.granted, grant.message

        await eventually(lambda: ask("btc", "BTC/USDT")[0] and not ask("eth", "ETH/USDT")[0])
        await eventually(lambda: ask("doge", "DOGE/USDT")[0])  # it moves against the others
        granted, message = ask("xrp", "XRP/USDT")
        assert not granted
        assert "counted as correlated" in message
        exchange.fallen = True
        await eventually(lambda: world.mode(one) is Mode.HALTED)
        (row,) = await world.in_force()
        assert (row.source, row.scope, row.subject, row.flatten) == ("emergency", "user", OWNER, True)
        assert row.release_at is None
        assert row.why.startswith("BTC/USDT fell by 10.")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_minute_is_enough_and_a_price_that_nobody_has_is_told(
    world: RiskRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await world.add_bot("one", pairs=["BTC/USDT"])
    monkeypatch.setattr(markets, "EVERY_SECONDS", 0.1)
    monkeypatch.setattr(markets, "_UNKNOWN_SECONDS", 0.0)
    monkeypatch.setattr(candles, "SHARED_SECONDS", 0.1)
    await world.policy(emergency={"pair": "XRP/USDT", "ratio": "0.08", "minutes": 1})
    alerts: list[str] = []

    async def listen() -> None:
        async for message in world.rig.bus.subscribe(user_topic(OWNER)):
            alerts.extend([message.body["message"]] if message.kind == "alert" else [])

    listening = asyncio.create_task(listen())
    async with an_exchange() as exchange, world.leading(engine=warm_engine(), paper_url=lambda: exchange.url) as task:
        board = task.board
        await eventually(lambda: [use.used for use in board.emergencies.get(OWNER, ())] == [None])
        await eventually(lambda: any("XRP/USDT is not known" in text for text in alerts))
        await world.policy(emergency={"pair": "BTC/USDT", "ratio": "0.08", "minutes": 1})
        await eventually(lambda: [use.used is not None for use in board.emergencies.get(OWNER, ())] == [True])
        assert await world.in_force() == []
        exchange.fallen = True
        await eventually(lambda: world.mode(one) is Mode.REDUCING)
    listening.cancel()
