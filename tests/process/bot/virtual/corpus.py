"""Strategies made of `fragments`: each by itself, and a few of them together, always the same ones."""

from random import Random
from textwrap import indent
from typing import Any

from tests.process.bot.virtual.fragments import CALLBACKS, SETTINGS, Fragment

_CLASS = '''
from datetime import timedelta

from freqtrade.strategy import IStrategy, informative


class Generated(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 0.009}
    stoploss = -0.012
    startup_candle_count = 20
    process_only_new_candles = True
    can_short = False
    enters = 4
    """Every so many candles."""
    leaves = 0

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def more(self, dataframe, pair):
        return dataframe["volume"] > 0

    def populate_entry_trend(self, dataframe, metadata):
        count = dataframe["date"].dt.minute + len(metadata["pair"])
        signal = (count % self.enters == 0) & self.more(dataframe, metadata["pair"])
        down = (count % 3 == 1) if self.can_short else (count < 0)
        dataframe.loc[signal & ~down, ["enter_long", "enter_tag"]] = (1, "up")
        dataframe.loc[signal & down, ["enter_short", "enter_tag"]] = (1, "down")
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        if self.leaves:
            count = dataframe["date"].dt.minute + len(metadata["pair"])
            dataframe.loc[count % self.leaves == 1, ["exit_long", "exit_short", "exit_tag"]] = (1, 1, "left")
        return dataframe

'''
_PAIRS = ["DOGE/USDT", "SOL/USDT", "ETH/USDT"]
_COMBINED = 8
_PRICING = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
_MARKET = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}

_POLICIES: dict[str, dict[str, Any]] = {
    "ladder": {
        "take_profit": {"levels": [{"profit": "0.003", "fraction": "0.5"}, {"profit": "0.009"}]},
        "hard_stop": {"distance": "0.01"},
    },
    "trailing": {"trailing_stop": {"activation": "0.004", "distance": "0.003"}, "hard_stop": {"distance": "0.01"}},
    "trailing-at-once": {"trailing_stop": {"distance": "0.006"}},
    "break-even": {"break_even": {"trigger": "0.004", "offset": "0.001"}, "hard_stop": {"distance": "0.01"}},
    "time": {"time_exit": {"after_minutes": 3}, "hard_stop": {"distance": "0.012"}},
    "time-below": {"time_exit": {"after_minutes": 2, "only_below_profit": "0.001"}},
}


def corpus(minutes: int) -> list[dict[str, Any]]:
    """Jobs, as `bots.Job` takes them."""
    alone = [_job([fragment], seed, minutes) for seed, fragment in enumerate([*SETTINGS, *CALLBACKS])]
    random = Random(20)
    together = []
    while len(together) < _COMBINED:
        chosen = [random.choice(SETTINGS), *random.sample(CALLBACKS, 2)]
        if _go_together(chosen):
            together.append(_job(chosen, 100 + len(together), minutes))
    return [*alone, *together]


def ruled(minutes: int) -> list[dict[str, Any]]:
    """Jobs under universal rules, of a strategy that leaves its trades to them."""
    enters = Fragment("rules", 'minimal_roi = {"0": 1}\nstoploss = -0.2')
    futures = Fragment("rules", 'minimal_roi = {"0": 1}\nstoploss = -0.2\ncan_short = True', futures=True)
    jobs = []
    for seed, (name, policy) in enumerate(_POLICIES.items()):
        for kind, fragment in (("spot", enters), ("futures", futures)):
            job = _job([fragment], 300 + seed, minutes)
            jobs.append({**job, "name": f"{name}-{kind}", "policy": policy})
    return jobs


def _go_together(fragments: list[Fragment]) -> bool:
    methods = [line for fragment in fragments for line in fragment.body.splitlines() if line.startswith("def ")]
    names = [line.partition("(")[0] for line in methods]
    return len(set(names)) == len(names) and not any(fragment.name == "informative" for fragment in fragments)


def _job(fragments: list[Fragment], seed: int, minutes: int) -> dict[str, Any]:
    futures = any(fragment.futures for fragment in fragments)
    config: dict[str, Any] = {
        "max_open_trades": 2,
        "stake_currency": "USDT",
        "stake_amount": 100,
        "dry_run_wallet": 1000,
        "timeframe": "1m",
        "entry_pricing": _PRICING,
        "exit_pricing": _PRICING,
        "order_types": _MARKET,
        "unfilledtimeout": {"entry": 2, "exit": 2, "unit": "minutes"},
        "pairlists": [{"method": "StaticPairList"}],
    }
    for fragment in fragments:
        config |= fragment.config
    pairs = [f"{pair}:USDT" for pair in _PAIRS] if futures else _PAIRS
    if futures:
        config |= {"trading_mode": "futures", "margin_mode": "isolated"}
    config["exchange"] = {"pair_whitelist": pairs}
    body = "\n\n".join(indent(fragment.body.strip("\n"), "    ") for fragment in fragments)
    return {
        "name": "+".join(fragment.name for fragment in fragments),
        "class_name": "Generated",
        "source": _CLASS + body + "\n",
        "config": config,
        "seed": seed,
        "minutes": minutes,
    }
