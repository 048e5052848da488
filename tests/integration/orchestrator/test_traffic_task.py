"""Administrators hear of an exchange that refuses: in the portal, and by a push that is queued with it."""

from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from orchestrator.bots.announce import user_topic
from orchestrator.exchanges.traffic import Traffic
from orchestrator.kit.clock import utc_now
from orchestrator.push.kinds import PushKind
from orchestrator.push.models import PushDeliveryModel, PushSubscriptionModel
from orchestrator.reconcile.traffic import TrafficTask
from orchestrator.users.models import UserModel
from pool.contract.market import INCARNATION_HEADER, BreakerState, ExchangeState, GatewayState
from tests.integration.orchestrator.rig import Rig

NOW = utc_now()
ADMINS, OTHERS = ("admin-one", "admin-two"), ("trader", "admin-gone")


async def found() -> str | None:
    return "http://gateway"


class Scene:
    """The task, and what it looks at. `breaker` None for a gateway that does not answer."""

    def __init__(self, rig: Rig) -> None:
        self.now = 0.0
        self.breaker: BreakerState | None = "closed"
        self.heard: list[tuple[str, str, dict[str, Any]]] = []
        traffic = Traffic(found, httpx.MockTransport(self._answer), lambda: self.now)
        self.task = TrafficTask(rig.database, self, traffic, lambda: self.now)  # type: ignore[arg-type]  # hears only

    async def publish(self, topic: str, kind: str, body: dict[str, Any]) -> None:
        self.heard.append((topic, kind, body))

    async def look(self, seconds: float, breaker: BreakerState | None) -> list[tuple[str, str, dict[str, Any]]]:
        """What is told at a look so much later."""
        self.now += seconds
        self.breaker, self.heard = breaker, []
        await self.task.look()
        return self.heard

    def _answer(self, _: httpx.Request) -> httpx.Response:
        if self.breaker is None:
            raise httpx.ConnectError("refused")
        one = ExchangeState(
            exchange="binance", breaker=self.breaker, requests=0, hits=0, joined=0, upstream=0, failures=0,
            refused_upstream=0,
        )  # fmt: skip
        state = GatewayState(
            incarnation="i", started_at=NOW, memory_bytes=0, cached_bytes=0, cached_answers=0, exchanges=[one]
        )
        return httpx.Response(200, content=state.model_dump_json(), headers={INCARNATION_HEADER: "i"})


@pytest.fixture
async def scene(rig: Rig) -> Scene:
    for user_id in (*ADMINS, *OTHERS):
        await rig.add_user(user_id)
    async with rig.database.unit_of_work() as session:
        for user_id in (*ADMINS, "admin-gone"):
            user = await session.get(UserModel, user_id)
            assert user is not None
            user.role = "admin"
            user.deactivated_at = NOW if user_id == "admin-gone" else None
            session.add(user)
        for user_id in (*ADMINS, *OTHERS):
            session.add(
                PushSubscriptionModel(
                    id=f"push-{user_id}", owner_id=user_id, session_id=f"session-{user_id}", endpoint=f"https://{user_id}",
                    endpoint_hash=user_id, p256dh="", auth="", kinds=[PushKind.ALERTS], name="", created_at=NOW,
                )
            )  # fmt: skip
    return Scene(rig)


async def queued(rig: Rig) -> list[str]:
    query = select(PushDeliveryModel.subscription_id).order_by(col(PushDeliveryModel.number))
    async with rig.database.read() as session:
        return list((await session.exec(query)).all())


async def test_a_ban_reaches_each_active_administrator_once(rig: Rig, scene: Scene) -> None:
    assert await scene.look(0, "closed") == []
    heard = await scene.look(5, "banned")
    assert [(topic, kind) for topic, kind, _ in heard] == [(user_topic(admin), "alert") for admin in ADMINS]
    assert heard[0][2]["type"] == "exchange_traffic"
    assert "binance refuses this machine's address" in heard[0][2]["message"]
    assert sorted(await queued(rig)) == [f"push-{admin}" for admin in ADMINS]
    assert await scene.look(5, "banned") == []
    assert len(await queued(rig)) == len(ADMINS)


async def test_a_gateway_that_is_away_for_a_minute_is_told(scene: Scene) -> None:
    assert await scene.look(0, None) == []
    assert await scene.look(59, None) == []
    heard = await scene.look(5, None)
    assert {body["type"] for _, _, body in heard} == {"gateway_down"}
    assert "does not answer" in heard[0][2]["message"]


async def test_what_the_database_did_not_take_is_told_when_it_does(
    rig: Rig, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(rig.database, "unit_of_work", away)
        with pytest.raises(OSError, match="full"):
            await scene.look(0, "banned")
    assert scene.heard == []
    assert len(await scene.look(5, "banned")) == len(ADMINS)
    assert len(await queued(rig)) == len(ADMINS)
