"""Permission is asked and waited for, and everything that is no answer is a no."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pool.bot.outbox import Outbox
from pool.bot.universal.permission import Permission
from pool.bot.universal.standing import Standing, boot_clock
from pool.contract.frames import MandateFrame, ReserveFrame, ResultFrame, SettleFrame, WatchFrame
from pool.contract.risk import HALT_FLAG, Grant, Mode, ReserveRequest, Settlement, Watch


def request(request_id: str = "r1") -> ReserveRequest:
    return ReserveRequest(
        request_id=request_id,
        purpose="entry",
        pair="BTC/USDT",
        asset="BTC",
        is_short=False,
        stake_currency="USDT",
        stake=Decimal(100),
        leverage=Decimal(1),
        exposure=Decimal(100),
        at=datetime.now(UTC),
    )


def yes(request_id: str = "r1", valid_seconds: float = 30.0) -> Grant:
    return Grant(bot_id="bot", request_id=request_id, granted=True, valid_seconds=valid_seconds)


class Bench:
    """A governed bot with a lease, connected."""

    def __init__(self, directory: Path, governed: bool = True) -> None:
        self.outbox = Outbox()
        self.standing = Standing(directory / HALT_FLAG, governed=governed)
        self.flag = directory / HALT_FLAG
        self.stopping = False
        self.steps = 0
        self.permission = Permission(
            self.outbox, self.standing, stopping=lambda: self.stopping, progress=self._progress
        )
        self.permission.connected()
        self.standing.take_mandate(MandateFrame(number=1, mode=Mode.ACTIVE, lease_until=boot_clock() + 3600))

    def _progress(self) -> None:
        self.steps += 1

    def ask_and(self, then: Callable[[], None], timeout_seconds: float = 30.0) -> Grant:
        """Asks; once the request is out, does `then` in another thread."""

        def answer() -> None:
            while not any(isinstance(frame, ReserveFrame) for frame in self.outbox.take()):
                time.sleep(0.005)
            then()

        thread = threading.Thread(target=answer)
        thread.start()
        grant = self.permission.ask(request(), timeout_seconds)
        thread.join(30)
        return grant

    def settled(self) -> list[tuple[str, str]]:
        settlements = [frame.settlement for frame in self.outbox.take() if isinstance(frame, SettleFrame)]
        return [(settlement.request_id, settlement.outcome) for settlement in settlements]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_an_answer_ends_the_wait(bench: Bench) -> None:
    started = time.monotonic()
    grant = bench.ask_and(lambda: bench.permission.granted(yes()))
    assert grant.granted
    assert time.monotonic() - started < 20
    assert bench.steps, "a wait for permission is no hang"
    assert bench.permission.refusal(grant) is None


def test_no_answer_is_a_no_and_a_late_one_is_given_back(bench: Bench) -> None:
    grant = bench.permission.ask(request(), 0.05)
    assert (grant.granted, grant.limit) == (False, "lease")
    assert grant.message
    bench.permission.granted(yes())
    assert bench.settled() == [("r1", "released")]


def test_who_gets_no_answer_does_not_wait_for_one_pair_after_the_other(bench: Bench) -> None:
    bench.permission.ask(request("r1"), 0.05)
    started = time.monotonic()
    refused = bench.permission.ask(request("r2"), 3600)
    assert (refused.granted, refused.limit) == (False, "lease")
    assert time.monotonic() - started < 60
    bench.permission.granted(yes("r1"))  # late, but somebody is there again
    bench.outbox.take()
    assert bench.ask_and(lambda: bench.permission.granted(yes())).granted


def test_a_lost_connection_and_a_stop_end_the_wait_with_a_no(bench: Bench) -> None:
    assert not bench.ask_and(bench.permission.lost).granted
    assert not bench.permission.ask(request("r2"), 30).granted, "nobody is there to be asked"
    bench.permission.connected()

    def stop() -> None:
        bench.stopping = True

    assert not bench.ask_and(stop).granted


def test_the_mode_counts_before_the_question_and_after_the_answer(bench: Bench) -> None:
    def halt_and_grant() -> None:
        bench.permission.granted(yes())
        bench.flag.write_text("")

    grant = bench.ask_and(halt_and_grant)
    refusal = bench.permission.refusal(grant)
    assert refusal is not None
    assert (refusal.granted, refusal.limit) == (False, "mode")
    again = bench.permission.ask(request("r2"), 30)
    assert (again.granted, again.limit) == (False, "mode")


def test_a_grant_counts_from_the_question(bench: Bench) -> None:
    grant = bench.ask_and(lambda: bench.permission.granted(yes(valid_seconds=0.0)))
    assert grant.granted
    refusal = bench.permission.refusal(grant)
    assert refusal is not None
    assert refusal.limit == "lease"


def test_who_is_not_governed_asks_nobody_and_obeys_the_flag(tmp_path: Path) -> None:
    bench = Bench(tmp_path, governed=False)
    bench.permission.lost()
    grant = bench.permission.ask(request(), 30)
    assert grant.granted
    assert bench.permission.refusal(grant) is None
    bench.permission.settle(Settlement(request_id="r1", outcome="filled"))
    assert not bench.outbox.take()
    bench.flag.write_text("")
    assert not bench.permission.ask(request(), 30).granted


def test_requests_go_first_and_not_at_all_when_nobody_waits_any_more() -> None:
    outbox = Outbox()
    outbox.add(ResultFrame(command_id="c", ok=True))
    outbox.reserve(request("old"), time.monotonic() - 1)
    outbox.reserve(request("new"), time.monotonic() + 60)
    first, second = outbox.take()
    assert isinstance(first, ReserveFrame)
    assert first.request.request_id == "new"
    assert isinstance(second, ResultFrame)
    outbox.reserve(request("unsent"), time.monotonic() + 60)
    outbox.give_back(outbox.take())
    assert not outbox.take(), "who asked was told that the connection is lost"


def test_watches_are_sent_when_they_change_and_to_each_new_connection() -> None:
    outbox = Outbox()

    def sent() -> list[int]:
        return [len(frame.watches) for frame in outbox.take() if isinstance(frame, WatchFrame)]

    one = Watch(trade_id=1, symbol="BTCUSDT", is_short=False, below=Decimal(1))
    outbox.set_watches([])
    assert sent() == []
    outbox.set_watches([one])
    assert sent() == [1]
    outbox.set_watches([one])
    assert sent() == []
    outbox.greet(same_incarnation=True)
    assert sent() == [1]
    outbox.set_watches([])
    assert sent() == [0]


def test_settlements_wait_for_the_next_connection() -> None:
    outbox = Outbox()
    outbox.settle(Settlement(request_id="r", outcome="filled"))
    frames = outbox.take()
    outbox.give_back(frames)
    assert outbox.take() == frames
