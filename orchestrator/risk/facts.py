"""What the database says of bots, users, halts and orders, for the leader; and the one writer of `risk_orders`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from pydantic import ValidationError
from sqlalchemy import Table
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.db.bulk import upsert
from orchestrator.pools.models import PoolModel
from orchestrator.risk.models import HaltModel, RiskOrderModel
from orchestrator.risk.modes import Governed, Order, next_order, order_of, wanted
from orchestrator.users.models import UserModel
from pool.contract.risk import RiskStanding
from pool.contract.slots import DesiredState
from pool.contract.snapshots import BotSnapshot

_WANTED = (DesiredState.RUNNING.value, DesiredState.PAUSED.value)
_ORDERS: Table = RiskOrderModel.__table__  # type: ignore[attr-defined]
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class BotRow:
    """A bot that is not deleted."""

    bot_id: str
    name: str
    owner_id: str
    currency: str
    """The owner's reporting currency."""
    live: bool
    exchange: str
    pairs: Sequence[str]
    pool_id: str | None
    epoch: int
    may_trade_live: bool
    """Whether an administrator lets its owner."""
    owner_signs_in: bool
    """He was not deactivated."""

    @property
    def governed(self) -> Governed:
        return Governed(self.bot_id, self.owner_id, not self.live)


async def bots(session: AsyncSession) -> list[BotRow]:
    """By id; those of users that may not sign in any more included, since their trades are open."""
    bot, user = BotModel, UserModel
    columns = (
        bot.id, bot.name, bot.owner_id, user.reporting_currency, bot.dry_run, bot.exchange, bot.pairs, bot.pool_id,
        bot.epoch, user.may_trade_live, user.deactivated_at,
    )  # fmt: skip
    query = (
        select(*columns)  # type: ignore[call-overload]  # it knows only four
        .join(user, col(user.id) == col(bot.owner_id))
        .where(col(bot.deleted_at).is_(None))
        .order_by(col(bot.id))
    )
    return [
        BotRow(
            bot_id=row.id,
            name=row.name,
            owner_id=row.owner_id,
            currency=row.reporting_currency,
            live=not row.dry_run,
            exchange=row.exchange,
            pairs=row.pairs,
            pool_id=row.pool_id,
            epoch=row.epoch,
            may_trade_live=row.may_trade_live,
            owner_signs_in=row.deactivated_at is None,
        )
        for row in (await session.exec(query)).all()
    ]


async def snapshots(session: AsyncSession) -> dict[str, BotSnapshot]:
    """The last one of each bot; one that cannot be read is left out."""
    query = (
        select(BotStatusModel.bot_id, BotStatusModel.snapshot)
        .join(BotModel, col(BotModel.id) == col(BotStatusModel.bot_id))
        .where(col(BotModel.deleted_at).is_(None))
    )
    found = {}
    for bot_id, stored in (await session.exec(query)).all():
        try:
            if stored is not None:
                found[bot_id] = BotSnapshot.model_validate(stored)
        except ValidationError:
            continue
    return found


async def running(session: AsyncSession) -> set[str]:
    """Bots that have a process, or may have one that nobody has told of yet: those with a slot, and those that are
    wanted to run in a pool that lives."""
    query = (
        select(BotModel.id, BotModel.desired_state, BotStatusModel.slot, PoolModel.observed_state)
        .join(BotStatusModel, col(BotStatusModel.bot_id) == col(BotModel.id))
        .join(PoolModel, col(PoolModel.id) == col(BotModel.pool_id))
        .where(col(BotModel.deleted_at).is_(None), col(BotModel.epoch) > 0)
    )
    found = set()
    for bot_id, desired, slot, pool_state in (await session.exec(query)).all():
        if slot is not None or (desired in _WANTED and pool_state in ("ready", "degraded")):
            found.add(bot_id)
    return found


async def orders(session: AsyncSession, bot_ids: Iterable[str], *, lock: bool = False) -> dict[str, Order]:
    """What these bots were ordered last."""
    ids = sorted(bot_ids)
    found: dict[str, Order] = {}
    for start in range(0, len(ids), _CHUNK):
        query = _ORDERS.select().where(_ORDERS.c.bot_id.in_(ids[start : start + _CHUNK])).order_by(_ORDERS.c.bot_id)
        connection = await session.connection()  # no objects: these are all bots', each second
        rows = (await connection.execute(query.with_for_update() if lock else query)).all()
        found.update((row.bot_id, order_of(row)) for row in rows)
    return found


def changed_orders(
    before: Mapping[str, Order], rows: Iterable[BotRow], halts: Sequence[HaltModel], told: Mapping[str, RiskStanding]
) -> dict[str, Order]:
    """Orders that differ from those before. Pure."""
    by_target: dict[tuple[str, str], list[tuple[int, HaltModel]]] = {}
    for number, halt in enumerate(halts):
        by_target.setdefault((halt.scope, halt.subject), []).append((number, halt))
    changed = {}
    for row in rows:
        known = before.get(row.bot_id)
        targets = (("fleet", ""), ("user", row.owner_id), ("bot", row.bot_id))
        own = sorted((one for target in targets for one in by_target.get(target, ())), key=itemgetter(0))
        order = next_order(known, wanted(row.governed, [halt for _, halt in own]), told.get(row.bot_id))
        if order != known:
            changed[row.bot_id] = order
    return changed


async def store_orders(session: AsyncSession, changed: Mapping[str, Order]) -> None:
    """All at once: until they are stored nobody is told of them. Raises sqlalchemy.exc.IntegrityError where a bot was
    deleted for good meanwhile."""
    names = [one.name for one in _ORDERS.columns]
    rows = [
        {
            "bot_id": bot_id,
            "number": order.number,
            "mode": order.mode.value,
            "flatten": order.flatten,
            "reduce_fraction": order.reduce_fraction,
            "reduced": json.dumps(list(order.reduced)),
            "why": order.why,
            "released_number": order.released_number,
        }
        for bot_id, order in sorted(changed.items())
    ]
    await upsert(await session.connection(), _ORDERS, [[row[name] for name in names] for row in rows])


async def seen_modes(session: AsyncSession, bot_ids: Iterable[str]) -> dict[str, str | None]:
    """The mode that each of these bots told last, None of one that tells none."""
    ids = sorted(bot_ids)
    found: dict[str, str | None] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(BotStatusModel.bot_id, BotStatusModel.slot).where(
            col(BotStatusModel.bot_id).in_(ids[start : start + _CHUNK])
        )
        found.update((bot_id, (slot or {}).get("mode")) for bot_id, slot in (await session.exec(query)).all())
    return found
