"""What a bot does between two loops, over FreqTrade's own code (`benchmarks.floor`)."""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ccxt
import pytest
from freqtrade.enums import State, TradingMode
from freqtrade.exceptions import ExchangeError, OperationalException
from freqtrade.persistence import Trade
from sqlalchemy.exc import OperationalError

from benchmarks.floor import AMOUNT, PAIR, PRICE, Floor, Ledger
from pool.bot.desk import Desk
from pool.bot.flatten import COMMAND, Flattening
from pool.bot.modes import Modes
from pool.bot.outbox import Outbox
from pool.bot.universal.entries import Entries
from pool.bot.universal.hold import Hold
from pool.bot.universal.host import Universal
from pool.bot.universal.source import FixedRules
from pool.bot.universal.standing import HALT_FLAG, Standing
from pool.bot.universal.teller import Teller
from pool.bot.vitals import Vitals
from pool.contract.events import EventType
from pool.contract.frames import BotEvent, MandateFrame
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.contract.risk import Mode


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    ledger = Ledger(tmp_path / "ledger.sqlite", rests=True)
    yield Floor(tmp_path, ledger, stoploss_on_exchange=True)
    Trade.session.remove()
    ledger.close()


def test_an_entry_of_which_next_to_nothing_is_filled_is_cancelled_too(floor: Floor) -> None:
    """FreqTrade lets it rest, since the exchange would not take so little back; the rest could be filled for hours."""
    told: list[Any] = []
    flattening = Flattening(Vitals(), Teller(lambda _kind, data, _at: told.append(data["kind"])), lambda: None)
    floor.bot.rpc = SimpleNamespace(_rpc=None, send_msg=lambda _message: None)
    flattening.attach(floor.bot)
    floor.bot.execute_entry(PAIR, 60.0, PRICE, ordertype="limit")
    floor.ledger.fill("1", 0.01)

    floor.ledger.fault = _refuse_cancel
    assert flattening.cancel_entries() == 1
    assert told == []

    floor.ledger.fault = lambda _point: None
    assert flattening.cancel_entries() == 1
    assert told == ["cancel_entry"]
    (order,) = floor.ledger.rows()
    assert order["status"] == "canceled"
    (trade,) = Trade.get_open_trades()
    assert trade.amount == pytest.approx(order["filled"])
    assert flattening.cancel_entries() == 0

    floor.bot.execute_entry(PAIR, 60.0, PRICE, ordertype="limit")
    assert flattening.cancel_entries() == 1
    assert told == ["cancel_entry"] * 2
    assert Trade.get_open_trades() == [trade], "of which nothing was filled is gone"


def _refuse_cancel(point: str) -> None:
    if point == "cancel":
        raise ccxt.NetworkError("never arrived")


def test_nothing_is_flat_while_nobody_knows_whether_an_entry_arrived(floor: Floor) -> None:
    assert floor.orders is not None
    vitals = Vitals()
    flattening = Flattening(vitals, Teller(), lambda: None, floor.orders.unsettled)
    floor.bot.rpc = SimpleNamespace(_rpc=None, send_msg=lambda _message: None)
    flattening.attach(floor.bot)

    def drop(point: str) -> None:
        if point in ("after", "look"):
            raise ccxt.NetworkError(point)

    floor.ledger.fault = drop
    with pytest.raises(ExchangeError):
        floor.bot.execute_entry(PAIR, 60.0, PRICE)
    flattening.begin(COMMAND, "as the test wants")
    assert vitals.flat is False

    floor.ledger.fault = lambda _point: None
    floor.loop()
    assert Trade.get_open_trade_count() == 1, "it had arrived"


class AtDesk:
    """A desk over that floor's bot."""

    def __init__(self, floor: Floor, directory: Path) -> None:
        nothing: Any = SimpleNamespace()
        self.outbox = Outbox()
        self.standing = Standing(directory / HALT_FLAG)
        self.universal = Universal(self.standing, self.outbox)
        self.universal._kept = None
        self.desk = Desk(nothing, Vitals(), self.outbox, nothing, self.universal, 1.0)
        self.bot = floor.bot
        self.desk._freqtrade = floor.bot
        self.desk._rpc = SimpleNamespace(_rpc_pause=lambda: setattr(floor.bot, "state", State.PAUSED))  # type: ignore[assignment]

    def alerts(self) -> list[str]:
        events = [frame for frame in self.outbox.take() if isinstance(frame, BotEvent)]
        return [event.data["kind"] for event in events if event.type is EventType.RISK_ALERT]

    def denied(self) -> str | None:
        refused = self.universal.entries.refusal(datetime.now(UTC))
        return None if refused is None else refused[0]


def test_watches_that_cannot_be_told_end_no_bot(floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = AtDesk(floor, tmp_path)

    def fail() -> None:
        floor.bot.strategy.no_such_thing()

    monkeypatch.setattr(at.universal, "tell_watches", fail)
    at.desk.after_loop()

    assert at.alerts() == ["between_loops"]


def test_trades_are_not_left_in_stopped_however_often_the_database_fails_first(
    floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor.open_trade()
    at = AtDesk(floor, tmp_path)
    at.bot.state = State.STOPPED

    def fail() -> int:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    with monkeypatch.context() as broken:
        broken.setattr(Trade, "get_open_trade_count", fail)
        at.desk.keep()
        at.desk.keep()
    assert (at.bot.state, at.alerts()) == (State.STOPPED, ["between_loops"])

    at.desk.keep()
    assert (at.bot.state, at.alerts()) == (State.PAUSED, ["trader_stopped"])


def test_a_start_that_fails_ends_the_bot_only_without_open_trades(floor: Floor, tmp_path: Path) -> None:
    at = AtDesk(floor, tmp_path)

    def fail() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        at.desk.start_up(fail)
    assert at.denied() is None

    floor.open_trade()
    assert not at.desk.start_up(fail)
    assert (at.denied(), at.alerts()) == ("startup_failed", ["startup_failed"])
    assert at.desk.start_up(lambda: None)
    assert at.denied() is None


def test_a_trade_that_cannot_be_reduced_holds_up_no_other(floor: Floor, tmp_path: Path) -> None:
    at = AtDesk(floor, tmp_path)
    first = floor.open_trade()
    floor.bot.execute_entry(PAIR, 60.0, PRICE)
    second = next(trade for trade in Trade.get_open_trades() if trade.id != first.id)
    at.standing.governed = True
    reduced: list[int] = []

    class Closing:
        def part(self, trade: Trade, amount: float, _rate: float) -> float:
            if trade.id == first.id:
                raise KeyError("lot size")
            return amount

        def close_part(self, trade: Trade, *_: Any) -> bool:
            reduced.append(trade.id)
            return True

    at.universal.hold = Closing()  # type: ignore[assignment]
    modes = Modes(at.universal, Vitals(), at.desk._flattening, lambda: None)
    modes.attach(floor.bot)
    at.standing.take_mandate(MandateFrame(number=1, mode=Mode.REDUCING, lease_until=0, reduce_fraction="0.5"))
    modes.keep()

    assert reduced == [second.id]
    assert at.alerts() == ["reduce_failed"]


def test_a_reduction_is_finished_whatever_is_ordered_meanwhile_but_not_after_a_release(
    floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a part, then, under another order and in another process, the rest."""
    at = AtDesk(floor, tmp_path)
    at.standing.governed = True
    trade = floor.open_trade()
    most = [1.0]

    class Closing:
        def part(self, _trade: Trade, amount: float, _rate: float) -> float:
            return min(amount, most[0])

        def close_part(self, trade: Trade, amount: float, rate: float, tag: str) -> bool:
            return floor.exit(tag, self.part(trade, amount, rate))

    def order(number: int, mode: Mode, fraction: str | None = None, *, reduces: bool = True) -> None:
        frame = MandateFrame(number=number, mode=mode, lease_until=0, reduce_fraction=fraction, reduces=reduces)
        at.standing.take_mandate(frame)

    def begin() -> Modes:
        modes = Modes(at.universal, Vitals(), at.desk._flattening, lambda: None)
        modes.attach(floor.bot)
        return modes

    def keep(modes: Modes) -> float:
        modes._reduced_at = -math.inf
        modes.keep()
        return float(trade.amount)

    at.universal.hold = Closing()  # type: ignore[assignment]
    modes = begin()
    order(1, Mode.REDUCING, "0.5")
    assert keep(modes) == AMOUNT - 1
    order(2, Mode.HALTED)
    modes = begin()
    assert keep(modes) == AMOUNT - 2
    order(3, Mode.REDUCING, "0.5")
    most[0] = AMOUNT
    assert keep(modes) == AMOUNT / 2
    assert keep(modes) == AMOUNT / 4, "half of what the first one left"
    assert keep(modes) == AMOUNT / 4
    assert keep(begin()) == AMOUNT / 4

    most[0] = 0.1
    order(4, Mode.REDUCING, "0.5")
    assert keep(modes) == AMOUNT / 4 - 0.1
    order(5, Mode.ACTIVE)
    keep(modes)
    order(6, Mode.REDUCING)
    assert keep(modes) == AMOUNT / 4 - 0.1

    order(7, Mode.REDUCING, "0.5")
    assert keep(modes) == AMOUNT / 4 - 0.2
    order(9, Mode.REDUCING, reduces=False)  # number 8, the release, was never seen
    assert keep(modes) == AMOUNT / 4 - 0.2
    order(10, Mode.REDUCING)
    assert keep(modes) == AMOUNT / 4 - 0.2


@pytest.mark.parametrize("error", [OperationalException("strange"), SystemExit(0), KeyError("pair")])
def test_a_trade_that_cannot_be_looked_at_holds_up_no_other(floor: Floor, error: BaseException) -> None:
    laid: Any = SimpleNamespace(exits=SimpleNamespace(forget_partial=lambda _: None, take_partial=lambda _: None))
    first = floor.open_trade()
    floor.bot.execute_entry(PAIR, 60.0, PRICE)
    looked: list[int] = []

    def handle_stoploss(trade: Trade) -> bool:
        looked.append(trade.id)
        if trade.id == first.id:
            raise error
        return False

    floor.bot.handle_stoploss_on_exchange = handle_stoploss
    floor.bot.handle_trade = lambda _trade: False
    Hold(floor.bot, laid, Entries(FixedRules(None), Teller()), Teller())
    with pytest.raises(type(error)):
        floor.bot.exit_positions(Trade.get_open_trades())
    assert len(looked) == 2


def test_a_loop_begins_with_trades_as_the_database_has_them(floor: Floor, tmp_path: Path) -> None:
    trade = floor.open_trade()
    Trade.commit()
    assert trade.stop_loss != 8.0, "read meanwhile"
    with closing(sqlite3.connect(_database())) as other, other:
        other.execute("UPDATE trades SET stop_loss = 8.0")
    (same,) = Trade.get_open_trades()
    assert same.stop_loss != 8.0, "SQLAlchemy keeps what it read"

    slot: Any = SimpleNamespace(spec=SimpleNamespace(reporting_currency="USDT"))
    nothing: Any = SimpleNamespace()
    outbox = Outbox()
    universal = Universal(Standing(tmp_path / HALT_FLAG), outbox)
    Desk(slot, Vitals(), outbox, nothing, universal, 0.0).begin_loop()
    (same,) = Trade.get_open_trades()
    assert same.stop_loss == 8.0


def _database() -> str:
    return str(Trade.session.get_bind().url.database)


def test_a_stop_on_the_exchange_moves_for_a_policy_and_without_one_as_freqtrade_would(floor: Floor) -> None:
    laid: Any = SimpleNamespace(rules=FixedRules(None), exits=SimpleNamespace(place_stop=lambda _trade: None))
    nothing: Any = SimpleNamespace()
    trade = floor.open_trade()
    Hold(floor.bot, laid, nothing, nothing)
    floor.loop()
    trade.adjust_stop_loss(9.0, 0.0)

    floor.loop()
    assert [row["stop_price"] for row in floor.ledger.rows()[1:]] == [5.0]

    laid.rules = FixedRules(PolicyInForce(label="1.0.0", fingerprint="f", document=PolicyDocument()))
    floor.loop()
    assert [row["stop_price"] for row in floor.ledger.rows()[1:]] == [5.0, 9.0]


def test_futures_are_not_flat_while_the_exchange_has_a_position_or_a_stop(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    vitals = Vitals()
    flattening = Flattening(vitals, Teller(lambda _kind, data, _at: told.append(data)), lambda: None)
    floor.open_trade()
    stops = [{"id": "1"}]
    position = {"symbol": PAIR, "side": "long", "contracts": 0.5}
    others = {"symbol": "BBB/USDT", "side": "long", "contracts": 1.0}
    exchange: Any = floor.bot.exchange

    def fetch_open_orders(_pair: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        return list(stops) if params.get("stop") else []

    def force_exit(_trade_id: str, _order_type: str | None) -> None:
        assert floor.exit("force_exit")

    monkeypatch.setattr(floor.ledger, "fetch_open_orders", fetch_open_orders, raising=False)
    monkeypatch.setattr(floor.ledger, "fetch_positions", lambda: [position, others], raising=False)
    monkeypatch.setattr(exchange, "cancel_stoploss_order", lambda *_given: stops.clear())
    exchange._ft_has["stoploss_query_requires_stop_flag"] = True
    floor.bot.trading_mode = TradingMode.FUTURES
    floor.bot.rpc = SimpleNamespace(_rpc=SimpleNamespace(_rpc_force_exit=force_exit), send_msg=lambda _message: None)
    monkeypatch.setattr(exchange, "get_funding_fees", lambda **_named: 0.0)
    flattening.attach(floor.bot)

    flattening.begin(COMMAND, "as the test wants")
    assert (Trade.get_open_trade_count(), stops, vitals.flat) == (0, [], False)
    flattening.round()
    assert vitals.flat is False
    assert [data["text"] for data in told if data["kind"] == "flatten_position"]
    position["contracts"] = 0.0
    flattening.round()
    assert vitals.flat is True
