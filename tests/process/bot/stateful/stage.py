"""Everything around the bot that the machine has its hands on: process, exchange, agent, clock, leases."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from pool.bot.universal.standing import HALT_FLAG, boot_clock
from pool.contract.risk import Mode
from pool.contract.slots import StrategySource
from tests.process.bot.harness import Bench, Exchange, credentials
from tests.process.bot.live import Account, symbol
from tests.process.bot.stateful.governor import Governor
from tests.process.bot.stateful.rules import document, due
from tests.process.bot.stateful.truth import Held, Row, Truth, View, key_of

SOURCE = Path(__file__).with_name("pointed_strategy.py").read_text()
PATIENT_SECONDS = 120
_MONEY, _STAKE, _COINS_FOR = 5_000, 100, 300
_PAIRS, _TRADES = 8, 3
_IN_FLIGHT_SECONDS = 5.0
_POLL_SECONDS = 0.2
T = TypeVar("T")


def until(check: Callable[[], T], what: str, seconds: float = PATIENT_SECONDS) -> T:
    """As `tests.support.eventually_sync`, looking less often: a look reads four tables. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true in {seconds} s; last: {answer!r}")
        time.sleep(_POLL_SECONDS)


@dataclass(frozen=True)
class Flavour:
    """Of one run: whether exits and entries are limit orders, and whether the exchange holds the stops."""

    limits: bool
    stops: bool


class Broken(AssertionError):
    """The ledger shows what must never be."""


class Stage:
    """One bot with an account of its own, which has more of each coin than the bot buys: nothing that is sold twice
    fails for lack of coins."""

    def __init__(self, bench: Bench, exchange: Exchange, flavour: Flavour, dice: Random) -> None:
        self.bench = bench
        self.account = Account(exchange, _MONEY)
        self.pairs = dice.sample(exchange.pairs, _PAIRS)
        self.prices: dict[str, Decimal] = {}
        for pair in self.pairs:
            self.price(pair, self.account.price(pair))
            amount = str(Decimal(_COINS_FOR) / self.prices[pair])
            self.account.control("POST", "deposits", key=self.account.key, asset=pair.split("/")[0], amount=amount)
        self.flavour = flavour
        self.truth = Truth(bench, self.account, self.pairs)
        self.governor = Governor(bench.agent)
        self.pid = 0
        self.lives = 0

    def open(self) -> None:
        """The bot runs, and may enter."""
        kind = "limit" if self.flavour.limits else "market"
        config = {
            "max_open_trades": _TRADES,
            "stake_amount": _STAKE,
            "exchange": {"pair_whitelist": self.pairs},
            "unfilledtimeout": {"entry": 8, "exit": 8, "unit": "seconds"},
            "order_types": {
                "entry": kind, "exit": kind, "emergency_exit": "market", "force_exit": "market",
                "stoploss": "limit" if self.flavour.stops else "market",
                "stoploss_on_exchange": self.flavour.stops, "stoploss_on_exchange_interval": 1,
            },
        }  # fmt: skip
        strategy = StrategySource(class_name="Pointed", source=SOURCE)
        self.bench.write_slot(
            self.bench.spec(config, trading="paper_live", strategy=strategy, governed=True, policy=document())
        )
        self.bench.agent.credentials = credentials(self.account.key, self.account.secret)
        self.governor.start()
        self.live()

    def close(self) -> None:
        self.governor.end()
        self.heal()
        for pair in self.pairs:
            self.account.control("POST", "prices/clear", symbol=symbol(pair))

    # ---- truth

    def look(self) -> View:
        """Both books now. Raises Broken."""
        view = self.truth.look()
        wrong = self.truth.always(view, self.bench.agent.granted)
        if wrong:
            raise Broken("; ".join(wrong))
        return view

    def unsettled(self) -> list[str]:
        return self.truth.unsettled(self.look())

    def held(self, view: View, trade: Row) -> Held:
        return view.held.get(key_of(trade), Held(trade["pair"]))

    def trades(self) -> list[Row]:
        """Open trades that rest: no order but a stop, nothing due at their price, and the database knows what they
        sold."""
        view = self.look()
        busy = {row["ft_trade_id"] for row in view.rows if row["ft_is_open"] and row["ft_order_side"] != "stoploss"}
        found = []
        for trade in view.open_trades():
            held, price = self.held(view, trade), self.prices[trade["pair"]]
            wanted = due(Decimal(repr(trade["open_rate"])), Decimal(repr(trade["stop_loss"])), price)
            known = held.bought - held.sold == Decimal(repr(trade["amount"] or 0.0))
            by_ladder = sum(held.by_level.values(), Decimal(0))
            through = not wanted.closed and by_ladder >= held.bought * wanted.sold_ratio * Decimal("0.9")
            if held.bought and known and through and trade["id"] not in busy:
                found.append(trade)
        return found

    def sold(self, pair: str) -> Decimal:
        return sum((Decimal(order["executed"]) for order in self._of(pair, "SELL")), Decimal(0))

    def buys(self) -> int:
        return sum(order["side"] == "BUY" for order in self.look().orders)

    def _of(self, pair: str, side: str) -> list[Row]:
        return [one for one in self.look().orders if (one["symbol"], one["side"]) == (symbol(pair), side)]

    # ---- exchange

    def price(self, pair: str, rate: Decimal) -> None:
        self.account.control("POST", "prices/set", symbol=symbol(pair), price=f"{rate:.12f}")
        self.prices[pair] = rate

    def fault(self, kind: str, path: str = "/api/v3/order", method: str = "POST", **more: Any) -> None:
        self.account.control("POST", "faults", kind=kind, path=path, method=method, **more)

    def hurt(self) -> int:
        """How many faults stand."""
        return len(self.account.control("GET", "faults"))

    def requests(self, which: str = "") -> int:
        """How many the exchange was asked, of whatever kind or of this one."""
        counters: dict[str, int] = self.account.control("GET", "counters")
        return counters.get(which, 0) if which else sum(counters.values())

    def heal(self) -> None:
        """No faults at the exchange."""
        self.account.control("DELETE", "faults")
        self.account.control("DELETE", "partial-fills")

    # ---- process

    def live(self) -> None:
        """A process that trades: forked as often as the exchange makes it end at its start."""
        for _ in range(5):
            self.bench.agent.forget()
            self.pid = self.bench.fork()
            self.lives += 1
            until(lambda: self._trades() or self.dead(), "a bot that trades")
            if not self.dead():
                return
        raise AssertionError("The bot does not start")

    def dead(self) -> bool:
        return self.bench.status(self.pid) is not None

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.bench.await_exit(self.pid, PATIENT_SECONDS)

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def stopped(self) -> bool:
        stat = Path(f"/proc/{self.pid}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "T"

    def go_on(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)

    def _trades(self) -> bool:
        return any(beat.phase == "running" for beat in self.bench.agent.heartbeats())

    # ---- points and clock, in the bot

    def arm(self, name: str, action: str, side: str = "any", seconds: float = 0.0) -> None:
        """At this point, once."""
        wanted = {"name": name, "side": side, "action": action, "seconds": seconds}
        draft = self.bench.directory / "point.new"
        draft.write_text(json.dumps(wanted))
        draft.replace(self.bench.directory / "point")

    def disarm(self) -> bool:
        """Whether nobody had come by yet."""
        try:
            (self.bench.directory / "point").unlink()
        except FileNotFoundError:
            return False
        return True

    def armed(self) -> bool:
        return (self.bench.directory / "point").exists()

    def jump(self, seconds: float) -> None:
        """The bot's wall clock is off by so much, from its next loop on."""
        (self.bench.directory / "clock").write_text(str(seconds))

    # ---- leave

    def await_mode(self, mode: Mode) -> None:
        """As the thread that trades says itself: none of its orders is on its way then."""
        self.bench.agent.await_heartbeat(PATIENT_SECONDS, mode=mode)

    def await_lapse(self) -> None:
        """Nobody renews the lease any more, and it is over."""
        ends = self.governor.lease_until
        until(lambda: boot_clock() > ends + 0.5, "the lease to lapse")

    def await_arrivals(self) -> None:
        """Whatever left the bot until now has arrived."""
        self.pass_time(_IN_FLIGHT_SECONDS)

    def pass_time(self, seconds: float) -> None:
        """Until a moment that the dice chose, or for what never comes: nothing is waited for."""
        time.sleep(seconds)

    @contextlib.contextmanager
    def no_entries(self) -> Iterator[None]:
        """Raises Broken where the exchange took a purchase within."""
        before = {order["id"] for order in self.look().orders}
        yield
        new = [one for one in self.look().orders if one["side"] == "BUY" and one["id"] not in before]
        if new:
            raise Broken(f"entered without leave: {[(one['id'], one['symbol'], one['created_ms']) for one in new]}")

    def flag(self, up: bool) -> None:
        file = self.bench.directory / HALT_FLAG
        if up:
            file.write_text("{}")
        else:
            file.unlink(missing_ok=True)
