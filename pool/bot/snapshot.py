"""A bot's reading of itself, from what FreqTrade holds anyway: trades database, wallets, cached exit rates.

Called on the main thread between two loops, when FreqTrade has nothing half done. Network is used only where
FreqTrade's own loop does not keep a rate fresh (trader stopped) and, once a minute, for a conversion rate.

In dry-run everything derives from the same rows, so that `equity == starting_balance + realised + unrealised` holds
to the last digit: closing a position returns its stake and its profit. Live, `free` is what the exchange says.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from freqtrade.exceptions import FreqtradeException
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Order, Trade

from pool.bot.realised import realised_since
from pool.bot.universal.positions import marks_of, position_of
from pool.contract.snapshots import Balance, BotSnapshot, ConversionRate, Entering, OpenTrade, TradeMarks
from pool.rules.position import Marks

logger = logging.getLogger(__name__)

_CONVERSION_SECONDS = 60.0
_RATE_REFRESH_SECONDS = 60.0
_MAX_BALANCES = 50
ZERO = Decimal(0)


def decimal(value: float | None) -> Decimal:
    """Exactly what the float prints as; zero for None and for what is no number."""
    if value is None or not math.isfinite(value):
        return ZERO
    return Decimal(repr(float(value)))


def is_flat() -> bool:
    """No open trades and no open orders."""
    return not Trade.get_open_trade_count() and not Order.get_open_orders()


@dataclass(frozen=True)
class _Closed:
    """Closed trades: all of them, and what those closed since `midnight` brought since then."""

    count: int
    winning: int
    profit: Decimal
    midnight: datetime
    profit_today: Decimal


class SnapshotReader:
    """Keeps what is costly to know between two readings. `entering` says which orders that add risk have not ended,
    `ranges` the average true ranges of a pair by period, `marks` what the rules remember of a trade, `priced` whether
    its rate is known to be a new one."""

    def __init__(
        self,
        entering: Callable[[list[Trade]], list[Entering] | None] = lambda _: None,
        ranges: Callable[[str], Mapping[int, float]] = lambda _pair: {},
        marks: Callable[[Trade], Marks] = marks_of,
        priced: Callable[[int], bool] = lambda _trade_id: True,
    ) -> None:
        self._ranges = ranges
        self._marks = marks
        self._priced = priced
        self._last: BotSnapshot | None = None
        self._trades: list[Trade] = []
        """Those of the last reading that asked the database."""
        self._read_of: object = None
        self._entering = entering
        self._closed: _Closed | None = None
        self._rates: dict[str, float] = {}
        self._rates_asked: dict[str, float] = {}
        self._conversion: ConversionRate | None = None
        self._conversion_asked = -math.inf

    def forget(self) -> None:
        """Trades changed: count the closed ones again at the next reading."""
        self._closed = None
        self.touch()

    def touch(self) -> None:
        """FreqTrade did something, or something was done with it: the next reading asks for everything."""
        self._last = None

    def again(self, freqtrade: FreqtradeBot, reporting_currency: str, now: datetime) -> BotSnapshot | None:
        """The last reading as it is now, where nothing of it but rates can be another; by memory alone. None where a
        loop was run, an order is or may be on its way, a rate has to be asked for, or another day began. Without a new
        rate of each open trade it is as old as it was."""
        last, closed = self._last, self._closed
        if last is None or self._read_of is not freqtrade.last_process or last.entering != []:
            return None
        if closed is None or closed.midnight != _midnight(now):
            return None
        moved = {trade.pair for trade in last.open_trades if self._moves(freqtrade, trade.pair)}
        if any(
            trade.has_open_orders or (self._is_old(trade.pair) and trade.pair not in moved)
            for trade in last.open_trades
        ):
            return None
        as_of = now if all(self._priced(trade.trade_id) for trade in last.open_trades) else last.as_of
        if moved:
            valued = self._value(freqtrade, self._trades, closed, reporting_currency, now)
            self._last = valued.model_copy(update={"as_of": as_of})
        else:
            converted = self._convert(freqtrade, last.stake_currency, reporting_currency, now)
            self._last = last.model_copy(update={"as_of": as_of, "conversion": converted})
        return self._last

    def read(self, freqtrade: FreqtradeBot, reporting_currency: str, now: datetime) -> BotSnapshot:
        Trade.commit()  # between loops nothing is pending; makes the session read afresh what the REST API changed
        closed = self._read_closed(_midnight(now))
        self._trades = Trade.get_open_trades()
        return self._value(freqtrade, self._trades, closed, reporting_currency, now)

    def _value(
        self, freqtrade: FreqtradeBot, trades: list[Trade], closed: _Closed, reporting_currency: str, now: datetime
    ) -> BotSnapshot:
        """By what FreqTrade holds of these trades, at their present rates."""
        config = freqtrade.config
        stake_currency = str(config["stake_currency"])
        today = sum((realised_since(trade, closed.midnight) for trade in trades), ZERO)
        rates = {trade.pair: self._exit_rate(freqtrade, trade) for trade in trades}
        dry = bool(config["dry_run"])
        positions = [
            _open_trade(trade, rates[trade.pair], self._ranges(trade.pair), self._marks(trade), dry=dry)
            for trade in trades
        ]
        in_trades = sum((position.value_stake for position in positions), ZERO)
        realised_open = sum((position.realised_abs for position in positions), ZERO)
        starting, free = _capital(freqtrade, positions, closed.profit + realised_open)
        snapshot = BotSnapshot(
            as_of=now,
            stake_currency=stake_currency,
            mode="dry" if dry else "live",
            starting_balance=starting,
            free=free,
            in_trades=in_trades,
            equity=free + in_trades,
            realised=closed.profit + realised_open,
            realised_today=closed.profit_today + today,
            unrealised=sum((position.profit_abs for position in positions), ZERO),
            closed_trades=closed.count,
            winning_trades=closed.winning,
            balances=_balances(freqtrade, trades, rates),
            open_trades=positions,
            conversion=self._convert(freqtrade, stake_currency, reporting_currency, now),
            entering=self._entering(trades),
        )
        self._last, self._read_of = snapshot, freqtrade.last_process
        return snapshot

    def _read_closed(self, midnight: datetime) -> _Closed:
        if self._closed is None or self._closed.midnight != midnight:
            rows = (
                Trade.session.connection()
                .exec_driver_sql("SELECT close_profit_abs, close_profit FROM trades WHERE is_open = 0")
                .all()
            )
            today = Trade.get_trades(
                [Trade.is_open.is_(False), Trade.close_date >= midnight.replace(tzinfo=None)]
            ).all()
            self._closed = _Closed(
                count=len(rows),
                winning=sum(1 for _, ratio in rows if (ratio or 0.0) >= 0),
                profit=sum((decimal(profit) for profit, _ in rows), ZERO),
                midnight=midnight,
                profit_today=sum((realised_since(trade, midnight) for trade in today), ZERO),
            )
        return self._closed

    def _exit_rate(self, freqtrade: FreqtradeBot, trade: Trade) -> float:
        """FreqTrade refreshes the rate of an open position each loop; asked for only where that was a while ago."""
        pair, cached = trade.pair, freqtrade.exchange._exit_rate_cache.get(trade.pair)
        if cached and cached != self._rates.get(pair):
            self._rates[pair], self._rates_asked[pair] = cached, time.monotonic()
        elif self._is_old(pair):
            self._rates_asked[pair] = time.monotonic()
            try:
                self._rates[pair] = freqtrade.exchange.get_rate(
                    pair, side="exit", is_short=trade.is_short, refresh=cached is not None
                )
            except FreqtradeException as error:
                logger.warning("No current rate of %s: %s", pair, error)
        return self._rates.get(pair) or trade.open_rate

    def _moves(self, freqtrade: FreqtradeBot, pair: str) -> bool:
        """`_exit_rate` would answer another one, without asking."""
        cached = freqtrade.exchange._exit_rate_cache.get(pair)
        return bool(cached and cached != self._rates.get(pair))

    def _is_old(self, pair: str) -> bool:
        return time.monotonic() - self._rates_asked.get(pair, -math.inf) > _RATE_REFRESH_SECONDS

    def _convert(self, freqtrade: FreqtradeBot, source: str, target: str, now: datetime) -> ConversionRate | None:
        if source == target:
            return ConversionRate(source=source, target=target, rate=Decimal(1), at=now)
        known = self._conversion if self._conversion and self._conversion.target == target else None
        if known is None or time.monotonic() - self._conversion_asked > _CONVERSION_SECONDS:
            if known is None and time.monotonic() - self._conversion_asked < _CONVERSION_SECONDS:
                return None
            self._conversion_asked = time.monotonic()
            rate = _conversion_rate(freqtrade, source, target)
            self._conversion = ConversionRate(source=source, target=target, rate=rate, at=now) if rate else known
        return self._conversion


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _open_trade(trade: Trade, rate: float, ranges: Mapping[int, float], marks: Marks, *, dry: bool) -> OpenTrade:
    filled = bool(trade.select_filled_orders(trade.entry_side))
    profit = trade.calculate_profit(rate) if filled else None
    profit_abs = decimal(profit.profit_abs) if profit else ZERO
    stake = decimal(trade.stake_amount)
    if dry or trade.is_short or trade.leverage != 1.0:
        value = stake + profit_abs
    else:  # `stake` is what was asked for; an order is cut to whole lots, and counts at its price until it is settled
        pending = (order.stake_amount for order in trade.open_orders if order.ft_order_side == trade.entry_side)
        held = decimal(trade.calc_close_trade_value(rate)) if filled else ZERO
        value = held + sum((decimal(amount) for amount in pending), ZERO)
    position = position_of(trade)
    return OpenTrade(
        trade_id=trade.id,
        pair=trade.pair,
        base_currency=trade.safe_base_currency,
        is_short=bool(trade.is_short),
        amount=decimal(trade.amount),
        stake_amount=stake,
        open_rate=decimal(trade.open_rate),
        current_rate=decimal(rate),
        stop_rate=decimal(trade.stop_loss) if trade.stop_loss else None,
        profit_abs=profit_abs,
        profit_ratio=decimal(profit.profit_ratio) if profit else ZERO,
        realised_abs=decimal(trade.realized_profit),
        value_stake=value,
        opened_at=trade.open_date_utc,
        has_open_orders=trade.has_open_orders,
        entry_tag=trade.enter_tag or None,
        leverage=decimal(position.leverage),
        fee_open=decimal(position.fee_open),
        fee_close=decimal(position.fee_close),
        amount_entered=decimal(position.amount_entered),
        ladder_closed=decimal(position.ladder_closed),
        marks=_marks(marks),
        atr={period: decimal(float(f"{value:.10g}")) for period, value in ranges.items()},
    )


def _marks(marks: Marks) -> TradeMarks | None:
    if marks == Marks():
        return None
    return TradeMarks(
        best_rate=_known(marks.best_rate),
        stop_rate=_known(marks.stop_rate),
        stop_rule=marks.stop_rule,
        entry_atr=_known(marks.entry_atr),
        hard_stop_rate=_known(marks.hard_stop_rate),
        trailing_rate=_known(marks.trailing_rate),
        break_even_rate=_known(marks.break_even_rate),
        best_open_rate=_known(marks.best_open_rate),
    )


def _known(rate: float | None) -> Decimal | None:
    return None if rate is None else decimal(rate)


def _capital(freqtrade: FreqtradeBot, positions: list[OpenTrade], realised: Decimal) -> tuple[Decimal, Decimal]:
    """Starting balance and uninvested capital: of the whole account, unless the bot was given a share of it."""
    wallets, stake_currency = freqtrade.wallets, freqtrade.exchange.get_proxy_coin()
    invested = sum((position.value_stake - position.profit_abs for position in positions), ZERO)
    if freqtrade.config["dry_run"]:
        starting = decimal(wallets._start_cap.get(stake_currency, 0.0))
        return starting, starting + realised - invested
    if "available_capital" in freqtrade.config:
        return decimal(wallets.get_starting_balance()), decimal(wallets.get_available_stake_amount())
    free = decimal(wallets.get_free(stake_currency))
    return free + invested - realised, free


def _balances(freqtrade: FreqtradeBot, trades: list[Trade], rates: dict[str, float]) -> list[Balance]:
    stake_currency = freqtrade.exchange.get_proxy_coin()
    worth = {trade.safe_base_currency: rates[trade.pair] for trade in trades if not trade.is_short}
    balances = []
    for currency, wallet in freqtrade.wallets.get_all_balances().items():
        total = decimal(wallet.total)
        if not total and not wallet.free:
            continue
        rate = Decimal(1) if currency == stake_currency else decimal(worth[currency]) if currency in worth else None
        balances.append(
            Balance(
                currency=currency,
                free=decimal(wallet.free),
                used=decimal(wallet.used),
                total=total,
                value_stake=total * rate if rate is not None else None,
            )
        )
    return sorted(balances, key=lambda balance: balance.value_stake or ZERO, reverse=True)[:_MAX_BALANCES]


def _conversion_rate(freqtrade: FreqtradeBot, source: str, target: str) -> Decimal | None:
    """By one ticker; FreqTrade's own `get_conversion_rate` would fetch and keep those of the whole exchange."""
    try:
        for pair in freqtrade.exchange.get_valid_pair_combination(source, target):
            last = freqtrade.exchange.fetch_ticker(pair).get("last")
            if last:
                rate = decimal(last)
                return rate if pair.split("/")[0] == source else Decimal(1) / rate
    except (FreqtradeException, ValueError) as error:
        logger.info("No rate from %s to %s: %s", source, target, error)
    return None
