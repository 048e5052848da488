"""`/control/`: what tests and operators do to the exchange. JSON in and out, `Authorization: Bearer <control-token>`.

POST accounts        {balances: {asset: amount}, fee_rate?, pays_in_bnb?} -> {id, key, secret}
GET  accounts        -> [{id, key}]
POST, DELETE keys    more keys of an account: `key_control`
POST deposits        {key, asset, amount}; a negative amount withdraws
POST prices/set      {symbol, price, after?}; then `hold` it (default) or `follow` the market from there
POST prices/ramp     {symbol, price | ratio, seconds, after?}; `ratio` multiplies the price now
POST prices/crash    {symbol?, ratio, seconds?}; loses that share, then follows; without a symbol all but money
POST prices/flat     {symbol?}; freezes one or all
POST prices/clear    {symbol?}; the market's own price again, from now on
POST faults          {kind, path?, method?, status?, code?, message?, milliseconds?, times?, seconds?} -> {number}
GET, DELETE faults   DELETE takes ?number=; what the kinds do, to requests and to websockets: `faults.Kind`
POST partial-fills   {symbol?, ratio, most?}: `engine.PartialFills`; DELETE takes ?symbol=
GET  weight-limit    -> {limit, futures, charged, refused, banned}: what `limits.WeightLimit` counts
POST weight-limit    {limit?, futures?}; forgets use and bans, sets the limits
GET  ledger          ?key= -> {balances, orders, fills, changes}
GET, DELETE counters requests by method and path
"""

import hmac
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from pool.exchange.simulator.calls import Call, Endpoint, Endpoints
from pool.exchange.simulator.engine import Engine, PartialFills
from pool.exchange.simulator.faults import Fault, Faults, Kind
from pool.exchange.simulator.fields import Fields, as_decimal, wrong
from pool.exchange.simulator.keys import random_key
from pool.exchange.simulator.ledger import Ledger
from pool.exchange.simulator.limits import WeightLimit
from pool.exchange.simulator.listings import STABLE
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.orders import ZERO, Account
from pool.exchange.simulator.problems import Problem, invalid_symbol
from pool.exchange.simulator.rendering import as_json
from pool.exchange.simulator.scripts import After, Piece

_DEFAULT_FEE_RATE = Decimal("0.001")
ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


OPENING = frozenset({("POST", "/control/accounts"), ("POST", "/control/futures/deposits")})
"""The calls that open an account with money."""


class ControlApi:
    """`repriced` is called after prices were scripted, so that nothing rendered before is served again; `advance` lets
    the market act on all orders up to a time (ms). `more` are answers of other markets, guarded like these."""

    def __init__(
        self,
        token: str,
        market: Market,
        ledger: Ledger,
        engine: Engine,
        faults: Faults,
        weights: WeightLimit,
        counters: Counter[str],
        repriced: Callable[[], None],
        advance: Callable[[int], None],
        more: Mapping[tuple[str, str], Callable[[Call], Any]],
    ) -> None:
        self._token = token
        self._market = market
        self._ledger = ledger
        self._engine = engine
        self._faults = faults
        self._weights = weights
        self._counters = counters
        self._repriced = repriced
        self._advance = advance
        self._more = more

    def endpoints(self) -> Endpoints:
        table: dict[tuple[str, str], Callable[[Call], Any]] = {
            ("POST", "accounts"): self._add_account,
            ("GET", "accounts"): lambda _: [{"id": one.id, "key": one.key} for one in self._ledger.accounts()],
            ("POST", "deposits"): self._deposit,
            ("POST", "prices/set"): self._set,
            ("POST", "prices/ramp"): self._ramp,
            ("POST", "prices/crash"): self._crash,
            ("POST", "prices/flat"): self._flat,
            ("POST", "prices/clear"): self._clear,
            ("POST", "faults"): self._add_fault,
            ("GET", "faults"): lambda _: [asdict(fault) for fault in self._faults.standing()],
            ("DELETE", "faults"): lambda call: {"removed": self._faults.remove(call.parameters.integer("number"))},
            ("POST", "partial-fills"): self._partial_fills,
            ("DELETE", "partial-fills"): self._whole_fills,
            ("GET", "weight-limit"): lambda _: self._weights_told(),
            ("POST", "weight-limit"): self._weight_limit,
            ("GET", "ledger"): self._dump,
            ("GET", "counters"): lambda _: dict(self._counters),
            ("DELETE", "counters"): self._reset_counters,
        }
        table |= self._more
        return {(method, f"/control/{path}"): self._guarded(answer) for (method, path), answer in table.items()}

    def _guarded(self, answer: Callable[[Call], Any]) -> Endpoint:
        def run(call: Call) -> bytes:
            given = call.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
                raise Problem(401, -2015, "The control token is missing or wrong.")
            return as_json(answer(call))

        return Endpoint(run)

    # Accounts

    def _add_account(self, call: Call) -> dict[str, Any]:
        body = Fields(call.body)
        balances = {asset: as_decimal(asset, amount) for asset, amount in body.mapping("balances").items()}
        fee_rate, pays_in_bnb = body.amount("fee_rate"), body.flag("pays_in_bnb")
        body.done()
        fee_rate = _DEFAULT_FEE_RATE if fee_rate is None else fee_rate
        if not 0 <= fee_rate < 1:
            raise wrong("fee_rate", "from 0 to below 1")
        if any(amount < 0 for amount in balances.values()):
            raise wrong("balances", "zero or more of each asset")
        key, secret = random_key(), random_key()
        with self._ledger.transaction():
            account = self._ledger.add_account(key, secret, fee_rate, pays_in_bnb, call.now_ms)
            for asset, amount in balances.items():
                self._ledger.change(account.id, asset, amount, ZERO, "deposit", call.now_ms)
        return {"id": account.id, "key": key, "secret": secret}

    def _deposit(self, call: Call) -> dict[str, str]:
        body = Fields(call.body)
        account, asset, amount = self._account(body.text("key")), body.text("asset"), body.amount("amount")
        body.done()
        if not asset:
            raise wrong("asset", "the name of an asset")
        if not amount:
            raise wrong("amount", "a decimal other than zero")
        if self._ledger.balance(account.id, asset).free + amount < 0:
            raise wrong("amount", "covered by what is free")
        with self._ledger.transaction():
            reason = "deposit" if amount > 0 else "withdrawal"
            self._ledger.change(account.id, asset, amount, ZERO, reason, call.now_ms)
        return {"free": str(self._ledger.balance(account.id, asset).free)}

    def _dump(self, call: Call) -> dict[str, Any]:
        self._advance(call.now_ms)
        key = call.parameters.text("key")
        return self._ledger.dump(self._account(key).id if key else None)

    def _account(self, key: str | None) -> Account:
        account = self._ledger.account(key or "")
        if account is None:
            raise wrong("key", "the key of an account")
        return account

    # Prices

    def _set(self, call: Call) -> dict[str, int]:
        body = Fields(call.body)
        symbol, price = self._symbol(body), float(body.positive("price"))
        after = _choice(After, "after", body.text("after", After.HOLD))
        body.done()
        return self._script(call, {symbol: Piece(call.second, 0, price, price, after)})

    def _ramp(self, call: Call) -> dict[str, int]:
        body = Fields(call.body)
        symbol = self._symbol(body)
        price, ratio = body.amount("price"), body.amount("ratio")
        seconds, after = body.count("seconds", 0) or 0, _choice(After, "after", body.text("after", After.HOLD))
        body.done()
        if (price is None) == (ratio is None):
            raise wrong("price", "given, or else 'ratio'")
        now = self._price(symbol, call.second)
        target = float(price) if price is not None else now * float(ratio or 0)
        if target <= 0:
            raise wrong("price", "above zero")
        return self._script(call, {symbol: Piece(call.second, seconds, now, target, after)})

    def _crash(self, call: Call) -> dict[str, int]:
        body = Fields(call.body)
        symbols = self._one_or(body, [s for s in self._market.order if self._falls(s)])
        ratio, seconds = float(body.positive("ratio")), body.count("seconds", 0) or 0
        body.done()
        if ratio >= 1:
            raise wrong("ratio", "the share of the price that is lost, below 1")
        pieces = {}
        for symbol in symbols:
            now = self._price(symbol, call.second)
            pieces[symbol] = Piece(call.second, seconds, now, now * (1 - ratio), After.FOLLOW)
        return self._script(call, pieces)

    def _flat(self, call: Call) -> dict[str, int]:
        body = Fields(call.body)
        symbols = self._one_or(body, self._market.order)
        body.done()
        prices = {symbol: self._price(symbol, call.second) for symbol in symbols}
        return self._script(call, {s: Piece(call.second, 0, price, price) for s, price in prices.items()})

    def _clear(self, call: Call) -> dict[str, int]:
        body = Fields(call.body)
        symbols = self._one_or(body, self._market.scripted())
        body.done()
        return self._script(call, {symbol: Piece(call.second) for symbol in symbols})

    def _script(self, call: Call, pieces: dict[str, Piece]) -> dict[str, int]:
        self._advance(call.now_ms)  # what the old price did, it did
        with self._ledger.transaction():
            for symbol, piece in pieces.items():
                self._ledger.add_script(symbol, piece)
        for symbol, piece in pieces.items():
            self._market.script(symbol, piece)
        self._repriced()
        return {"scripted": len(pieces)}

    def _falls(self, symbol: str) -> bool:
        """Quoted in money, and not itself money."""
        listing = self._market.listings[symbol]
        return listing.quote in STABLE and listing.base not in STABLE

    def _price(self, symbol: str, second: int) -> float:
        return float(self._market.ticks(symbol, second) * self._market.listings[symbol].tick)

    def _one_or(self, body: Fields, otherwise: list[str]) -> list[str]:
        symbol = body.text("symbol")
        return otherwise if symbol is None else [self._known(symbol)]

    def _symbol(self, body: Fields) -> str:
        return self._known(body.text("symbol") or "")

    def _known(self, symbol: str) -> str:
        if symbol not in self._market.listings:
            raise invalid_symbol()
        return symbol

    # Trouble

    def _add_fault(self, call: Call) -> dict[str, int]:
        body = Fields(call.body)
        kind = _choice(Kind, "kind", body.text("kind"))
        seconds = body.amount("seconds")
        fault = Fault(
            number=0,
            kind=kind,
            path=body.text("path") or "*",
            method=(body.text("method") or "*").upper(),
            status=body.count("status", 503) or 503,
            code=int(body.amount("code") or 0) or None,
            message=body.text("message"),
            milliseconds=body.count("milliseconds", 0) or 0,
            remaining=body.count("times"),
            until=None if seconds is None else call.now_ms / 1000 + float(seconds),
        )
        body.done()
        if not 400 <= fault.status <= 599:
            raise wrong("status", "from 400 to 599")
        return {"number": self._faults.add(fault).number}

    def _partial_fills(self, call: Call) -> dict[str, str]:
        body = Fields(call.body)
        symbol, ratio, most = body.text("symbol"), body.positive("ratio"), body.count("most")
        body.done()
        if ratio > 1:
            raise wrong("ratio", "above 0, at most 1")
        self._engine.set_partial_fills(None if symbol is None else self._known(symbol), PartialFills(ratio, most))
        return {"ratio": str(ratio)}

    def _whole_fills(self, call: Call) -> dict[str, Any]:
        self._engine.set_partial_fills(call.parameters.text("symbol"), None)
        return {}

    def _weight_limit(self, call: Call) -> dict[str, int]:
        body = Fields(call.body)
        limit, futures = body.count("limit"), body.count("futures")
        body.done()
        self._weights.reset()
        if limit is not None:
            self._weights.limit, self._weights.futures = limit, None
        if futures is not None:
            self._weights.futures = futures
        return self._weights_told()

    def _weights_told(self) -> dict[str, int]:
        weights = self._weights
        counts = {"charged": weights.charged, "refused": weights.refused, "banned": weights.banned}
        return {"limit": weights.limit, "futures": weights.limit_of("fapi"), **counts}

    def _reset_counters(self, _call: Call) -> dict[str, Any]:
        self._counters.clear()
        return {}


def _choice(kind: type[ChoiceT], field: str, value: str | None) -> ChoiceT:
    try:
        return kind(value or "")
    except ValueError:
        raise wrong(field, "one of " + ", ".join(kind)) from None
