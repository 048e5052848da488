"""A whole bot's life played through inside the zygote, so that bots find its code and caches ready.

What code does at its first run stays with the process: the interpreter specialises bytecode in place, SQLAlchemy
compiles and keeps statements, pydantic builds serialisers, numeric libraries fill their tables. Done here once it is
shared; done in a bot it is a private copy of each page. So a real FreqTrade worker, composed as for any bot, trades for
some rounds under universal rules against the rehearsal exchange and answers its REST API over a real server on a Unix
socket.
"""

import asyncio
import contextlib
import json
import logging
import time
from pathlib import Path
from types import CodeType
from typing import Any

import ccxt
import httpx
import uvicorn
from freqtrade.commands import Arguments
from freqtrade.exceptions import DependencyException
from freqtrade.loggers import bufferHandler
from freqtrade.persistence import PairLocks, Trade
from freqtrade.persistence.custom_data import _CustomData
from freqtrade.persistence.key_value_store import _KeyValueStoreModel
from freqtrade.persistence.pairlock import PairLock
from freqtrade.persistence.trade_model import Order
from freqtrade.persistence.wallet_history import WalletHistory
from freqtrade.rpc.api_server.webserver import ApiServer
from freqtrade.rpc.rpc import RPC, RPCException
from freqtrade.worker import Worker
from loguru import logger

from pool.bot.config import ccxt_id, compose
from pool.contract.slots import DesiredState, SlotSpec, StrategySource
from pool.ipc.unix_address import bind_unix, short_address
from pool.settings import PoolSettings
from pool.zygote import compaction, rehearsal_rules
from pool.zygote.rehearsal_exchange import COINS

_ROUNDS = 8
_PATIENT_ROUNDS = 2
"""Each life plays its rounds twice, before and after the API's turn."""
_NAP_SECONDS = 0.05
_PAPER = "paper"
_USER, _PASSWORD = "rehearsal", "rehearsal"
_API_CONFIG = {
    "enabled": True,
    "listen_ip_address": "127.0.0.1",
    "listen_port": 8080,
    "username": _USER,
    "password": _PASSWORD,
    "jwt_secret_key": "rehearsal-rehearsal-rehearsal-32",
    "ws_token": "rehearsal",
    "CORS_origins": [],
    "verbosity": "error",
}
_PATHS = [
    "ping",
    "version",
    "balance",
    "count",
    "performance",
    "profit",
    "profit_all",
    "stats",
    "daily",
    "weekly",
    "monthly",
    "status",
    "trades",
    "whitelist",
    "blacklist",
    "show_config",
    "locks",
    "logs",
    "sysinfo",
    "health",
    "entries",
    "exits",
    "mix_tags",
    "plot_config",
    "trade/1",
    "trades?limit=50&offset=0",
    "markets",
    "pair_candles?pair=BTC/USDT&timeframe=1m&limit=100",
]
_MODELS = (Trade, Order, PairLock, _KeyValueStoreModel, _CustomData, WalletHistory)


def rehearse(home: Path, settings: PoolSettings) -> list[str]:
    """Plays it all in the directory `home`; sentences about what did not go as it should.

    `settings.paper_exchange_url` is the rehearsal exchange. Leaves no socket, loop, engine, session, handler or
    singleton behind.
    """
    hot: set[CodeType] = set()
    notes = _live(home / "first", settings, _ROUNDS)
    with compaction.observed(hot):
        notes += _live(home / "observed", settings, _PATIENT_ROUNDS, patient=True)
    logger.info("rehearsed after {:.1f} s of CPU", time.process_time())
    logger.info("{} code objects moved", compaction.compact(hot))
    notes += _live(home / "copied", settings, _ROUNDS)
    return notes + _live(home / "last", settings, _PATIENT_ROUNDS, patient=True)


def _live(home: Path, settings: PoolSettings, rounds: int, *, patient: bool = False) -> list[str]:
    """One life, from configuration to clean-up. `patient` keeps ccxt's own rate limit, which takes its time."""
    notes: list[str] = []
    home.mkdir()
    arguments = Arguments(["trade", "-c", str(write_bot(home, settings)), "--userdir", str(home)])
    rules = rehearsal_rules.lay(home)
    try:
        worker = Worker(arguments.get_parsed_arg())
    finally:
        rules.installation.remove()
    try:
        rules.attach(worker.freqtrade)
        worker._sleep = lambda duration: time.sleep(min(duration, _NAP_SECONDS))
        for client in (worker.freqtrade.exchange._api, worker.freqtrade.exchange._api_async):
            client.enableRateLimit = patient
        state = None
        for _ in range(rounds):
            state = worker._worker(old_state=state)
            rules.between_loops(worker.freqtrade)
        if not Trade.get_trades().all():
            notes.append("The rehearsing bot made no trade.")
        notes += _rehearse_api(worker, home)
        _rehearse_commands(worker)
        for _ in range(rounds):
            state = worker._worker(old_state=state)
            rules.between_loops(worker.freqtrade)
    finally:
        worker.exit()
        clean_up()
    return notes


def clean_up() -> None:
    """Undoes what a bot leaves in the process: sessions and engine, the API's singleton, log handlers, event loop."""
    ApiServer.shutdown()
    ApiServer._config, ApiServer._message_stream = {}, None
    engines = set()
    for model in _MODELS:
        session = vars(model).get("session")
        if session is not None:
            engines.add(session.get_bind())
            session.remove()
            del model.session
    for engine in engines:
        engine.dispose()
    PairLocks.reset_locks()
    Trade.reset_trades()
    for handler in list(logging.root.handlers):
        logging.root.removeHandler(handler)
        if handler is not bufferHandler:
            handler.close()
    bufferHandler.buffer.clear()
    asyncio.set_event_loop(None)


def write_bot(home: Path, settings: PoolSettings) -> Path:
    """The bot's files, as the agent and the bot would write them; path of the configuration."""
    source = Path(__file__).with_name("rehearsal_strategy.py").read_text()
    spec = SlotSpec(
        epoch=1,
        generation=1,
        desired=DesiredState.RUNNING,
        exchange=_PAPER,
        config=_trading_config(),
        strategy=StrategySource(class_name="Rehearsal", source=source),
    )
    urls = getattr(ccxt, ccxt_id(_PAPER))().urls["api"]
    config = compose(spec, home, settings, urls)
    strategies = Path(config["strategy_path"])
    strategies.mkdir(parents=True, exist_ok=True)
    (strategies / "Rehearsal.py").write_text(source)
    file = home / "config.json"
    file.write_text(json.dumps(config))
    return file


def _trading_config() -> dict[str, Any]:
    pricing = {"price_side": "same", "use_order_book": True, "order_book_top": 1}
    return {
        "trading_mode": "spot",
        "margin_mode": "",
        "stake_currency": "USDT",
        "stake_amount": 50,
        "max_open_trades": 5,
        "tradable_balance_ratio": 0.99,
        "dry_run_wallet": 1000,
        "timeframe": "1m",
        "unfilledtimeout": {"entry": 1, "exit": 1, "unit": "minutes"},
        "entry_pricing": pricing | {"check_depth_of_market": {"enabled": False, "bids_to_ask_delta": 1}},
        "exit_pricing": pricing,
        "exchange": {"pair_whitelist": [f"{coin}/USDT" for coin in COINS], "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}],
        "internals": {"process_throttle_secs": 1, "heartbeat_interval": 60},
        "force_entry_enable": True,
    }


def _rehearse_api(worker: Worker, home: Path) -> list[str]:
    bot = worker.freqtrade
    bot.config["api_server"] = dict(_API_CONFIG)
    server = _Server(bot.config)
    server.add_rpc_handler(RPC(bot))
    loop = asyncio.new_event_loop()
    try:
        failed = loop.run_until_complete(_call_everything(server, home / "api.sock"))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
    return [f"In the rehearsal the REST API answered: {', '.join(failed)}."] if failed else []


class _Server(ApiServer):  # type: ignore[misc]
    def start_api(self) -> None:
        """Served by the rehearsal's own loop."""


async def _call_everything(server: ApiServer, socket_file: Path) -> list[str]:
    listener = bind_unix(socket_file)
    uvicorn_server = uvicorn.Server(
        uvicorn.Config(server.app, log_config=None, access_log=False, ws_ping_interval=None, lifespan="on")
    )
    serving = asyncio.ensure_future(uvicorn_server.serve(sockets=[listener]))
    while not uvicorn_server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells by this attribute alone
        await asyncio.sleep(0.01)
    failed = []
    with short_address(socket_file) as address:
        transport = httpx.AsyncHTTPTransport(uds=address)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://bot/api/v1/", auth=(_USER, _PASSWORD)
        ) as client:
            token = (await client.post("token/login")).json().get("access_token", "")
            bearer = {"Authorization": f"Bearer {token}"}
            for _ in range(2):
                for path in _PATHS:
                    answer = await client.get(path, headers=bearer)
                    if answer.status_code >= 500 or answer.status_code == 401:
                        failed.append(f"{answer.status_code} to {path}")
    uvicorn_server.should_exit = True
    await serving
    listener.close()
    return failed


def _rehearse_commands(worker: Worker) -> None:
    """What the agent's commands and the snapshots ask of FreqTrade."""
    rpc = RPC(worker.freqtrade)
    for _ in range(3):
        with contextlib.suppress(RPCException):
            rpc._rpc_trade_status()
            rpc._rpc_balance("USDT", "")
            rpc._rpc_trade_statistics("USDT", "")
    for trade in Trade.get_open_trades()[:2]:
        with contextlib.suppress(RPCException, DependencyException):  # its exit may be under way already
            rpc._rpc_force_exit(str(trade.id))
