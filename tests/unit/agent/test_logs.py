"""Following a bot's log: whatever happens to the file between two reads, each line is told once."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pool.agent import logs
from pool.agent.logs import follow


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_FOLLOW_SECONDS", 0.0)


async def told_until(stream: AsyncIterator[bytes], last: bytes) -> bytes:
    told = b""
    async with asyncio.timeout(30):
        while last not in told:
            told += await anext(stream)
    return told


async def test_what_is_written_and_rotated_right_after_the_tail_is_told(tmp_path: Path) -> None:
    log = tmp_path / "bot.log"
    log.write_text("old\nlast\n")
    stream = follow(log, 1)
    assert await anext(stream) == b"last\n"
    with log.open("a") as before:
        before.write("before\n")
    log.rename(tmp_path / "bot.log.1")
    log.write_text("between\n")
    assert await told_until(stream, b"between\n") == b"before\nbetween\n"


async def test_a_line_on_its_way_to_the_renamed_file_is_told(tmp_path: Path) -> None:
    log = tmp_path / "bot.log"
    log.write_text("last\n")
    stream = follow(log, 1)
    assert await anext(stream) == b"last\n"
    with log.open("a") as before:
        log.rename(tmp_path / "bot.log.1")
        log.write_text("between\n")
        assert await anext(stream) == b""
        before.write("late\n")
    assert await told_until(stream, b"between\n") == b"late\nbetween\n"


async def test_a_log_that_comes_later_or_is_cut_is_told_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "bot.log"
    stream = follow(log, 5)
    assert await anext(stream) == b""
    log.write_text("first\nsecond\n")
    assert await told_until(stream, b"second\n") == b"first\nsecond\n"
    os.truncate(log, 0)
    log.write_text("anew\n")
    assert await told_until(stream, b"anew\n") == b"anew\n"


async def test_without_a_tail_only_what_comes_is_told(tmp_path: Path) -> None:
    log = tmp_path / "bot.log"
    log.write_text("old\n")
    stream = follow(log, 0)
    assert await anext(stream) == b""
    with log.open("a") as writer:
        writer.write("new\n")
    assert await told_until(stream, b"new\n") == b"new\n"
