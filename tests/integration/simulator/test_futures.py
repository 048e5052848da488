"""Perpetuals as ccxt's synchronous Binance sees them, unmodified, and the ledger behind them."""

import asyncio
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from pool.exchange.simulator.futures.perpetuals import FUNDING_SECONDS
from pool.exchange.urls import paper_urls
from tests.integration.simulator.conftest import Rig

ETH = "ETH/USDT:USDT"
MONEY = Decimal(1_000)


@pytest.fixture
async def client(rig: Rig) -> Any:
    """A client of an account with money in its futures wallet; ETH costs 2,000 and stands still."""
    made = await rig.control("POST", "accounts")
    await rig.control("POST", "futures/deposits", key=made["key"], amount=str(MONEY))
    await rig.price("ETHUSDT", 2_000)
    options = {"apiKey": made["key"], "secret": made["secret"], "enableRateLimit": False}
    client = ccxt.binance({**options, "options": {"defaultType": "swap"}})
    client.urls["api"] = paper_urls(rig.url, client.urls["api"])
    rig.follow(client)
    await asyncio.to_thread(client.load_markets)
    await asyncio.to_thread(client.set_margin_mode, "isolated", ETH)
    await asyncio.to_thread(client.set_leverage, 10, ETH)
    return client


async def call(method: Any, *arguments: Any) -> Any:
    """A call of the synchronous client, in a thread: the exchange runs in this loop."""
    return await asyncio.to_thread(method, *arguments)


async def books(rig: Rig, client: Any) -> dict[str, list[dict[str, Any]]]:
    """The account's ledger; its purse must be the sum of its changes, and nothing of it negative."""
    tables: dict[str, list[dict[str, Any]]] = await rig.control("GET", f"futures/ledger?key={client.apiKey}")
    (purse,) = tables["purses"]
    for part in ("free", "margin", "locked"):
        assert Decimal(purse[part]) == sum((Decimal(change[part]) for change in tables["changes"]), Decimal(0)) >= 0
    assert Decimal(purse["margin"]) == sum((Decimal(one["margin"]) for one in tables["positions"]), Decimal(0))
    open_orders = [order for order in tables["orders"] if order["status"] in ("NEW", "PARTIALLY_FILLED")]
    assert Decimal(purse["locked"]) == sum((Decimal(order["locked"]) for order in open_orders), Decimal(0))
    return tables


def wallet(tables: dict[str, list[dict[str, Any]]]) -> Decimal:
    return sum((Decimal(tables["purses"][0][part]) for part in ("free", "margin", "locked")), Decimal(0))


async def test_perpetuals_are_listed_beside_spot_at_its_prices(rig: Rig, client: Any) -> None:
    rig.stand_still()
    market = client.markets[ETH]
    assert (market["swap"], market["linear"], market["contractSize"], market["active"]) == (True, True, 1, True)
    assert market["precision"] == client.markets["ETH/USDT"]["precision"]
    assert (await call(client.fetch_ticker, ETH))["last"] == 2_000
    assert (await call(client.fetch_tickers, [ETH]))[ETH]["last"] == 2_000
    best = (await call(client.fetch_bids_asks, [ETH]))[ETH]
    book = await call(client.fetch_order_book, ETH, 5)
    assert (best["bid"], best["ask"]) == (book["bids"][0][0], book["asks"][0][0])
    candles = await call(client.fetch_ohlcv, ETH, "1h", None, 3)
    assert candles == await call(client.fetch_ohlcv, "ETH/USDT", "1h", None, 3)
    marks = await call(client.fetch_mark_ohlcv, ETH, "1h", None, 3)
    assert [row[:5] for row in marks] == [row[:5] for row in candles]
    assert (await call(client.fetch_trades, ETH, None, 2))[-1]["price"] > 0


async def test_a_short_gains_as_the_price_falls(rig: Rig, client: Any) -> None:
    sold = await call(client.create_order, ETH, "market", "sell", 1)
    assert (sold["status"], sold["filled"]) == ("closed", 1)
    (position,) = await call(client.fetch_positions, [ETH])
    assert (position["side"], position["contracts"], position["leverage"]) == ("short", 1, None)
    assert position["entryPrice"] == sold["average"]
    assert position["marginMode"] == "isolated"
    balance = (await call(client.fetch_balance))["USDT"]
    assert balance["used"] == pytest.approx(sold["cost"] / 10)
    assert balance["total"] == pytest.approx(1_000 - sold["cost"] * 0.0005 + position["unrealizedPnl"])

    await rig.price("ETHUSDT", 1_800)
    bought = await call(client.create_order, ETH, "market", "buy", 1, None, {"reduceOnly": True})

    assert await call(client.fetch_positions, [ETH]) == []
    tables = await books(rig, client)
    fees = (Decimal(str(sold["cost"])) + Decimal(str(bought["cost"]))) * Decimal("0.0005")
    assert wallet(tables) == MONEY + Decimal(str(sold["cost"])) - Decimal(str(bought["cost"])) - fees
    trades = await call(client.fetch_my_trades, ETH)
    assert [trade["side"] for trade in trades] == ["sell", "buy"]
    assert float(trades[1]["info"]["realizedPnl"]) == pytest.approx(sold["cost"] - bought["cost"])


async def test_positions_grow_shrink_and_turn(rig: Rig, client: Any) -> None:
    for side, amount, price, held in (
        ("buy", 1, 2_000, 1), ("buy", 1, 2_100, 2), ("sell", 0.7, 2_200, 1.3), ("sell", 2, 2_150, -0.7),
        ("buy", 0.7, 2_000, 0),
    ):  # fmt: skip
        await rig.price("ETHUSDT", price)
        await call(client.create_order, ETH, "market", side, amount)
        tables = await books(rig, client)
        assert float(tables["positions"][0]["amount"]) == pytest.approx(held)
    paid = sum((Decimal(fill["fee"]) for fill in tables["fills"]), Decimal(0))
    cash = sum((Decimal(f["quote_quantity"]) * (1 if f["side"] == "SELL" else -1) for f in tables["fills"]), Decimal(0))
    assert wallet(tables) == MONEY + cash - paid


async def test_a_limit_order_locks_its_margin_rests_and_is_found_by_both_ids(rig: Rig, client: Any) -> None:
    params = {"newClientOrderId": "flotilla-1"}
    order = await call(client.create_order, ETH, "limit", "sell", 1, 2_100, params)
    assert (order["status"], order["clientOrderId"]) == ("open", "flotilla-1")
    assert (await call(client.fetch_balance))["USDT"]["used"] == 210
    assert [one["id"] for one in await call(client.fetch_open_orders, ETH)] == [order["id"]]
    with pytest.raises(ccxt.InvalidOrder, match="Duplicate"):
        await call(client.create_order, ETH, "limit", "sell", 1, 2_100, params)

    rig.pass_seconds(5)
    await rig.price("ETHUSDT", 2_105)
    filled = await call(client.fetch_order, None, ETH, {"origClientOrderId": "flotilla-1"})
    assert (filled["id"], filled["status"], filled["average"]) == (order["id"], "closed", 2_100)
    assert (await call(client.fetch_my_trades, ETH))[0]["takerOrMaker"] == "maker"
    other = await call(client.create_order, ETH, "limit", "sell", 1, 2_200)
    assert (await call(client.cancel_order, other["id"], ETH))["status"] == "canceled"
    assert [one["status"] for one in await call(client.fetch_orders, ETH)] == ["closed", "canceled"]
    await books(rig, client)


async def test_a_stop_waits_as_an_algo_order_and_becomes_a_real_one(rig: Rig, client: Any) -> None:
    await call(client.create_order, ETH, "market", "sell", 1)
    params = {"stopPrice": 2_050, "reduceOnly": True, "clientAlgoId": "stop-1"}
    stop = await call(client.create_order, ETH, "stop_market", "buy", 1, None, params)
    assert (stop["status"], stop["triggerPrice"], stop["clientOrderId"]) == ("open", 2_050, "stop-1")
    assert [one["id"] for one in await call(client.fetch_open_orders, ETH, None, None, {"stop": True})] == [stop["id"]]
    by_client = await call(client.fetch_order, "", ETH, {"stop": True, "clientAlgoId": "stop-1"})
    assert by_client["id"] == stop["id"]
    limited = {"stopPrice": 2_040, "reduceOnly": True}
    other = await call(client.create_order, ETH, "stop", "buy", 1, 2_060, limited)
    await call(client.cancel_order, other["id"], ETH, {"stop": True})
    assert (await call(client.fetch_order, other["id"], ETH, {"stop": True}))["status"] == "canceled"

    rig.pass_seconds(2)
    await rig.price("ETHUSDT", 2_055)
    rig.pass_seconds(2)
    triggered = await call(client.fetch_order, stop["id"], ETH, {"stop": True})
    assert triggered["status"] == "closed"
    real = await call(client.fetch_order, triggered["info"]["actualOrderId"], ETH)
    assert (real["status"], real["filled"], real["reduceOnly"]) == ("closed", 1, True)
    assert real["average"] == pytest.approx(2_055, rel=0.001)
    assert await call(client.fetch_positions, [ETH]) == []
    with pytest.raises(ccxt.OrderNotFound):
        await call(client.cancel_order, stop["id"], ETH, {"stop": True})
    await books(rig, client)


async def test_a_triggered_stop_without_a_position_is_refused(rig: Rig, client: Any) -> None:
    params = {"stopPrice": 2_050, "reduceOnly": True}
    stop = await call(client.create_order, ETH, "stop_market", "buy", 1, None, params)
    rig.pass_seconds(2)
    await rig.price("ETHUSDT", 2_055)
    rig.pass_seconds(2)
    assert (await call(client.fetch_order, stop["id"], ETH, {"stop": True}))["status"] == "rejected"
    assert (await books(rig, client))["orders"] == []


@pytest.mark.parametrize(
    ("side", "ruin", "closed_at", "cleared"),
    [("buy", 1_750, 1_800, False), ("sell", 2_250, 2_200, False), ("buy", 1_804, 1_804, True)],
)
async def test_a_position_is_liquidated_and_loses_its_margin(
    rig: Rig, client: Any, side: str, ruin: float, closed_at: float, cleared: bool
) -> None:
    order = await call(client.create_order, ETH, "market", side, 1)
    (position,) = await call(client.fetch_positions, [ETH])
    price = position["liquidationPrice"]
    distance = abs(price / position["entryPrice"] - 1)
    assert distance == pytest.approx(0.1 - 0.004, abs=0.001), "margin less maintenance"
    await call(client.create_order, ETH, "limit", side, 1, 1_500 if side == "buy" else 2_500)

    rig.pass_seconds(2)
    await rig.price("ETHUSDT", ruin)
    rig.pass_seconds(2)

    assert await call(client.fetch_positions, [ETH]) == []
    tables = await books(rig, client)
    fee, margin = Decimal(tables["fills"][0]["fee"]), Decimal(str(order["cost"])) / 10
    assert wallet(tables) == MONEY - fee - margin, "never more than the margin"
    assert tables["orders"][-1]["client_order_id"].startswith("autoclose-")
    assert tables["orders"][1]["status"] == "CANCELED"
    assert float(tables["fills"][-1]["price"]) == pytest.approx(closed_at, abs=0.5), "no worse than bankruptcy"
    assert ("INSURANCE_CLEAR" in {row["incomeType"] for row in await call(client.fapiPrivateGetIncome)}) is cleared


async def test_funding_is_paid_by_one_side_to_the_other(rig: Rig, client: Any) -> None:
    await rig.control("POST", "futures/funding", symbol="ETHUSDT", rate="0.001")
    await call(client.create_order, ETH, "market", "sell", 1)
    rates = (await call(client.fetch_funding_rates, [ETH]))[ETH]
    assert rates["fundingRate"] == 0.001
    before = wallet(await books(rig, client))

    rig.pass_seconds(2 * FUNDING_SECONDS)
    tables = await books(rig, client)

    assert wallet(tables) == before + 2 * Decimal(2), "0.1 % of 2,000, twice"
    payments = await call(client.fetch_funding_history, ETH)
    assert [payment["amount"] for payment in payments] == [2, 2]
    assert all(payment["timestamp"] // 1000 % FUNDING_SECONDS == 0 for payment in payments)
    history = await call(client.fetch_funding_rate_history, ETH, None, 2)
    assert [entry["timestamp"] // 1000 for entry in history] == [p["timestamp"] // 1000 for p in payments]


@pytest.mark.parametrize(
    ("order", "error", "words"),
    [
        (("market", "sell", 6), ccxt.InsufficientFunds, "insufficient balance"),
        (("limit", "buy", 6, 1_900), ccxt.InsufficientFunds, "insufficient balance"),
        (("market", "buy", 1, None, {"reduceOnly": True}), ccxt.InvalidOrder, "ReduceOnly"),
        (("limit", "buy", 0.001, 1_900), ccxt.InvalidOrder, "notional"),
        (("limit", "buy", 1, 2_100, {"postOnly": True}), ccxt.OrderImmediatelyFillable, "match and take"),
        (
            ("stop_market", "buy", 1, None, {"stopPrice": 1_900, "reduceOnly": True}),
            ccxt.OrderImmediatelyFillable,
            "trigger immediately",
        ),
    ],
)
async def test_refusals_become_ccxts_errors(client: Any, order: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        await call(client.create_order, ETH, *order)


async def test_settings_are_kept_and_checked(client: Any) -> None:
    with pytest.raises(ccxt.MarginModeAlreadySet):
        await call(client.set_margin_mode, "isolated", ETH)
    tiers = (await call(client.fetch_leverage_tiers, [ETH]))[ETH]
    assert [tier["maxLeverage"] for tier in tiers] == sorted((t["maxLeverage"] for t in tiers), reverse=True)
    with pytest.raises(ccxt.BadRequest, match="-4028"):
        await call(client.set_leverage, 100, "APT/USDT:USDT")
    await call(client.create_order, ETH, "market", "buy", 0.1)
    with pytest.raises(ccxt.ExchangeError, match="-4161"):
        await call(client.set_leverage, 5, ETH)
    with pytest.raises(ccxt.InvalidOrder, match="isolated"):
        await call(client.create_order, "SOL/USDT:USDT", "market", "buy", 1)
    assert (await call(client.fapiPrivateGetPositionSideDual))["dualSidePosition"] is False
    assert (await call(client.fapiPrivateGetMultiAssetsMargin))["multiAssetsMargin"] is False
    assert (await call(client.fetch_trading_fee, ETH))["taker"] == 0.0005
    assert (await call(client.fetch_trading_fees))[ETH]["maker"] == 0.0002


async def test_partial_fills_and_faults_are_those_of_spot(rig: Rig, client: Any) -> None:
    await rig.control("POST", "partial-fills", symbol="ETHUSDT", ratio="0.3", most=1)
    order = await call(client.create_order, ETH, "limit", "sell", 1, 1_990)
    assert (order["status"], order["filled"]) == ("open", 0.3)
    rig.pass_seconds(10)
    assert (await call(client.fetch_order, order["id"], ETH))["filled"] == 0.3
    await rig.control("DELETE", "partial-fills")
    rig.pass_seconds(2)
    assert (await call(client.fetch_order, order["id"], ETH))["status"] == "closed"

    await rig.control("POST", "faults", kind="fail_after", path="/fapi/v1/order", method="POST", status=503, times=1)
    with pytest.raises(ccxt.NetworkError):
        await call(client.create_order, ETH, "limit", "sell", 1, 2_100, {"newClientOrderId": "ambiguous"})
    found = await call(client.fetch_order, None, ETH, {"origClientOrderId": "ambiguous"})
    assert found["status"] == "open"
    await books(rig, client)


async def test_it_does_not_matter_when_somebody_looks(rig: Rig, client: Any) -> None:
    """A stop and a funding payment in a stretch that nobody looked at, found in the order in which they came."""
    await rig.control("POST", "futures/funding", symbol="ETHUSDT", rate="0.001")
    await call(client.create_order, ETH, "market", "sell", 1)
    params = {"stopPrice": 2_050, "reduceOnly": True}
    await call(client.create_order, ETH, "stop_market", "buy", 1, None, params)
    await rig.control("POST", "prices/ramp", symbol="ETHUSDT", price=2_100, seconds=3 * FUNDING_SECONDS)

    rig.pass_seconds(3 * FUNDING_SECONDS + 10)
    tables = await books(rig, client)

    paid = [change for change in tables["changes"] if change["reason"] == "funding"]
    assert len(paid) in (1, 2), "those before the stop, half way up"
    assert Decimal(tables["fills"][-1]["price"]) == pytest.approx(Decimal(2_050), rel=Decimal("0.001"))
    assert all(change["time_ms"] < tables["fills"][-1]["time_ms"] for change in paid)
