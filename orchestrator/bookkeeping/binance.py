"""A spot account by Binance's REST API, of Binance itself or of the paper exchange."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import InvalidOperation
from typing import Any

import httpx
from pydantic import SecretStr

from orchestrator.bookkeeping.binance_client import (
    NO_ORDER,
    Pace,
    Refused,
    SignedClient,
    amount_of,
    milliseconds_of,
    nonsense,
    time_of,
)
from orchestrator.bookkeeping.exchange import AccountFill, AccountOrder, AccountReading, Balance, Incomes

_MOST_ROWS = 1_000
_MOST_PAGES = 50
_NO_SYMBOL = {-1121, -1100}


class BinanceSpot:
    """One account. Close it with `aclose`."""

    def __init__(
        self,
        root: str,
        key: str,
        secret: SecretStr,
        pace: Pace | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._client = SignedClient(root, "/api/v3/time", key, secret, pace or Pace(), transport)
        self._pairs: dict[str, str | None] = {}
        """By symbol; None where there is no such symbol."""

    async def aclose(self) -> None:
        await self._client.aclose()

    async def read(self) -> AccountReading:
        """Balances first: what an order fills in between is found later by whoever compares twice."""
        account = await self._client.signed("/api/v3/account", {"omitZeroBalances": "true"})
        orders = await self._client.signed("/api/v3/openOrders", {})
        try:
            balances = {
                row["asset"]: Balance(amount_of(row["free"]), amount_of(row["locked"])) for row in account["balances"]
            }
            return AccountReading(
                at=time_of(account["updateTime"]),
                balances={name: balance for name, balance in balances.items() if balance.total},
                orders=[_order(await self._pair(row["symbol"]), row) for row in orders],
            )
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise nonsense() from error

    async def fills(self, pair: str, after: int | None, since: datetime) -> list[AccountFill]:
        found: list[AccountFill] = []
        begin: dict[str, Any] = {"startTime": milliseconds_of(since)} if after is None else {"fromId": after + 1}
        for _ in range(_MOST_PAGES):
            params = {"symbol": _symbol(pair), "limit": _MOST_ROWS, **begin}
            try:
                rows = await self._client.signed("/api/v3/myTrades", params)
                page = [_fill(pair, row) for row in rows]
            except (KeyError, TypeError, ValueError, InvalidOperation) as error:
                raise nonsense() from error
            except Refused as refused:
                if not refused.is_unknown:
                    raise
                break  # the pair is not traded any more, or never was: the others are read on
            found += page
            if len(page) < _MOST_ROWS:
                break
            begin = {"fromId": page[-1].number + 1}
        return sorted(found, key=lambda one: one.number)

    async def order(self, pair: str, order_id: str) -> AccountOrder | None:
        return await self._order(pair, {"orderId": order_id})

    async def order_named(self, pair: str, client_order_id: str) -> AccountOrder | None:
        return await self._order(pair, {"origClientOrderId": client_order_id})

    async def pairs_of(self, currency: str, others: Sequence[str]) -> list[str]:
        pairs = []
        for other in others:
            for symbol in (currency + other, other + currency) if currency != other else ():
                pair = await self._known(symbol)
                if pair is not None:
                    pairs.append(pair)
        return pairs

    async def incomes(self, since: datetime) -> Incomes:
        """None: of spot all money comes and goes with fills."""
        return Incomes()

    async def _order(self, pair: str, name: Mapping[str, str]) -> AccountOrder | None:
        try:
            row = await self._client.signed("/api/v3/order", {"symbol": _symbol(pair), **name})
            return _order(pair, row)
        except Refused as refused:
            if refused.code == NO_ORDER or refused.is_unknown:
                return None
            raise
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise nonsense() from error

    async def _pair(self, symbol: str) -> str:
        return await self._known(symbol) or symbol

    async def _known(self, symbol: str) -> str | None:
        if symbol not in self._pairs:
            try:
                told = await self._client.ask("/api/v3/exchangeInfo", {"symbol": symbol})
                row = told["symbols"][0]
                self._pairs[symbol] = f"{row['baseAsset']}/{row['quoteAsset']}"
            except Refused as refused:
                if refused.code not in _NO_SYMBOL:
                    raise
                self._pairs[symbol] = None
            except (KeyError, IndexError, TypeError) as error:
                raise nonsense() from error
        return self._pairs[symbol]


def _order(pair: str, row: Mapping[str, Any]) -> AccountOrder:
    return AccountOrder(
        pair=pair,
        order_id=str(row["orderId"]),
        client_order_id=str(row["clientOrderId"]),
        side=str(row["side"]).lower(),
        open=row["status"] in ("NEW", "PARTIALLY_FILLED", "PENDING_NEW", "PENDING_CANCEL"),
        amount=amount_of(row["origQty"]),
        filled=amount_of(row["executedQty"]),
        at=time_of(row["time"]),
    )


def _fill(pair: str, row: Mapping[str, Any]) -> AccountFill:
    return AccountFill(
        pair=pair,
        number=int(row["id"]),
        order_id=str(row["orderId"]),
        side="buy" if row["isBuyer"] else "sell",
        amount=amount_of(row["qty"]),
        cost=amount_of(row["quoteQty"]),
        fee=amount_of(row["commission"]),
        fee_currency=str(row["commissionAsset"]),
        at=time_of(row["time"]),
    )


def _symbol(pair: str) -> str:
    return pair.replace("/", "")
