"""The two that must trade alike: FreqTrade as it is, and a bot of ours. Import after `clock.install`."""

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
from freqtrade.commands import Arguments
from freqtrade.persistence import Trade
from freqtrade.worker import Worker

from pool.agent.watches import Quote, Venue, Watches
from pool.bot.boot import Evidence
from pool.bot.control import Control
from pool.bot.desk import Desk
from pool.bot.outbox import Outbox
from pool.bot.rest import BotApi
from pool.bot.slot import SlotFiles
from pool.bot.trader import Trader
from pool.bot.universal.host import Universal
from pool.bot.universal.orders import Orders
from pool.bot.universal.permission import Permission
from pool.bot.universal.standing import Standing
from pool.bot.vitals import Vitals
from pool.bot.waking.following import Following
from pool.bot.waking.sleeper import Sleeper
from pool.contract.frames import Quoted, WatchFrame
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.contract.slots import DesiredState, SlotSpec, StrategySource
from pool.contract.waking import Mode
from pool.exchange.simulator.book import inside
from pool.exchange.urls import paper_urls
from pool.settings import PoolSettings
from pool.zygote import analysis, cleaning, reading
from tests.process.bot.virtual.clock import CLOCK, install_dates
from tests.process.bot.virtual.exchange import VirtualExchange

_URL = "http://127.0.0.1:9"
_CANDLES = 260
"""Of each request, on both sides."""
_FOLLOWED_SECONDS = 8.0


def _unspread(_: str) -> float:
    """Right at the moment after a close: the virtual clock steps over the spread of many."""
    return 0.0


@dataclass(frozen=True)
class Job:
    """What one bot trades. `config` is a user's own configuration, as a slot has it."""

    name: str
    class_name: str
    source: str
    config: dict[str, Any]
    seed: int
    minutes: int
    policy: dict[str, Any] | None = None
    """A document of universal rules, which plain FreqTrade knows nothing of."""

    def start(self) -> int:
        """A moment at which FreqTrade would loop, another one for each seed."""
        return 1_790_000_000 // 3600 * 3600 + self.seed % 500 * 3600 + 1

    def exchange_section(self) -> dict[str, Any]:
        """No waiting between requests: they would cost time."""
        return {**self.config["exchange"], "ccxt_config": {"enableRateLimit": False}}


def trade_plain(job: Job, directory: Path) -> dict[str, Any]:
    """`freqtrade trade` with the user's configuration: its own Worker, nothing of ours."""
    strategies = directory / "strategies"
    strategies.mkdir()
    (strategies / f"{job.class_name}.py").write_text(job.source)
    exchange = job.exchange_section()
    exchange["ccxt_config"]["urls"] = {"api": paper_urls(_URL, ccxt.binance().urls["api"])}
    config = {
        **job.config,
        "exchange": exchange
        | {
            "name": "binance",
            "enable_ws": False,
            "only_from_ccxt": True,
            "_ft_has_params": {"ohlcv_candle_limit": _CANDLES},
        },
        "dry_run": True,
        "strategy": job.class_name,
        "initial_state": "running",
        "db_url": f"sqlite:///{directory}/trades.sqlite",
    }
    (directory / "config.json").write_text(json.dumps(config))
    with _market(job) as market:
        worker = Worker(_arguments(directory))
        install_dates()
        loops = _count(worker.freqtrade)
        state = None
        while CLOCK.now < market.end:
            state = worker._worker(old_state=state)
        return _told(loops, market, str(worker.freqtrade.state))


def trade_ours(job: Job, directory: Path, waking: Mode = "on_need") -> dict[str, Any]:
    """All that a bot of ours consists of, with the zygote's hooks that a loop passes, but for its link: what it tells
    the agent is read from its outbox, and the prices that it waits for are watched as the agent does."""
    for hooks in (analysis, cleaning, reading):
        hooks.install()
    document = PolicyDocument.model_validate(job.policy or {})
    config = {**job.config, "exchange": job.exchange_section()}
    spec = SlotSpec(
        epoch=1,
        generation=1,
        desired=DesiredState.RUNNING,
        exchange="paper",
        config=config,
        strategy=StrategySource(class_name=job.class_name, source=job.source),
        waking=waking,
        policy=PolicyInForce(label="1.0.0", fingerprint=job.name[:64], document=document) if job.policy else None,
    )
    (directory / "slot.json").write_bytes(spec.to_json())
    settings = PoolSettings(pool_id="virtual", paper_exchange_url=_URL, warm_candle_limit=_CANDLES)
    with _market(job) as market:
        slot, outbox, vitals = SlotFiles(directory, settings), Outbox(), Vitals()
        following = Following(lambda: outbox.watch_number)
        control = _Control(market, outbox, following)
        sleeper = Sleeper(job.name, vitals, following, wake=control.wake, spread=_unspread)
        standing = Standing(directory / "HALT")
        universal = Universal(standing, outbox)
        permission = Permission(outbox, standing)
        orders = Orders(directory, permission, universal.why, universal.teller)
        desk = Desk(
            slot, vitals, outbox, BotApi(socket.socket(), 600), universal, 60, orders.unsettled, orders.entering,
            sleeper,
        )  # fmt: skip
        universal.begin(directory, slot.prepare())
        trader = Trader(
            _arguments(directory), control=control, vitals=vitals, desk=desk, evidence=Evidence(),
            credentials=lambda: None, orders=orders, sleeper=sleeper,
        )  # fmt: skip
        install_dates()
        loops = _count(trader.freqtrade)
        control.building = False
        trader.run()
        return _told(loops, market, str(trader.freqtrade.state))


def trade_awake(job: Job, directory: Path) -> dict[str, Any]:
    """The same with FreqTrade's loop."""
    return trade_ours(job, directory, "loop")


class _Market:
    """The exchange of one job, and the time that it has."""

    def __init__(self, job: Job) -> None:
        CLOCK.now = float(job.start())
        self.end = CLOCK.now + job.minutes * 60
        self.exchange = VirtualExchange(job.seed, job.start(), job.minutes * 60)
        self.exchange.connect()

    def __enter__(self) -> "_Market":
        return self

    def __exit__(self, *_: object) -> None:
        return


_market = _Market


class _Control(Control):
    """Waits until the next moment at which FreqTrade would loop, and is the agent that watches prices meanwhile."""

    def __init__(self, market: _Market, outbox: Outbox, following: Following) -> None:
        super().__init__()
        self._market = market
        self._outbox = outbox
        self._following = following
        self._number = 0
        self._looked_at = 0.0
        self._watches = Watches()
        self._venues = (Venue("paper", "spot"), Venue("paper", "linear"))

    def wait(self, timeout_seconds: float) -> None:
        """Prices are looked at where the bot waits on at a moment: what it loops for then sees them itself."""
        if (self._take_watches() or self._looked_at != CLOCK.now) and self._look_at_prices():
            return
        CLOCK.sleep_to_loop()
        if CLOCK.now >= self._market.end:
            self.stop()
        self._following.told(self._number, CLOCK.now + _FOLLOWED_SECONDS)

    def _take_watches(self) -> bool:
        """Whether others are waited for than before."""
        frames = [frame for frame in self._outbox.take() if isinstance(frame, WatchFrame)]
        for frame in frames:
            self._number = frame.number
            self._watches.put("bot", "paper", frame.watches)
        return bool(frames)

    def _look_at_prices(self) -> bool:
        """Whether one is crossed that the bot did not know of."""
        self._looked_at = CLOCK.now
        quotes, found = self._quotes(), False
        seen = {symbol: Quoted(bid=quote.bid, ask=quote.ask) for symbol, quote in quotes.items()}
        self._following.told(self._number, CLOCK.now + _FOLLOWED_SECONDS, seen, CLOCK.now)
        for venue in self._venues:
            for trade_ids in self._watches.crossed(venue, quotes, CLOCK.now).values():
                self.look(trade_ids)
                found = True
        return found

    def _quotes(self) -> dict[str, Quote]:
        market, second = self._market.exchange.market, int(CLOCK.now)
        quotes = {}
        for listing in market.listings.values():
            bid, ask = (Decimal(ticks) * listing.tick for ticks in inside(market.ticks(listing.symbol, second)))
            quotes[listing.symbol] = Quote(bid, ask)
        return quotes


def _arguments(directory: Path) -> dict[str, Any]:
    given = ["trade", "--config", str(directory / "config.json"), "--userdir", str(directory)]
    arguments: dict[str, Any] = Arguments(given).get_parsed_arg()
    return arguments


def _count(freqtrade: Any) -> list[float]:
    """The moments of its loops, as they come."""
    loops: list[float] = []
    process: Callable[[], None] = freqtrade.process

    def counted() -> None:
        loops.append(CLOCK.now)
        process()

    freqtrade.process = counted
    return loops


def _told(loops: list[float], market: _Market, state: str) -> dict[str, Any]:
    trades = [_trade(trade) for trade in sorted(Trade.get_trades(), key=lambda trade: int(trade.id))]
    return {"trades": trades, "loops": len(loops), "requests": market.exchange.requests, "state": state}


def _trade(trade: Trade) -> dict[str, Any]:
    """Everything that tells one trade from another, but for what has no meaning (ids of dry-run orders)."""
    return {
        "pair": trade.pair,
        "short": trade.is_short,
        "leverage": trade.leverage,
        "enter_tag": trade.enter_tag,
        "exit_reason": trade.exit_reason,
        "stake": trade.stake_amount,
        "amount": trade.amount,
        "opened": [str(trade.open_date), trade.open_rate],
        "closed": [str(trade.close_date), trade.close_rate],
        "stop": trade.stop_loss,
        "orders": [_order(order) for order in trade.orders],
    }


def _order(order: Any) -> list[Any]:
    return [
        order.ft_order_side, order.ft_order_tag, order.order_type, order.status, order.ft_amount, order.ft_price,
        order.filled, order.average, str(order.order_date), str(order.order_filled_date),
    ]  # fmt: skip
