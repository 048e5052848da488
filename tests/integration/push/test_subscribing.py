"""Two users of one browser who subscribe it at once: it is one subscription, of whom came last."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.db.engine import is_postgresql
from orchestrator.push import service
from orchestrator.push.models import PushSubscriptionModel
from orchestrator.push.service import Browser, subscribe
from tests.fakes import push_service
from tests.integration.orchestrator.rig import OWNER, Rig
from tests.support import PATIENT_SECONDS

OTHER = "user-two"


async def test_a_browser_that_two_users_subscribe_at_once_is_of_whom_came_last(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.add_user(OTHER)
    has_looked = asyncio.Event()
    of_user = service.of_user

    async def telling(session: AsyncSession, user_id: str) -> Sequence[PushSubscriptionModel]:
        if user_id == OTHER:
            has_looked.set()
        return await of_user(session, user_id)

    monkeypatch.setattr(service, "of_user", telling)
    made = push_service.Browser("https://push.example/send/one")
    keys = (push_service.encoded(made.point), push_service.encoded(made.secret))
    browser = Browser(made.endpoint, *keys, kinds=["halts"])

    async def other() -> None:
        async with rig.database.unit_of_work() as session:
            await subscribe(session, OTHER, f"session-{OTHER}", browser)

    async with asyncio.timeout(PATIENT_SECONDS):
        async with rig.database.unit_of_work() as session:
            await subscribe(session, OWNER, f"session-{OWNER}", browser)
            second = asyncio.create_task(other())
            if is_postgresql(rig.database.url):  # on SQLite he does not even begin before this ends
                await has_looked.wait()
        await second
    async with rig.database.read() as session:
        rows = (await session.exec(select(PushSubscriptionModel))).all()
    assert [row.owner_id for row in rows] == [OTHER]
