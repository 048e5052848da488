"""One exchange and one init for all tests of the bot, a bench of its own for each."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.bot.harness import Bench, Exchange, Init, paper_exchange

MakeBench = Callable[..., Bench]


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with paper_exchange(tmp_path_factory.mktemp("paper-exchange")) as running:
        yield running


@pytest.fixture(scope="session")
def forking_init() -> Iterator[Init]:
    init = Init()
    yield init
    init.kill()


@pytest.fixture
def make_bench(tmp_path: Path, exchange: Exchange, forking_init: Init) -> Iterator[MakeBench]:
    """Benches with other settings, or on another exchange or init, than `bench` has."""
    made: list[Bench] = []

    def make(*, init: Init = forking_init, exchange_url: str = exchange.url, **settings: Any) -> Bench:
        made.append(Bench(tmp_path / f"pool-{len(made)}", init, exchange_url, exchange.pairs, **settings))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()
