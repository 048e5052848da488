"""What the cards of the machine are made of: prices that provoke orders, waits for what must come of them, and rest."""

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from signal import SIGKILL

from pool.contract.risk import Mode
from tests.process.bot.stateful.rules import TARGETS, due
from tests.process.bot.stateful.stage import PATIENT_SECONDS, Broken, Stage, until
from tests.process.bot.stateful.truth import Row

Done = Callable[[], bool]

_AFTERWARDS_SECONDS = 6
"""What is done at the exchange may still be on its way through the bot, past its points."""
_LEAST_PART = 25
"""Of the stake currency: what is worth less is not reduced."""


@dataclass
class Tally:
    """Of all runs: by card, how often it was played, and how often nobody met its fault."""

    played: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    lives: int = 0
    """Processes of the bot."""
    ended: int = 0
    """Of these, that ended by themselves, as where the exchange was away when they started."""
    orders: int = 0
    """That the exchange took."""
    trades: int = 0


class Hands:
    """`dealer` says which cards, `dice` all else; `tell` is called with a line for each card."""

    def __init__(self, stage: Stage, dealer: Random, dice: Random, tally: Tally, tell: Callable[[str], None]) -> None:
        self._stage = stage
        self._dealer = dealer
        self._dice = dice
        self._tally = tally
        self._tell = tell
        self._bench = stage.bench
        self._agent = stage.bench.agent
        self._governor = stage.governor

    def _speak(self) -> None:
        self._governor.silent = False
        self._stage.await_mode(Mode.ACTIVE)

    def _closes_and_enters_nothing(self) -> None:
        with self._stage.no_entries():
            self._await(self._provoke("buy", entry=False), "an exit")
            self._stage.await_arrivals()

    def _provoke(self, side: str, *, entry: bool = True) -> Done:
        """A price that makes the bot sell; to make it buy, all of a trade, for it has room then. Whether it did."""
        trade = self._trade()
        sold, buys = self._stage.sold(trade["pair"]), self._stage.buys()
        self._cross(trade, whole=side == "buy")
        if side == "buy" and entry:
            return lambda: self._stage.buys() > buys
        return lambda: self._stage.sold(trade["pair"]) > sold

    def _trade(self) -> Row:
        """One that is open; waits until there is one."""

        def found() -> list[Row]:
            self._revive()
            return self._stage.trades()

        return self._dice.choice(until(found, "an open trade"))

    def _cross(self, trade: Row, *, whole: bool = False, stops: bool = True) -> None:
        """Set its price where something is due: all of it, or by what is no stop."""
        view = self._stage.look()
        open_rate, stop = Decimal(repr(trade["open_rate"])), Decimal(repr(trade["stop_loss"]))
        sold = sum(self._stage.held(view, trade).by_level.values(), Decimal(0))
        bought = self._stage.held(view, trade).bought
        targets = []
        for target in TARGETS:
            wanted = due(open_rate, stop, open_rate * target * Decimal("0.9995"))
            if not stops and wanted.closed and wanted.sold_ratio < 1:
                continue
            if wanted.closed or (not whole and bought * wanted.sold_ratio > sold * Decimal("1.2")):
                targets.append(target)
        self._stage.price(trade["pair"], open_rate * self._dice.choice(targets))

    def _to_reduce(self, trades: list[Row], number: int) -> list[Row]:
        view = self._stage.look()
        open_ids = {trade["id"] for trade in view.open_trades()}
        left = []
        for trade in trades:
            held = self._stage.held(view, trade)
            remains = (held.bought - held.sold) * Decimal(repr(trade["open_rate"]))
            if trade["id"] in open_ids and not held.by_reduction[number] and remains > _LEAST_PART:
                left.append(trade)
        return left

    def _met(self, fault: Done, done: Done, at_most: float | None = None) -> bool:
        """The fault was met; False where what it should have been in the way of happened without it. Raises
        AssertionError where neither does, but not where a time is given."""
        with nullcontext() if at_most is None else suppress(AssertionError):
            until(lambda: fault() or done(), "a fault that is met, or an order without it", at_most or PATIENT_SECONDS)
        with suppress(AssertionError):
            until(fault, "a fault that is met", _AFTERWARDS_SECONDS)
        return fault()

    def _await(self, done: Done, what: str) -> None:
        def check() -> bool:
            self._revive()
            return done()

        until(check, what)

    def _revive(self) -> None:
        """As the agent would: a process that ended is started again."""
        if self._stage.dead():
            self._tally.ended += self._bench.status(self._stage.pid) != -SIGKILL
            self._stage.live()

    def _recover(self) -> None:
        """No fault stands."""
        self._stage.disarm()
        self._stage.heal()
        self._stage.go_on()
        self._revive()

    def _settle(self) -> None:
        """Both books say the same."""
        last: list[str] = []

        def settled() -> bool:
            self._revive()
            last[:] = self._stage.unsettled()
            return not last

        try:
            until(settled, "books that agree")
        except AssertionError:
            raise Broken(f"does not come to rest: {'; '.join(last)}") from None

    def _finish(self) -> None:
        """Nothing is entered any more, all is sold, and both books agree."""
        self._recover()
        self._governor.order(Mode.REDUCING)
        self._stage.await_mode(Mode.REDUCING)
        self._settle()
        for trade in self._stage.look().open_trades():
            self._stage.price(trade["pair"], Decimal(repr(trade["open_rate"])) * Decimal("0.9"))
        self._await(lambda: not self._stage.look().open_trades(), "all trades closed by their stops")
        self._settle()
        view = self._stage.look()
        self._tally.lives += self._stage.lives
        self._tally.orders += len(view.orders)
        self._tally.trades += len(view.trades)

    def _side(self) -> str:
        return self._dice.choice(("sell", "sell", "buy"))
