"""A real bot under one document, with a fault of each kind in the way of its orders: at any moment, and at rest, the
exchange's ledger says what was decided. `python -m benchmarks.ledger` plays on for as long as wanted.
"""

import os
from pathlib import Path

import pytest

from tests.process.bot.harness import Exchange, Init
from tests.process.bot.stateful.hands import Tally
from tests.process.bot.stateful.running import run


@pytest.mark.timeout(900)
def test_whatever_fails_the_ledger_holds_what_was_decided(
    exchange: Exchange, forking_init: Init, tmp_path: Path
) -> None:
    seed = os.environ.get("FLOTILLA_LEDGER_SEED", "290")
    failure = run(seed, 8, exchange, forking_init, tmp_path / "pool", Tally(), print)
    assert failure is None, failure.text
