"""Permission to open risk, between control plane and bots: orders and leases, flag files, reservations.

Nothing here is written down but flag files. A new agent knows no order until the control plane's next one, some seconds
later; until then bots keep the leases that they have, and those that were halted keep their flag files.
"""

import asyncio
import time
from collections.abc import Sequence

from loguru import logger

from pool.agent.entry import Entry
from pool.agent.flags import Bot, Flags
from pool.agent.keeper import Keeper
from pool.agent.mandates import Permit, mandate, taken
from pool.agent.reservations import OpenRequests
from pool.bot.universal.standing import boot_clock
from pool.contract.events import ReserveItem, SettleItem
from pool.contract.frames import GrantFrame, PolicyFrame
from pool.contract.risk import (
    Flag,
    Grant,
    Mode,
    ReserveRequest,
    RiskAnswer,
    RiskOrders,
    RiskStanding,
    Settlement,
)

_LOOK_SECONDS = 0.5


class Risk:
    """One per agent; `watch` is its task."""

    def __init__(self, keeper: Keeper, pool_id: str) -> None:
        self._keeper = keeper
        self._flag_files = Flags(keeper.directory, pool_id)
        self._permits: dict[str, Permit] = {}
        self._flags: dict[str, Flag] = {}
        self._requests = OpenRequests()
        self._looking = asyncio.Lock()

    async def take(self, orders: RiskOrders) -> RiskAnswer:
        """Bots hear at once; answered when flag files are as ordered. Orders about unknown bots, and stale ones, change
        nothing."""
        now = boot_clock()
        for order in orders.orders:
            entry = self._keeper.entries.get(order.bot_id)
            if entry is None:
                continue
            known, epoch = self._permits.get(order.bot_id), entry.facts.spec.epoch
            permit = taken(known, order, epoch, orders.clock, now, orders.looked)
            if permit is not None:
                self._permits[order.bot_id] = permit
                self._tell(entry)
        await self._look()
        return RiskAnswer(clock=boot_clock(), bots=[self._standing(entry) for entry in self._keeper.entries.values()])

    def give(self, grants: Sequence[Grant]) -> None:
        """Answers of the control plane, to those that still wait for them."""
        for grant in grants:
            entry = self._keeper.entries.get(grant.bot_id)
            if entry is None or entry.connection is None or not self._requests.close(grant.bot_id, grant.request_id):
                continue
            entry.connection.send(GrantFrame(grant=grant))

    def connected(self, entry: Entry) -> None:
        """A bot was welcomed: its rules, and what it may do."""
        self._requests.forget(entry.bot_id)
        policy = entry.facts.spec.policy
        if policy is not None and entry.connection is not None:
            entry.connection.send(PolicyFrame(policy=policy))
        self._tell(entry)

    def asked(self, entry: Entry, run_id: str, request: ReserveRequest) -> None:
        """A bot asks: told on at once. Where no control plane listens it is refused at once."""
        self._requests.open(entry.bot_id, request.request_id, time.monotonic())
        item = ReserveItem(bot_id=entry.bot_id, run_id=run_id, request=request, epoch=entry.facts.spec.epoch)
        if not self._keeper.announcer.ring.say(item):
            message = "The control plane is not connected to the pool."
            refused = Grant(
                bot_id=entry.bot_id, request_id=request.request_id, granted=False, limit="lease", message=message
            )
            self.give([refused])

    def settled(self, entry: Entry, run_id: str, settlement: Settlement) -> None:
        epoch = entry.facts.spec.epoch
        item = SettleItem(bot_id=entry.bot_id, run_id=run_id, settlement=settlement, epoch=epoch)
        self._keeper.announcer.ring.say(item)

    async def watch(self) -> None:
        """Flag files, until cancelled."""
        while True:
            try:
                await self._look()
            except Exception:  # the task's boundary: halting must go on working whatever one bot's files do
                logger.exception("flag files cannot be looked at; it is tried again")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self) -> None:
        async with self._looking:
            known = self._keeper.entries.keys()
            self._permits = {bot_id: permit for bot_id, permit in self._permits.items() if bot_id in known}
            bots = [self._bot(bot_id) for bot_id in known]
            before, self._flags = self._flags, await asyncio.to_thread(self._flag_files.look, bots)
            for bot_id in before.keys() | self._flags.keys():
                if before.get(bot_id) != self._flags.get(bot_id):
                    self._tell_change(bot_id, before.get(bot_id))

    def _tell_change(self, bot_id: str, before: Flag | None) -> None:
        flag = self._flags.get(bot_id)
        if flag is None:
            logger.info("bot {} is halted by a flag file no more", bot_id)
        elif before is None:
            logger.warning("bot {} is halted by a flag file: {}", bot_id, flag.why[:200] or "no reason given")
        entry = self._keeper.entries.get(bot_id)
        if entry is not None:
            self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        frame = mandate(self._permits.get(entry.bot_id), self._flags.get(entry.bot_id))
        if frame is not None and entry.connection is not None:
            entry.connection.send(frame)

    def _bot(self, bot_id: str) -> Bot:
        permit = self._permits.get(bot_id)
        return Bot(bot_id) if permit is None else Bot(bot_id, permit.order, permit.looked)

    def _standing(self, entry: Entry) -> RiskStanding:
        permit, flag = self._permits.get(entry.bot_id), self._flags.get(entry.bot_id)
        heartbeat = entry.facts.run.heartbeat if entry.facts.run is not None else None
        told = heartbeat.mode if heartbeat is not None and entry.connection is not None else None
        return RiskStanding(
            bot_id=entry.bot_id,
            number=max(permit.order.number if permit is not None else 0, flag.number if flag is not None else 0),
            mode=Mode.HALTED if flag is not None else told,
            lease_left_seconds=max(permit.lease_until - boot_clock(), 0.0) if permit is not None else 0.0,
        )
