"""Fake bots and an engine, in one time that the test moves."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from orchestrator.risk.engine import BotFacts, Engine, UserFacts
from pool.contract.policy import Limits
from pool.contract.risk import Grant, Mode, ReserveRequest, Settlement
from pool.contract.snapshots import BotSnapshot, Entering, OpenTrade
from pool.rules.correlation import Correlate, unknown

USER, POOL = "user-one", "pool-a"
BEGAN = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Fleet:
    """An engine that knows `names`, each with 1000 of equity, all of one user."""

    limits: Limits | None
    names: list[str]
    correlate: Correlate = unknown
    clock: Clock = field(default_factory=Clock)
    ran_before: bool = False
    live: frozenset[str] = frozenset()
    modes: dict[str, Mode] = field(default_factory=dict)
    currency: str = "USDT"
    silent: frozenset[str] = frozenset()
    """Those that never reported."""
    counts_losses: bool = False

    def __post_init__(self) -> None:
        self.engine = Engine(self.clock)
        self.learn()

    def learn(self) -> None:
        bots = {
            name: BotFacts(
                name,
                USER,
                name in self.live,
                self.modes.get(name, Mode.ACTIVE),
                "",
                self.ran_before,
                None if name in self.silent else reading(BEGAN, mode="live" if name in self.live else "dry"),
                POOL,
                1,
            )
            for name in self.names
        }
        user = UserFacts(USER, self.currency, self.limits, self.correlate, counts_losses=self.counts_losses)
        self.engine.learn({USER: user}, bots)

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.learn()

    def at(self) -> datetime:
        return BEGAN + timedelta(seconds=self.clock.now)

    def ask(self, bot: str, request_id: str = "one", exposure: object = 100, **changes: Any) -> Grant:
        return self.engine.reserve(bot, asking(request_id, exposure, self.at(), **changes))

    def settle(self, bot: str, request_id: str, outcome: Any, **changes: Any) -> None:
        self.engine.settle(bot, Settlement(request_id=request_id, outcome=outcome, **changes))

    def report(
        self, bot: str, trades: Iterable[OpenTrade] = (), equity: object = 1000, entering: list[Entering] | None = None
    ) -> None:
        self.engine.snapshot(bot, reading(self.at(), trades, equity, entering=entering))


def asking(request_id: str, exposure: object, at: datetime, pair: str = "BTC/USDT", **changes: Any) -> ReserveRequest:
    values: dict[str, Any] = {
        "request_id": request_id,
        "purpose": "entry",
        "pair": pair,
        "asset": pair.partition("/")[0],
        "is_short": False,
        "stake_currency": pair.rpartition("/")[2],
        "stake": Decimal(str(exposure)),
        "leverage": Decimal(1),
        "exposure": Decimal(str(exposure)),
        "at": at,
    }
    return ReserveRequest(**(values | changes))


def holding(value: object, pair: str = "BTC/USDT", trade_id: int = 1, **changes: Any) -> OpenTrade:
    """A trade worth `value`."""
    values: dict[str, Any] = {
        "trade_id": trade_id,
        "pair": pair,
        "base_currency": pair.partition("/")[0],
        "is_short": False,
        "amount": Decimal(1),
        "stake_amount": Decimal(str(value)),
        "open_rate": Decimal(str(value)),
        "current_rate": Decimal(str(value)),
        "stop_rate": None,
        "profit_abs": Decimal(0),
        "profit_ratio": Decimal(0),
        "realised_abs": Decimal(0),
        "value_stake": Decimal(str(value)),
        "opened_at": BEGAN,
        "has_open_orders": False,
        "entry_tag": None,
    }
    return OpenTrade(**(values | changes))


def ordered(exposure: object, reservation: str | None = "one", pair: str = "BTC/USDT") -> Entering:
    return Entering(
        pair=pair,
        base_currency=pair.partition("/")[0],
        is_short=False,
        exposure=Decimal(str(exposure)),
        reservation=reservation,
    )


def reading(as_of: datetime, trades: Iterable[OpenTrade] = (), equity: object = 1000, **changes: Any) -> BotSnapshot:
    values: dict[str, Any] = {
        "as_of": as_of,
        "stake_currency": "USDT",
        "mode": "dry",
        "starting_balance": Decimal(1000),
        "free": Decimal(str(equity)),
        "in_trades": Decimal(0),
        "equity": Decimal(str(equity)),
        "realised": Decimal(0),
        "realised_today": Decimal(0),
        "unrealised": Decimal(0),
        "closed_trades": 0,
        "winning_trades": 0,
        "balances": [],
        "open_trades": list(trades),
        "conversion": None,
    }
    return BotSnapshot(**(values | changes))
