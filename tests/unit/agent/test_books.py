"""A bot's books as the agent reads them from FreqTrade's own database: of bots in any state, bounded, and again until
nothing changes any more."""

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from freqtrade.enums import TradingMode
from freqtrade.persistence import KeyValueStore, Order, Trade, init_db

from pool.agent import books
from pool.agent.books import COLUMNS, Cursor, read_books
from pool.agent.files import archive
from pool.bot.universal.journal import Intent, Journal, Purpose, State
from pool.contract.books import BookMode, Books

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "bots" / "bot"
    directory.mkdir(parents=True)
    return directory


@pytest.fixture
def freqtrade(home: Path) -> Iterator[None]:
    """FreqTrade's own session on the bot's dry database, open as in a bot that runs."""
    init_db(f"sqlite:///{home}/tradesv3.sqlite")
    KeyValueStore.store_value("bot_start_time", LONG_AGO)
    yield
    Trade.session.remove()
    Trade.session.get_bind().dispose()


def read(home: Path, mode: BookMode = "dry", after: str = "") -> Books:
    found = asyncio.run(read_books(home.parents[1], home.name, mode, books.cursor_of(after)))
    assert found is not None
    return found


def trade(*, short: bool = False, pair: str = "BTC/USDT") -> Trade:
    made = Trade(
        pair=pair, base_currency="BTC", stake_currency="USDT", stake_amount=100.0, amount=1.0, open_rate=100.0,
        open_date=LONG_AGO, exchange="binance", fee_open=0.001, fee_close=0.002, is_short=short, is_open=True,
        leverage=1.0,
    )  # fmt: skip
    Trade.session.add(made)
    Trade.commit()
    return made


def order(of: Trade, order_id: str, side: str, *, at: datetime = LONG_AGO, **changes: Any) -> Order:
    values = {
        "status": "closed", "ft_is_open": False, "amount": 1.0, "filled": 1.0, "average": 100.5, "price": 101.0,
        "cost": 100.5, "order_filled_date": at,
    } | changes  # fmt: skip
    made = Order(
        ft_trade_id=of.id, ft_order_side=side, ft_pair=of.pair, ft_amount=1.0, ft_price=100.0, order_id=order_id,
        side=side, order_date=at, order_update_date=at, **values,
    )  # fmt: skip
    of.orders.append(made)
    Trade.commit()
    return made


def test_what_is_read_is_what_freqtrade_writes() -> None:
    for table, model in (("orders", Order), ("trades", Trade)):
        assert set(COLUMNS[table]) <= set(model.__table__.columns.keys())
    assert set(COLUMNS["held"]) <= set(Trade.__table__.columns.keys())
    assert set(COLUMNS["intents"]) <= set(Intent.__dataclass_fields__)


@pytest.mark.usefixtures("freqtrade")
def test_orders_of_a_bot_that_runs(home: Path) -> None:
    long, short = trade(), trade(short=True)
    order(long, "1", "buy", ft_fee_base=0.001)
    order(long, "2", "stoploss", funding_fee=-0.25)
    order(short, "3", "sell", filled=0.4, average=100.1)
    order(short, "4", "buy", ft_is_open=True, status="open", filled=0.0, cost=90.0)
    told = read(home)
    facts = [
        (one.order_id, one.side, one.purpose, one.status, str(one.cost), str(one.fee), one.fee_currency)
        for one in told.orders
    ]
    assert facts == [
        ("1", "buy", "entry", "closed", "100.5", "0.001", "BTC"),
        ("2", "sell", "exit", "closed", "100.5", "0.201000000000000000", "USDT"),
        ("3", "sell", "entry", "closed", "40.04", "0.040040000000000000", "USDT"),
        ("4", "buy", "exit", "open", "0", "0", None),
    ]
    assert told.orders[1].funding == Decimal("-0.25")
    assert told.orders[0].at == LONG_AGO
    assert (told.settled, told.cursor, told.more, told.problem) == ("3.0", "4.0", False, None)
    assert told.database


@pytest.mark.usefixtures("freqtrade")
def test_what_open_trades_of_futures_hold(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(home).held == []
    spot, short = trade(), trade(short=True, pair="ETH/USDT:USDT")
    short.trading_mode, short.leverage, short.contract_size, short.funding_fees = TradingMode.FUTURES, 5.0, 1.0, -0.5
    closed = trade(pair="SOL/USDT:USDT")
    closed.trading_mode, closed.is_open = TradingMode.FUTURES, False
    Trade.commit()
    assert spot.is_open
    (held,) = read(home).held or []
    assert (held.trade_id, held.pair, held.is_short, held.amount) == (short.id, "ETH/USDT:USDT", True, Decimal("1.0"))
    assert (held.leverage, held.contract_size, held.stake) == (Decimal("5.0"), Decimal("1.0"), Decimal("100.0"))
    assert held.funding == Decimal("-0.5")
    monkeypatch.setattr(books, "MOST_HELD", 0)
    assert read(home).held is None, "not all of them would be no answer"
    assert Books(bot_id="b", mode="live", as_of=NOW, orders=[]).held is None, "nor is that of an agent of before"


@pytest.mark.usefixtures("freqtrade")
def test_what_may_change_is_told_again_and_what_is_over_is_not(home: Path) -> None:
    of = trade()
    for number in range(4):
        order(of, str(number), "buy")
    waits = order(of, "waits", "buy", ft_is_open=True, status="open", filled=0.0)
    order(of, "later", "buy")
    settled = read(home).settled
    assert [one.order_id for one in read(home, after=settled).orders] == ["waits", "later"]
    waits.ft_is_open, waits.filled, waits.order_update_date = False, 1.0, datetime.now(UTC)
    Trade.commit()
    assert [(one.order_id, one.filled) for one in read(home, after="6.0").orders] == [("waits", Decimal("1.0"))]
    waits.order_update_date = LONG_AGO
    Trade.commit()
    assert read(home, after="6.0").orders == []
    assert len(read(home, after="9.0").orders) == 6, "a file that was put back is told anew"


@pytest.mark.usefixtures("freqtrade")
def test_many_orders_come_in_pages(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "PAGE_ROWS", 3)
    of = trade()
    for number in range(7):
        order(of, str(number), "buy")
    seen, told = [], read(home)
    while True:
        seen += [one.order_id for one in told.orders]
        if not told.more:
            break
        told = read(home, after=told.cursor)
    assert seen == [str(number) for number in range(7)]


def test_the_journal_is_told_with_live_books(home: Path) -> None:
    assert read(home, "live").orders == []
    journal = Journal(home / "orders.live.sqlite", "bot")
    intent = Intent(Purpose.ENTRY, "BTC/USDT", "buy", False, "limit", 1.0, 100.0, 1.0, "")
    first, second = journal.plan(intent), journal.plan(intent)
    journal.change(first, state=State.FILLED, order_id="7", booked=True)
    told = read(home, "live")
    assert [(one.client_order_id, one.order_id, one.state, one.booked) for one in told.intents] == [
        (first.client_order_id, "7", "filled", True),
        (second.client_order_id, None, "planned", False),
    ]
    assert told.settled == "0.1"
    assert [one.state for one in read(home, "live", told.cursor).intents] == ["planned"]
    assert read(home).intents == []


@pytest.mark.usefixtures("freqtrade")
def test_a_deleted_bot_is_read_from_the_archive(home: Path) -> None:
    order(trade(), "1", "buy")
    Trade.session.get_bind().dispose()
    pool = home.parents[1]
    archive(pool, "bot", LONG_AGO)
    (pool / "archive" / f"bot-other-{NOW:%Y%m%dT%H%M%S.%fZ}").mkdir()
    assert [one.order_id for one in read(home).orders] == ["1"]
    assert asyncio.run(read_books(pool, "other", "dry", Cursor())) is None


@pytest.mark.usefixtures("freqtrade")
def test_a_row_that_freqtrade_would_not_write_loses_itself(home: Path) -> None:
    of = trade()
    order(of, "1", "buy")
    order(of, "2", "buy")
    Trade.session.remove()
    with sqlite3.connect(home / "tradesv3.sqlite") as database:
        database.execute("UPDATE orders SET filled = 'a lot' WHERE order_id = '1'")
    told = read(home)
    assert ([one.order_id for one in told.orders], told.unreadable) == (["2"], 1)


@pytest.mark.parametrize("hostile", ["link", "directory", "text", "huge"])
def test_a_hostile_file_is_told_and_costs_little(home: Path, hostile: str) -> None:
    file = home / "tradesv3.sqlite"
    if hostile == "link":
        file.symlink_to("/etc/passwd")
    elif hostile == "directory":
        file.mkdir()
    elif hostile == "text":
        file.write_text("no database, but long enough to be looked at " * 100)
    else:
        with sqlite3.connect(file) as database:
            columns = ", ".join(name for name in COLUMNS["orders"])
            database.execute(f"CREATE TABLE orders ({columns})")
            database.execute("CREATE TABLE trades (id, is_short, fee_open, fee_close)")
            database.execute("INSERT INTO trades VALUES (1, 0, 0, 0)")
            database.execute(
                "INSERT INTO orders (id, ft_trade_id, ft_is_open, order_id) VALUES (1, 1, 0, zeroblob(9000000))"
            )
    told = read(home)
    assert told.problem is not None
    assert told.orders == []
