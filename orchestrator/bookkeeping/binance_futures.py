"""An account of USDⓈ-M futures by Binance's REST API (`/fapi`), of Binance itself or of the paper exchange.

Balances are those of the futures wallet (`walletBalance` of `GET /fapi/v3/account`: what positions have as margin is in
it, what they have not realised is not), and the same answer has the positions, so that both are of one moment. In
one-way mode, which FreqTrade demands, a contract has one position, long or short; of hedge mode the sides are told as
contracts of their own, which no bot has.

A conditional order (stops) has an id and a name of its own kind (`algoOrder`), by which FreqTrade keeps it; once it is
triggered, an order of another id is filled (`actualOrderId`).

Sources: Binance's API documentation, "USDⓈ-M Futures": "Account Information V3", "Account Trade List" (seven days at
most between two times), "Get Income History", "Query Order", "Query Algo Order", "Current All Open Orders" and
"Current All Algo Open Orders".
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx
from pydantic import SecretStr

from orchestrator.bookkeeping.binance_client import (
    FUTURES_WEIGHT,
    NO_ORDER,
    Pace,
    Refused,
    SignedClient,
    amount_of,
    milliseconds_of,
    nonsense,
    time_of,
)
from orchestrator.bookkeeping.exchange import (
    AccountFill,
    AccountIncome,
    AccountOrder,
    AccountReading,
    Balance,
    Incomes,
)

FUTURES_ROOT = "https://fapi.binance.com"
FUNDING = "FUNDING_FEE"
INSURANCE = "INSURANCE_CLEAR"
"""What the insurance fund took of a liquidated position's margin, or paid for it."""
_OF_FILLS = ("REALIZED_PNL", "COMMISSION")
_MOST_ROWS = 1_000
_MOST_PAGES = 50
_WINDOW = timedelta(days=7)
_OPEN = ("NEW", "PARTIALLY_FILLED")
_WAITING = ("NEW", "TRIGGERING")
_WRONG = (KeyError, TypeError, ValueError, InvalidOperation)


class BinanceFutures:
    """One account. Close it with `aclose`."""

    def __init__(
        self,
        root: str,
        key: str,
        secret: SecretStr,
        pace: Pace | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._client = SignedClient(root, "/fapi/v1/time", key, secret, pace or Pace(FUTURES_WEIGHT), transport)
        self._pairs: dict[str, str] = {}
        self._symbols: dict[str, str] = {}

    async def aclose(self) -> None:
        await self._client.aclose()

    async def read(self) -> AccountReading:
        """As of the exchange's clock right before, or where it changed since as of that."""
        await self._learn()
        now = await self._client.now_milliseconds()
        account = await self._client.signed("/fapi/v3/account", {})
        orders = await self._client.signed("/fapi/v1/openOrders", {})
        algos = await self._client.signed("/fapi/v1/openAlgoOrders", {})
        try:
            changed = max((int(row["updateTime"]) for row in account["assets"]), default=0)
            balances = {row["asset"]: _balance(row) for row in account["assets"]}
            return AccountReading(
                at=time_of(max(now, changed)),
                balances={name: balance for name, balance in balances.items() if balance.total},
                orders=[
                    *(_order(self._pair(row["symbol"]), row) for row in orders),
                    *(_algo(self._pair(row["symbol"]), row, None) for row in algos),
                ],
                positions={
                    self._held(row): amount_of(row["positionAmt"])
                    for row in account["positions"]
                    if amount_of(row["positionAmt"])
                },
            )
        except _WRONG as error:
            raise nonsense() from error

    async def fills(self, pair: str, after: int | None, since: datetime) -> list[AccountFill]:
        await self._learn()
        if pair not in self._symbols:
            return []
        begin = since if after is None else None
        following, found = (after or 0) + 1, list[AccountFill]()
        for _ in range(_MOST_PAGES):
            params: dict[str, Any] = {"symbol": self._symbols[pair], "limit": _MOST_ROWS}
            if begin is None:
                params |= {"fromId": following}
            else:
                params |= {"startTime": milliseconds_of(begin), "endTime": milliseconds_of(begin + _WINDOW) - 1}
            page = await self._page(pair, params)
            found += page
            if begin is None and len(page) < _MOST_ROWS:
                break
            if page:
                begin, following = None, page[-1].number + 1
            elif begin is not None:
                begin += _WINDOW
                if begin > datetime.now(UTC) + _WINDOW:
                    break
        return sorted(found, key=lambda one: one.number)

    async def order(self, pair: str, order_id: str) -> AccountOrder | None:
        """A conditional one where no other has this id."""
        plain = await self._order(pair, {"orderId": order_id})
        return plain or await self._algo(pair, {"algoId": order_id})

    async def order_named(self, pair: str, client_order_id: str) -> AccountOrder | None:
        """The conditional one first: the order that it became may have its name."""
        algo = await self._algo(pair, {"clientAlgoId": client_order_id})
        return algo or await self._order(pair, {"origClientOrderId": client_order_id})

    async def pairs_of(self, currency: str, others: Sequence[str]) -> list[str]:
        """None: of which pairs money came is told by `incomes`."""
        return []

    async def incomes(self, since: datetime) -> Incomes:
        await self._learn()
        items: dict[tuple[str, int], AccountIncome] = {}
        traded: set[str] = set()
        begin = since
        for _ in range(_MOST_PAGES):
            params = {"startTime": milliseconds_of(begin), "limit": _MOST_ROWS}
            rows = await self._client.signed("/fapi/v1/income", params)
            try:
                for row in rows:
                    pair = self._pair(row["symbol"]) if row["symbol"] else ""
                    if row["incomeType"] in _OF_FILLS:
                        traded.add(pair)
                        continue
                    one = _income(pair, row)
                    items[one.kind, one.number] = one
                last = max((time_of(row["time"]) for row in rows), default=begin)
            except _WRONG as error:
                raise nonsense() from error
            if len(rows) < _MOST_ROWS or last <= begin:
                break
            begin = last
        return Incomes(sorted(items.values(), key=lambda one: (one.at, one.number)), frozenset(traded))

    async def _page(self, pair: str, params: Mapping[str, Any]) -> list[AccountFill]:
        """Oldest first; none of a pair that is not traded any more, or never was."""
        try:
            rows = await self._client.signed("/fapi/v1/userTrades", params)
            return sorted((_fill(pair, row) for row in rows), key=lambda one: one.number)
        except Refused as refused:
            if not refused.is_unknown:
                raise
            return []
        except _WRONG as error:
            raise nonsense() from error

    async def _order(self, pair: str, name: Mapping[str, str]) -> AccountOrder | None:
        row = await self._asked("/fapi/v1/order", pair, name)
        try:
            return None if row is None else _order(pair, row)
        except _WRONG as error:
            raise nonsense() from error

    async def _algo(self, pair: str, name: Mapping[str, str]) -> AccountOrder | None:
        row = await self._asked("/fapi/v1/algoOrder", pair, name)
        try:
            if row is None:
                return None
            became = str(row.get("actualOrderId") or "")
            return _algo(pair, row, await self._order(pair, {"orderId": became}) if became.strip("0") else None)
        except _WRONG as error:
            raise nonsense() from error

    async def _asked(self, path: str, pair: str, name: Mapping[str, str]) -> Mapping[str, Any] | None:
        """None where there is nothing of the name."""
        await self._learn()
        if pair not in self._symbols:
            return None
        try:
            row: Mapping[str, Any] = await self._client.signed(path, {"symbol": self._symbols[pair], **name})
        except Refused as refused:
            if refused.code == NO_ORDER or refused.is_unknown:
                return None
            raise
        return row

    async def _learn(self) -> None:
        """Which symbol is which pair, once."""
        if self._pairs:
            return
        told = await self._client.ask("/fapi/v1/exchangeInfo", {})
        try:
            for row in told["symbols"]:
                pair = f"{row['baseAsset']}/{row['quoteAsset']}:{row['marginAsset']}"
                if row["contractType"] != "PERPETUAL":
                    pair += f"-{row['symbol'].rpartition('_')[2]}"
                self._pairs[row["symbol"]], self._symbols[pair] = pair, row["symbol"]
        except (KeyError, TypeError) as error:
            raise nonsense() from error

    def _pair(self, symbol: str) -> str:
        """One that was listed since is looked up the next time."""
        if symbol not in self._pairs:
            self._pairs, self._symbols = {}, {}
            raise nonsense()
        return self._pairs[symbol]

    def _held(self, row: Mapping[str, Any]) -> str:
        pair = self._pair(row["symbol"])
        return pair if row["positionSide"] == "BOTH" else f"{pair} {row['positionSide']}"


def _balance(row: Mapping[str, Any]) -> Balance:
    """What positions and orders hold is locked, as far as there is so much."""
    wallet = amount_of(row["walletBalance"])
    locked = min(amount_of(row["initialMargin"]), max(wallet, Decimal(0)))
    return Balance(wallet - locked, locked)


def _order(pair: str, row: Mapping[str, Any]) -> AccountOrder:
    return AccountOrder(
        pair=pair,
        order_id=str(row["orderId"]),
        client_order_id=str(row["clientOrderId"]),
        side=str(row["side"]).lower(),
        open=row["status"] in _OPEN,
        amount=amount_of(row["origQty"]),
        filled=amount_of(row["executedQty"]),
        at=time_of(row["time"]),
    )


def _algo(pair: str, row: Mapping[str, Any], became: AccountOrder | None) -> AccountOrder:
    return AccountOrder(
        pair=pair,
        order_id=str(row["algoId"]),
        client_order_id=str(row["clientAlgoId"]),
        side=str(row["side"]).lower(),
        open=row["algoStatus"] in _WAITING or (became is not None and became.open),
        amount=amount_of(row["quantity"]),
        filled=became.filled if became is not None else Decimal(0),
        at=time_of(row["createTime"]),
        became=became.order_id if became is not None else None,
    )


def _fill(pair: str, row: Mapping[str, Any]) -> AccountFill:
    return AccountFill(
        pair=pair,
        number=int(row["id"]),
        order_id=str(row["orderId"]),
        side=str(row["side"]).lower(),
        amount=amount_of(row["qty"]),
        cost=amount_of(row["quoteQty"]),
        fee=amount_of(row["commission"]),
        fee_currency=str(row["commissionAsset"]),
        at=time_of(row["time"]),
        realised=amount_of(row["realizedPnl"]),
    )


def _income(pair: str, row: Mapping[str, Any]) -> AccountIncome:
    return AccountIncome(
        kind=str(row["incomeType"]),
        number=int(row["tranId"]),
        pair=pair,
        currency=str(row["asset"]),
        amount=amount_of(row["income"]),
        at=time_of(row["time"]),
    )
