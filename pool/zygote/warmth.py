"""The warm-up: hooks in, a rehearsal, everything it used thrown away, then what bots will share is loaded."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import ccxt
from loguru import logger

from pool.settings import PoolSettings
from pool.zygote import analysis, analysis_trial, cleaning, cleaning_trial, reading, reading_trial, trials
from pool.zygote.rehearsal import clean_up, rehearse
from pool.zygote.rehearsal_exchange import rehearsal_exchange
from pool.zygote.sharing import instances, leverage, markets, tickers, webapp


@dataclass
class Warmth:
    """What the warm-up came to. `shared_markets` is None where the paper exchange gave none."""

    shared_markets: int | None = None
    notes: list[str] = field(default_factory=list)


def warm_up(directory: Path, settings: PoolSettings) -> Warmth:
    """Warms this process; never raises for want of an exchange. Scratch files live in `directory` while it lasts."""
    warmth = Warmth()
    _install(warmth, "analysis without a new candle", analysis.install, analysis_trial.differs, "do not skip")
    _install(warmth, "cleaning of complete candles", cleaning.install, cleaning_trial.differs, "do not leave out")
    unread = partial(reading_trial.differs, directory)
    _install(warmth, "open trades that nobody changed", reading.install, unread, "do not keep")
    _install(warmth, "REST application", webapp.install, None)
    _install(warmth, "conversion rates", tickers.install, None)
    _install(warmth, "leverage tiers", leverage.install, None)
    _install(warmth, "ccxt instances", instances.install, trials.instances_differ)
    removal = _install(warmth, "markets", markets.install, None)
    try:
        _rehearse(directory, settings, warmth, removal)
    except Exception as error:  # the boundary of what may go wrong here: a pool that is not warm is better than none
        logger.exception("the rehearsal failed")
        clean_up()
        warmth.notes.append(f"The rehearsal failed, bots will need more memory: {type(error).__name__}: {error}")
    _share_paper_markets(settings, warmth)
    instances.build_spares()
    return warmth


def _install(
    warmth: Warmth,
    name: str,
    install: Callable[[], Callable[[], None]],
    differs: Callable[[], str | None] | None,
    lack: str = "do not share",
) -> Callable[[], None]:
    """Puts a hook in, tries it, and takes it out again if it does not behave as what it replaces."""
    remove = install()
    try:
        problem = differs() if differs else None
    except Exception as error:  # the boundary of a trial: a zygote without the hook is better than none
        logger.exception("the trial of {} failed", name)
        problem = f"the trial failed: {type(error).__name__}: {error}"
    if problem:
        remove()
        warmth.notes.append(f"Bots {lack} {name}: {problem}")
    return remove


def _rehearse(directory: Path, settings: PoolSettings, warmth: Warmth, remove_markets: Callable[[], None]) -> None:
    home = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=directory))
    try:
        with rehearsal_exchange() as url:
            template = markets.load_from(url, settings.warm_timeout_seconds)
            if problem := trials.markets_differ(url, template, settings.warm_timeout_seconds):
                remove_markets()
                warmth.notes.append(f"Bots do not share markets: {problem}")
            markets.share(template)
            instances.build_spares()
            warmth.notes += rehearse(home, settings.model_copy(update={"paper_exchange_url": url}))
    finally:
        markets.share(None)
        shutil.rmtree(home, ignore_errors=True)


def _share_paper_markets(settings: PoolSettings, warmth: Warmth) -> None:
    if settings.paper_exchange_url is None:
        return
    try:
        template = markets.load_from(settings.paper_exchange_url, settings.warm_timeout_seconds)
    except (ccxt.BaseError, TimeoutError, OSError) as error:
        warmth.notes.append(f"Markets are not shared, the paper exchange did not answer: {type(error).__name__}.")
        return
    markets.share(template)
    warmth.shared_markets = len(template.source.markets)
