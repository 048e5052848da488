"""Trading does not change: FreqTrade as it is and a bot of ours make the same trades of the same market.

Both run on a virtual clock (`virtual`) at the same moments, so nothing is left to luck, and all that a trade and its
orders consist of is compared to the last digit: pair, side, tags, reasons, amounts, prices, moments. Traded are the
shipped templates, strategies that override each callback of FreqTrade's in turn, each of its own ways to leave, and
some of these together. `FLOTILLA_SAME_TRADES_MINUTES` of market each (more than usual: the same proof, longer).
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from freqtrade.strategy import IStrategy

from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.render import render
from orchestrator.templates.spec import BotRequest, resolve
from pool.zygote.environment import VARIABLES
from tests.process.bot.harness import ROOT
from tests.process.bot.virtual.corpus import corpus, ruled

pytestmark = [pytest.mark.timeout(3000), pytest.mark.slow]

Told = dict[str, Any]
_MINUTES = int(os.environ.get("FLOTILLA_SAME_TRADES_MINUTES", "10"))
_TEMPLATE_MINUTES = 3 * _MINUTES
_PAIRS = ["SOL/USDT", "DOGE/USDT", "ADA/USDT"]
_NO_CALLBACKS = {
    "load_freqAI_model", "ft_bot_start", "ft_bot_cleanup", "ft_stoploss_adjust", "ft_stoploss_reached",
    "ft_check_timed_out", "ft_advise_signals", "ft_plot_annotations", "gather_informative_pairs", "get_strategy_name",
    "lock_pair", "unlock_pair", "unlock_reason", "is_pair_locked", "analyze_ticker", "analyze_pair", "analyze",
    "get_latest_candle", "get_exit_signal", "get_entry_signal", "ignore_expired_candle", "should_exit",
    "min_roi_reached_entry", "min_roi_reached", "advise_all_indicators", "advise_indicators", "advise_entry",
    "advise_exit",
}  # fmt: skip
"""FreqTrade's own workings, which strategies leave alone (one that does not keeps its loop)."""
_DECIDE_NOTHING = {
    "bot_start", "version", "plot_annotations", "feature_engineering_expand_all", "feature_engineering_expand_basic",
    "feature_engineering_standard", "set_freqai_targets", "populate_any_indicators", "populate_buy_trend",
    "populate_sell_trend", "custom_sell", "check_buy_timeout", "check_sell_timeout",
}  # fmt: skip
"""Of a trade: FreqAI's among them, and the names that callbacks had before."""


def _templates() -> list[Told]:
    catalogue = Catalogue.load(ROOT / "bot_templates")
    jobs = []
    for seed, template in enumerate(catalogue.all()):
        bot = render(template, resolve(template, BotRequest(name="same", template=template.name, pairs=_PAIRS)))
        jobs.append(
            {
                "name": template.name,
                "class_name": bot.strategy.class_name,
                "source": bot.strategy.source,
                "config": bot.config,
                "seed": 200 + seed,
                "minutes": _TEMPLATE_MINUTES,
            }
        )
    return jobs


JOBS = [*_templates(), *corpus(_MINUTES)]
NAMES = [job["name"] for job in JOBS]
RULED = ruled(_MINUTES)


@pytest.fixture(scope="module")
def traded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Told]]:
    """What both sides made of the jobs that are asked for: side, name."""
    return _traded(_asked_for(request), ("plain", "ours"), tmp_path_factory.mktemp("same-trades"))


@pytest.fixture(scope="module")
def under_rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Told]]:
    """What bots of ours with universal rules made, in FreqTrade's loop and waking on need."""
    return _traded(RULED, ("awake", "ours"), tmp_path_factory.mktemp("same-rules"))


def _traded(jobs: list[Told], wanted: tuple[str, ...], place: Path) -> dict[str, dict[str, Told]]:
    (place / "jobs.json").write_text(json.dumps(jobs))
    sides = {}
    for side in wanted:
        (place / side).mkdir()
        command = [sys.executable, "-m", "tests.process.bot.virtual", side, str(place / "jobs.json"), str(place / side)]
        with (place / f"{side}.out").open("wb") as output:
            sides[side] = subprocess.Popen(
                command, cwd=ROOT, stdout=output, stderr=output, env={**os.environ, **VARIABLES}
            )
    for side, process in sides.items():
        assert process.wait() == 0, (place / f"{side}.out").read_text()[-2000:]
    return {
        side: {job["name"]: json.loads((place / side / f"{job['name']}.json").read_text()) for job in jobs}
        for side in sides
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_trades_are_the_same(traded: dict[str, dict[str, Told]], name: str) -> None:
    plain, ours = traded["plain"][name], traded["ours"][name]
    assert "failed" not in plain, plain["failed"]
    assert "failed" not in ours, ours["failed"]
    assert ours["trades"] == plain["trades"]
    assert ours["state"] == plain["state"] == "running"


@pytest.mark.parametrize("job", [job["name"] for job in RULED])
def test_universal_rules_act_alike_awake_and_asleep(under_rules: dict[str, dict[str, Told]], job: str) -> None:
    awake, asleep = under_rules["awake"][job], under_rules["ours"][job]
    assert "failed" not in awake, awake["failed"]
    assert "failed" not in asleep, asleep["failed"]
    assert asleep["trades"] == awake["trades"]
    assert any(trade["exit_reason"] and trade["exit_reason"].startswith("flotilla") for trade in awake["trades"])
    assert asleep["loops"] < awake["loops"]


@pytest.mark.parametrize("name", ["plain", "exit_signals", "roi_by_time", "trailing", "order_filled"])
def test_what_thresholds_and_candles_tell_needs_no_loop(traded: dict[str, dict[str, Told]], name: str) -> None:
    assert 0 < 3 * traded["ours"][name]["loops"] < traded["plain"][name]["loops"]


@pytest.mark.parametrize("name", ["every_loop", "loop_start"])
def test_what_is_asked_at_each_loop_keeps_it(traded: dict[str, dict[str, Told]], name: str) -> None:
    assert traded["ours"][name]["loops"] == traded["plain"][name]["loops"] == _MINUTES * 12


def test_there_is_something_to_compare(traded: dict[str, dict[str, Told]]) -> None:
    """Every way to leave was taken, orders rested, were replaced and given up, and parts were sold."""
    trades = [trade for told in traded["plain"].values() for trade in told["trades"]]
    reasons = Counter(str(trade["exit_reason"]) for trade in trades)
    wanted = {"roi", "stop_loss", "trailing_stop_loss", "left", "took_it", "stoploss_on_exchange"}
    assert wanted <= reasons.keys(), reasons
    assert {trade["short"] for trade in trades} == {True, False}
    orders = [order for trade in trades for order in trade["orders"]]
    assert {"closed", "canceled", "open"} <= {order[3] for order in orders}
    assert {"half", "more"} <= {order[1] for order in orders}
    assert any(trade["leverage"] == 3 for trade in trades)
    idle = [name for name in NAMES if not traded["plain"][name]["trades"] and name not in _template_names()]
    assert not idle, "they traded nothing"


def test_each_callback_is_overridden_somewhere() -> None:
    """A newer FreqTrade's new ones, too: this fails until they are in the corpus, or known to decide nothing."""
    sources = "\n".join(job["source"] for job in JOBS)
    callbacks = {name for name, it in vars(IStrategy).items() if callable(it) and not name.startswith("_")}
    asked = callbacks - _NO_CALLBACKS - _DECIDE_NOTHING
    assert sorted(name for name in asked if f"def {name}(" not in sources) == []


def _asked_for(request: pytest.FixtureRequest) -> list[Told]:
    """All, but where only some tests of this module run."""
    mine = [item for item in request.session.items if item.nodeid.startswith(request.node.nodeid)]
    names = {item.callspec.params.get("name") for item in mine if hasattr(item, "callspec")}
    if any(item.name == test_there_is_something_to_compare.__name__ for item in mine):
        return JOBS
    return [job for job in JOBS if job["name"] in names]


def _template_names() -> set[str]:
    return {job["name"] for job in _templates()}
