"""Whatever bots do, in whatever order messages come or get lost: what they hold in truth never exceeds the caps.

The world below knows the truth; the engine hears of it late, in part, or not at all. A message takes less than two
seconds (`MARGIN_SECONDS`) or is lost; a bot uses a grant within its validity, or not at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import heappop, heappush
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.risk.book import VALID_SECONDS
from pool.contract.policy import Limits
from pool.contract.snapshots import Entering, OpenTrade
from tests.unit.risk.fleet import USER, Fleet, holding, ordered, reading

BOTS = ["bot-a", "bot-b", "bot-c"]
PAIRS = ["BTC/USDT", "ETH/USDT"]
LIMITS = Limits(open_trades=4, asset_trades=2, asset_exposure=Decimal("0.2"), total_exposure=Decimal("0.3"))
EQUITY = Decimal(3000)
ACTIONS = [
    "ask",
    "ask",
    "ask",
    "send",
    "send",
    "fill",
    "fill",
    "part",
    "cancel",
    "close",
    "replace",
    "report",
    "report",
    "wait",
]


@dataclass
class Order:
    request_id: str
    asked_at: float
    exposure: Decimal
    adds: bool
    sent: bool = False


@dataclass
class Position:
    """Of one bot in one pair: what is filled, and the one order that it has leave for."""

    filled: Decimal = Decimal(0)
    part: Decimal = Decimal(0)
    """Of `filled`, what came from the order that rests."""
    order: Order | None = None

    @property
    def truth(self) -> Decimal:
        resting = self.order.exposure - self.part if self.order is not None and self.order.sent else Decimal(0)
        return self.filled + resting

    @property
    def exists(self) -> bool:
        return self.filled > 0 or (self.order is not None and self.order.sent)


@dataclass
class World:
    tells: bool = False
    """Bots tell which orders rest."""
    fleet: Fleet = field(default_factory=lambda: Fleet(LIMITS, BOTS))
    positions: dict[tuple[str, str], Position] = field(
        default_factory=lambda: {(bot, pair): Position() for bot in BOTS for pair in PAIRS}
    )
    on_the_way: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    last: dict[str, float] = field(default_factory=dict)
    """When the last reading of a bot comes: none overtakes another, but what becomes of orders may overtake them."""
    numbers: int = 0

    def step(self, action: str, bot: str, pair: str, size: int, delay: float, lost: bool) -> None:
        position, fleet = self.positions[bot, pair], self.fleet
        order = position.order
        match action:
            case "ask":
                if order is None or not order.sent:  # one that was never sent is forgotten
                    self._ask(bot, pair, position, Decimal(size), lost)
            case "send" if order is not None and not order.sent:
                if fleet.clock.now - order.asked_at < VALID_SECONDS:
                    order.sent = True
                    self._tell(delay, lost, lambda: fleet.settle(bot, order.request_id, "sent"))
                else:
                    position.order = None
            case "part" if order is not None and order.sent and position.part == 0:
                position.part = order.exposure / 2
                position.filled += position.part
            case "fill" if order is not None and order.sent:
                position.filled += order.exposure - position.part
                position.part, position.order = Decimal(0), None
                self._tell(delay, lost, lambda: fleet.settle(bot, order.request_id, "filled"))
            case "cancel" if order is not None and order.sent:
                outcome = "filled" if position.part else "released"
                kept = position.part or None
                position.part, position.order = Decimal(0), None
                self._tell(delay, lost, lambda: fleet.settle(bot, order.request_id, outcome, exposure=kept))
            case "close" if order is None:
                position.filled = Decimal(0)
            case "replace" if order is not None and order.sent and position.part == 0:
                grant = fleet.ask(bot, order.request_id, Decimal(size), pair=pair, purpose="replace")
                if grant.granted and not lost:
                    order.exposure, order.asked_at = Decimal(size), fleet.clock.now
                    self._tell(delay, False, lambda: fleet.settle(bot, order.request_id, "sent"))
            case "report":
                told = reading(fleet.at(), self._shown(bot), entering=self._entering(bot) if self.tells else None)
                self._tell(delay, lost, lambda: fleet.engine.snapshot(bot, told), bot)

    def pass_on(self, seconds: float) -> None:
        """Time passes, and messages come."""
        until = self.fleet.clock.now + seconds
        while self.on_the_way and self.on_the_way[0][0] <= until:
            at, _, message = heappop(self.on_the_way)
            self.fleet.clock.now = max(self.fleet.clock.now, at)
            self.fleet.learn()
            message()
        self.fleet.clock.now = until
        self.fleet.learn()

    def check(self) -> None:
        truth = [(pair, position) for (_, pair), position in self.positions.items() if position.exists]
        assert len(truth) <= 4
        assert sum(position.truth for _, position in truth) <= Decimal("0.3") * EQUITY
        for pair in PAIRS:
            of_asset = [position for name, position in truth if name == pair]
            assert len(of_asset) <= 2
            assert sum(position.truth for position in of_asset) <= Decimal("0.2") * EQUITY

    def _ask(self, bot: str, pair: str, position: Position, size: Decimal, lost: bool) -> None:
        self.numbers += 1
        request_id = f"{bot}-{self.numbers}"
        adds = position.filled > 0
        grant = self.fleet.ask(bot, request_id, size, pair=pair, purpose="adjust" if adds else "entry")
        granted = grant.granted and not lost
        position.order = Order(request_id, self.fleet.clock.now, size, adds) if granted else None

    def _tell(self, delay: float, lost: bool, message: Callable[[], None], of: str = "") -> None:
        if not lost:
            self.numbers += 1
            at = max(self.fleet.clock.now + delay, self.last.get(of, 0.0) if of else 0.0)
            if of:
                self.last[of] = at
            heappush(self.on_the_way, (at, self.numbers, message))

    def _entering(self, bot: str) -> list[Entering]:
        return [
            ordered(order.exposure, order.request_id, pair)
            for pair in PAIRS
            if (order := self.positions[bot, pair].order) is not None and order.sent
        ]

    def _shown(self, bot: str) -> list[OpenTrade]:
        return [
            holding(
                position.filled - (position.part if self.tells else 0),
                pair=pair,
                trade_id=number,
                stake_amount=position.truth if position.filled == 0 else position.filled,
                has_open_orders=position.order is not None and position.order.sent,
            )
            for number, pair in enumerate(PAIRS)
            if (position := self.positions[bot, pair]).exists
        ]


def live(world: World, chance: Random, steps: int, *, checked: bool) -> None:
    """So many steps of bots that go on as real ones do, but for what gets lost."""
    for _ in range(steps):
        size = chance.choice([100, 200, 300, 600])
        lost, delay = chance.random() < 0.2, chance.choice([0.0, 0.1, 1.9])
        world.step(chance.choice(ACTIONS), chance.choice(BOTS), chance.choice(PAIRS), size, delay, lost)
        if checked:
            world.check()
        world.pass_on(chance.choice([0.0, 0.0, 0.0, 0.1, 0.5, 2.1, 2.1, 4.0, 9.0, 13.0]))


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.booleans())
def test_no_cap_is_ever_exceeded(seed: int, tells: bool) -> None:
    live(World(tells), Random(seed), 400, checked=True)


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.booleans())
def test_when_all_is_quiet_nothing_stays_reserved(seed: int, tells: bool) -> None:
    world = World(tells)
    live(world, Random(seed), 100, checked=False)
    for position in world.positions.values():
        position.filled, position.part, position.order = Decimal(0), Decimal(0), None
    for _ in range(4):
        world.pass_on(15)
        for bot in BOTS:
            world.step("report", bot, PAIRS[0], 100, 0, False)
    world.pass_on(15)
    assert world.fleet.engine.reserved() == 0
    assert world.fleet.engine.held(USER) == []
