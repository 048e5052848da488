"""Agents without a pool, speaking the agent's HTTP API in this process.

`FakeAgent` does what it is told at once. `SlowAgent` answers late, `NeverAgent` takes connections and says nothing,
`LyingAgent` answers nonsense.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from aiohttp import web

from orchestrator.pools.client import AgentEndpoint
from pool.contract import PROTOCOL_VERSION
from pool.contract.books import BookMarks
from pool.contract.checks import CheckAnswer, CheckRequest, Finding, StrategyFacts
from pool.contract.errors import AGENT_ERROR_STATUS, AgentErrorCode, AgentProblem
from pool.contract.events import (
    Event,
    EventItem,
    EventType,
    HeartbeatItem,
    ReserveItem,
    ResetItem,
    SettleItem,
    SlotItem,
    SnapshotItem,
)
from pool.contract.model import Wire
from pool.contract.policy import PolicyInForce
from pool.contract.pools import PoolReport, TokenReport, ZygoteReport
from pool.contract.risk import (
    Grant,
    Grants,
    Mode,
    ReserveRequest,
    RiskAnswer,
    RiskOrder,
    RiskOrders,
    RiskStanding,
    Settlement,
)
from pool.contract.slots import Condition, ConditionType, DesiredState, ObservedState, Slot, SlotSpec, StrategySource
from pool.contract.snapshots import BotSnapshot

TOKEN = "a token of the fake agent"
_STATES = {
    DesiredState.RUNNING: ObservedState.RUNNING,
    DesiredState.PAUSED: ObservedState.PAUSED,
    DesiredState.STOPPED: ObservedState.STOPPED,
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeAgent:
    """Slots in a dictionary. What was asked of it is in `calls` as (method, path)."""

    def __init__(self, pool_id: str = "pool-a", slots_total: int = 50) -> None:
        self.pool_id = pool_id
        self.slots_total = slots_total
        self.incarnation = "first"
        self.specs: dict[str, SlotSpec] = {}
        self.slots: dict[str, Slot] = {}
        self.puts: list[tuple[str, SlotSpec]] = []
        self.restarts: list[str] = []
        self.archived: list[str] = []
        self.calls: list[tuple[str, str]] = []
        self.cursors: list[str | None] = []
        self.ring: list[Event] = []
        self.refusing: dict[str, AgentErrorCode] = {}
        """Codes that PUTs of these bots are refused with."""
        self.lingering = False
        """DELETE answers 202 and the slot stays until `archive`."""
        self.flattening = False
        """A flatten leaves the bot stopping until somebody sets its state."""
        self.zygote = "ready"
        self.outdated = False
        """It was made before there were universal rules."""
        self.marks: dict[str, str] | None = None
        """Of the bots' books; None: it was made before there were any."""
        self.clock = 1000.0
        """CLOCK_BOOTTIME of its machine; each answer to orders is a second later."""
        self.clocks: list[float | None] = []
        """What orders echoed."""
        self.looked: list[float | None] = []
        """What was known when orders were read."""
        self.orders: dict[str, RiskOrder] = {}
        """Last order about each bot."""
        self.policies: list[tuple[str, PolicyInForce]] = []
        """As they were put by themselves."""
        self.grants: list[Grant] = []
        self.token_made_at = datetime.now(UTC)
        self.checked: list[StrategySource] = []
        self.deep: list[bool] = []
        self.findings: list[Finding] = []
        """What checks of strategies find."""
        self.can_short = False
        self.timeframe = "15m"
        self._listeners: list[asyncio.Queue[Wire]] = []
        self._runner: web.AppRunner | None = None
        self.endpoint: AgentEndpoint | None = None

    async def __aenter__(self) -> "FakeAgent":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        app = web.Application(middlewares=[self._middleware])
        slot = "/v1/slots/{bot_id}"
        app.add_routes(
            [
                web.get("/v1/health", self._health),
                web.get("/v1/pool", self._pool),
                web.get("/v1/books", self._book_marks),
                web.get("/v1/slots", self._list),
                web.get(slot, self._get),
                web.put(slot, self._put),
                web.delete(slot, self._delete),
                web.post(slot + "/restart", self._restart),
                web.post("/v1/token", self._renew_token),
                web.post("/v1/checks", self._check),
                *self._risk_routes(),
                web.get(slot + "/logs", self._logs),
                web.get("/v1/events", self._events),
                web.route("*", slot + "/api/{path:.*}", self._relay),
                *self._routes(),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.endpoint = AgentEndpoint(f"http://127.0.0.1:{port}", TOKEN)

    async def stop(self) -> None:
        self.endpoint = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _check(self, request: web.Request) -> web.Response:
        asked = CheckRequest.model_validate_json(await request.read())
        strategy = asked.strategy
        self.checked.append(strategy)
        self.deep.append(asked.deep)
        facts = StrategyFacts(
            class_name=strategy.class_name,
            interface_version=3,
            timeframe=self.timeframe,
            can_short=self.can_short,
            stoploss=-0.1,
            minimal_roi={"0": 0.1},
            startup_candle_count=30,
        )
        answer = CheckAnswer(findings=self.findings, facts=facts, freqtrade="2026.9", deep=asked.deep)
        return web.Response(body=answer.to_json(), content_type="application/json")

    # ---- what tests make happen

    def set_state(self, bot_id: str, state: ObservedState, conditions: list[ConditionType] | None = None) -> None:
        held = [Condition(type=kind, message=f"{kind} it is", since=datetime.now(UTC)) for kind in conditions or []]
        update = {"observed_state": state, "conditions": held}
        self.slots[bot_id] = self.slots[bot_id].model_copy(update=update)
        self._tell(SlotItem(slot=self.slots[bot_id]))

    def archive(self, bot_id: str) -> None:
        self.specs.pop(bot_id)
        self.slots.pop(bot_id)
        self.archived.append(bot_id)

    def tell_event(self, bot_id: str, kind: EventType, data: dict[str, Any], seq: int, run_id: str = "run-1") -> None:
        event = Event(
            bot_id=bot_id, run_id=run_id, origin="bot", seq=seq, epoch=1, at=datetime.now(UTC), type=kind, data=data
        )
        self.ring.append(event)
        self._tell(EventItem(cursor=self._cursor(), event=event))

    def tell_snapshot(self, bot_id: str, snapshot: BotSnapshot) -> None:
        self._tell(SnapshotItem(bot_id=bot_id, run_id="run-1", snapshot=snapshot))

    def tell_reserve(self, bot_id: str, request: ReserveRequest, run_id: str = "run-1") -> None:
        self._tell(ReserveItem(bot_id=bot_id, run_id=run_id, request=request))

    def tell_settle(self, bot_id: str, settlement: Settlement, run_id: str = "run-1") -> None:
        self._tell(SettleItem(bot_id=bot_id, run_id=run_id, settlement=settlement))

    @property
    def listeners(self) -> int:
        """Who reads its stream now."""
        return len(self._listeners)

    # ---- handlers

    def _risk_routes(self) -> list[web.RouteDef]:
        return [
            web.put("/v1/slots/{bot_id}/policy", self._put_policy),
            web.post("/v1/risk", self._post_risk),
            web.post("/v1/grants", self._post_grants),
        ]

    async def _put_policy(self, request: web.Request) -> web.Response:
        bot_id = request.match_info["bot_id"]
        if self.outdated:
            return web.Response(status=404)
        if bot_id not in self.slots:
            return _problem(AgentErrorCode.SLOT_NOT_FOUND)
        if int(request.query["epoch"]) < self.specs[bot_id].epoch:
            return _problem(AgentErrorCode.STALE_EPOCH)
        policy = PolicyInForce.model_validate_json(await request.read())
        self.policies.append((bot_id, policy))
        self.slots[bot_id] = self.slots[bot_id].model_copy(update={"policy": policy.fingerprint})
        self._tell(SlotItem(slot=self.slots[bot_id]))
        return web.Response(status=204)

    async def _post_risk(self, request: web.Request) -> web.Response:
        if self.outdated:
            return web.Response(status=404)
        body = RiskOrders.model_validate_json(await request.read())
        self.clocks.append(body.clock)
        self.looked.append(body.looked)
        for order in body.orders:
            self.orders[order.bot_id] = order
            if order.bot_id in self.slots:
                leased = body.clock is not None and order.lease_seconds > 0
                mode = Mode.REDUCING if order.mode is Mode.ACTIVE and not leased else order.mode
                self.slots[order.bot_id] = self.slots[order.bot_id].model_copy(update={"mode": mode})
        self.clock += 1
        standings = [
            RiskStanding(bot_id=bot_id, number=order.number, mode=self.slots[bot_id].mode, lease_left_seconds=0)
            for bot_id, order in self.orders.items()
            if bot_id in self.slots
        ]
        return _json(RiskAnswer(clock=self.clock, bots=standings))

    async def _post_grants(self, request: web.Request) -> web.Response:
        if self.outdated:
            return web.Response(status=404)
        self.grants.extend(Grants.model_validate_json(await request.read()).grants)
        return web.Response(status=204)

    def _routes(self) -> list[web.RouteDef]:
        """More routes, of other fakes."""
        return []

    @property
    def _middleware(self) -> Any:
        @web.middleware
        async def handle(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.calls.append((request.method, request.path))
            if request.path != "/v1/health" and request.headers.get("Authorization") != f"Bearer {TOKEN}":
                return _problem(AgentErrorCode.UNAUTHORISED)
            return await self.answer(request, handler)

        return handle

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What other fakes change."""
        return await handler(request)

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"protocol": PROTOCOL_VERSION, "incarnation": self.incarnation})

    async def _pool(self, _: web.Request) -> web.Response:
        zygote = ZygoteReport(
            state=self.zygote,  # type: ignore[arg-type]
            pid=1,
            python="3.13",
            freqtrade="x",
            warm_seconds=1,
            immortal_objects=1,
            shared_markets=1,
        )
        report = PoolReport(
            protocol=PROTOCOL_VERSION,
            pool_id=self.pool_id,
            incarnation=self.incarnation,
            started_at=datetime.now(UTC),
            slots_total=self.slots_total,
            slots_used=len(self.slots),
            zygote=zygote,
            init_memory=None,
            agent_memory=None,
            bots_memory=None,
            memory_limit_bytes=None,
            paper_exchange=True,
            recent_fork_milliseconds=[],
            token_made_at=None if self.outdated else self.token_made_at,
        )
        return _json(report)

    async def _book_marks(self, _: web.Request) -> web.Response:
        if self.marks is None:
            raise web.HTTPNotFound
        return _json(BookMarks(as_of=datetime.now(UTC), marks=self.marks))

    async def _list(self, request: web.Request) -> web.Response:
        left_out = {"snapshot": None} if request.query.get("snapshots") == "false" else {}
        items = b",".join(slot.model_copy(update=left_out).to_json() for slot in self.slots.values())
        return web.Response(body=b'{"items":[' + items + b"]}", content_type="application/json")

    async def _get(self, request: web.Request) -> web.Response:
        bot_id = request.match_info["bot_id"]
        return _json(self.slots[bot_id]) if bot_id in self.slots else _problem(AgentErrorCode.SLOT_NOT_FOUND)

    async def _put(self, request: web.Request) -> web.Response:
        bot_id = request.match_info["bot_id"]
        spec = SlotSpec.model_validate_json(await request.read())
        if bot_id in self.refusing:
            return _problem(self.refusing[bot_id])
        known = self.specs.get(bot_id)
        if known is not None and (known.epoch, known.generation) > (spec.epoch, spec.generation):
            return _problem(AgentErrorCode.STALE_EPOCH)
        if known is None and len(self.specs) >= self.slots_total:
            return _problem(AgentErrorCode.POOL_FULL)
        self.puts.append((bot_id, spec))
        self.specs[bot_id] = spec
        self.slots[bot_id] = self._slot(bot_id, spec)
        self._tell(SlotItem(slot=self.slots[bot_id]))
        return _json(self.slots[bot_id], 200 if known else 201)

    def _slot(self, bot_id: str, spec: SlotSpec) -> Slot:
        state = _STATES[spec.desired]
        if self.flattening and spec.desired == "stopped" and spec.open_trades == "flatten":
            state = ObservedState.STOPPING
        return Slot(
            bot_id=bot_id,
            epoch=spec.epoch,
            generation=spec.generation,
            observed_generation=spec.generation,
            desired=spec.desired,
            observed_state=state,
            trader_state="running" if state is ObservedState.RUNNING else None,
            conditions=[],
            run_id="run-1",
            pid=4711,
            started_at=datetime.now(UTC),
            restarts=0,
            last_exit=None,
            memory=None,
            cpu_percent=None,
            last_report_at=None,
            snapshot=None,
            policy=spec.policy.fingerprint if spec.policy is not None else None,
        )

    async def _delete(self, request: web.Request) -> web.Response:
        bot_id = request.match_info["bot_id"]
        if bot_id not in self.slots:
            return _problem(AgentErrorCode.SLOT_NOT_FOUND)
        if int(request.query["epoch"]) < self.specs[bot_id].epoch:
            return _problem(AgentErrorCode.STALE_EPOCH)
        if self.lingering:
            return web.Response(status=202)
        self.archive(bot_id)
        return web.Response(status=204)

    async def _renew_token(self, request: web.Request) -> web.Response:
        if self.outdated:
            raise web.HTTPNotFound
        self.token_made_at = datetime.now(UTC)
        return _json(TokenReport(made_at=self.token_made_at))

    async def _restart(self, request: web.Request) -> web.Response:
        bot_id = request.match_info["bot_id"]
        if bot_id not in self.slots:
            return _problem(AgentErrorCode.SLOT_NOT_FOUND)
        self.restarts.append(bot_id)
        return web.Response(status=202)

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("follow") != "true":
            return web.Response(text="one\ntwo\n")
        response = web.StreamResponse()
        await response.prepare(request)
        for line in ("one", "two", "three"):
            await response.write(f"{line}\n".encode())
        await asyncio.sleep(3600)
        return response

    async def _relay(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["path"] == "refused":
            return _problem(AgentErrorCode.RELAY_REFUSED)
        if request.match_info["path"] == "vanish":
            assert request.transport is not None
            request.transport.abort()
        if request.match_info["path"] == "unknown":
            return web.json_response({"detail": "Not Found"}, status=404)
        told = {
            "method": request.method,
            "path": request.match_info["path"],
            "query": [list(pair) for pair in request.query.items()],
            "body": (await request.read()).decode(),
            "headers": {name.lower(): value for name, value in request.headers.items()},
        }
        return web.json_response(told)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        cursor = request.query.get("cursor")
        self.cursors.append(cursor)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        queue: asyncio.Queue[Wire] = asyncio.Queue()
        for item in self._replay(cursor):
            queue.put_nowait(item)
        self._listeners.append(queue)
        try:
            while True:
                item: Wire
                try:
                    item = await asyncio.wait_for(queue.get(), 1)
                except TimeoutError:
                    item = HeartbeatItem(cursor=self._cursor(), at=datetime.now(UTC))
                await response.write(item.to_json() + b"\n")
        except ConnectionError:
            return response
        finally:
            self._listeners.remove(queue)

    def _replay(self, cursor: str | None) -> list[Wire]:
        incarnation, _, number = (cursor or f"{self.incarnation}-0").rpartition("-")
        items: list[Wire] = []
        if incarnation != self.incarnation:
            items.append(ResetItem(cursor=f"{self.incarnation}-0"))
            number = "0"
        for position, event in enumerate(self.ring[int(number) :], int(number) + 1):
            items.append(EventItem(cursor=f"{self.incarnation}-{position}", event=event))
        items.extend(SlotItem(slot=slot) for slot in self.slots.values())
        return items

    def _cursor(self) -> str:
        return f"{self.incarnation}-{len(self.ring)}"

    def _tell(self, item: Wire) -> None:
        for queue in self._listeners:
            queue.put_nowait(item)


class SlowAgent(FakeAgent):
    """Answers everything `delay_seconds` late."""

    def __init__(self, pool_id: str = "pool-slow", delay_seconds: float = 2.0) -> None:
        super().__init__(pool_id)
        self.delay_seconds = delay_seconds

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        await asyncio.sleep(self.delay_seconds)
        return await handler(request)


class NeverAgent(FakeAgent):
    """Takes requests and never answers; `answering = True` lets it answer after all."""

    def __init__(self, pool_id: str = "pool-never") -> None:
        super().__init__(pool_id)
        self.answering = False

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        while not self.answering:
            await asyncio.sleep(0.02)
        return await handler(request)

    async def stop(self) -> None:
        self.answering = True
        await super().stop()


class LyingAgent(FakeAgent):
    """Answers 200 with what no agent says: `lie` to everything but the event stream, broken lines there."""

    def __init__(self, pool_id: str = "pool-lying", lie: bytes = b'{"items": "none of your business"}') -> None:
        super().__init__(pool_id)
        self.lie = lie

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != "/v1/events":
            return web.Response(body=self.lie, content_type="application/json")
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            await response.write(b'{"kind": "event", "cursor": 7}\nnot json at all\n')
        return response


def snapshot(equity: str = "1000", as_of: datetime | None = None) -> BotSnapshot:
    """A bot with no open trade."""
    return BotSnapshot(
        as_of=as_of or datetime.now(UTC),
        stake_currency="USDT",
        mode="dry",
        starting_balance=Decimal(1000),
        free=Decimal(equity),
        in_trades=Decimal(0),
        equity=Decimal(equity),
        realised=Decimal(equity) - 1000,
        realised_today=Decimal(0),
        unrealised=Decimal(0),
        closed_trades=0,
        winning_trades=0,
        balances=[],
        open_trades=[],
        conversion=None,
    )


def _json(body: Wire, status: int = 200) -> web.Response:
    return web.Response(body=body.to_json(), status=status, content_type="application/json")


def _problem(code: AgentErrorCode) -> web.Response:
    return _json(AgentProblem(code=code, message=f"{code}, says the fake"), AGENT_ERROR_STATUS[code])
