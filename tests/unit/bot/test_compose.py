"""What the pool owns of a bot's configuration cannot be said by its slot."""

import json
from pathlib import Path
from typing import Any

import ccxt
import pytest

from pool.bot.config import ConfigurationRefused, compose
from pool.contract.slots import DesiredState, ExchangeCredentials, SlotSpec, StrategySource
from pool.settings import PoolSettings

PAPER = "http://127.0.0.1:9009"
DIRECTORY = Path("/pools/p/bots/bot-1")
BINANCE_URLS: dict[str, Any] = ccxt.binance().urls["api"]
SETTINGS = PoolSettings(pool_id="p", paper_exchange_url=PAPER, warm_candle_limit=300)


def spec(config: dict[str, Any] | None = None, **changes: Any) -> SlotSpec:
    fields: dict[str, Any] = {
        "epoch": 1,
        "generation": 1,
        "desired": DesiredState.RUNNING,
        "exchange": "paper",
        "config": config if config is not None else {"stake_currency": "USDT", "max_open_trades": 3},
        "strategy": StrategySource(class_name="Tiny", source="class Tiny: pass"),
    }
    return SlotSpec(**{**fields, **changes})


def composed(config: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return compose(spec(config, **changes), DIRECTORY, SETTINGS, BINANCE_URLS)


HOSTILE: dict[str, Any] = {
    "stake_currency": "USDT",
    "bot_name": "else",
    "dry_run": False,
    "initial_state": "stopped",
    "db_url": "sqlite:////tmp/other.sqlite",
    "user_data_dir": "/tmp/other",
    "datadir": "/tmp/other",
    "strategy": "Other",
    "strategy_path": "/tmp/other",
    "recursive_strategy_search": True,
    "add_config_files": ["/etc/other.json"],
    "logfile": "/tmp/other.log",
    "log_config": {"version": 1, "handlers": {}},
    "verbosity": 3,
    "fiat_display_currency": "USD",
    "api_server": {"enabled": True, "listen_ip_address": "0.0.0.0", "listen_port": 8080},
    "telegram": {"enabled": True, "token": "t", "chat_id": "1"},
    "discord": {"enabled": True, "webhook_url": "https://evil.example/d"},
    "webhook": {"enabled": True, "url": "https://evil.example/w"},
    "external_message_consumer": {"enabled": True, "producers": [{"host": "evil.example"}]},
    "internals": {"process_throttle_secs": 3, "sd_notify": True},
    "exchange": {
        "name": "kraken",
        "key": "stolen",
        "secret": "stolen",
        "password": "stolen",
        "walletAddress": "stolen",
        "enable_ws": True,
        "demo_trading": True,
        "log_responses": True,
        "only_from_ccxt": False,
        "_ft_has_params": {"ohlcv_candle_limit": 5},
        "pair_whitelist": ["BTC/USDT"],
        "ccxt_config": {
            "urls": {"api": {"public": "https://evil.example"}},
            "hostname": "evil.example",
            "proxyUrl": "https://evil.example/",
            "httpsProxy": "https://evil.example",
            "apiKey": "stolen",
            "verbose": True,
            "options": {"sandboxMode": True},
            "timeout": 5000,
        },
        "ccxt_sync_config": {"httpProxy": "https://evil.example"},
        "ccxt_async_config": {"aiohttp_proxy": "https://evil.example"},
    },
}


def test_nothing_the_pool_owns_is_taken_from_the_slot() -> None:
    config = composed(HOSTILE)

    assert config["bot_name"] == "bot-1"
    assert config["dry_run"] is True
    assert config["initial_state"] == "running"
    assert config["db_url"] == "sqlite:////pools/p/bots/bot-1/tradesv3.sqlite"
    assert config["user_data_dir"] == str(DIRECTORY)
    assert (config["strategy"], config["strategy_path"]) == ("Tiny", str(DIRECTORY / "strategy"))
    assert config["log_config"]["handlers"]["file"]["filename"] == str(DIRECTORY / "bot.log")
    assert config["internals"] == {"process_throttle_secs": 3}
    assert config["stake_currency"] == "USDT"
    text = json.dumps(config)
    for trace in ("evil.example", "stolen", "kraken", "other", "0.0.0.0"):
        assert trace not in text, trace
    for key in ("api_server", "telegram", "discord", "webhook", "external_message_consumer", "add_config_files"):
        assert key not in config


def test_of_the_exchange_only_trading_is_taken() -> None:
    exchange = composed(HOSTILE)["exchange"]

    assert exchange["pair_whitelist"] == ["BTC/USDT"]
    assert exchange["name"] == "binance"
    assert exchange["enable_ws"] is False
    assert exchange["only_from_ccxt"] is True
    assert exchange["_ft_has_params"] == {"ohlcv_candle_limit": 300}
    assert set(exchange["ccxt_config"]) == {"timeout", "urls"}
    assert not {"demo_trading", "log_responses", "ccxt_sync_config", "ccxt_async_config", "key"} & set(exchange)


def test_every_url_of_the_paper_exchange_is_rewritten() -> None:
    urls = composed()["exchange"]["ccxt_config"]["urls"]["api"]

    client = ccxt.binance({"urls": {"api": urls}})
    assert set(client.urls["api"]) == set(BINANCE_URLS)
    assert all(url.startswith(f"{PAPER}/") for url in client.urls["api"].values())


def test_another_exchange_keeps_its_urls_and_its_candle_limit() -> None:
    section = composed({"exchange": {"pair_whitelist": ["BTC/USD"]}}, exchange="kraken")["exchange"]

    assert section["name"] == "kraken"
    assert "urls" not in section["ccxt_config"]
    assert "_ft_has_params" not in section


def test_live_on_paper_has_its_own_database_and_no_key() -> None:
    credentials = ExchangeCredentials.model_validate({"key": "the-key", "secret": "the-secret"})
    config = composed(trading="paper_live", credentials=credentials)

    assert config["dry_run"] is False
    assert config["db_url"].endswith("/tradesv3.live.sqlite")
    assert "the-key" not in json.dumps(config)
    assert "the-secret" not in json.dumps(config)


def test_live_on_a_real_exchange_speaks_to_that_exchange_and_has_no_key() -> None:
    credentials = ExchangeCredentials.model_validate({"key": "the-key", "secret": "the-secret"})
    config = composed(exchange="kraken", trading="live", credentials=credentials)

    assert config["dry_run"] is False
    assert config["db_url"].endswith("/tradesv3.live.sqlite")
    assert config["exchange"]["name"] == "kraken"
    assert "urls" not in config["exchange"]["ccxt_config"]
    assert "the-key" not in json.dumps(config)
    assert "the-secret" not in json.dumps(config)


def test_a_bot_to_be_paused_starts_paused() -> None:
    assert composed(desired=DesiredState.PAUSED)["initial_state"] == "paused"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"exchange": "kraken", "trading": "paper_live"}, "paper exchange"),
        ({"exchange": "paper", "trading": "live"}, "paper exchange"),
        ({"config": {"pairlists": [{"method": "RemotePairList"}]}}, "RemotePairList"),
        ({"config": {"pairlists": "StaticPairList"}}, "pairlists"),
        ({"config": {"exchange": ["binance"]}}, "exchange"),
        ({"config": {"exchange": {"ccxt_config": "x"}}}, "ccxt_config"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigurationRefused, match=word):
        compose(spec(**changes), DIRECTORY, SETTINGS, BINANCE_URLS)


def test_a_pool_without_paper_exchange_refuses_it() -> None:
    with pytest.raises(ConfigurationRefused, match="no paper exchange"):
        compose(spec(), DIRECTORY, PoolSettings(pool_id="p"), BINANCE_URLS)


def test_the_slot_is_left_as_it_was() -> None:
    slot = spec(json.loads(json.dumps(HOSTILE)))
    compose(slot, DIRECTORY, SETTINGS, BINANCE_URLS)

    assert slot.config == HOSTILE
