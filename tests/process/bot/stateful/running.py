"""Runs of the machine, one after the other on one exchange: what the short test and `benchmarks.ledger` share."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.process.bot.harness import Bench, Exchange, Init
from tests.process.bot.stateful.hands import Tally
from tests.process.bot.stateful.machine import Machine
from tests.process.bot.stateful.stage import Broken, Flavour, Stage


@dataclass(frozen=True)
class Failure:
    seed: str
    broken: bool
    """The ledger showed what must never be; else something never happened."""
    text: str
    """With the cards that were played, and where the bot's directory is kept."""


def run(
    seed: str,
    cards: int,
    exchange: Exchange,
    init: Init,
    directory: Path,
    tally: Tally,
    tell: Callable[[str], None] = lambda _: None,
    flavour: Flavour | None = None,
) -> Failure | None:
    """One run in this directory, which is removed where nothing was wrong."""
    dice, played = Random(seed), list[str]()

    def note(line: str) -> None:
        played.append(line)
        tell(line)

    chosen = Flavour(limits=dice.random() < 0.5, stops=dice.random() < 0.5)
    flavour = flavour or chosen
    note(f"seed {seed}, {flavour}")
    bench = Bench(directory, init, exchange.url, exchange.pairs)
    stage = Stage(bench, exchange, flavour, dice)
    try:
        Machine(stage, Random(f"{seed}/cards"), dice, tally, note).play(cards)
    except AssertionError as error:
        text = f"{error}\n" + "\n".join(played) + f"\nkept in {directory}"
        return Failure(seed, isinstance(error, Broken), text)
    finally:
        stage.close()
        bench.close()
    shutil.rmtree(directory)
    return None
