"""What the watcher tells bots of the prices that it saw."""

import time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from pool.agent.watcher import Watcher
from pool.agent.watches import FOLLOW_SECONDS, Quote, Venue
from pool.contract.frames import FollowFrame, LookFrame
from pool.contract.risk import Watch

SPOT = Venue("paper", "spot")


def quote(bid: str, ask: str) -> Quote:
    return Quote(Decimal(bid), Decimal(ask))


def test_a_bot_that_is_followed_is_told_the_prices_of_its_own_watches_and_when_they_were_asked_for() -> None:
    sent: list[Any] = []
    facts = SimpleNamespace(spec=SimpleNamespace(exchange="paper"))
    entry: Any = SimpleNamespace(bot_id="bot", facts=facts, connection=SimpleNamespace(send=sent.append))
    keeper: Any = SimpleNamespace(entries={"bot": entry})
    asking: Any = None
    watcher = Watcher(keeper, "http://127.0.0.1:9", asking)
    watcher.watch(entry, [Watch(trade_id=1, symbol="BTCUSDT", is_short=False, below=Decimal(90))], 4)

    asked_at = time.monotonic() - 1
    watcher._wake(SPOT, {"BTCUSDT": quote("89", "101"), "ETHUSDT": quote("9", "10")}, asked_at)
    look, follow = sent
    assert isinstance(look, LookFrame)
    assert isinstance(follow, FollowFrame)
    assert {symbol: (one.bid, one.ask) for symbol, one in follow.quotes.items()} == {"BTCUSDT": (89, 101)}
    assert follow.number == 4
    assert follow.until == follow.seen_at + FOLLOW_SECONDS
    assert follow.seen_at <= time.clock_gettime(time.CLOCK_BOOTTIME) - 1
    assert FollowFrame.model_validate_json(follow.to_json()) == follow
