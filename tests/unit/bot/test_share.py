"""Bots that share an account spend what is theirs: FreqTrade's own code, without and with what sees to that."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.enums import TradingMode
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Order, Trade, init_db
from freqtrade.util import dt_now
from freqtrade.wallets import Wallet, Wallets

from pool.bot.universal.share import keep_to_share


class Bot:
    """What of a FreqtradeBot deals with its account: the real methods over balances that a test sets."""

    def __init__(self, **config: Any) -> None:
        self.freqtrade = object.__new__(FreqtradeBot)
        self.freqtrade.config = {"dry_run": False, "tradable_balance_ratio": 0.99, **config}
        wallets = object.__new__(Wallets)
        wallets._config, wallets._stake_currency = self.freqtrade.config, "USDT"
        wallets._wallets = {"USDT": Wallet("USDT", 900, 0, 900), "BTC": Wallet("BTC", 3, 0, 3)}
        wallets.update = lambda *_, **__: None  # type: ignore[method-assign]
        self.freqtrade.wallets = wallets
        keep_to_share(self.freqtrade)

    def fee(self) -> float | None:
        """What of a fee in coins is taken from a trade of 1 BTC, where the account has 3."""
        order = SimpleNamespace(ft_order_side="buy")
        trade = SimpleNamespace(amount=1.0, exit_side="sell", entry_side="buy", nr_of_successful_entries=0)
        kept: float | None = self.freqtrade.apply_fee_conditional(trade, "BTC", 1.0, 0.001, order)
        return kept

    def stake(self) -> float:
        return float(self.freqtrade.wallets.get_available_stake_amount())


@pytest.fixture
def trades(tmp_path: Path) -> Iterator[None]:
    """An open trade of 100 that lost 40 in a part, and a closed one that won 10."""
    init_db(f"sqlite:///{tmp_path / 'trades.sqlite'}")
    common: dict[str, Any] = {
        "pair": "BTC/USDT", "fee_open": 0.0, "fee_close": 0.0, "exchange": "binance", "open_rate": 100.0,
        "open_date": dt_now(), "trading_mode": TradingMode.SPOT, "leverage": 1.0,
    }  # fmt: skip
    losing = Trade(**common, amount=1.0, stake_amount=100.0, is_open=True)
    losing.realized_profit = -40.0
    Trade.session.add(losing)
    Trade.session.add(Trade(**common, amount=1.0, stake_amount=100.0, is_open=False, close_profit_abs=10.0))
    Trade.commit()
    yield
    Trade.session.remove()


def test_plain_freqtrade_pays_a_fee_with_anybodys_coins_and_a_share_does_not() -> None:
    assert Bot().fee() is None
    assert Bot(available_capital=500.0).fee() == 0.001


@pytest.mark.usefixtures("trades")
def test_a_share_is_what_was_given_and_won_less_what_was_lost_and_is_in_trades() -> None:
    bot = Bot(available_capital=500.0)
    assert bot.stake() == 500 + 10 - 40 - 100
    assert Wallets.get_available_stake_amount(bot.freqtrade.wallets) == 410, "FreqTrade's own forgets the loss"
    assert Bot(available_capital=5000.0).stake() == 900, "never more than is there"
    assert Bot(available_capital=100.0).stake() == 0
    dry = Bot(dry_run=True, available_capital=500.0)
    assert dry.fee() is None
    assert dry.stake() == 410


@pytest.mark.usefixtures("trades")
def test_an_additional_entry_that_waits_is_spent_and_a_first_one_counts_once() -> None:
    bot = Bot(available_capital=500.0)
    before = bot.stake()
    trade = Trade.get_open_trades()[0]

    def enter(status: str, filled: float, amount: float) -> None:
        waits = status == "open"
        order = Order(
            ft_order_side="buy", ft_pair="BTC/USDT", ft_is_open=waits, ft_amount=amount, ft_price=100.0, side="buy",
            order_id=f"{status}-{filled}", status=status, amount=amount, filled=filled, price=100.0,
        )  # fmt: skip
        trade.orders.append(order)
        Trade.commit()

    enter("open", 0.0, 1.0)
    assert bot.stake() == before, "the first entry is the trade's stake"
    trade.orders.clear()
    enter("closed", 1.0, 1.0)
    assert bot.stake() == before
    enter("open", 0.5, 2.0)
    assert bot.stake() == before - 200, "filled parts of what is open are in no stake yet"


@pytest.mark.usefixtures("trades")
def test_of_a_leveraged_trade_its_margin_is_spent_and_what_holding_it_cost() -> None:
    """10,000 short of which 1,000 are margin: fees of 5, and funding of 3 received before and 2 paid since."""
    bot = Bot(available_capital=5000.0)
    bot.freqtrade.wallets._wallets = {"USDT": Wallet("USDT", 9000, 0, 9000)}
    before = bot.stake()
    trade = Trade(
        pair="ETH/USDT:USDT", fee_open=0.0005, fee_close=0.0005, exchange="binance", open_rate=100.0,
        open_date=dt_now(), trading_mode=TradingMode.FUTURES, leverage=10.0, amount=100.0, stake_amount=1000.0,
        is_short=True, is_open=True, funding_fee_running=-2.0,
    )  # fmt: skip
    Trade.session.add(trade)
    Trade.commit()
    for number, (side, funding) in enumerate((("sell", 0.0), ("buy", 7.0), ("sell", 3.0))):
        trade.orders.append(
            Order(
                ft_trade_id=trade.id, ft_order_side=side, ft_pair=trade.pair, ft_amount=1.0, ft_price=100.0,
                order_id=str(number), side=side, status="closed", ft_is_open=False, amount=1.0, filled=1.0,
                average=100.0, price=100.0, funding_fee=funding, order_date=dt_now(),
            )
        )  # fmt: skip
    Trade.commit()
    assert bot.stake() == before - 1000 - 5 + 3 - 2, "the exit before has its funding in what it realised"
