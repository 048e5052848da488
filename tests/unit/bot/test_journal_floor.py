"""FreqTrade's own entries, exits and stops with the wrappers around them, and without: `benchmarks.floor`."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ccxt
import pytest
from freqtrade.exceptions import DependencyException, ExchangeError
from freqtrade.exchange import common
from freqtrade.persistence import Trade

from benchmarks.floor import AMOUNT, PAIR, PRICE, Floor, Ledger
from pool.bot.market.kinds import priority
from pool.bot.universal.journal import State

MakeFloor = Callable[..., Floor]


@pytest.fixture
def make_floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeFloor]:
    monkeypatch.setattr(common, "time", SimpleNamespace(sleep=lambda _: None))  # between FreqTrade's retries
    ledgers = []

    def make(**named: Any) -> Floor:
        rests = named.pop("rests", False)
        ledgers.append(Ledger(tmp_path / "ledger.sqlite", rests=rests, window_ms=10_000))
        return Floor(tmp_path, ledgers[-1], **named)

    yield make
    Trade.session.remove()
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def floor(make_floor: MakeFloor) -> Floor:
    return make_floor()


def failing(at: str, error: type[Exception], times: int = 1) -> Callable[[str], None]:
    left = [times]

    def fault(point: str) -> None:
        if point == at and left[0]:
            left[0] -= 1
            raise error("what the test wants")

    return fault


def sold(floor: Floor) -> list[float]:
    return [row["filled"] for row in floor.ledger.rows() if row["side"] == "sell"]


@pytest.mark.parametrize("guarded", [False, True])
def test_plain_freqtrade_sells_twice_when_an_answer_is_lost(make_floor: MakeFloor, guarded: bool) -> None:
    """The known gap of FreqTrade: no client order id, and nothing written down before the answer."""
    floor = make_floor(guarded=guarded)
    floor.open_trade()
    floor.ledger.fault = failing("after", ccxt.RequestTimeout)
    for _ in range(2):
        try:
            floor.exit("flotilla:take_profit:0", 2.0)
            break
        except DependencyException:
            floor.loop()
    assert sold(floor) == ([2.0] if guarded else [2.0, 2.0])


def test_a_lost_answer_that_nobody_can_look_up_stops_all_orders_of_the_trade_and_all_entries(floor: Floor) -> None:
    trade = floor.open_trade()

    def fault(point: str) -> None:
        if point in ("after", "look"):
            raise ccxt.NetworkError("away")

    floor.ledger.fault = fault
    for tag in ("flotilla:take_profit:0", "flotilla:hard_stop", "force_exit"):
        with pytest.raises(ExchangeError):
            floor.exit(tag, 2.0 if tag.endswith("0") else None)
        floor.wait(100.0)
    assert not floor.bot.create_stoploss_order(trade=trade, stop_price=8.0)
    assert sold(floor) == [2.0]

    floor.ledger.fault = lambda _: None
    floor.loop()
    assert [action["stage"] for action in floor.actions() if action["kind"] == "partial_close"] == ["adopted", "filled"]
    assert (trade.amount, trade.orders[1].ft_order_tag) == (4.0, "flotilla:take_profit:0")


def test_all_that_an_exit_asks_is_asked_as_one(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """FreqTrade looks at the wallet first: were that refused as any look is, nothing would be sold."""
    asked: list[str] = []
    monkeypatch.setattr(floor.bot.wallets, "update", lambda *_, **__: asked.append(priority(signed=True)))
    floor.open_trade()
    assert "exit" not in asked
    asked.clear()
    assert floor.exit("flotilla:hard_stop")
    assert set(asked) == {"exit"}
    assert priority(signed=True) == "order"


def test_a_refusal_of_the_exchange_is_no_question(floor: Floor) -> None:
    floor.open_trade()
    floor.ledger.fault = failing("before", ccxt.InvalidOrder)
    with pytest.raises(ExchangeError):
        floor.exit("flotilla:hard_stop")
    assert floor.actions("rejected")
    assert floor.exit("flotilla:hard_stop")
    assert sold(floor) == [AMOUNT]


def test_a_duplicate_id_means_that_the_order_is_there(floor: Floor) -> None:
    floor.open_trade()
    floor.ledger.fault = failing("after", lambda _: ccxt.InvalidOrder("Duplicate order sent."))  # type: ignore[arg-type]
    assert floor.exit("flotilla:hard_stop")
    assert sold(floor) == [AMOUNT]


def test_an_entry_goes_on_with_what_was_asked_and_settles_it(floor: Floor) -> None:
    floor.open_trade()
    (asked,) = floor.permission.asked
    assert (asked.purpose, asked.asset, float(asked.stake), float(asked.exposure)) == ("entry", "AAA", 60.0, 60.0)
    told = [(one.outcome, one.trade_id, one.exposure and float(one.exposure)) for one in floor.permission.settled]
    assert told == [("sent", None, None), ("sent", 1, None), ("filled", 1, 60.0)]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_refused_entry_leaves_nothing_behind(make_floor: MakeFloor, dry_run: bool) -> None:
    floor = make_floor(dry_run=dry_run)
    floor.permission.refusing = "limits.asset_exposure"
    for _ in range(3):
        assert floor.bot.execute_entry(PAIR, 60.0, PRICE) is False
    assert (floor.ledger.rows(), Trade.get_trades([]).all()) == ([], [])
    (refusal,) = [data for kind, data in floor.told if kind == "risk.refused"]
    assert (refusal["limit"], refusal["purpose"]) == ("limits.asset_exposure", "entry")
    assert floor.permission.settled == []


def test_a_mode_that_changes_after_the_grant_stops_the_entry(floor: Floor) -> None:
    looked = []

    def refusal(grant: Any) -> Any:
        looked.append(grant)
        return None if len(looked) == 1 else grant.model_copy(update={"granted": False, "limit": "mode"})

    floor.permission.refusal = refusal  # type: ignore[method-assign]
    assert floor.bot.execute_entry(PAIR, 60.0, PRICE) is False
    assert (floor.ledger.rows(), len(looked)) == ([], 2)
    assert [one.outcome for one in floor.permission.settled] == ["released"]
    assert floor.orders is not None
    assert floor.orders._journal is not None
    assert [one.state for one in floor.orders._journal.all()] == [State.REJECTED]


def test_permission_that_raises_means_no(floor: Floor) -> None:
    def ask(_request: Any) -> Any:
        raise RuntimeError("the socket is gone")

    floor.permission.ask = ask  # type: ignore[method-assign]
    assert floor.bot.execute_entry(PAIR, 60.0, PRICE) is False
    assert floor.ledger.rows() == []


def test_a_replaced_entry_keeps_its_reservation_until_it_ends(make_floor: MakeFloor) -> None:
    floor = make_floor(rests=True)
    floor.bot.strategy.order_types["entry"] = "limit"
    floor.bot.execute_entry(PAIR, 60.0, PRICE)
    (trade,) = Trade.get_open_trades()
    order = trade.open_orders[0]
    floor.bot.handle_replace_order(None, order, trade, PRICE * 0.9, True, "replace", replacing=True)
    first, second = floor.permission.asked
    assert (second.purpose, second.request_id) == ("replace", first.request_id)
    floor.loop()
    assert [one.outcome for one in floor.permission.settled] == ["sent"] * 4, "the first order's end gives nothing back"
    floor.bot.cancel_all_open_orders()
    floor.loop()
    assert floor.permission.settled[-1].outcome == "released"
    assert Trade.get_trades([]).all() == []


def test_what_fills_while_it_is_replaced_is_not_sold_again(make_floor: MakeFloor) -> None:
    """A cancel race: plain FreqTrade finds the resting exit filled, closes the trade, and sends the next one."""
    floor = make_floor(rests=True)
    floor.bot.execute_entry(PAIR, 60.0, PRICE)
    (trade,) = Trade.get_open_trades()
    assert floor.exit("flotilla:take_profit:0", None, "limit")
    floor.ledger.fault = lambda point: floor.ledger.fill("2") if point == "cancel" else None
    assert trade.has_open_orders
    check = SimpleNamespace(exit_type="custom_exit", exit_reason="flotilla:hard_stop")
    assert floor.bot.execute_trade_exit(trade, PRICE * 0.99, check, ordertype="market") is False
    assert (sold(floor), trade.is_open) == ([AMOUNT], False)


def test_what_the_stop_sold_is_not_sold_again(make_floor: MakeFloor) -> None:
    floor = make_floor(stoploss_on_exchange=True)
    trade = floor.open_trade()
    floor.loop()
    assert trade.has_open_sl_orders
    floor.ledger.fill("2")
    assert floor.exit("flotilla:hard_stop") is False
    floor.loop()
    assert (sold(floor), trade.is_open, trade.exit_reason) == ([AMOUNT], False, "stoploss_on_exchange")


def test_a_stop_that_the_exchange_does_not_have_holds_up_no_exit(make_floor: MakeFloor) -> None:
    floor = make_floor(stoploss_on_exchange=True)
    trade = floor.open_trade()
    floor.loop()
    assert trade.has_open_sl_orders
    floor.ledger.remove("2")
    assert floor.exit("flotilla:hard_stop")
    floor.loop()
    assert (sold(floor), trade.is_open, trade.exit_reason) == ([AMOUNT], False, "flotilla:hard_stop")


def test_orders_are_followed_while_the_rest_api_sends_none(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.open_trade()
    assert floor.orders is not None
    locked = []
    monkeypatch.setattr(floor.orders._books, "follow", lambda: locked.append(floor.bot._exit_lock.locked()))
    floor.loop()
    assert locked == [True]


def test_a_stop_that_the_exchange_does_not_know_holds_up_nothing(make_floor: MakeFloor) -> None:
    floor = make_floor(stoploss_on_exchange=True)
    trade = floor.open_trade()
    floor.loop()
    floor.ledger._database.execute("UPDATE orders SET id = 99 WHERE id = 2")
    assert floor.exit("flotilla:hard_stop")
    assert (sold(floor), trade.is_open, trade.exit_reason) == ([0.0, AMOUNT], False, "flotilla:hard_stop")


def test_no_second_stop_while_the_first_one_cannot_be_looked_at(make_floor: MakeFloor) -> None:
    floor = make_floor(stoploss_on_exchange=True)
    trade = floor.open_trade()
    floor.loop()
    floor.ledger.fill("2")
    assert not floor.bot.create_stoploss_order(trade=trade, stop_price=6.0)
    assert len(sold(floor)) == 1
    floor.loop()
    assert (sold(floor), trade.is_open) == ([AMOUNT], False)


def test_a_strategy_cannot_send_an_order_past_freqtrade(floor: Floor) -> None:
    order = {"pair": PAIR, "ordertype": "market", "side": "buy", "amount": 1.0, "rate": PRICE, "leverage": 1.0}
    with pytest.raises(DependencyException):
        floor.bot.exchange.create_order(**order)
    with pytest.raises(DependencyException):
        floor.bot.exchange._api.create_order(PAIR, "market", "buy", 1.0)
    assert floor.ledger.rows() == []


def test_what_rests_or_may_be_on_its_way_is_told_with_its_reservation(make_floor: MakeFloor) -> None:
    floor = make_floor(rests=True)
    assert floor.orders is not None
    floor.bot.execute_entry(PAIR, 60.0, PRICE, ordertype="limit")
    (trade,) = Trade.get_open_trades()
    (asked,) = floor.permission.asked
    (told,) = floor.orders.entering([trade])
    assert (told.pair, told.base_currency, told.is_short) == (PAIR, "AAA", False)
    assert (told.exposure, told.reservation) == (asked.exposure, asked.request_id)

    floor.ledger.fill("1")
    floor.loop()
    assert floor.orders.entering([trade]) == [], "it is in the trade"

    floor.ledger.fault = failing("after", ccxt.NetworkError, 1)
    floor.ledger.hide(100)
    with pytest.raises(ExchangeError):
        floor.bot.execute_entry(PAIR, 40.0, PRICE, trade=trade, mode="pos_adjust")
    (told,) = floor.orders.entering([trade])
    assert (float(told.exposure), told.reservation) == (40.0, floor.permission.asked[-1].request_id)
    floor.ledger.hide(0)
    floor.loop()
    assert floor.orders.entering([trade]) == []


def test_what_rests_without_a_line_in_the_journal_is_told(make_floor: MakeFloor) -> None:
    plain = make_floor(rests=True, guarded=False)
    plain.bot.execute_entry(PAIR, 60.0, PRICE, ordertype="limit")
    floor = make_floor(rests=True)
    assert floor.orders is not None
    (told,) = floor.orders.entering(Trade.get_open_trades())
    assert (float(told.exposure), told.reservation) == (60.0, None)


def lose_an_answer(floor: Floor) -> None:
    """The next order arrives, and no look finds it."""
    floor.ledger.fault = failing("after", ccxt.NetworkError)
    floor.ledger.hide(100)


def close_by_hand(trade: Trade) -> None:
    trade.close(PRICE)
    Trade.commit()


def test_a_sale_that_is_found_after_its_trade_was_closed_opens_nothing(floor: Floor) -> None:
    trade = floor.open_trade()
    lose_an_answer(floor)
    with pytest.raises(ExchangeError):
        floor.exit("flotilla:take_profit:0", 2.0)
    close_by_hand(trade)
    floor.ledger.hide(0)
    floor.loop()
    assert (trade.is_open, len(trade.orders)) == (False, 1)
    alerts = [data["kind"] for kind, data in floor.told if kind == "risk.alert"]
    assert alerts == ["order_unknown", "order_without_trade"]
    assert floor.orders is not None
    assert not floor.orders.unsettled()


def test_a_sale_that_rests_for_a_trade_that_was_closed_is_cancelled(make_floor: MakeFloor) -> None:
    floor = make_floor(rests=True)
    trade = floor.open_trade()
    lose_an_answer(floor)
    with pytest.raises(ExchangeError):
        floor.exit("flotilla:take_profit:0", 2.0, "limit")
    close_by_hand(trade)
    floor.ledger.hide(0)
    floor.loop()
    floor.loop()
    assert [row["status"] for row in floor.ledger.rows()] == ["closed", "canceled"]
    assert (trade.is_open, len(trade.orders)) == (False, 1)


def test_what_was_bought_for_a_trade_that_was_closed_is_a_trade_of_its_own(floor: Floor) -> None:
    trade = floor.open_trade()
    lose_an_answer(floor)
    with pytest.raises(ExchangeError):
        floor.bot.execute_entry(PAIR, 20.0, PRICE, trade=trade, mode="pos_adjust")
    close_by_hand(trade)
    floor.ledger.hide(0)
    floor.loop()
    floor.loop()
    (found,) = Trade.get_open_trades()
    assert (found.id, found.amount, found.stake_amount, found.enter_tag) == (trade.id + 1, 2.0, 20.0, "signal")
    assert (trade.is_open, trade.amount) == (False, 6.0)
    assert floor.permission.settled[-1].trade_id == found.id


def test_no_exit_waits_for_what_became_of_an_addition(floor: Floor) -> None:
    floor.open_trade()
    (trade,) = Trade.get_open_trades()
    lose_an_answer(floor)
    with pytest.raises(ExchangeError):
        floor.bot.execute_entry(PAIR, 20.0, PRICE, trade=trade, mode="pos_adjust")
    assert floor.exit("flotilla:hard_stop")
    assert (sold(floor), trade.is_open) == ([AMOUNT], False)
    floor.ledger.hide(0)
    floor.loop()
    floor.loop()
    assert [found.amount for found in Trade.get_open_trades()] == [2.0]


def test_an_exit_that_never_arrived_holds_up_others_for_ten_seconds_and_the_loop_for_one(floor: Floor) -> None:
    floor.open_trade()
    floor.ledger.fault = failing("before", ccxt.NetworkError)
    with pytest.raises(ExchangeError):
        floor.exit("flotilla:take_profit:0", 2.0)
    assert floor.now <= 1.0
    assert floor.orders is not None
    known = False
    while not known:
        assert not sold(floor)
        assert floor.now <= 10.0
        floor.wait(1.0)  # as between two loops
        known = floor.orders.look_again()
    assert floor.exit("flotilla:hard_stop")
    assert sold(floor) == [AMOUNT]


def test_a_stop_that_is_lost_is_looked_for_once(make_floor: MakeFloor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor = make_floor(stoploss_on_exchange=True)
    floor.open_trade()
    floor.loop()
    floor.ledger.remove("2")
    monkeypatch.setattr(common, "time", SimpleNamespace(sleep=lambda seconds: pytest.fail(f"it waited {seconds} s")))
    assert floor.exit("flotilla:hard_stop")


def test_a_stop_that_was_just_placed_may_be_shown_late(make_floor: MakeFloor) -> None:
    floor = make_floor(stoploss_on_exchange=True)
    trade = floor.open_trade()
    floor.loop()
    floor.ledger.remove("2")
    trade.open_sl_orders[0].order_date = datetime.now(UTC).replace(tzinfo=None)
    assert not floor.exit("flotilla:hard_stop")
    trade.open_sl_orders[0].order_date -= timedelta(seconds=10)
    assert floor.exit("flotilla:hard_stop")


def test_a_clock_that_is_behind_holds_up_no_exit(make_floor: MakeFloor) -> None:
    floor = make_floor(stoploss_on_exchange=True)
    trade = floor.open_trade()
    floor.loop()
    floor.ledger.remove("2")
    trade.open_sl_orders[0].order_date = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)
    assert floor.exit("flotilla:hard_stop")


def test_many_questions_wait_for_one_time_out_together(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.open_trade()
    assert floor.orders is not None
    assert floor.orders._journal is not None
    first = floor.orders._journal.all()[0]
    for _ in range(20):
        floor.orders._journal.plan(replace(first, state=State.PLANNED, order_id=None, booked=False))
    timeouts = []

    def fault(_point: str) -> None:
        timeouts.append(floor.ledger.timeout)
        floor.wait(floor.ledger.timeout / 1000)
        raise ccxt.RequestTimeout("nobody answers")

    monkeypatch.setattr(floor.ledger, "fault", fault)
    floor.orders.look_again()
    assert (timeouts, floor.ledger.timeout) == ([3_000], 10_000)


def test_an_order_that_cannot_be_looked_after_holds_up_no_loop_and_no_other(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    trade = floor.open_trade()
    lose_an_answer(floor)
    with pytest.raises(ExchangeError):
        floor.exit("flotilla:take_profit:0", 2.0)
    floor.ledger.hide(0)
    assert floor.orders is not None
    assert floor.orders._journal is not None
    lost = floor.orders._journal.questions()[0]
    poison = floor.orders._journal.plan(replace(lost, trade_id=7, state=State.PLANNED, order_id=None))
    floor.orders._journal._open = {one.number: one for one in (poison, lost)}
    fetch = floor.ledger.fetch_order

    def fetch_order(order_id: str | None, symbol: str, params: dict[str, Any]) -> dict[str, Any]:
        return {} if params.get("clientOrderId") == poison.client_order_id else fetch(order_id, symbol, params)

    monkeypatch.setattr(floor.ledger, "fetch_order", fetch_order)
    floor.loop()
    floor.loop()
    assert trade.amount == AMOUNT - 2.0
    assert [one.number for one in floor.orders._journal.questions()] == [poison.number]
