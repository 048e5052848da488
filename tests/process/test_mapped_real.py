"""Real bots of a real pool behind a real gateway: they take candles that their pool has mapped in place of asking for
them, trade on, and ask the exchange themselves when the gateway is killed."""

import itertools
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pool.contract.mapped import DIRECTORY
from tests.fakes.pool_rig import PoolRig
from tests.process.bot.gateways import Gateway
from tests.process.bot.harness import BUYER, PRICING, Exchange, paper_exchange
from tests.process.bot.live import Account
from tests.support import eventually_sync

pytestmark = pytest.mark.timeout(1500)

WARM_SECONDS = 600
ROUNDS = 8
"""A minute each; two do on a machine that has nothing else to do."""
SETTLED_SECONDS = range(8, 45)
"""Of a minute: what an exchange is asked for then is right until the next candle closes."""
WATCHER = BUYER.replace("        return dataframe\n", '''        import pathlib
        file = pathlib.Path(self.config["user_data_dir"], "seen")
        file.write_text(str(int(dataframe["date"].iloc[-1].timestamp())))
        return dataframe
''', 1)  # fmt: skip
"""A buyer that writes down which candle it was shown last."""


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    with paper_exchange(tmp_path / "paper-exchange") as running:
        yield running


@pytest.fixture
def gateway(tmp_path: Path, exchange: Exchange) -> Iterator[Gateway]:
    running = Gateway(tmp_path / "gateway", exchange.url)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def pool(tmp_path: Path, exchange: Exchange, gateway: Gateway) -> Iterator[PoolRig]:
    settings = {"stop_timeout_seconds": 15, "connect_timeout_seconds": 60, "hang_margin_seconds": 60}
    rig = PoolRig(tmp_path / "pool", "pool", paper_exchange_url=exchange.url, gateway_url=gateway.url, **settings)
    try:
        rig.start()
        eventually_sync(lambda: rig.pool()["zygote"]["state"] == "ready", WARM_SECONDS, "zygote warm")
        yield rig
    finally:
        rig.close()


NAMES = ("one", "two", "three", "four")
"""As many as it takes for candles to be made."""


def put(pool: PoolRig, bot_id: str, pair: str, generation: int) -> None:
    config = {
        "max_open_trades": 1,
        "stake_currency": "USDT",
        "stake_amount": 50 + generation,
        "dry_run_wallet": 1000,
        "timeframe": "1m",
        "minimal_roi": {"0": 0.05},
        "entry_pricing": PRICING,
        "exit_pricing": PRICING,
        "exchange": {"pair_whitelist": [pair]},
        "pairlists": [{"method": "StaticPairList"}],
        "internals": {"process_throttle_secs": 1},
    }
    strategy = {"class_name": "Buyer", "source": WATCHER}
    pool.put(bot_id, exchange="paper", config=config, strategy=strategy, generation=generation)


def begin_anew(pool: PoolRig, bot_id: str, pair: str, generation: int) -> None:
    """Its process stays; FreqTrade is built anew, and asks for all candles."""
    put(pool, bot_id, pair, generation)
    pool.until(
        bot_id,
        lambda slot: slot["observed_generation"] == generation and slot["observed_state"] == "running",
        message=f"generation {generation} of {bot_id}",
    )


def taken(gateway: Gateway) -> float:
    """From mapped candles, as bots tell."""
    with urllib.request.urlopen(f"{gateway.url}/metrics", timeout=60) as response:
        lines = response.read().decode().splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("gateway_answers_total{") and 'how="mapped"' in line
    )


def seen(pool: PoolRig, bot_id: str) -> int:
    """When the last candle opened that it was shown, in seconds."""
    file = pool.directory / "bots" / bot_id / "seen"
    return int(file.read_text() or 0) if file.exists() else 0


def heard(pool: PoolRig, bot_id: str) -> list[str]:
    return [
        one["event"]["type"] for one in pool.events() if one["kind"] == "event" and one["event"]["bot_id"] == bot_id
    ]


def test_bots_take_what_is_mapped_trade_on_and_do_without_it_when_the_gateway_dies(
    pool: PoolRig, exchange: Exchange, gateway: Gateway
) -> None:
    account, pair = Account(exchange, 1000), exchange.pairs[0]
    account.hold(pair)
    for name in NAMES:
        put(pool, name, pair, 1)
    for name in NAMES:
        pool.until_state(name, "running")
    runs = {name: pool.slot(name)["run_id"] for name in NAMES}

    generations = itertools.count(2)
    for _ in range(ROUNDS):
        eventually_sync(lambda: int(time.time() % 60) in SETTLED_SECONDS, message="a candle that has settled")
        for name in NAMES * 2:
            begin_anew(pool, name, pair, next(generations))
        eventually_sync(lambda: int(time.time() % 60) not in SETTLED_SECONDS, message="the end of the minute")
        if taken(gateway):  # told with the next candle that is asked for
            break
    assert taken(gateway) > 0
    assert list((pool.directory / DIRECTORY).iterdir())
    assert {name: pool.slot(name)["run_id"] for name in runs} == runs
    assert all(pool.slot(name)["conditions"] == [] for name in runs)
    for name in runs:
        eventually_sync(lambda name=name: "trade.entry_fill" in heard(pool, name), message="an entry")

    gateway.kill()
    killed = int(time.time()) // 60 * 60
    account.hold(pair, 1.1)
    for name in runs:
        eventually_sync(lambda name=name: "trade.exit_fill" in heard(pool, name), message="an exit")
        eventually_sync(lambda name=name: seen(pool, name) >= killed, message="a candle that closed after its death")
        (condition,) = pool.slot(name)["conditions"]
        assert condition["type"] == "GatewayUnreachable"
        assert pool.slot(name)["run_id"] == runs[name]
