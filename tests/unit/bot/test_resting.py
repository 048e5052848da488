"""Exits of universal rules that rest, and the stop that is missing meanwhile, over FreqTrade's own code
(`benchmarks.floor`)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.enums import ExitCheckTuple, ExitType, RunMode
from freqtrade.persistence import Trade

from benchmarks.floor import AMOUNT, PAIR, PRICE, Floor, Ledger
from pool.bot.universal.entries import Entries
from pool.bot.universal.hold import Hold
from pool.bot.universal.overlay import Laid, lay_over
from pool.bot.universal.positions import position_of
from pool.bot.universal.resting import Resting
from pool.bot.universal.source import FixedRules
from pool.bot.universal.teller import Teller
from pool.bot.universal.why import WhyBook
from pool.contract.policy import PolicyDocument, PolicyInForce
from tests.unit.bot.test_universal_overlay import Vetoing

TAKE = {"take_profit": {"levels": [{"profit": "0.02", "fraction": "0.25"}, {"profit": "0.5"}]}}


class At:
    """A trade of a strategy whose stop is on the exchange and whose exits rest; at `rate`, `seconds` after."""

    def __init__(self, floor: Floor, **sections: Any) -> None:
        self.bot, self.ledger = floor.bot, floor.ledger
        self.rate, self.seconds = PRICE, 0.0
        self.bot.exchange.get_rate = lambda *_, **__: self.rate
        self.bot.exchange._exit_rate_cache = {}
        self.bot.config.update(use_exit_signal=False, runmode=RunMode.LIVE, candle_type_def="spot")
        self.bot.strategy = self._strategy()
        self.laid = self._lay(self.bot.strategy, sections)
        self.hold = Hold(self.bot, self.laid, self.laid.entries, Teller())
        self.hold._resting = Resting(lambda: self.seconds)
        self.trade = floor.open_trade()
        self.trade.adjust_stop_loss(PRICE, -0.1, initial=True)

    def look(self, rate: float | None = None, seconds: float = 0.0) -> None:
        self.rate, self.seconds = rate or self.rate, self.seconds + seconds
        self.bot.exit_positions([self.trade])
        Trade.commit()

    def sales(self) -> list[tuple[str, float, str]]:
        """Type, amount and status, oldest first; without stops."""
        rows = [row for row in self.ledger.rows() if row["side"] == "sell" and row["stop_price"] is None]
        return [(row["type"], row["amount"], row["status"]) for row in rows]

    def _strategy(self) -> Any:
        strategy = Vetoing(self.bot.config)
        strategy.order_types = {
            "entry": "market", "exit": "limit", "stoploss": "limit", "emergency_exit": "limit",
            "stoploss_on_exchange": True, "stoploss_on_exchange_interval": 1,
        }  # fmt: skip
        strategy.minimal_roi = {0: 10}
        strategy.dp = SimpleNamespace(_exchange=None)
        strategy.order_filled = lambda **_: None
        strategy.lock_pair = lambda *_, **__: None
        return strategy

    def _lay(self, strategy: Any, sections: dict[str, Any]) -> Laid:
        document = PolicyDocument.model_validate(sections)
        rules, teller = FixedRules(PolicyInForce(label="1", fingerprint="f", document=document)), Teller()
        return lay_over(strategy, rules, Entries(rules, teller), teller, WhyBook())


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    ledger = Ledger(tmp_path / "ledger.sqlite", rests=True)
    yield Floor(tmp_path, ledger, stoploss_on_exchange=True)
    Trade.session.remove()
    ledger.close()


def test_the_strategys_stop_closes_while_a_part_rests_in_its_place(floor: Floor) -> None:
    at = At(floor, **TAKE)
    at.look()
    assert [order.ft_price for order in at.trade.open_sl_orders] == [PRICE * 0.9]

    at.look(PRICE * 1.03)
    assert at.sales() == [("limit", AMOUNT / 4, "open")]
    assert not at.trade.has_open_sl_orders

    at.look(PRICE * 0.95, 1)
    assert len(at.sales()) == 1
    at.look(PRICE * 0.89, 1)
    assert at.sales() == [("limit", AMOUNT / 4, "canceled"), ("market", AMOUNT, "closed")]
    assert (at.trade.is_open, at.trade.exit_reason) == (False, "stop_loss")


def test_an_exit_is_sent_in_the_pass_in_which_the_stop_was_placed(floor: Floor) -> None:
    at = At(floor, **TAKE)
    at.look(PRICE * 1.03)
    assert [row["status"] for row in at.ledger.rows() if row["stop_price"]] == ["canceled"]
    assert at.sales() == [("limit", AMOUNT / 4, "open")]


def test_the_ladder_does_not_wait_for_an_addition_that_rests(floor: Floor) -> None:
    at = At(floor, **TAKE)
    at.bot.execute_entry(PAIR, 30.0, PRICE / 2, trade=at.trade, ordertype="limit", mode="pos_adjust")
    assert at.trade.has_open_orders

    at.look(PRICE * 1.03)
    assert at.sales() == [("limit", AMOUNT / 4, "open")]
    assert [row["status"] for row in at.ledger.rows() if row["side"] == "buy"] == ["closed", "canceled"], (
        "as it is with any exit of FreqTrade"
    )

    floor.ledger.fill(at.trade.open_orders[0].order_id)
    at.bot.manage_open_orders()
    at.bot.execute_entry(PAIR, 30.0, PRICE / 2, trade=at.trade, ordertype="limit", mode="pos_adjust")
    at.look(PRICE * 1.6)
    assert at.sales()[1:] == [("limit", AMOUNT * 0.75, "open")]


def test_a_part_needs_no_reserve_for_a_stop(floor: Floor) -> None:
    at = At(floor, **TAKE)
    at.bot.strategy.dp._exchange = at.bot.exchange
    at.bot.exchange.get_min_pair_stake_amount = lambda _pair, _rate, stop, *_: 15.0 / (1 - abs(stop))

    at.look(PRICE * 1.03)
    assert at.sales() == [("limit", AMOUNT / 4, "open")], "worth 15.45, of a minimum of 15"


def test_a_part_that_rests_is_decided_anew_at_the_rate_of_then(floor: Floor) -> None:
    at = At(floor, **TAKE)
    at.look(PRICE * 1.03)
    at.look(PRICE * 1.04, 59)
    at.hold.look_overdue()
    assert at.sales() == [("limit", AMOUNT / 4, "open")]

    floor.ledger.fill(at.trade.open_orders[0].order_id, 0.4)
    at.seconds += 1
    at.hold.look_overdue()
    assert at.sales() == [("limit", AMOUNT / 4, "canceled"), ("limit", pytest.approx(AMOUNT * 0.15), "open")]
    assert floor.ledger.rows()[-1]["price"] == pytest.approx(PRICE * 1.04)

    at.look(PRICE * 1.01, 60)
    assert [status for _, _, status in at.sales()] == ["canceled", "canceled"], "nothing is due at this rate"
    at.look()
    assert at.trade.has_open_sl_orders, "the exchange has the stop again"


def test_what_cannot_be_looked_at_is_tried_every_few_seconds(floor: Floor) -> None:
    at = At(floor, **TAKE)
    at.look(PRICE * 1.03)
    passes: list[float] = []
    at.bot.exit_positions = lambda _: passes.append(at.seconds) or 0
    for at.seconds in (60.0, 61.0, 63.9, 64.0, 65.0):
        at.hold.look_overdue()
    assert passes == [60.0, 64.0]


def test_stops_are_watched_while_another_exit_rests(floor: Floor) -> None:
    at = At(floor, hard_stop={"distance": "0.05"}, **TAKE)
    at.bot.strategy.order_types["stoploss_on_exchange"] = False
    at.bot.exchange._markets[PAIR]["id"] = "AAAUSDT"
    at.look()
    (watch,) = at.hold.watches()
    assert (float(watch.below or 0), float(watch.above or 0)) == pytest.approx((PRICE * 0.95, PRICE * 1.02))

    at.look(PRICE * 1.03)
    (watch,) = at.hold.watches()
    assert (float(watch.below or 0), watch.above) == (pytest.approx(PRICE * 0.95), None)
    at.look(PRICE * 0.94)
    assert at.hold.watches() == [], "its stop rests"


def test_what_cannot_be_watched_denies_entries_only_where_a_rule_failed(
    floor: Floor, caplog: pytest.LogCaptureFixture
) -> None:
    at = At(floor, hard_stop={"distance": "0.05"}, **TAKE)
    at.bot.strategy.order_types["stoploss_on_exchange"] = False
    at.look()
    market = at.bot.exchange._markets.pop(PAIR)
    assert at.hold.watches() == []
    assert at.hold.watches() == []
    assert at.hold.told == {}
    assert at.laid.entries.refusal(datetime.now(UTC)) is None
    assert caplog.text.count("cannot be watched") == 1

    at.bot.exchange._markets[PAIR] = {**market, "id": "AAAUSDT"}
    at.laid.exits._ranges.of = lambda *_: 1 / 0
    assert at.hold.watches() == []
    refused = at.laid.entries.refusal(datetime.now(UTC))
    assert refused is not None
    assert "The thresholds of trade 1 failed" in refused[1]


def test_a_trade_beyond_those_that_are_told_is_not_watched(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    at = At(floor, hard_stop={"distance": "0.05"}, **TAKE)
    at.bot.exchange._markets[PAIR]["id"] = "AAAUSDT"
    at.look()
    assert at.hold.told == {} != at.hold.watches()
    assert at.hold.told.keys() == {at.trade.id}
    monkeypatch.setattr("pool.bot.universal.hold.MOST_WATCHES", 0)
    assert at.hold.watches() == []
    assert at.hold.told == {}


def test_a_stop_that_rests_is_a_market_order_then_and_no_other_exit_is(floor: Floor) -> None:
    at = At(floor, hard_stop={"distance": "0.05"}, **TAKE)
    at.bot.strategy.order_types["stoploss_on_exchange"] = False
    at.look(PRICE * 0.94)
    at.look(seconds=9)
    assert at.sales() == [("limit", AMOUNT, "open")]

    at.look(PRICE * 1.03, seconds=1)
    assert at.sales()[1:] == [("limit", AMOUNT / 4, "open")], "the price came back: the ladder takes its profit"
    at.look(PRICE * 0.94)
    assert at.sales()[2:] == [("market", AMOUNT, "closed")]


def test_a_reduction_that_rests_is_a_market_order_then(floor: Floor) -> None:
    at = At(floor)
    assert at.hold.close_part(at.trade, AMOUNT / 2, at.rate, "flotilla:reduce:7")
    at.look(seconds=10)
    assert at.sales() == [("limit", AMOUNT / 2, "canceled")]

    assert at.hold.close_part(at.trade, AMOUNT / 2, at.rate, "flotilla:reduce:7")
    assert at.sales()[1:] == [("market", AMOUNT / 2, "closed")]
    assert at.hold.close_part(at.trade, AMOUNT / 4, at.rate, "flotilla:reduce:8")
    assert at.sales()[2:] == [("limit", AMOUNT / 4, "open")], "another reduction begins anew"


@pytest.mark.parametrize("reason", ["flotilla:take_profit:1", "flotilla:reduce:7"])
def test_what_freqtrade_sells_in_an_emergency_in_place_of_a_part_is_that_part(floor: Floor, reason: str) -> None:
    at = At(floor)
    at.bot.config["unfilledtimeout"] = {"exit_timeout_count": 1}
    at.bot.strategy.order_types["emergency_exit"] = "market"
    at.bot.strategy.ft_check_timed_out = lambda *_: True
    at.hold.close_part(at.trade, AMOUNT / 4, at.rate, reason)
    floor.ledger.fill(at.trade.open_orders[0].order_id, 0.4)

    at.bot.manage_open_orders()
    assert at.sales() == [("limit", AMOUNT / 4, "canceled"), ("market", pytest.approx(AMOUNT * 0.15), "closed")]
    assert [order.ft_order_tag for order in at.trade.orders[1:]] == [reason, reason]
    expected = AMOUNT / 4 if "take_profit" in reason else 0.0
    assert position_of(at.trade).ladder_closed == pytest.approx(expected)


def test_orders_of_ours_are_no_time_outs_of_the_users(floor: Floor) -> None:
    at = At(floor, **TAKE)
    at.bot.config["unfilledtimeout"] = {"exit_timeout_count": 2}
    at.bot.strategy.order_types["emergency_exit"] = "market"
    for _ in range(2):
        at.look(PRICE * 1.03)
        at.look(PRICE, 60)
    assert at.sales() == [("limit", AMOUNT / 4, "canceled")] * 2

    at.bot.strategy.ft_check_timed_out = lambda *_: True
    check = ExitCheckTuple(exit_type=ExitType.FORCE_EXIT)
    at.bot.execute_trade_exit(at.trade, at.rate, check)
    at.bot.manage_open_orders()
    assert at.sales()[2:] == [("limit", AMOUNT, "canceled")], "its first"
    at.bot.execute_trade_exit(at.trade, at.rate, check)
    at.bot.manage_open_orders()
    assert at.sales()[3:] == [("limit", AMOUNT, "canceled"), ("market", AMOUNT, "closed")]


@pytest.mark.parametrize("kind", [ExitType.CUSTOM_EXIT, ExitType.EXIT_SIGNAL])
def test_an_exit_of_the_users_that_is_named_as_a_stop_stays_the_users(floor: Floor, kind: ExitType) -> None:
    at = At(floor)
    for name in ("stop_loss", "trailing_stop_loss"):
        check = ExitCheckTuple(exit_type=kind, exit_reason=name)
        assert not at.bot.execute_trade_exit(at.trade, PRICE, check), "its strategy confirms none"
    at.bot.strategy.confirm_trade_exit = lambda **_: True
    assert at.bot.execute_trade_exit(at.trade, PRICE, ExitCheckTuple(exit_type=kind, exit_reason="stop_loss"))
    assert at.sales() == [("limit", AMOUNT, "open")]


def test_nothing_is_sold_in_an_emergency_for_a_part_that_was_filled_after_all(floor: Floor) -> None:
    at = At(floor)
    at.bot.emergency_exit(at.trade, PRICE, 0.0)
    assert at.sales() == []

    at.bot.emergency_exit(at.trade, PRICE, 1.0)
    assert at.sales() == [("limit", 1.0, "open")], "as FreqTrade would, where no order of ours is to blame"


def test_a_look_that_failed_is_none_whatever_rate_was_known_before(floor: Floor) -> None:
    at = At(floor)
    at.bot.exchange._exit_rate_cache[PAIR] = PRICE * 1.01
    at.look()
    assert at.hold.seen == {at.trade.id: PRICE * 1.01}

    def fail(*_: Any, **__: Any) -> float:
        raise ZeroDivisionError

    at.bot.exchange.get_rate = fail
    at.bot.exchange._exit_rate_cache[PAIR] = PRICE * 1.02
    at.look()
    assert (at.hold.seen, at.hold.handled) == ({}, {}), "what the agent saw meanwhile, say"
