"""How long a bot that ends waits until its agent has heard its last words."""

from pathlib import Path
from unittest.mock import Mock

import pytest
from pydantic import SecretStr

from pool.bot.main import Bot
from pool.contract import exit_codes
from pool.contract.frames import Fork
from pool.settings import PoolSettings


def waited(
    directory: Path, stop_timeout_seconds: float, exit_code: int = exit_codes.OK, *, taken: float = 0.0
) -> float:
    fork = Fork(bot_id="bot-1", run_id="run-1", epoch=1, nonce=SecretStr("nonce"), directory=str(directory))
    settings = PoolSettings(pool_id="pool", stop_timeout_seconds=stop_timeout_seconds)
    bot = Bot(fork, directory, settings, Mock(), Mock(), Mock())
    bot._control.stop(exit_code)
    assert bot._control.stopped_at is not None
    bot._control.stopped_at -= taken
    bot._link = link = Mock()
    bot._leave()
    return float(link.close.call_args.args[0])


def test_it_waits_longer_than_an_agent_takes_to_start_and_no_longer_than_it_may_take_to_stop(tmp_path: Path) -> None:
    assert waited(tmp_path, 30) == pytest.approx(10)
    assert waited(tmp_path, 6) == pytest.approx(2)


def test_a_stop_that_took_long_leaves_less_since_it_is_killed_when_its_time_is_over(tmp_path: Path) -> None:
    assert waited(tmp_path, 30, taken=21) == pytest.approx(6, abs=0.5)
    assert waited(tmp_path, 30, taken=29) == pytest.approx(1)


def test_an_orphan_waits_for_nobody(tmp_path: Path) -> None:
    assert waited(tmp_path, 30, exit_codes.ORPHANED) == 0
