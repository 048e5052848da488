"""Endpoints that need a key: accounts and orders."""

from collections.abc import Callable, Iterable
from typing import Any

from pool.exchange.simulator.calls import Call, Endpoint, Endpoints
from pool.exchange.simulator.engine import Engine
from pool.exchange.simulator.filters import read_ticket
from pool.exchange.simulator.keys import restrictions
from pool.exchange.simulator.ledger import Ledger
from pool.exchange.simulator.listings import Asset
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.orders import Account, Order, OrderType, told
from pool.exchange.simulator.parameters import Parameters
from pool.exchange.simulator.problems import Problem, illegal, invalid_symbol
from pool.exchange.simulator.rendering import as_json
from pool.exchange.simulator.replies import (
    account_reply,
    canceled_reply,
    coin_reply,
    fill_reply,
    order_reply,
    placed_reply,
)
from pool.exchange.simulator.signing import authenticate, authenticated_key

_MOST_ROWS = 1_000

Answer = Callable[[Account, Call], Any]


class SignedApi:
    """The signed part of `/api/v3` and what ccxt asks of `/sapi`."""

    def __init__(self, market: Market, assets: dict[str, Asset], ledger: Ledger, engine: Engine) -> None:
        self._market = market
        self._assets = assets
        self._ledger = ledger
        self._engine = engine

    def endpoints(self) -> Endpoints:
        api = {
            ("GET", "account"): self._signed(self._account, 20),
            ("GET", "account/commission"): self._signed(self._commission, 20),
            ("GET", "rateLimit/order"): self._signed(lambda _account, _call: [], 40),
            ("POST", "order"): self._signed(self._place, 1),
            ("POST", "order/test"): self._signed(self._test, 1),
            ("GET", "order"): self._signed(self._order, 4),
            ("DELETE", "order"): self._signed(self._cancel, 1),
            ("POST", "order/cancelReplace"): self._signed(self._cancel_replace, 1),
            ("GET", "openOrders"): Endpoint(self._authenticated(self._open_orders), _open_orders_weight),
            ("DELETE", "openOrders"): self._signed(self._cancel_all, 1),
            ("GET", "allOrders"): self._signed(self._all_orders, 20),
            ("GET", "myTrades"): self._signed(self._trades, 20),
        }
        sapi = {
            ("GET", "capital/config/getall"): self._signed(self._coins, 10),
            ("GET", "asset/tradeFee"): self._signed(self._trade_fees, 1),
            ("GET", "account/apiRestrictions"): Endpoint(self._restrictions, lambda _: 1),
            ("GET", "margin/allPairs"): self._signed(lambda _account, _call: [], 1),
            ("GET", "margin/isolated/allPairs"): self._signed(lambda _account, _call: [], 10),
            ("GET", "spot/delist-schedule"): self._signed(lambda _account, _call: [], 100),
        }
        table = {(method, f"/api/v3/{path}"): endpoint for (method, path), endpoint in api.items()}
        return table | {(method, f"/sapi/v1/{path}"): endpoint for (method, path), endpoint in sapi.items()}

    def _signed(self, answer: Answer, weight: int) -> Endpoint:
        return Endpoint(self._authenticated(answer), lambda _: weight)

    def _authenticated(self, answer: Answer) -> Callable[[Call], bytes]:
        def run(call: Call) -> bytes:
            account = authenticate(self._ledger, call)
            self._engine.advance(call.now_ms)
            return as_json(answer(account, call))

        return run

    # Accounts

    def _account(self, account: Account, call: Call) -> dict[str, Any]:
        held = self._ledger.balances(account.id)
        names: Iterable[str] = held
        if call.parameters.text("omitZeroBalances") == "true":
            names = [name for name, balance in held.items() if balance.free or balance.locked]
        return account_reply(account, {name: held[name] for name in names}, call.now_ms)

    def _commission(self, account: Account, call: Call) -> dict[str, Any]:
        rate = told(account.fee_rate)
        rates = {"maker": rate, "taker": rate, "buyer": "0.00000000", "seller": "0.00000000"}
        none = dict.fromkeys(rates, "0.00000000")
        discount = {
            "enabledForAccount": account.pays_in_bnb,
            "enabledForSymbol": True,
            "discountAsset": "BNB",
            "discount": "0.75000000",
        }
        symbol = self._symbol(call.parameters)
        return {"symbol": symbol, "standardCommission": rates, "taxCommission": none, "discount": discount}

    def _coins(self, _account: Account, _call: Call) -> list[dict[str, Any]]:
        return [coin_reply(asset) for asset in self._assets]

    def _trade_fees(self, account: Account, call: Call) -> list[dict[str, str]]:
        rate = told(account.fee_rate)
        symbols = [self._symbol(call.parameters)] if call.parameters.text("symbol") else self._market.order
        return [{"symbol": symbol, "makerCommission": rate, "takerCommission": rate} for symbol in symbols]

    def _restrictions(self, call: Call) -> bytes:
        return as_json(restrictions(authenticated_key(self._ledger, call)))

    # Orders

    def _place(self, account: Account, call: Call) -> dict[str, Any]:
        ticket = read_ticket(call.parameters, self._symbol(call.parameters))
        shape = _reply_shape(call.parameters, ticket.type)
        order = self._engine.place(account, ticket, call.now_ms)
        return placed_reply(order, self._ledger.fills_of(order.id), shape)

    def _test(self, account: Account, call: Call) -> dict[str, Any]:
        self._engine.check(account, read_ticket(call.parameters, self._symbol(call.parameters)), call.now_ms)
        return {}

    def _order(self, account: Account, call: Call) -> dict[str, Any]:
        order = self._named(account, call.parameters)
        if order is None:
            raise Problem(400, -2013, "Order does not exist.")
        return order_reply(order)

    def _cancel(self, account: Account, call: Call) -> dict[str, Any]:
        order = self._named(account, call.parameters)
        if order is None:
            raise Problem(400, -2011, "Unknown order sent.")
        renamed = call.parameters.text("newClientOrderId")
        return canceled_reply(self._engine.cancel(order, call.now_ms), renamed)

    def _cancel_all(self, account: Account, call: Call) -> list[dict[str, Any]]:
        orders = self._ledger.open_orders(account.id, self._symbol(call.parameters))
        if not orders:
            raise Problem(400, -2011, "Unknown order sent.")
        return [canceled_reply(self._engine.cancel(order, call.now_ms), None) for order in orders]

    def _cancel_replace(self, account: Account, call: Call) -> dict[str, Any]:
        mode = call.parameters.required("cancelReplaceMode")
        if mode not in ("STOP_ON_FAILURE", "ALLOW_FAILURE"):
            raise illegal("cancelReplaceMode", "STOP_ON_FAILURE, ALLOW_FAILURE")
        ticket = read_ticket(call.parameters, self._symbol(call.parameters))
        shape = _reply_shape(call.parameters, ticket.type)
        old = self._named(account, call.parameters, "cancelOrderId", "cancelOrigClientOrderId")
        if old is None or not old.status.open:
            raise Problem(400, -2022, "Order cancel-replace failed.")
        canceled, placed = self._engine.replace(account, old, ticket, call.now_ms)
        if isinstance(placed, Problem):
            raise Problem(409, -2021, "Order cancel-replace partially failed.")
        return {
            "cancelResult": "SUCCESS",
            "newOrderResult": "SUCCESS",
            "cancelResponse": canceled_reply(canceled, None),
            "newOrderResponse": placed_reply(placed, self._ledger.fills_of(placed.id), shape),
        }

    def _open_orders(self, account: Account, call: Call) -> list[dict[str, Any]]:
        symbol = self._symbol(call.parameters) if call.parameters.text("symbol") else None
        return [order_reply(order) for order in self._ledger.open_orders(account.id, symbol)]

    def _all_orders(self, account: Account, call: Call) -> list[dict[str, Any]]:
        parameters = call.parameters
        orders = self._ledger.orders(
            account.id,
            self._symbol(parameters),
            parameters.integer("orderId"),
            parameters.integer("startTime"),
            parameters.integer("endTime"),
            parameters.limit(500, _MOST_ROWS),
        )
        return [order_reply(order) for order in orders]

    def _trades(self, account: Account, call: Call) -> list[dict[str, Any]]:
        parameters = call.parameters
        symbol, order_id = self._symbol(parameters), parameters.integer("orderId")
        if order_id is not None:
            order = self._ledger.order(account.id, symbol, order_id, None)
            return [fill_reply(fill) for fill in self._ledger.fills_of(order.id)] if order else []
        fills = self._ledger.fills(
            account.id,
            symbol,
            parameters.integer("fromId"),
            parameters.integer("startTime"),
            parameters.integer("endTime"),
            parameters.limit(500, _MOST_ROWS),
        )
        return [fill_reply(fill) for fill in fills]

    def _named(
        self, account: Account, parameters: Parameters, by_id: str = "orderId", by_client_id: str = "origClientOrderId"
    ) -> Order | None:
        """The order a request names, by its own id or the client's."""
        symbol = self._symbol(parameters)
        order_id, client_id = parameters.integer(by_id), parameters.text(by_client_id)
        if order_id is None and client_id is None:
            text = f"Param '{by_client_id}' or '{by_id}' must be sent, but both were empty/null!"
            raise Problem(400, -1102, text)
        return self._ledger.order(account.id, symbol, order_id, client_id)

    def _symbol(self, parameters: Parameters) -> str:
        symbol = parameters.required("symbol")
        if symbol not in self._market.listings:
            raise invalid_symbol()
        return symbol


def _open_orders_weight(parameters: Parameters) -> int:
    return 6 if parameters.text("symbol") else 80


def _reply_shape(parameters: Parameters, kind: OrderType) -> str:
    shape = parameters.text("newOrderRespType")
    if shape is None:
        return "FULL" if kind in (OrderType.LIMIT, OrderType.MARKET) else "ACK"
    if shape not in ("ACK", "RESULT", "FULL"):
        raise Problem(400, -1136, "Invalid newOrderRespType.")
    return shape
