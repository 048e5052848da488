"""`/fapi` endpoints that need a key: account, settings, orders and conditional (algo) orders."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pool.exchange.simulator.calls import Call, Endpoint, Endpoints
from pool.exchange.simulator.futures.engine import FuturesEngine
from pool.exchange.simulator.futures.filters import read_ticket
from pool.exchange.simulator.futures.ledger import FEE_ASSET, FuturesLedger
from pool.exchange.simulator.futures.perpetuals import MAKER_RATE, TAKER_RATE, Perpetuals
from pool.exchange.simulator.futures.positions import AlgoOrder, FuturesOrder, Position
from pool.exchange.simulator.futures.replies import (
    NOT_IN_VERSION_3,
    algo_reply,
    asset_reply,
    balance_reply,
    brackets_reply,
    coin_reply,
    fill_reply,
    income_reply,
    order_reply,
    position_reply,
)
from pool.exchange.simulator.futures.settlement import INCOME
from pool.exchange.simulator.ledger import Ledger
from pool.exchange.simulator.orders import ZERO, Account, told
from pool.exchange.simulator.parameters import Parameters
from pool.exchange.simulator.problems import Problem, illegal, invalid_symbol
from pool.exchange.simulator.rendering import as_json
from pool.exchange.simulator.signing import authenticate

_MOST_ROWS = 1_000
_DONE = {"code": 200, "msg": "success"}
Answer = Callable[[Account, Call], Any]
_ALL_OR_ONE = -1
"""A weight of 1 for the orders of one symbol, of 40 for all."""


class FuturesSignedApi:
    """The signed part of `/fapi`."""

    def __init__(self, perpetuals: Perpetuals, accounts: Ledger, ledger: FuturesLedger, engine: FuturesEngine) -> None:
        self._perpetuals = perpetuals
        self._accounts = accounts
        self._ledger = ledger
        self._engine = engine

    def endpoints(self) -> Endpoints:
        table: dict[tuple[str, str], tuple[Answer, int]] = {
            ("GET", "v1/leverageBracket"): (self._brackets, 1),
            ("GET", "v1/positionSide/dual"): (lambda _a, _c: {"dualSidePosition": False}, 30),
            ("POST", "v1/positionSide/dual"): (self._set_position_side, 1),
            ("GET", "v1/multiAssetsMargin"): (lambda _a, _c: {"multiAssetsMargin": False}, 30),
            ("POST", "v1/marginType"): (self._set_margin_type, 1),
            ("POST", "v1/leverage"): (self._set_leverage, 1),
            ("GET", "v1/commissionRate"): (self._commission, 20),
            ("GET", "v1/accountConfig"): (self._config, 5),
            ("GET", "v1/symbolConfig"): (self._symbol_config, 5),
            ("GET", "v1/rateLimit/order"): (lambda _a, _c: [], 1),
            ("POST", "v1/order"): (self._place, 0),
            ("GET", "v1/order"): (self._order, 1),
            ("GET", "v1/openOrder"): (self._open_order, 1),
            ("DELETE", "v1/order"): (self._cancel, 1),
            ("GET", "v1/openOrders"): (self._open_orders, _ALL_OR_ONE),
            ("DELETE", "v1/allOpenOrders"): (self._cancel_all, 1),
            ("GET", "v1/allOrders"): (self._all_orders, 5),
            ("GET", "v1/userTrades"): (self._fills, 5),
            ("GET", "v1/income"): (self._income, 30),
            ("POST", "v1/algoOrder"): (self._place_algo, 0),
            ("GET", "v1/algoOrder"): (self._algo, 1),
            ("DELETE", "v1/algoOrder"): (self._cancel_algo, 1),
            ("GET", "v1/openAlgoOrders"): (self._open_algos, _ALL_OR_ONE),
            ("DELETE", "v1/algoOpenOrders"): (self._cancel_algos, 1),
            ("GET", "v1/allAlgoOrders"): (self._all_algos, 5),
        }
        for version in ("v2", "v3"):
            table["GET", f"{version}/account"] = (self._account, 5)
            table["GET", f"{version}/balance"] = (self._balance, 5)
            table["GET", f"{version}/positionRisk"] = (self._position_risk, 5)
        return {
            (method, f"/fapi/{path}"): self._signed(answer, weight)
            for (method, path), (answer, weight) in table.items()
        }

    def _signed(self, answer: Answer, weight: int) -> Endpoint:
        def run(call: Call) -> bytes:
            account = authenticate(self._accounts, call)
            self._engine.advance(call.now_ms)
            return as_json(answer(account, call))

        if weight == _ALL_OR_ONE:
            return Endpoint(run, lambda parameters: 1 if parameters.text("symbol") else 40)
        return Endpoint(run, lambda _: weight)

    # Account

    def _account(self, account: Account, call: Call) -> dict[str, Any]:
        purse, unrealised, maintenance = self._ledger.purse(account.id), ZERO, ZERO
        positions = [self._risk(account, position, call.second) for position in self._ledger.positions(account.id)]
        unrealised = sum((Decimal(one["unRealizedProfit"]) for one in positions), ZERO)
        maintenance = sum((Decimal(one["maintMargin"]) for one in positions), ZERO)
        asset = asset_reply(purse, unrealised, maintenance, call.now_ms)
        coins = self._ledger.purse(account.id, FEE_ASSET)
        totals = ("initialMargin", "maintMargin", "walletBalance", "marginBalance", "positionInitialMargin",
                  "openOrderInitialMargin", "crossWalletBalance", "crossUnPnl")  # fmt: skip
        return {
            **{"total" + name[0].upper() + name[1:]: asset[name] for name in totals},
            "totalUnrealizedProfit": asset["unrealizedProfit"],
            "availableBalance": asset["availableBalance"],
            "maxWithdrawAmount": asset["maxWithdrawAmount"],
            "feeTier": 0,
            "canTrade": True,
            "multiAssetsMargin": False,
            "assets": [asset, *([coin_reply(FEE_ASSET, coins, call.now_ms)] if coins.wallet else [])],
            "positions": [{**one, "unrealizedProfit": one["unRealizedProfit"]} for one in positions],
        }

    def _balance(self, account: Account, call: Call) -> list[dict[str, Any]]:
        return [balance_reply(account.id, self._ledger.purse(account.id), call.now_ms)]

    def _position_risk(self, account: Account, call: Call) -> list[dict[str, Any]]:
        symbol = call.parameters.text("symbol")
        positions = self._ledger.positions(account.id)
        if symbol is not None:
            positions = [self._ledger.position(account.id, self._known(symbol))]
        rows = [self._risk(account, position, call.second) for position in positions]
        if call.path.startswith("/fapi/v3/"):
            return [{name: value for name, value in row.items() if name not in NOT_IN_VERSION_3} for row in rows]
        return rows

    def _risk(self, account: Account, position: Position, second: int) -> dict[str, Any]:
        leverage, isolated = self._ledger.settings(account.id, position.symbol)
        bracket = self._perpetuals.bracket(position.symbol, abs(position.cost))
        locked = sum((order.locked for order in self._ledger.open_orders(account.id, position.symbol)), ZERO)
        price = self._engine.price(position.symbol, second)
        return position_reply(position, price, leverage, isolated, bracket, locked)

    def _brackets(self, _account: Account, call: Call) -> list[dict[str, Any]]:
        symbol = call.parameters.text("symbol")
        symbols = list(self._perpetuals.listings) if symbol is None else [self._known(symbol)]
        return [brackets_reply(one, self._perpetuals.brackets(one)) for one in symbols]

    def _commission(self, _account: Account, call: Call) -> dict[str, str]:
        symbol = self._symbol(call.parameters)
        return {"symbol": symbol, "makerCommissionRate": told(MAKER_RATE), "takerCommissionRate": told(TAKER_RATE)}

    def _config(self, _account: Account, call: Call) -> dict[str, Any]:
        flags = {"canTrade": True, "canDeposit": False, "canWithdraw": False, "dualSidePosition": False}
        return {"feeTier": 0, **flags, "updateTime": call.now_ms, "multiAssetsMargin": False, "tradeGroupId": -1}

    def _symbol_config(self, account: Account, call: Call) -> list[dict[str, Any]]:
        symbol = call.parameters.text("symbol")
        rows = []
        for one in list(self._perpetuals.listings) if symbol is None else [self._known(symbol)]:
            leverage, isolated = self._ledger.settings(account.id, one)
            most = next(b.cap for b in reversed(self._perpetuals.brackets(one)) if b.leverage >= leverage)
            rows.append(
                {
                    "symbol": one,
                    "marginType": "ISOLATED" if isolated else "CROSSED",
                    "isAutoAddMargin": False,
                    "leverage": leverage,
                    "maxNotionalValue": f"{most:f}",
                }
            )
        return rows

    def _set_position_side(self, _account: Account, call: Call) -> dict[str, Any]:
        if call.parameters.required("dualSidePosition").lower() != "false":
            raise Problem(400, -4060, "The paper exchange has one-way mode only.")
        raise Problem(400, -4059, "No need to change position side.")

    def _set_margin_type(self, account: Account, call: Call) -> dict[str, Any]:
        symbol, wanted = self._symbol(call.parameters), call.parameters.required("marginType")
        if wanted not in ("ISOLATED", "CROSSED"):
            raise illegal("marginType", "ISOLATED, CROSSED")
        leverage, isolated = self._ledger.settings(account.id, symbol)
        if isolated == (wanted == "ISOLATED"):
            raise Problem(400, -4046, "No need to change margin type.")
        if self._ledger.open_orders(account.id, symbol):
            raise Problem(400, -4047, "Margin type cannot be changed if there exists open orders.")
        if self._ledger.position(account.id, symbol).amount:
            raise Problem(400, -4048, "Margin type cannot be changed if there exists position.")
        with self._ledger.transaction():
            self._ledger.set_settings(account.id, symbol, leverage, wanted == "ISOLATED")
        return _DONE

    def _set_leverage(self, account: Account, call: Call) -> dict[str, Any]:
        symbol, leverage = self._symbol(call.parameters), call.parameters.integer("leverage") or 0
        self._engine.set_leverage(account.id, symbol, leverage)
        most = next(one.cap for one in reversed(self._perpetuals.brackets(symbol)) if one.leverage >= leverage)
        return {"leverage": leverage, "maxNotionalValue": f"{most:f}", "symbol": symbol}

    # Orders

    def _place(self, account: Account, call: Call) -> dict[str, Any]:
        ticket = read_ticket(call.parameters, self._symbol(call.parameters), algo=False)
        return order_reply(self._engine.place(account.id, ticket, call.now_ms))

    def _order(self, account: Account, call: Call) -> dict[str, Any]:
        order = self._named(account, call.parameters)
        if order is None:
            raise Problem(400, -2013, "Order does not exist.")
        return order_reply(order)

    def _open_order(self, account: Account, call: Call) -> dict[str, Any]:
        order = self._named(account, call.parameters)
        if order is None or not order.status.open:
            raise Problem(400, -2013, "Order does not exist.")
        return order_reply(order)

    def _cancel(self, account: Account, call: Call) -> dict[str, Any]:
        order = self._named(account, call.parameters)
        if order is None:
            raise Problem(400, -2011, "Unknown order sent.")
        return order_reply(self._engine.cancel(order, call.now_ms))

    def _open_orders(self, account: Account, call: Call) -> list[dict[str, Any]]:
        return [order_reply(order) for order in self._ledger.open_orders(account.id, self._maybe_symbol(call))]

    def _cancel_all(self, account: Account, call: Call) -> dict[str, Any]:
        for order in self._ledger.open_orders(account.id, self._symbol(call.parameters)):
            self._engine.cancel(order, call.now_ms)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def _all_orders(self, account: Account, call: Call) -> list[dict[str, Any]]:
        return [order_reply(order) for order in self._ledger.orders(account.id, *self._span(call, "orderId"))]

    def _fills(self, account: Account, call: Call) -> list[dict[str, Any]]:
        order_id = call.parameters.integer("orderId")
        if order_id is not None:
            order = self._ledger.order(account.id, self._symbol(call.parameters), order_id, None)
            return [fill_reply(fill) for fill in self._ledger.fills_of(order.id)] if order else []
        return [fill_reply(fill) for fill in self._ledger.fills(account.id, *self._span(call, "fromId"))]

    def _income(self, account: Account, call: Call) -> list[dict[str, Any]]:
        parameters = call.parameters
        kind = parameters.text("incomeType")
        reasons = [reason for reason, name in INCOME.items() if kind in (None, name)]
        start, end = parameters.integer("startTime"), parameters.integer("endTime")
        limit = parameters.limit(100, _MOST_ROWS)
        changes = self._ledger.changes(account.id, reasons, self._maybe_symbol(call), start, end, limit)
        return [income_reply(change) for change in changes]

    # Conditional orders

    def _place_algo(self, account: Account, call: Call) -> dict[str, Any]:
        ticket = read_ticket(call.parameters, self._symbol(call.parameters), algo=True)
        return self._algo_reply(self._engine.place_algo(account.id, ticket, call.now_ms))

    def _algo(self, account: Account, call: Call) -> dict[str, Any]:
        algo = self._named_algo(account, call.parameters)
        if algo is None:
            raise Problem(400, -2013, "Order does not exist.")
        return self._algo_reply(algo)

    def _cancel_algo(self, account: Account, call: Call) -> dict[str, Any]:
        algo = self._named_algo(account, call.parameters)
        if algo is None:
            raise Problem(400, -2011, "Unknown order sent.")
        self._engine.cancel_algo(algo, call.now_ms)
        return {"algoId": algo.id, "clientAlgoId": algo.client_algo_id, "code": "200", "msg": "success"}

    def _cancel_algos(self, account: Account, call: Call) -> dict[str, Any]:
        for algo in self._ledger.open_algos(account.id, self._symbol(call.parameters)):
            self._engine.cancel_algo(algo, call.now_ms)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def _open_algos(self, account: Account, call: Call) -> list[dict[str, Any]]:
        return [self._algo_reply(algo) for algo in self._ledger.open_algos(account.id, self._maybe_symbol(call))]

    def _all_algos(self, account: Account, call: Call) -> list[dict[str, Any]]:
        return [self._algo_reply(algo) for algo in self._ledger.algos(account.id, *self._span(call, "algoId"))]

    def _algo_reply(self, algo: AlgoOrder) -> dict[str, Any]:
        became = self._ledger.order(algo.account_id, algo.symbol, algo.order_id, None) if algo.order_id else None
        return algo_reply(algo, became)

    # What requests name

    def _named(self, account: Account, parameters: Parameters) -> FuturesOrder | None:
        """By the exchange's id or the client's."""
        number, name = _identity(parameters, "orderId", "origClientOrderId")
        return self._ledger.order(account.id, self._symbol(parameters), number, name)

    def _named_algo(self, account: Account, parameters: Parameters) -> AlgoOrder | None:
        number, name = _identity(parameters, "algoId", "clientAlgoId")
        symbol = parameters.text("symbol")
        return self._ledger.algo(account.id, None if symbol is None else self._known(symbol), number, name)

    def _span(self, call: Call, from_id: str) -> tuple[str, int | None, int | None, int | None, int]:
        parameters = call.parameters
        return (
            self._symbol(parameters),
            parameters.integer(from_id),
            parameters.integer("startTime"),
            parameters.integer("endTime"),
            parameters.limit(500, _MOST_ROWS),
        )

    def _maybe_symbol(self, call: Call) -> str | None:
        symbol = call.parameters.text("symbol")
        return None if symbol is None else self._known(symbol)

    def _symbol(self, parameters: Parameters) -> str:
        return self._known(parameters.required("symbol"))

    def _known(self, symbol: str) -> str:
        if symbol not in self._perpetuals.listings:
            raise invalid_symbol()
        return symbol


def _identity(parameters: Parameters, by_id: str, by_name: str) -> tuple[int | None, str | None]:
    number, name = parameters.integer(by_id), parameters.text(by_name)
    if number is None and name is None:
        raise Problem(400, -1102, f"Param '{by_name}' or '{by_id}' must be sent, but both were empty/null!")
    return number, name
