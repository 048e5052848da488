"""A seeded sequence of faults, each in the way of an order that a price provokes.

A card is one fault: the bot killed, stopped or its clock moved at a named point or at any moment, the bot cut off from
the exchange or from its agent, answers that are lost, late or refusals, cancellations that race with fills, and orders
of the control plane. There are eight suits; cards are dealt from each in turn, in an order that the seed chooses. After
each look at the exchange's ledger what must always hold is checked (`truth`), after each card what the card is about
has happened once, and now and then everything comes to rest and both books must say the same.

This is no hypothesis machine: a step takes seconds, so that no failure could be shrunk; the seed and the cards are told
instead. What a process does at the same seed differs by milliseconds, so a failure may need several runs to come again.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from decimal import Decimal
from functools import partial
from itertools import cycle
from random import Random
from typing import Any

from pool.bot.universal.journal import State
from pool.contract.risk import Mode
from tests.process.bot.live import symbol
from tests.process.bot.stateful.hands import Done, Hands
from tests.process.bot.stateful.rules import REDUCED
from tests.process.bot.stateful.stage import PATIENT_SECONDS, until

Card = tuple[str, Callable[[], bool]]
"""What it is called, and what is done: answers whether its fault was met."""

_SELL_POINTS = (
    "planning", "planned", "sending", "answered", "placed", "committing", "committed", "booked", "counting"
)  # fmt: skip
_BUY_POINTS = ("granted", *_SELL_POINTS)
_ANY_POINTS = ("cancelling", "cancelled", "marking", "marked")
_HOURS, _SECONDS = (-3600.0, -30.0, 30.0, 3600.0), (-4.0, 0.8)
"""What orders are refused for, by their time stamp; and what the exchange overlooks."""
_LOOKS_SECONDS = 20
_NO_MONEY = "Account has insufficient balance for requested action."
_CANCEL = "DELETE /api/v3/order"
_LATE = {"kind": "latency", "milliseconds": 7_000}
"""Taken within `recvWindow`, when the next process has looked for it already."""
_ANSWERS: dict[str, dict[str, Any]] = {
    "refused for lack of money": {"kind": "fail", "status": 400, "code": -2010, "message": _NO_MONEY},
    "refused by a filter": {"kind": "fail", "status": 400, "code": -1013, "message": "Filter failure: NOTIONAL"},
    "too many requests": {"kind": "fail", "status": 429},
    "503 before it was taken": {"kind": "fail"},
    "503 after it was taken": {"kind": "fail_after"},
    "502 after it was taken": {"kind": "fail_after", "status": 502},
    "connection lost before": {"kind": "drop"},
    "connection lost after": {"kind": "drop_after"},
    "slow to take it": _LATE,
    "slow to answer": {"kind": "latency_after", "milliseconds": 3_000},
}
_NO_LOOK = "cannot be looked up"
_REFUSED_TIME = "-1021"


class Machine(Hands):
    def play(self, cards: int) -> None:
        """So many cards, and the end of everything. Raises Broken, or AssertionError where something never happens."""
        self._tally.runs += 1
        self._stage.open()
        self._trade()
        for number, (name, card) in enumerate(_dealt(self._suits(), self._dealer, cards), start=1):
            self._tell(f"{number}. {name}")
            self._tally.played[name] += 1
            if not card():
                self._tally.missed[name] += 1
            self._recover()
            if self._dice.random() < 0.35:
                self._settle()
            self._trade()
        self._tell("the end")
        self._finish()

    # ---- cards: each answers whether its fault was met

    def _suits(self) -> list[list[Card]]:
        kills: list[Card] = [
            (f"kill at {point} ({side})", partial(self._kill_at, point, side)) for point, side in _points()
        ]
        kills += [
            ("kill at any moment", self._kill_anywhen),
            ("kill while the answer is outstanding", self._kill_unanswered),
            ("kill, and again while it recovers", self._kill_twice),
        ]
        hangs: list[Card] = [
            (f"hang at {point} ({side})", partial(self._hang_at, point, side))
            for point, side in _points()
            if (point, side) != ("sending", "buy")
        ]
        hangs += [("hang at any moment", self._hang_anywhen)]
        jumps: list[Card] = [
            (f"clock {seconds:+g} s at {point}", partial(self._jump_at, point, seconds))
            for point in ("loop", "planned", "sending", "answered", "placed", "counting")
            for seconds in (*_HOURS, *_SECONDS)
        ]
        apart: list[Card] = [
            ("exchange refuses connections", partial(self._cut_off, "drop")),
            ("exchange hangs", partial(self._cut_off, "latency")),
            ("exchange loses an order's answer and every look", self._cut_off_looks),
        ]
        unled: list[Card] = [("agent gone", self._agent_gone), ("no leases", self._silence)]
        answers: list[Card] = [
            (f"{name} ({side})", partial(self._answer, side, **fault))
            for name, fault in _ANSWERS.items()
            for side in ("sell", "buy")
        ]
        cancels: list[Card] = [
            (f"cancel meets {kind}", partial(self._cancel, kind))
            for kind in ("fail", "fail_after", "drop", "drop_after", "latency")
        ]
        orders: list[Card] = [
            ("halted", self._halted), ("halted by a flag file", self._flagged), ("reduced", self._reduced),
            ("reduced, and killed", partial(self._reduced, killed=True)), ("refused permission", self._refused),
        ]  # fmt: skip
        return [kills, apart, hangs, cancels, jumps, unled, answers, orders]

    def _kill_at(self, point: str, side: str) -> bool:
        self._stage.arm(point, "kill", side)
        done = self._provoke(side)
        if not self._met(self._stage.dead, done):
            return False
        if self._dice.random() < 0.3:
            self._stage.fault("fail", method="GET", status=400, code=-2013, message="No such order.", times=3)
        self._stage.live()
        self._await(done, "what the kill was in the way of")
        return True

    def _kill_anywhen(self) -> bool:
        done = self._provoke(self._side())
        self._stage.pass_time(self._dice.uniform(0, 2))
        self._stage.kill()
        self._stage.live()
        self._await(done, "what the kill was in the way of")
        return True

    def _kill_unanswered(self) -> bool:
        late: dict[str, Any] = self._dice.choice(
            ({"kind": "latency_after", "milliseconds": PATIENT_SECONDS * 1000}, _LATE)
        )
        self._stage.fault(**late, times=1)
        done = self._provoke(self._side())
        if not self._met(lambda: not self._stage.hurt(), done):
            return False
        self._stage.kill()
        self._stage.live()
        self._await(done, "what the kill was in the way of")
        return True

    def _kill_twice(self) -> bool:
        self._stage.arm(self._dice.choice(("answered", "placed")), "kill")
        done = self._provoke(self._side())
        if not self._met(self._stage.dead, done):
            return False
        self._stage.arm(self._dice.choice(("adopting", "adopted", "committing", "booked", "counting")), "kill")
        self._stage.live()
        self._met(self._stage.dead, done)
        self._revive()
        self._await(done, "what two kills were in the way of")
        return True

    def _hang_at(self, point: str, side: str) -> bool:
        self._stage.arm(point, "stop", side)
        done = self._provoke(side)
        if not self._met(self._stage.stopped, done):
            return False
        return self._hung(done)

    def _hang_anywhen(self) -> bool:
        done = self._provoke(self._side())
        self._stage.pass_time(self._dice.uniform(0, 2))
        self._stage.stop()
        until(self._stage.stopped, "a bot that stands still")
        on_its_way = [one for one in self._stage.look().intents if one["state"] == State.PLANNED]
        return self._hung(done, sure=not on_its_way)

    def _hung(self, done: Done, *, sure: bool = True) -> bool:
        """Stopped until nothing is allowed any more; then it may sell, and not buy. `sure`: no order that was allowed
        is about to leave."""
        self._governor.be_silent()
        self._stage.await_lapse()
        with self._stage.no_entries() if sure else nullcontext():
            self._stage.go_on()
            self._stage.await_mode(Mode.REDUCING)
        self._speak()
        self._await(done, "what the hang was in the way of")
        return True

    def _jump_at(self, point: str, seconds: float) -> bool:
        refused = self._bench.log().count(_REFUSED_TIME)
        if point == "loop":
            self._stage.jump(seconds)
        else:
            self._stage.arm(point, "jump", "sell", seconds)
        done = self._provoke("sell")
        met = point == "loop" or self._met(lambda: not self._stage.armed(), done)
        if met and seconds in _HOURS:
            self._met(lambda: self._bench.log().count(_REFUSED_TIME) > refused, done)
        elif met:
            self._await(done, "an exit by a clock that is a little wrong")
        if self._dice.random() < 0.25:
            self._stage.kill()
        self._stage.jump(0.0)
        self._revive()
        self._await(done, "what the clock was in the way of")
        return met

    def _cut_off(self, kind: str) -> bool:
        self._stage.fault(kind, "/api/v3/*", "*", milliseconds=60_000)
        before = self._stage.requests()
        done = self._provoke("sell")
        until(lambda: self._stage.requests() >= before + 3, "requests that nobody answers")
        if self._dice.random() < 0.3:
            self._stage.kill()
        self._stage.heal()
        self._revive()
        self._await(done, "an exit after the partition")
        return True

    def _cut_off_looks(self) -> bool:
        """Where the exchange holds stops, an exit is made only once its stop was looked at: then looks are lost from
        when an order was sent."""
        from_the_start = not self._stage.flavour.stops
        self._stage.fault("drop_after", times=1)
        if from_the_start:
            self._stage.fault("drop", method="GET")
        looks = self._bench.log().count(_NO_LOOK)
        done = self._provoke("sell")
        until(lambda: self._stage.hurt() <= from_the_start, "an order without an answer")
        if not from_the_start:
            self._stage.fault("drop", method="GET")
        met = self._met(lambda: self._bench.log().count(_NO_LOOK) > looks, done, _LOOKS_SECONDS)
        if self._dice.random() < 0.5:
            self._stage.kill()
            self._stage.live()
        self._stage.heal()
        self._await(done, "an exit whose answer was lost")
        return met

    def _agent_gone(self) -> bool:
        self._governor.be_silent()
        self._agent.stop()
        self._stage.await_lapse()
        self._stage.await_arrivals()
        with self._stage.no_entries():
            self._await(self._provoke("buy", entry=False), "an exit without an agent")
            self._stage.await_arrivals()
            self._agent.start()
            self._stage.await_mode(Mode.REDUCING)
        self._speak()
        return True

    def _silence(self) -> bool:
        self._governor.be_silent()
        self._stage.await_lapse()
        self._stage.await_mode(Mode.REDUCING)
        self._closes_and_enters_nothing()
        self._speak()
        return True

    def _answer(self, side: str, **fault: Any) -> bool:
        if fault.get("kind") in ("drop_after", "fail_after"):
            self._stage.fault(
                "fail", method="GET", status=400, code=-2013, message="No such order.", times=self._dice.randint(1, 5)
            )
        before = self._stage.hurt()
        self._stage.fault(**fault, times=1)
        done = self._provoke(side)
        met = self._met(lambda: self._stage.hurt() <= before, done)
        if met and self._dice.random() < 0.25:
            self._stage.kill()
            self._stage.live()
        self._await(done, "an order whose answer was bad")
        return met

    def _cancel(self, kind: str) -> bool:
        """An exit order that rests is cancelled for its age; a stop on the exchange, for an exit. Meanwhile it may be
        filled."""
        trade = self._trade()
        pair, open_rate = trade["pair"], Decimal(repr(trade["open_rate"]))
        before, asked = self._stage.sold(pair), self._stage.requests(_CANCEL)
        races = self._dice.random() < 0.5
        fault = {"milliseconds": 4_000} if kind == "latency" else {}
        if self._stage.flavour.limits:
            ratio = str(self._dice.choice((0.2, 0.5)))
            self._stage.account.control("POST", "partial-fills", symbol=symbol(pair), ratio=ratio, most=1)
            self._stage.fault(kind, method="DELETE", times=self._dice.randint(1, 2), **fault)
            self._cross(trade, stops=False)
            self._await(lambda: self._stage.sold(pair) > before, "a part of an exit")
            met = self._met(lambda: self._stage.requests(_CANCEL) > asked, lambda: False)
        else:
            self._stage.fault(kind, method="DELETE", times=1, **fault)
            self._cross(trade)
            met = self._met(lambda: self._stage.requests(_CANCEL) > asked, lambda: self._stage.sold(pair) > before)
        if races:
            self._stage.account.control("DELETE", f"partial-fills?symbol={symbol(pair)}")
            self._stage.price(pair, open_rate * Decimal("0.935"))
        if self._dice.random() < 0.25:
            self._stage.kill()
        self._recover()
        self._settle()
        return met

    def _halted(self) -> bool:
        self._governor.order(Mode.HALTED)
        self._stage.await_mode(Mode.HALTED)
        self._closes_and_enters_nothing()
        self._governor.order(Mode.ACTIVE)
        self._stage.await_mode(Mode.ACTIVE)
        return True

    def _flagged(self) -> bool:
        self._stage.flag(up=True)
        self._stage.await_mode(Mode.HALTED)
        self._closes_and_enters_nothing()
        self._stage.flag(up=False)
        self._stage.await_mode(Mode.ACTIVE)
        return True

    def _reduced(self, *, killed: bool = False) -> bool:
        trades = self._stage.trades()
        if killed:
            self._stage.arm(self._dice.choice(("sending", "answered", "committing", "counting")), "kill", "sell")
        number = self._governor.order(Mode.REDUCING, REDUCED)
        if killed and trades:
            self._met(self._stage.dead, lambda: False)
            self._revive()
        self._stage.await_mode(Mode.REDUCING)
        with self._stage.no_entries():
            self._await(lambda: not self._to_reduce(trades, number), "trades that are reduced")
        self._governor.order(Mode.ACTIVE)
        self._stage.await_mode(Mode.ACTIVE)
        return True

    def _refused(self) -> bool:
        self._agent.grants = False
        self._stage.await_arrivals()
        self._closes_and_enters_nothing()
        self._agent.grants = True
        return True


def _points() -> Iterator[tuple[str, str]]:
    """With the side of the order that is to come by."""
    yield from ((point, "sell") for point in _SELL_POINTS)
    yield from ((point, "buy") for point in _BUY_POINTS)
    yield from ((point, "any") for point in _ANY_POINTS)


def _dealt(suits: list[list[Card]], dice: Random, count: int) -> Iterator[Card]:
    """One of each suit in turn."""
    shuffled = [dice.sample(suit, len(suit)) for suit in dice.sample(suits, len(suits))]
    endless = [cycle(suit) for suit in shuffled]
    for number in range(count):
        yield next(endless[number % len(endless)])
