"""Live bots: what going live takes, and how their exchange key reaches their agent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots import live, service
from orchestrator.bots.models import BotModel
from orchestrator.errors import Conflict, InvalidSpec, KeyRejected, NotAllowed
from orchestrator.exchange_keys import service as keys
from orchestrator.exchange_keys.desk import KeyDesk, Offered
from orchestrator.exchange_keys.facts import Permission
from orchestrator.exchange_keys.models import ExchangeKeyModel
from orchestrator.exchange_keys.vault import kek_ids
from orchestrator.reconcile.credentials import Credentials
from orchestrator.reconcile.loop import Reconciler
from orchestrator.users.models import UserModel
from orchestrator.wallets import service as wallets
from orchestrator.wallets.models import WalletModel
from pool.contract.slots import ConditionType, ObservedState, SlotSpec
from tests.fakes.exchange_keys import FakeChecks, credentials, desk_at
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import OWNER, Rig, rig_at
from tests.support import eventually

BY = By(OWNER)


class World:
    """A rig whose owner may trade live, with a key of an account that has 10,000 USDT."""

    def __init__(self, rig: Rig, agent: FakeAgent, desk: KeyDesk, home: Path) -> None:
        self.rig, self.agent, self.desk, self.home = rig, agent, desk, home
        self.key: ExchangeKeyModel
        self.wallet: WalletModel
        self.futures: WalletModel | None = None

    async def enter(self, name: str, secret: str) -> tuple[ExchangeKeyModel, WalletModel]:
        offered = Offered("paper", name, credentials(f"key-{name}", secret), None)
        facts = await self.desk.examine(offered)
        async with self.rig.database.unit_of_work() as session:
            key = await self.desk.enter(session, OWNER, offered, facts, BY)
            found = await live.ensure_wallets(session, key, BY)
            wallet, self.futures = found["spot"], found.get("futures")
            for one in found.values():
                await wallets.adjust(session, one.id, "USDT", Decimal(10_000), key="first", note="read")
        return key, wallet

    async def replace(self, secret: str) -> None:
        offered = Offered("paper", self.key.name, credentials("key-main", secret), None)
        facts = await self.desk.examine(offered)
        async with self.rig.database.unit_of_work() as session:
            await self.desk.replace(session, self.key.id, offered, facts, BY)

    async def go_live(self, name: str = "one", **options: Any) -> BotModel:
        spec = self.rig.spec(name, dry_run=False, **options.pop("spec", {}))
        wanted = {"wallet_id": self.wallet.id, "confirm_live": name, "by": BY, **options}
        async with self.rig.database.unit_of_work() as session:
            bot, _ = await service.create(session, OWNER, spec, **wanted)
        return bot

    async def permit(self, *, allowed: bool) -> None:
        async with self.rig.database.unit_of_work() as session:
            (await session.get_one(UserModel, OWNER)).may_trade_live = allowed

    async def used(self) -> int:
        """How often the key was handed out, by the audit."""
        async with self.rig.database.read() as session:
            rows = (await audit.list_(session, limit=100, subject=keys.subject(self.key.id))).items
        return sum(row.action == "exchange_key.use" for row in rows)

    def given(self, bot_id: str) -> list[str | None]:
        """The secret in each PUT of the bot."""
        return [_secret(spec) for one, spec in self.agent.puts if one == bot_id]

    async def told(self, bot_id: str, kind: ConditionType) -> str | None:
        conditions = (await self.rig.view(bot_id)).status.conditions
        return next((one["message"] for one in conditions if one["type"] == kind), None)

    @contextlib.asynccontextmanager
    async def reconciling(self) -> AsyncIterator[Reconciler]:
        rig = self.rig
        reconciler = Reconciler(rig.database, rig.bus, rig.agents, rig.catalogue, rig.settings, vault=self.desk.vault)
        task = asyncio.create_task(reconciler.run())
        try:
            yield reconciler
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with rig_at(tmp_path) as rig:
        agent = FakeAgent()
        await rig.add_pool(agent)
        desk = desk_at(rig.database, tmp_path, FakeChecks())
        async with rig.database.read() as session:
            used = set(await kek_ids(session))
        await desk.vault.prepare(used)
        world = World(rig, agent, desk, tmp_path)
        await world.permit(allowed=True)
        world.key, world.wallet = await world.enter("main", "first-secret")
        yield world


async def test_going_live_takes_leave_a_typed_name_and_a_key_in_force(world: World) -> None:
    await world.permit(allowed=False)
    with pytest.raises(NotAllowed):
        await world.go_live()
    await world.permit(allowed=True)
    for options, field in (
        ({"confirm_live": None}, "confirm_live"),
        ({"confirm_live": "another"}, "confirm_live"),
        ({"wallet_id": None}, "wallet"),
        ({"wallet_id": "wallet-nowhere"}, "wallet"),
        ({"spec": {"exchange": "binance"}}, "wallet"),
    ):
        with pytest.raises(InvalidSpec) as refused:
            await world.go_live(**options)
        assert refused.value.params["field"] == field
    async with world.rig.database.unit_of_work() as session:
        await keys.note_refusal(session, world.key.id, 1, "It was deleted.", BY)
    with pytest.raises(InvalidSpec, match="deleted"):
        await world.go_live()
    await world.replace("second-secret")
    bot = await world.go_live()
    assert (bot.dry_run, bot.wallet_id) == (False, world.wallet.id)


async def test_a_key_trades_what_it_may(world: World) -> None:
    checks = world.desk.checks
    assert isinstance(checks, FakeChecks)
    checks.tell("key-spot", frozenset({Permission.READ, Permission.SPOT}))
    _, wallet = await world.enter("spot", "s")
    with pytest.raises(InvalidSpec, match="may not trade futures"):
        await world.go_live(wallet_id=wallet.id, spec={"trading_mode": "futures"})
    assert world.futures is None
    await world.go_live(wallet_id=wallet.id)


async def test_money_of_futures_and_of_spot_are_wallets_of_their_own(world: World) -> None:
    assert world.futures is not None
    futures = {"trading_mode": "futures"}
    with pytest.raises(InvalidSpec, match="wallet of futures"):
        await world.go_live("short", spec=futures)
    with pytest.raises(InvalidSpec, match="wallet of spot"):
        await world.go_live("long", wallet_id=world.futures.id)
    bot = await world.go_live("short", wallet_id=world.futures.id, spec=futures)
    assert (bot.wallet_id, bot.trading_mode) == (world.futures.id, "futures")
    with pytest.raises(InvalidSpec, match="already"):
        await world.go_live("another", wallet_id=world.futures.id, spec=futures)
    await world.go_live("long")


async def test_a_bot_stays_dry_or_live(world: World) -> None:
    bot = await world.go_live()
    dry = await world.rig.create("dry")
    for one, changes in (
        (bot, {"dry_run": True}),
        (bot, {"dry_run": False, "exchange": "binance"}),
        (dry, {"dry_run": False}),
    ):
        async with world.rig.database.unit_of_work() as session:
            with pytest.raises(InvalidSpec):
                await service.update(session, OWNER, one.id, world.rig.spec(one.name, **changes))
    await world.rig.want(bot.id, "stopped")
    await world.permit(allowed=False)
    with pytest.raises(NotAllowed):
        await world.rig.want(bot.id, "running")


async def test_without_leave_no_bot_goes_on_to_enter_trades(world: World) -> None:
    bot = await world.go_live()
    await world.permit(allowed=False)

    async def restart() -> None:
        async with world.rig.database.unit_of_work() as session:
            await service.restart(session, OWNER, bot.id)

    with pytest.raises(NotAllowed):
        await restart()
    await world.rig.want(bot.id, "paused")
    await restart()
    with pytest.raises(NotAllowed):
        await world.rig.want(bot.id, "running")
    await world.permit(allowed=True)
    await world.rig.want(bot.id, "running")
    await restart()


async def test_the_agent_gets_the_key_once_and_again_when_it_asks(world: World) -> None:
    bot = await world.go_live()
    async with world.reconciling():
        await eventually(lambda: world.agent.slots.get(bot.id) is not None)
        assert world.agent.puts[0][1].trading == "paper_live"
        assert world.given(bot.id) == ["first-secret"]
        await world.rig.want(bot.id, "paused")
        await eventually(lambda: len(world.given(bot.id)) == 2)
        assert world.given(bot.id)[1] is None, "its agent has it"
        world.agent.set_state(bot.id, ObservedState.PENDING, [ConditionType.SECRETS_NEEDED])
        await eventually(lambda: len(world.given(bot.id)) >= 3)
        assert world.given(bot.id)[2] == "first-secret"
        world.agent.set_state(bot.id, ObservedState.PAUSED)
    assert await world.used() == sum(secret is not None for secret in world.given(bot.id))


async def test_another_version_reaches_the_bot_without_a_change_of_the_bot(world: World) -> None:
    bot = await world.go_live()
    async with world.reconciling():
        await eventually(lambda: world.given(bot.id) == ["first-secret"])
        await world.replace("second-secret")
        await eventually(lambda: world.given(bot.id) == ["first-secret", "second-secret"])
        assert (await world.rig.row(bot.id)).generation == 1


async def test_dry_bots_get_none_and_nothing_secret_is_remembered(world: World) -> None:
    dry, bot = await world.rig.create("dry"), await world.go_live()
    async with world.reconciling() as reconciler:
        await eventually(lambda: bool(world.given(bot.id)) and bool(world.given(dry.id)))
        assert world.given(dry.id) == [None]
        (specification,) = [spec for one, spec in world.agent.puts if one == dry.id]
        assert specification.trading == "dry_run"
        remembered = repr(reconciler._renderer._known) + repr(reconciler._executor.__dict__)
        assert "first-secret" not in remembered


async def test_a_key_is_given_to_bots_of_its_owner_alone(world: World) -> None:
    """Whatever the database says of which wallet is of its account."""
    bot = await world.go_live()
    async with world.rig.database.read() as session:
        key = (await live.keys_of_bots(session))[bot.id]
    credentials_of = Credentials(world.rig.database, world.desk.vault)
    given = await credentials_of.give(key, bot.id, "pool-a")
    assert given.secret.get_secret_value() == "first-secret"
    await world.rig.add_user("user-two")
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(BotModel, bot.id)).owner_id = "user-two"
    with pytest.raises(KeyRejected):
        await credentials_of.give(key, bot.id, "pool-a")
    assert await world.used() == 1, "nothing was handed out"


async def test_a_key_that_cannot_be_opened_is_told_at_the_bot_until_it_can(world: World) -> None:
    file = world.home / "key-encryption-key"
    kept = file.read_bytes()
    file.unlink()
    world.desk = desk_at(world.rig.database, world.home)
    bot = await world.go_live()
    async with world.reconciling():
        await eventually(lambda: world.told(bot.id, ConditionType.KEY_UNUSABLE))
        assert "missing" in str(await world.told(bot.id, ConditionType.KEY_UNUSABLE))
        await eventually(lambda: world.given(bot.id))
        assert set(world.given(bot.id)) == {None}, "it is told of all else"
        file.write_bytes(kept)
        file.chmod(0o600)
        await eventually(lambda: world.given(bot.id)[-1] == "first-secret")

        async def well() -> bool:
            return await world.told(bot.id, ConditionType.KEY_UNUSABLE) is None

        await eventually(well)


async def test_a_key_that_is_refused_is_given_to_nobody(world: World) -> None:
    bot = await world.go_live()
    async with world.rig.database.unit_of_work() as session:
        await keys.note_refusal(session, world.key.id, 1, "It was deleted.", BY)
    async with world.reconciling():
        await eventually(lambda: world.told(bot.id, ConditionType.KEY_UNUSABLE))
        assert "deleted" in str(await world.told(bot.id, ConditionType.KEY_UNUSABLE))
        assert set(world.given(bot.id)) <= {None}
    assert await world.used() == 0


async def test_a_key_goes_only_when_no_live_bot_has_it(world: World) -> None:
    bot = await world.go_live()
    async with world.rig.database.unit_of_work() as session:
        with pytest.raises(Conflict, match="one"):
            await live.remove_key(session, world.key.id, BY)
    await world.rig.want(bot.id, "deleted")
    async with world.rig.database.unit_of_work() as session:
        await service.mark_deleted(session, [bot.id])
        await live.remove_key(session, world.key.id, BY)


def _secret(spec: SlotSpec) -> str | None:
    return None if spec.credentials is None else spec.credentials.secret.get_secret_value()


async def test_a_damaged_key_is_told_and_its_bot_is_not_put_again_and_again(world: World) -> None:
    bot = await world.go_live()
    async with world.rig.database.unit_of_work() as session:
        row = await session.get_one(ExchangeKeyModel, world.key.id)
        row.ciphertext = row.wrapped_key
        session.add(row)
    async with world.reconciling() as reconciler:
        await eventually(lambda: world.told(bot.id, ConditionType.KEY_UNUSABLE))
        assert "damaged" in (await world.told(bot.id, ConditionType.KEY_UNUSABLE) or "")

        async def needs_secrets() -> str | None:
            """Told as often as it takes: the slot may be put once more, after which the agent says something else."""
            world.agent.set_state(bot.id, ObservedState.PENDING, [ConditionType.SECRETS_NEEDED])
            return await world.told(bot.id, ConditionType.SECRETS_NEEDED)

        await eventually(needs_secrets)
        for _ in range(5):
            await reconciler.tick()
        assert len(world.given(bot.id)) <= 3
        assert await world.used() == 0
        await world.replace("second-secret")
        await eventually(lambda: world.given(bot.id)[-1] == "second-secret")
