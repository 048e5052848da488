"""What the agent makes of a check's end; init and the fork are played."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from pool.agent.checks import DIRECTORY, Checks
from pool.agent.keeper import Keeper
from pool.agent.problems import Refused
from pool.agent.ring import EventRing
from pool.agent.store import StoredSlots
from pool.agent.uids import Uids
from pool.bot.checks import BEGUN_FILE
from pool.contract.checks import CheckAnswer, CheckRequest
from pool.contract.errors import AgentErrorCode
from pool.contract.exit_codes import BOOT_FAILED
from pool.contract.frames import Exited, Forget, Fork, Forked, ForkFailed, Reading, Readings, Signal
from pool.contract.pools import ZygoteReport
from pool.contract.slots import StrategySource
from pool.settings import PoolSettings
from tests.unit.agent.builders import AT, LIMITS
from tests.unit.rules.test_strategy_source import GOOD

PID = 4_000_000
REQUEST = CheckRequest(strategy=StrategySource(class_name="Mine", source=GOOD))
ToInit = Fork | Signal | Forget


class Init:
    """Does `on` whatever it is told."""

    def __init__(self, directory: Path, on: Callable[["Init", ToInit], None]) -> None:
        self.keeper = Keeper(directory, LIMITS, EventRing("now", 100), StoredSlots(), lambda frame: None)
        self.keeper._uids = Uids(range(20_000, 20_001))
        self.keeper.zygote = ZygoteReport.model_construct(state="ready")
        self.told: list[ToInit] = []
        self._on = on
        settings = PoolSettings(pool_id="p", check_seconds=30)
        self.checks = Checks(directory, settings, self.keeper, self._take)
        self.checks.clear()

    def _take(self, frame: ToInit) -> None:
        self.told.append(frame)
        self._on(self, frame)


def ending(status: int, *, begun: bool = True) -> Callable[[Init, ToInit], None]:
    def on(init: Init, frame: ToInit) -> None:
        if isinstance(frame, Fork):
            if begun:
                (Path(frame.directory) / BEGUN_FILE).touch()
            init.checks.took(Forked(run_id=frame.run_id, pid=PID, milliseconds=1))
            init.checks.took(Exited(run_id=frame.run_id, pid=PID, status=status, at=AT))

    return on


@pytest.mark.parametrize(
    ("status", "told"), [(-40, "signal 40"), (-9, "SIGKILL"), (BOOT_FAILED, f"code {BOOT_FAILED}")]
)
async def test_however_a_strategy_ends_its_check_there_is_an_answer(tmp_path: Path, status: int, told: str) -> None:
    """And no problem of the pool's, after which it would be tried again for ever."""
    answer: CheckAnswer = await Init(tmp_path, ending(status)).checks.run(REQUEST)
    assert not answer.passed
    assert told in answer.findings[-1].message


async def test_a_check_that_hides_what_it_writes_is_killed(tmp_path: Path) -> None:
    """Removed files are in no directory."""

    def on(init: Init, frame: ToInit) -> None:
        if isinstance(frame, Fork):
            init.checks.took(Forked(run_id=frame.run_id, pid=PID, milliseconds=1))
            held = Reading(pid=PID, memory=None, cpu_seconds=1, unlinked_bytes=17 * 2**20)
            init.checks.take(Readings(readings=[held]))
        elif isinstance(frame, Signal):
            init.checks.took(Exited(run_id=frame.run_id, pid=PID, status=-9, at=AT))

    answer: CheckAnswer = await Init(tmp_path, on).checks.run(REQUEST)
    assert "files that it removed" in answer.findings[-1].message


@pytest.mark.parametrize("frame", [ForkFailed, Exited])
async def test_a_check_that_is_not_forked_loses_no_user_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frame: type[ForkFailed | Exited]
) -> None:
    """Init withdraws it at once, or says of its end much later, when the keeper alone still listens."""
    monkeypatch.setattr("pool.agent.checks._FORK_SECONDS", 0.01)
    withdrawn = frame is ForkFailed
    if not withdrawn:
        monkeypatch.setattr("pool.agent.checks._WITHDRAWN_SECONDS", 0.01)

    def on(init: Init, frame: ToInit) -> None:
        if isinstance(frame, Forget) and withdrawn:
            answer = ForkFailed(run_id=frame.run_id, message="withdrawn before it was forked")
            asyncio.get_running_loop().call_soon(init.checks.took, answer)

    init = Init(tmp_path, on)
    with pytest.raises(Refused):
        await init.checks.run(REQUEST)
    if not withdrawn:
        assert init.keeper.lend_uid() is None, "it may run under it yet"
        late = Exited(run_id=init.told[0].run_id, pid=PID, status=-9, at=AT)
        assert not init.checks.took(late)
        init.keeper.init_said(late)
    assert init.keeper.lend_uid() == 20_000


async def test_a_check_that_cannot_be_written_loses_no_user_id(tmp_path: Path) -> None:
    init = Init(tmp_path, ending(-9))
    (tmp_path / DIRECTORY).rmdir()
    with pytest.raises(OSError, match=DIRECTORY):
        await init.checks.run(REQUEST)
    assert not init.told, "init hears of what can be forked"
    (tmp_path / DIRECTORY).mkdir()
    answer: CheckAnswer = await init.checks.run(REQUEST)
    assert "SIGKILL" in answer.findings[-1].message
    (fork,) = [frame for frame in init.told if isinstance(frame, Fork)]
    assert fork.uid == 20_000


async def test_a_check_that_never_began_is_the_pools_problem(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        await Init(tmp_path, ending(BOOT_FAILED, begun=False)).checks.run(REQUEST)
    assert refused.value.code is AgentErrorCode.INTERNAL
    assert list((tmp_path / DIRECTORY).iterdir()) == []
