"""When a bot's next heartbeat is due."""

from datetime import UTC, datetime

import pytest

from pool.bot.link import beat_after
from pool.bot.vitals import Vitals


@pytest.mark.parametrize("now", [0.0, 12.3, 12.34, 12.399999, 86_400.05, 31_536_000.15])
def test_heartbeats_are_no_further_apart_than_a_second(now: float) -> None:
    assert 0.89 < beat_after(now) - now <= 1.0


def test_bots_of_one_tenth_of_a_second_beat_together() -> None:
    assert beat_after(12.31) == beat_after(12.39)
    assert beat_after(12.41) > beat_after(12.39)
    assert beat_after(beat_after(12.345) + 0.001) == pytest.approx(beat_after(12.345) + 1)


def test_a_heartbeat_tells_how_often_mapped_candles_were_taken() -> None:
    vitals = Vitals()
    vitals.took_candles()
    vitals.took_candles()
    assert vitals.heartbeat(datetime.now(UTC)).candles_taken == 2
