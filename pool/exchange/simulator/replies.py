"""Accounts, orders and fills as Binance writes them."""

from collections.abc import Sequence
from typing import Any

from pool.exchange.simulator.orders import Account, Balance, Fill, Order, told


def account_reply(account: Account, balances: dict[str, Balance], now_ms: int) -> dict[str, Any]:
    """`GET account`."""
    rate = told(account.fee_rate)
    return {
        "makerCommission": int(account.fee_rate * 10_000),
        "takerCommission": int(account.fee_rate * 10_000),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": rate, "taker": rate, "buyer": "0.00000000", "seller": "0.00000000"},
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": now_ms,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": told(balance.free), "locked": told(balance.locked)}
            for asset, balance in balances.items()
        ],
        "permissions": ["SPOT"],
        "uid": account.id,
    }


def order_reply(order: Order) -> dict[str, Any]:
    """`GET order`."""
    return {
        "symbol": order.symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        **_progress(order),
        "stopPrice": told(order.stop_price),
        "icebergQty": "0.00000000",
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "isWorking": order.working,
        "workingTime": order.created_ms if order.working else -1,
        "selfTradePreventionMode": "NONE",
    }


def placed_reply(order: Order, fills: Sequence[Fill], shape: str) -> dict[str, Any]:
    """`POST order`; `shape` is ACK, RESULT or FULL."""
    reply = {
        "symbol": order.symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        "transactTime": order.created_ms,
    }
    if shape == "ACK":
        return reply
    reply |= _progress(order) | {"workingTime": order.created_ms, "selfTradePreventionMode": "NONE"}
    if order.type.waits:
        reply["stopPrice"] = told(order.stop_price)
    if shape == "FULL":
        reply["fills"] = [
            {
                "price": told(fill.price),
                "qty": told(fill.quantity),
                "commission": told(fill.fee),
                "commissionAsset": fill.fee_asset,
                "tradeId": fill.id,
            }
            for fill in fills
        ]
    return reply


def canceled_reply(order: Order, renamed: str | None) -> dict[str, Any]:
    """`DELETE order`."""
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": renamed or f"cancel-{order.id}",
        "transactTime": order.updated_ms,
        **_progress(order),
        "stopPrice": told(order.stop_price),
        "selfTradePreventionMode": "NONE",
    }


def fill_reply(fill: Fill) -> dict[str, Any]:
    """One row of `GET myTrades`."""
    return {
        "symbol": fill.symbol,
        "id": fill.id,
        "orderId": fill.order_id,
        "orderListId": -1,
        "price": told(fill.price),
        "qty": told(fill.quantity),
        "quoteQty": told(fill.quote_quantity),
        "commission": told(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.time_ms,
        "isBuyer": fill.side == "BUY",
        "isMaker": fill.maker,
        "isBestMatch": True,
    }


def coin_reply(asset: str) -> dict[str, Any]:
    """One row of `GET capital/config/getall`: a coin that can be traded and not moved."""
    network = {
        "network": "PAPER",
        "coin": asset,
        "name": "Paper",
        "isDefault": True,
        "depositEnable": False,
        "withdrawEnable": False,
        "withdrawFee": "0",
        "withdrawMin": "0",
        "withdrawMax": "0",
        "withdrawIntegerMultiple": "0.00000001",
    }
    return {
        "coin": asset,
        "name": asset,
        "trading": True,
        "isLegalMoney": asset == "EUR",
        "depositAllEnable": False,
        "withdrawAllEnable": False,
        "free": "0",
        "locked": "0",
        "networkList": [network],
    }


def _progress(order: Order) -> dict[str, Any]:
    return {
        "price": told(order.price),
        "origQty": told(order.quantity),
        "executedQty": told(order.executed),
        "origQuoteOrderQty": told(order.quote_quantity),
        "cummulativeQuoteQty": told(order.quote_executed),
        "status": order.status.value,
        "timeInForce": order.time_in_force.value,
        "type": order.type.value,
        "side": order.side.value,
    }
