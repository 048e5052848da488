"""A reading that is told again is what a whole one would be, and is told again only while it is."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.persistence import Trade
from sqlalchemy import event

from benchmarks.floor import PAIR, PRICE, Floor, Ledger
from pool.bot import snapshot
from pool.bot.desk import Desk
from pool.bot.outbox import Outbox
from pool.bot.snapshot import SnapshotReader
from pool.bot.universal.hold import Hold
from pool.bot.universal.host import Universal
from pool.bot.universal.standing import HALT_FLAG, Standing
from pool.bot.vitals import Vitals
from pool.bot.waking.following import Following
from pool.bot.waking.sleeper import Sleeper
from pool.contract.frames import CommandFrame, Quoted, SnapshotFrame
from pool.contract.snapshots import BotSnapshot, Entering
from pool.rules.position import Marks, Thresholds

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Room:
    """A reader over a floor's bot, and clocks that stand."""

    def __init__(self, floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
        self.floor, self.bot = floor, floor.bot
        self.seconds = 1000.0
        monkeypatch.setattr(snapshot.time, "monotonic", lambda: self.seconds)
        self.bot.wallets.get_all_balances = dict
        self.bot.exchange._exit_rate_cache = {PAIR: PRICE}
        self.bot.exchange._cache_lock = nullcontext()
        self.bot.exchange.get_proxy_coin = lambda: "USDT"
        self.bot.exchange.fetch_ticker = lambda _pair: {"last": 2.0}
        self.bot.exchange.get_valid_pair_combination = lambda source, target: [f"{source}/{target}"]
        self.bot.last_process = NOON
        assert floor.orders is not None
        self.entering: Any = floor.orders.entering
        self.reader = SnapshotReader(lambda trades: self.entering(trades), marks=lambda _trade: Marks())

    def again(self, after_seconds: float = 5, currency: str = "USDT") -> BotSnapshot | None:
        return self.reader.again(self.bot, currency, NOON + timedelta(seconds=after_seconds))

    def read(self, after_seconds: float = 0, currency: str = "USDT") -> BotSnapshot:
        return self.reader.read(self.bot, currency, NOON + timedelta(seconds=after_seconds))


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    ledger = Ledger(tmp_path / "ledger.sqlite", rests=True)
    yield Floor(tmp_path, ledger)
    Trade.session.remove()
    ledger.close()


@pytest.fixture
def room(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> Room:
    floor.open_trade()
    return Room(floor, monkeypatch)


@pytest.mark.parametrize("moved", [1.0, 1.01])
@pytest.mark.parametrize("currency", ["USDT", "EUR"])
def test_it_is_what_a_whole_one_would_be_without_asking_the_database(room: Room, currency: str, moved: float) -> None:
    first = room.read(currency=currency)
    asked: list[str] = []
    engine = Trade.session.get_bind()

    def note(*given: Any) -> None:
        asked.append(given[2])

    event.listen(engine, "before_cursor_execute", note)
    room.bot.exchange._exit_rate_cache[PAIR] = PRICE * moved
    again = room.again(5, currency)
    assert asked == []
    whole = room.read(5, currency)
    event.remove(engine, "before_cursor_execute", note)
    assert asked, "the other one asks"
    assert again == whole
    assert again != first
    assert again is not None
    assert (again.equity != first.equity) is (moved != 1)
    assert len(again.open_trades) == 1


def _loop(room: Room) -> None:
    room.bot.last_process = NOON + timedelta(seconds=1)


def _old(room: Room) -> None:
    room.seconds += 61


def _touch(room: Room) -> None:
    room.reader.touch()


def _forget(room: Room) -> None:
    room.reader.forget()


@pytest.mark.parametrize("change", [_loop, _old, _touch, _forget])
def test_it_is_read_anew_where_it_may_be_another(room: Room, change: Any) -> None:
    room.read()
    assert room.again() is not None
    change(room)
    assert room.again() is None
    room.read(5)
    assert room.again(10) is not None


def test_while_a_price_is_not_new_nothing_is_told_to_be(room: Room) -> None:
    room.reader = SnapshotReader(lambda _trades: [], marks=lambda _trade: Marks(), priced=lambda _trade_id: False)
    first = room.read()
    room.bot.exchange._exit_rate_cache[PAIR] = PRICE * 1.01
    again = room.again(5)
    assert again is not None
    assert again.equity != first.equity
    assert again.as_of == first.as_of


def test_another_day_is_read_anew(room: Room) -> None:
    room.read()
    assert room.again(12 * 3600 - 1) is not None
    assert room.again(12 * 3600) is None


def test_a_rate_that_was_forgotten_is_no_new_one(room: Room) -> None:
    room.read()
    room.bot.exchange._exit_rate_cache.clear()
    assert room.again() == room.read(5)


def test_an_order_that_rests_or_may_be_on_its_way_is_read_anew(room: Room) -> None:
    order = Entering.model_validate({"pair": PAIR, "base_currency": "AAA", "is_short": False, "exposure": "5"})
    for entering in ([order], None):
        room.entering = lambda _trades, entering=entering: entering
        room.read()
        assert room.again() is None
    room.entering = lambda _trades: []
    room.read()
    assert room.again() is not None
    assert room.floor.exit("wanted", order_type="limit"), "an exit rests"
    room.read()
    assert room.again() is None


def test_the_conversion_is_asked_for_as_often_as_ever(room: Room) -> None:
    rates = iter([2.0, 3.0])
    room.bot.exchange.fetch_ticker = lambda _pair: {"last": next(rates)}
    told = [room.read(0, "EUR")]
    room.seconds += 59
    told.append(room.again(59, "EUR"))  # type: ignore[arg-type]
    room.reader._rates_asked[PAIR] = room.seconds
    room.seconds += 2
    told.append(room.again(61, "EUR"))  # type: ignore[arg-type]
    assert [float(one.conversion.rate) for one in told if one.conversion is not None] == [2.0, 2.0, 3.0]


def test_without_a_new_rate_a_reading_stays_as_old_as_it_was(room: Room) -> None:
    known = True
    room.reader = SnapshotReader(lambda trades: room.entering(trades), priced=lambda _trade_id: known)
    first = room.read()
    again = room.again(5)
    known = False
    stale = room.again(10)
    assert again is not None
    assert stale is not None
    assert (again.as_of - first.as_of).total_seconds() == 5
    assert stale.as_of == again.as_of


class AtDesk:
    """A desk that reports each time that it is asked to, and counts whole readings."""

    def __init__(self, room: Room, directory: Path) -> None:
        self.outbox = Outbox()
        self.api = SimpleNamespace(running=False)
        self.unsettled = False
        slot: Any = SimpleNamespace(spec=SimpleNamespace(reporting_currency="USDT"))
        universal = Universal(Standing(directory / HALT_FLAG), self.outbox)
        api: Any = self.api
        self.desk = Desk(slot, Vitals(), self.outbox, api, universal, 0.0, lambda: self.unsettled, room.entering)
        self.desk._freqtrade = room.bot
        self.reads = 0
        read = self.desk._reader.read

        def counted(*given: Any) -> BotSnapshot:
            self.reads += 1
            return read(*given)

        self.desk._reader.read = counted  # type: ignore[method-assign]
        self.universal = universal

    def report(self) -> BotSnapshot:
        self.desk.report()
        frames = [frame for frame in self.outbox.take() if isinstance(frame, SnapshotFrame)]
        return frames[-1].snapshot


def test_a_desk_tells_at_the_same_pace_and_reads_after_what_was_done(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = AtDesk(room, tmp_path)
    told = [at.report() for _ in range(3)]
    assert at.reads == 1
    assert [one.equity for one in told] == [told[0].equity] * 3
    assert told[0].as_of < told[1].as_of < told[2].as_of

    for count, done in enumerate(
        (
            at.desk.after_loop,
            at.desk.look,
            at.desk._on_trade,
            lambda: at.desk.serve(CommandFrame(command_id="1", name="serve_api")),
        ),
        start=2,
    ):
        done()
        at.report()
        at.report()
        assert at.reads == count

    at.api.running = True
    at.report()
    at.report()
    at.api.running = False
    at.unsettled = True
    at.report()
    at.unsettled = False
    assert at.reads == 8
    at.report()
    at.report()
    assert at.reads == 9, "what may be another by what was just going on is read once more"


class Asleep:
    """A bot whose trade is looked at, and that sleeps from then on; what the agent sees it is told."""

    def __init__(self, room: Room, at: AtDesk, side: str) -> None:
        self.room, self.at, self.boot = room, at, 9000.0
        exits = SimpleNamespace(forget_all_but=lambda _: None, marks_of=lambda _: Marks())
        laid: Any = SimpleNamespace(exits=exits, rules=None, adjusts=False)
        nothing: Any = SimpleNamespace()
        room.bot.config["exit_pricing"] = {"price_side": side}
        room.bot.exchange._get_price_side = lambda *_: side
        room.bot.exchange._markets[PAIR]["id"] = "AAAUSDT"
        self.hold = at.universal.hold = Hold(room.bot, laid, nothing, nothing)
        self.hold.follow(lambda _trade, _rate: Thresholds(below=PRICE / 2))
        self.hold._note_look(Trade.get_open_trades()[0])
        self.hold.watches()
        self.following = Following(lambda: 1, lambda: self.boot, lambda: room.seconds)
        self.sleeper = Sleeper("bot", Vitals(), self.following)
        self.sleeper._hold = self.hold
        self.sleeper._reader = nothing
        at.desk._sleeper = self.sleeper

    def sees(self, bid: float, ask: float, seconds_ago: float = 0.0) -> None:
        quoted = {"AAAUSDT": Quoted(bid=Decimal(str(bid)), ask=Decimal(str(ask)))}
        self.following.told(1, self.boot + 5, quoted, self.boot - seconds_ago)

    def wakes(self, after_seconds: float) -> BotSnapshot:
        """As in each slice of a sleep."""
        self.room.seconds += after_seconds
        self.boot += after_seconds
        return self.at.report()


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_equity_of_a_sleeping_bot_follows_the_price_that_freqtrade_would_have_asked_for(
    room: Room, tmp_path: Path, side: str
) -> None:
    asleep = Asleep(room, AtDesk(room, tmp_path), side)
    first = asleep.wakes(1)
    for step in (0.99, 0.97, 1.02):
        asleep.sees(PRICE * step, PRICE * step * 1.001)
        told = asleep.wakes(5)
        rate = float(told.open_trades[0].current_rate)
        assert rate == pytest.approx(PRICE * step * (1.001 if side == "ask" else 1))
        assert float(told.equity - first.equity) == pytest.approx(
            float(told.open_trades[0].profit_abs - first.open_trades[0].profit_abs)
        )
        assert told.equity != first.equity
        (trade,) = Trade.get_open_trades()
        assert rate == room.bot.exchange._exit_rate_cache[trade.pair]


def test_a_price_that_was_seen_before_the_last_look_is_none_and_without_new_ones_a_reading_ages(
    room: Room, tmp_path: Path
) -> None:
    asleep = Asleep(room, AtDesk(room, tmp_path), "bid")
    asleep.sees(PRICE / 2, PRICE, seconds_ago=1.0)
    first = asleep.wakes(0.5)
    assert float(first.open_trades[0].current_rate) == PRICE

    asleep.sees(PRICE, PRICE)
    confirmed = asleep.wakes(5)
    assert confirmed.as_of > first.as_of, "it is the same, and was seen again"
    asleep.wakes(2)
    later = asleep.wakes(2)
    lapsed = asleep.wakes(5)
    assert later.as_of > confirmed.as_of
    assert lapsed.as_of == later.as_of
    assert lapsed.equity == later.equity


def test_a_bot_that_loops_goes_by_freqtrades_own_rates(room: Room, tmp_path: Path) -> None:
    asleep = Asleep(room, AtDesk(room, tmp_path), "bid")
    asleep.hold.follow(None)
    asleep.sees(PRICE / 2, PRICE)
    assert float(asleep.wakes(5).open_trades[0].current_rate) == PRICE
    assert asleep.hold.is_priced(1)
