"""What the leader's risk tasks share: what the database said last, what agents answered, and how to wake each other."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from orchestrator.risk.engine import Engine
from orchestrator.risk.facts import BotRow
from orchestrator.risk.models import HaltModel
from orchestrator.risk.modes import Order
from pool.contract.policy import PolicyInForce
from pool.contract.risk import RiskStanding

SURE_SECONDS = 5.0
"""So long after the database answered last, no lease is given any more: a halt may stand in it."""


@dataclass(frozen=True, slots=True)
class World:
    """Of one look at the database."""

    bots: Mapping[str, BotRow] = field(default_factory=dict)
    halts: Sequence[HaltModel] = ()
    orders: Mapping[str, Order] = field(default_factory=dict)
    policies: Mapping[str, PolicyInForce] = field(default_factory=dict)
    """By bot; and by user id what holds across his bots."""
    looked_at: float | None = None
    clocks: Mapping[str, float] = field(default_factory=dict)
    """By pool, what its agent had answered last when the look began."""

    def owners(self) -> list[str]:
        return sorted({bot.owner_id for bot in self.bots.values()})


@dataclass(slots=True)
class PoolStanding:
    """What is known of one pool's agent."""

    clock: float | None = None
    bots: Mapping[str, RiskStanding] = field(default_factory=dict)
    answered_at: float | None = None
    """Monotonic seconds."""
    problem: str | None = None
    """Why it takes no orders, in a sentence."""
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class LossUse:
    """How far a loss limit or a market emergency is used, as ratios."""

    limit: str
    """`loss_limits.<scope>.<window>.<response>`, or `emergency`."""
    subject: str
    """Id of the bot or user; of an emergency the pair."""
    trading: str
    used: Decimal | None
    """None while it is not known."""
    allowed: Decimal


class Board:
    """One per term."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.world = World()
        self.pools: dict[str, PoolStanding] = {}
        self.losses: Mapping[str, Sequence[LossUse]] = {}
        """By user, as measured last."""
        self.emergencies: Mapping[str, Sequence[LossUse]] = {}
        """By user, as looked at last."""
        self.due = asyncio.Event()
        """Halts may have changed: the database is to be looked at."""
        self._told: dict[str, asyncio.Event] = {}

    def sure(self) -> bool:
        """Whether the database answered lately."""
        looked_at = self.world.looked_at
        return looked_at is not None and time.monotonic() - looked_at <= SURE_SECONDS

    def wake(self, pool_id: str) -> asyncio.Event:
        """Set when the pool is to be told something new."""
        return self._told.setdefault(pool_id, asyncio.Event())

    def take(self, world: World) -> None:
        """A new look; wakes the pools for whose bots something changed."""
        before, self.world = self.world, world
        for bot_id, bot in world.bots.items():
            known = before.bots.get(bot_id)
            same = known is not None and (known.pool_id, known.epoch) == (bot.pool_id, bot.epoch)
            if bot.pool_id is not None and not (same and before.orders.get(bot_id) == world.orders.get(bot_id)):
                self.wake(bot.pool_id).set()

    def clocks(self) -> dict[str, float]:
        """By pool, what its agent answered last."""
        return {pool_id: pool.clock for pool_id, pool in self.pools.items() if pool.clock is not None}

    def told(self, bots: Mapping[str, BotRow]) -> dict[str, RiskStanding]:
        """By bot, what the agent of the pool that it is assigned to answered last: a slot that it left says nothing."""
        pools = {bot_id: self.pools.get(bot.pool_id or "") for bot_id, bot in bots.items()}
        return {bot_id: pool.bots[bot_id] for bot_id, pool in pools.items() if pool is not None and bot_id in pool.bots}
