"""Accounts, positions, orders and fills on margin as Binance writes them."""

from decimal import Decimal
from typing import Any

from pool.exchange.simulator.futures.ledger import ASSET
from pool.exchange.simulator.futures.perpetuals import Bracket
from pool.exchange.simulator.futures.positions import AlgoOrder, Change, FuturesFill, FuturesOrder, Position, Purse
from pool.exchange.simulator.futures.settlement import INCOME
from pool.exchange.simulator.orders import ZERO, eight_digits, told

NOT_IN_VERSION_3 = ("leverage", "maxNotionalValue", "marginType", "isAutoAddMargin")
"""Of `position_reply`."""


def order_reply(order: FuturesOrder) -> dict[str, Any]:
    """`GET`, `POST` and `DELETE order`."""
    average = order.quote_executed / order.executed if order.executed else ZERO
    return {
        "orderId": order.id,
        "symbol": order.symbol,
        "status": order.status.value,
        "clientOrderId": order.client_order_id,
        "price": told(order.price),
        "avgPrice": told(average),
        "origQty": told(order.quantity),
        "executedQty": told(order.executed),
        "cumQty": told(order.executed),
        "cumQuote": told(order.quote_executed),
        "timeInForce": order.time_in_force.value,
        "type": order.type.value,
        "origType": order.type.value,
        "reduceOnly": order.reduce_only,
        "closePosition": False,
        "side": order.side.value,
        "positionSide": "BOTH",
        "stopPrice": "0",
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "priceMatch": "NONE",
        "selfTradePreventionMode": "NONE",
        "goodTillDate": 0,
        "time": order.created_ms,
        "updateTime": order.updated_ms,
    }


def algo_reply(algo: AlgoOrder, became: FuturesOrder | None) -> dict[str, Any]:
    """`GET` and `POST algoOrder`; `became` is the order that it is now."""
    average = became.quote_executed / became.executed if became and became.executed else ZERO
    return {
        "algoId": algo.id,
        "clientAlgoId": algo.client_algo_id,
        "algoType": "CONDITIONAL",
        "orderType": algo.type.value,
        "symbol": algo.symbol,
        "side": algo.side.value,
        "positionSide": "BOTH",
        "timeInForce": algo.time_in_force.value,
        "quantity": told(algo.quantity),
        "algoStatus": algo.status.value,
        "actualOrderId": str(algo.order_id) if algo.order_id else "",
        "actualPrice": told(average),
        "triggerPrice": told(algo.trigger_price),
        "price": told(algo.price),
        "icebergQuantity": None,
        "selfTradePreventionMode": "NONE",
        "workingType": algo.working_type,
        "priceMatch": "NONE",
        "closePosition": algo.close_position,
        "priceProtect": False,
        "reduceOnly": algo.reduce_only,
        "createTime": algo.created_ms,
        "updateTime": algo.updated_ms,
        "triggerTime": algo.updated_ms if algo.order_id else 0,
        "goodTillDate": 0,
    }


def fill_reply(fill: FuturesFill) -> dict[str, Any]:
    """One row of `userTrades`."""
    return {
        "symbol": fill.symbol,
        "id": fill.id,
        "orderId": fill.order_id,
        "side": fill.side.value,
        "price": told(fill.price),
        "qty": told(fill.quantity),
        "realizedPnl": told(fill.realised),
        "quoteQty": told(fill.quote_quantity),
        "commission": told(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.time_ms,
        "positionSide": "BOTH",
        "buyer": fill.side == "BUY",
        "maker": fill.maker,
    }


def income_reply(change: Change) -> dict[str, Any]:
    """One row of `income`."""
    return {
        "symbol": change.symbol,
        "incomeType": INCOME[change.reason],
        "income": told(change.income),
        "asset": change.asset,
        "time": change.time_ms,
        "info": INCOME[change.reason],
        "tranId": change.id,
        "tradeId": "",
    }


def position_reply(
    position: Position, price: Decimal, leverage: int, isolated: bool, bracket: Bracket, locked: Decimal
) -> dict[str, Any]:
    """One row of `positionRisk`, with what versions 2 and 3 tell."""
    unrealised = position.unrealised(price)
    initial = eight_digits(position.worth(price) / leverage)
    return {
        "symbol": position.symbol,
        "positionSide": "BOTH",
        "positionAmt": told(position.amount),
        "entryPrice": told(position.entry_price),
        "breakEvenPrice": told(position.entry_price),
        "markPrice": told(price),
        "unRealizedProfit": told(unrealised),
        "liquidationPrice": told(position.liquidation_price(bracket)),
        "isolatedMargin": told(position.margin + unrealised) if position.amount else "0",
        "notional": told(position.amount * price),
        "marginAsset": ASSET,
        "isolatedWallet": told(position.margin),
        "initialMargin": told(initial + locked),
        "maintMargin": told(position.maintenance(price, bracket)) if position.amount else "0",
        "positionInitialMargin": told(initial),
        "openOrderInitialMargin": told(locked),
        "adl": 0,
        "bidNotional": "0",
        "askNotional": "0",
        "leverage": str(leverage),
        "maxNotionalValue": f"{bracket.cap:f}",
        "marginType": "isolated" if isolated else "cross",
        "isAutoAddMargin": "false",
        "updateTime": position.updated_ms,
    }


def asset_reply(purse: Purse, unrealised: Decimal, maintenance: Decimal, now_ms: int) -> dict[str, Any]:
    """The purse as `account` tells it."""
    return {
        "asset": ASSET,
        "walletBalance": told(purse.wallet),
        "unrealizedProfit": told(unrealised),
        "marginBalance": told(purse.wallet + unrealised),
        "maintMargin": told(maintenance),
        "initialMargin": told(purse.margin + purse.locked),
        "positionInitialMargin": told(purse.margin),
        "openOrderInitialMargin": told(purse.locked),
        "crossWalletBalance": told(purse.wallet - purse.margin),
        "crossUnPnl": "0.00000000",
        "availableBalance": told(purse.free),
        "maxWithdrawAmount": told(purse.free),
        "marginAvailable": True,
        "updateTime": now_ms,
    }


def coin_reply(asset: str, purse: Purse, now_ms: int) -> dict[str, Any]:
    """What is no margin, as `account` tells it."""
    nothing = asset_reply(Purse(), ZERO, ZERO, now_ms)
    held = dict.fromkeys(("walletBalance", "marginBalance", "crossWalletBalance", "availableBalance"), told(purse.free))
    return {**nothing, **held, "asset": asset, "maxWithdrawAmount": told(purse.free)}


def balance_reply(account_id: int, purse: Purse, now_ms: int) -> dict[str, Any]:
    """One row of `balance`."""
    return {
        "accountAlias": f"paper{account_id}",
        "asset": ASSET,
        "balance": told(purse.wallet),
        "crossWalletBalance": told(purse.wallet - purse.margin),
        "crossUnPnl": "0.00000000",
        "availableBalance": told(purse.free),
        "maxWithdrawAmount": told(purse.free),
        "marginAvailable": True,
        "updateTime": now_ms,
    }


def brackets_reply(symbol: str, brackets: tuple[Bracket, ...]) -> dict[str, Any]:
    """One row of `leverageBracket`."""
    return {
        "symbol": symbol,
        "brackets": [
            {
                "bracket": one.number,
                "initialLeverage": one.leverage,
                "notionalCap": int(one.cap),
                "notionalFloor": int(one.floor),
                "maintMarginRatio": float(one.rate),
                "cum": float(one.cum),
            }
            for one in brackets
        ],
    }
