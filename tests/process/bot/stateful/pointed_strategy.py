"""A strategy that enters whatever it may, read as text into a slot; with it come, into the bot's own process, the named
points at which the bot can be killed or stopped, or its wall clock moved.

`point` in the bot's directory says at which point what happens once: `{"name", "side", "action", "seconds"}`; whoever
comes by takes the file away first. `clock` holds by how many seconds the wall clock is wrong: looked at when this is
loaded and at each loop. No process can have a wall clock of its own (Linux' time namespaces have monotonic clocks
alone), so what Python reads it by is replaced: `time.time`, `time.time_ns` and `datetime.now`. Monotonic clocks stay.
"""

import json
import os
import signal
import sys
import time
from datetime import datetime as real_datetime
from datetime import timedelta
from pathlib import Path

import ccxt
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy

from pool.bot.universal import exits
from pool.bot.universal.journal import Journal, State
from pool.bot.universal.orders_books import Books
from pool.bot.universal.orders_gate import Gate

POINT, CLOCK = Path("point").absolute(), Path("clock").absolute()


class Wall:
    """What the wall clock is off by."""

    seconds = 0.0
    time, time_ns = time.time, time.time_ns

    @classmethod
    def look(cls):
        try:
            cls.seconds = float(CLOCK.read_text())
        except (FileNotFoundError, ValueError):
            cls.seconds = 0.0


class _AnyDatetime(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, real_datetime)


class WrongDatetime(real_datetime, metaclass=_AnyDatetime):
    """Makes real ones only."""

    def __new__(cls, *given, **named):
        return real_datetime(*given, **named)

    @staticmethod
    def now(tz=None):
        return real_datetime.now(tz) + timedelta(seconds=Wall.seconds)

    fromisoformat = staticmethod(real_datetime.fromisoformat)
    fromtimestamp = staticmethod(real_datetime.fromtimestamp)
    strptime = staticmethod(real_datetime.strptime)
    combine = staticmethod(real_datetime.combine)


def reached(name, side="any"):
    """This point was come to by an order of this side."""
    try:
        wanted = json.loads(POINT.read_text())
    except (FileNotFoundError, ValueError):
        return
    if wanted["name"] != name or wanted["side"] not in ("any", side):
        return
    POINT.unlink()
    if wanted["action"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif wanted["action"] == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        CLOCK.write_text(str(wanted["seconds"]))
        Wall.look()


class Points:
    """`placed` is the side of an order that the journal has and FreqTrade has not committed."""

    placed = None


def around(owner, name, before=None, after=None):
    """`before` and `after` are called with what the function is called with."""
    function = getattr(owner, name)

    def wrapped(*given, **named):
        if before is not None:
            before(*given, **named)
        answer = function(*given, **named)
        if after is not None:
            after(*given, **named)
        return answer

    setattr(owner, name, wrapped)


def changed(_journal, intent, **changes):
    if changes.get("state") is State.PLACED:
        Points.placed = intent.side
        reached("placed", intent.side)
    if changes.get("booked"):
        Points.placed = None
        reached("booked", intent.side)


def commits(name):
    def come(*_given, **_named):
        if Points.placed is not None:
            reached(name, Points.placed)

    return come


def install():
    around(Gate, "ask", after=lambda *_: reached("granted", "buy"))
    around(
        Journal,
        "plan",
        before=lambda _, intent: reached("planning", intent.side),
        after=lambda _, intent: reached("planned", intent.side),
    )
    around(Journal, "change", after=changed)
    around(
        ccxt.binance,
        "create_order",
        before=lambda *given, **named: reached("sending", named.get("side") or given[3]),
        after=lambda *given, **named: reached("answered", named.get("side") or given[3]),
    )
    around(
        ccxt.binance,
        "cancel_order",
        before=lambda *_, **__: reached("cancelling"),
        after=lambda *_, **__: reached("cancelled"),
    )
    around(Trade, "update_trade", before=lambda _, order, *__, **___: reached("counting", order.side))
    around(
        Books,
        "_adopt",
        before=lambda _, intent, __: reached("adopting", intent.side),
        after=lambda _, intent, __: reached("adopted", intent.side),
    )
    around(exits, "keep_marks", before=lambda *_: reached("marking"), after=lambda *_: reached("marked"))
    commit, before, after = Trade.commit, commits("committing"), commits("committed")

    def committed():
        before()
        commit()
        after()

    Trade.commit = staticmethod(committed)
    time.time = lambda: Wall.time() + Wall.seconds
    time.time_ns = lambda: Wall.time_ns() + int(Wall.seconds * 1e9)
    for name, module in list(sys.modules.items()):
        known = name.startswith(("freqtrade", "pool.", "ccxt"))
        if known and getattr(module, "datetime", None) is real_datetime:
            module.datetime = WrongDatetime


if hasattr(time, "flotilla_wall"):  # a reload imports this again
    Wall = time.flotilla_wall
else:
    time.flotilla_wall = Wall
    install()
Wall.look()


class Pointed(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}  # noqa: RUF012 (as FreqTrade has it)
    stoploss = -0.2
    startup_candle_count = 5
    process_only_new_candles = False

    def bot_loop_start(self, current_time, **_):
        Wall.look()

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        dataframe["enter_tag"] = "always"
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
