"""An agent says in its welcome whether it gives turns: a bot asks one that does, and waits for no other."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from pool.agent.bot_link import Admission, BotConnection, BotServer
from pool.bot.control import Control
from pool.bot.link import Link
from pool.bot.outbox import Outbox
from pool.bot.parent import Parent
from pool.bot.vitals import Vitals
from pool.bot.waking.turn import Turn
from pool.contract.frames import Fork, TurnFrame, TurnGivenFrame
from pool.contract.model import Wire
from pool.settings import PoolSettings
from tests.fakes.recording_agent import RecordingAgent
from tests.support import PATIENT_SECONDS, eventually


class Reception:
    """Of an agent of today, which gives each his turn at once."""

    incarnation = "now"

    async def admission(self, bot_id: str, run_id: str, timeout_seconds: float) -> Admission | None:
        return Admission(pid=os.getpid(), uid=None, nonce="nonce", epoch=1, credentials=None)

    def bot_connected(self, bot_id: str, run_id: str, connection: BotConnection) -> None: ...

    def bot_said(self, bot_id: str, run_id: str, frame: Wire, connection: BotConnection) -> None:
        if isinstance(frame, TurnFrame):
            connection.send(TurnGivenFrame(number=frame.number))

    def bot_disconnected(self, bot_id: str, run_id: str, connection: BotConnection) -> None: ...


@contextmanager
def bot(directory: Path) -> Iterator[tuple[Turn, Link]]:
    fork = Fork(bot_id="bot-1", run_id="run-1", epoch=1, nonce=SecretStr("nonce"), directory=str(directory))
    outbox, control = Outbox(), Control()
    turn = Turn(outbox.turn, control.wake)
    link = Link(
        fork,
        directory / "agent.sock",
        PoolSettings(pool_id="pool"),
        control=control,
        vitals=Vitals(),
        outbox=outbox,
        parent=Parent(),
        turn=turn,
    )
    link.start()
    try:
        yield turn, link
    finally:
        link.close(1.0)


async def test_the_agent_is_asked_and_gives(tmp_path: Path) -> None:
    server = BotServer(Reception(), slots_total=1)
    await server.start(tmp_path / "agent.sock")
    try:
        with bot(tmp_path) as (turn, link):
            await asyncio.to_thread(link.welcomed.wait, PATIENT_SECONDS)
            assert not turn.may_begin(open_trades=False)
            await eventually(lambda: turn.may_begin(open_trades=False), message="its turn")
    finally:
        server.stop()


def test_an_agent_of_before_which_knows_no_turns_is_not_waited_for(tmp_path: Path) -> None:
    agent = RecordingAgent(tmp_path / "agent.sock")
    agent.start()
    try:
        with bot(tmp_path) as (turn, link):
            assert link.welcomed.wait(PATIENT_SECONDS)
            assert turn.may_begin(open_trades=False)
    finally:
        agent.stop()
