"""An account as ccxt sees it, and errors as ccxt understands them."""

from typing import Any

import ccxt
import pytest

from tests.integration.simulator.conftest import Rig


async def test_a_market_order_fills_and_pays_its_fee(rig: Rig) -> None:
    trader = await rig.trader(USDT=10_000)
    await rig.price("ETHUSDT", 2_000)

    order = await trader.create_order("ETH/USDT", "market", "buy", 1)

    assert (order["status"], order["filled"]) == ("closed", 1)
    assert order["average"] == pytest.approx(2_000, rel=0.001)
    assert order["fee"] == {"currency": "ETH", "cost": pytest.approx(0.001)}
    balance = await trader.fetch_balance()
    assert balance["total"] == {"ETH": 0.999, "USDT": pytest.approx(10_000 - order["cost"])}


async def test_a_limit_order_locks_fills_and_is_found_by_both_ids(rig: Rig) -> None:
    trader = await rig.trader(USDT=10_000)
    await rig.price("ETHUSDT", 2_000)
    params = {"newClientOrderId": "flotilla-1"}

    order = await trader.create_order("ETH/USDT", "limit", "buy", 1, 1_900, params)

    assert order["status"] == "open"
    assert order["clientOrderId"] == "flotilla-1"
    assert (await trader.fetch_balance())["USDT"] == {"free": 8_100, "used": 1_900, "total": 10_000}
    assert [one["id"] for one in await trader.fetch_open_orders("ETH/USDT")] == [order["id"]]

    rig.pass_seconds(5)
    await rig.price("ETHUSDT", 1_899)
    filled = await trader.fetch_order(None, "ETH/USDT", {"origClientOrderId": "flotilla-1"})

    assert (filled["id"], filled["status"], filled["average"]) == (order["id"], "closed", 1_900)
    assert await trader.fetch_open_orders("ETH/USDT") == []
    (trade,) = await trader.fetch_my_trades("ETH/USDT")
    assert (trade["order"], trade["price"], trade["takerOrMaker"]) == (order["id"], 1_900, "maker")
    assert [one["id"] for one in await trader.fetch_orders("ETH/USDT")] == [order["id"]]


async def test_a_stop_loss_limit_order_sells_when_its_stop_is_reached(rig: Rig) -> None:
    trader = await rig.trader(ETH=1)
    await rig.price("ETHUSDT", 2_000)
    params = {"stopPrice": 1_900}

    order = await trader.create_order("ETH/USDT", "stop_loss_limit", "sell", 1, 1_880, params)
    assert order["status"] == "open"
    rig.pass_seconds(2)
    await rig.price("ETHUSDT", 1_890)
    rig.pass_seconds(1)

    sold = await trader.fetch_order(order["id"], "ETH/USDT")
    assert (sold["status"], sold["triggerPrice"]) == ("closed", 1_900)
    assert 1_880 <= sold["average"] <= 1_890


async def test_cancelling_replacing_and_cancelling_all(rig: Rig) -> None:
    trader = await rig.trader(USDT=10_000)
    await rig.price("ETHUSDT", 2_000)
    first = await trader.create_order("ETH/USDT", "limit", "buy", 1, 1_900)

    canceled = await trader.cancel_order(first["id"], "ETH/USDT")
    second = await trader.create_order("ETH/USDT", "limit", "buy", 1, 1_800)
    third = await trader.edit_order(second["id"], "ETH/USDT", "limit", "buy", 1, 1_850)

    assert canceled["status"] == "canceled"
    assert [one["id"] for one in await trader.fetch_open_orders("ETH/USDT")] == [third["id"]]
    await trader.cancel_all_orders("ETH/USDT")
    assert (await trader.fetch_balance())["USDT"]["free"] == 10_000


async def test_partial_fills_can_be_scripted(rig: Rig) -> None:
    trader = await rig.trader(USDT=10_000)
    await rig.price("ETHUSDT", 2_000)
    await rig.control("POST", "partial-fills", symbol="ETHUSDT", ratio="0.3", most=1)

    order = await trader.create_order("ETH/USDT", "limit", "buy", 1, 2_010)
    assert (order["status"], order["filled"], order["remaining"]) == ("open", 0.3, 0.7)

    rig.pass_seconds(10)
    assert (await trader.fetch_order(order["id"], "ETH/USDT"))["filled"] == 0.3
    await rig.control("DELETE", "partial-fills")
    rig.pass_seconds(2)
    assert (await trader.fetch_order(order["id"], "ETH/USDT"))["status"] == "closed"


async def test_fees_are_told(rig: Rig) -> None:
    trader = await rig.trader(USDT=1)

    assert (await trader.fetch_trading_fee("BTC/USDT"))["taker"] == 0.001
    assert (await trader.fetch_trading_fees())["ETH/USDT"]["maker"] == 0.001
    assert "BTC" in trader.currencies


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (("create_order", "ETH/USDT", "limit", "buy", 50, 1_900), ccxt.InsufficientFunds, "insufficient balance"),
        (("create_order", "ETH/USDT", "market", "sell", 1), ccxt.InsufficientFunds, "insufficient balance"),
        (("create_order", "ETH/USDT", "limit", "buy", 0.0001, 1_900), ccxt.BadRequest, "NOTIONAL"),
        (("create_order", "ETH/USDT", "limit", "buy", 5, 9), ccxt.InvalidOrder, "PERCENT_PRICE_BY_SIDE"),
        (("fetch_order", "999", "ETH/USDT"), ccxt.OrderNotFound, "-2013"),
        (("cancel_order", "999", "ETH/USDT"), ccxt.OrderNotFound, "-2011"),
        (
            ("create_order", "ETH/USDT", "limit", "buy", 1, 2_100, {"postOnly": True}),
            ccxt.OrderImmediatelyFillable,
            "immediately match",
        ),
        (
            ("create_order", "ETH/USDT", "stop_loss_limit", "sell", 0.1, 2_100, {"stopPrice": 2_100}),
            ccxt.OrderImmediatelyFillable,
            "trigger immediately",
        ),
        (("fetch_ohlcv", "ETH/USDT", "7m"), ccxt.BadRequest, "-1120"),
    ],
)
async def test_refusals_become_ccxts_errors(rig: Rig, call: Any, error: type[Exception], words: str) -> None:
    trader = await rig.trader(USDT=10_000)
    await rig.price("ETHUSDT", 2_000)
    name, *arguments = call

    with pytest.raises(error, match=words):
        await getattr(trader, name)(*arguments)


async def test_quantities_off_the_step_are_invalid_orders(rig: Rig) -> None:
    trader = await rig.trader(USDT=10_000)
    await rig.price("ETHUSDT", 2_000)
    request = {"symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "1900"}

    with pytest.raises(ccxt.InvalidOrder, match="LOT_SIZE"):
        await trader.private_post_order(request | {"quantity": "1.00001"})
    with pytest.raises(ccxt.InvalidOrder, match="PRICE_FILTER"):
        await trader.private_post_order(request | {"quantity": "1", "price": "1900.001"})
    with pytest.raises(ccxt.BadRequest, match="-1102"):
        await trader.private_post_order({k: v for k, v in request.items() if k != "price"} | {"quantity": "1"})


async def test_a_duplicate_client_order_id_is_refused(rig: Rig) -> None:
    trader = await rig.trader(USDT=10_000)
    await rig.price("ETHUSDT", 2_000)
    order = ("ETH/USDT", "limit", "buy", 1, 1_900, {"newClientOrderId": "same"})
    await trader.create_order(*order)

    with pytest.raises(ccxt.InvalidOrder, match="Duplicate order sent"):
        await trader.create_order(*order)
    assert len(await trader.fetch_open_orders("ETH/USDT")) == 1


async def test_keys_and_signatures_are_checked(rig: Rig) -> None:
    trader = await rig.trader(USDT=1)
    for key, secret, code in (
        ("short", "x", "-2014"),
        ("A" * 64, "x", "-2015"),
        (trader.apiKey, "wrong", "-1022"),
    ):
        with pytest.raises(ccxt.AuthenticationError, match=code):
            await rig.client(key, secret).private_get_account()


async def test_a_clock_that_is_off_is_told(rig: Rig) -> None:
    trader = await rig.trader(USDT=1)
    for difference in (60_000, -60_000):
        trader.options["timeDifference"] = difference
        with pytest.raises(ccxt.InvalidNonce, match="-1021"):
            await trader.private_get_account()
