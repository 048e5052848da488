"""A loop that is in no hurry waits for its turn, and never for an agent that is not there."""

from pool.bot.waking.turn import HURRIES_SECONDS, MOST_SECONDS, Turn
from pool.contract.frames import TurnFrame


class Asking:
    def __init__(self, *, connected: bool = True) -> None:
        self.now = 100.0
        self.sent: list[TurnFrame] = []
        self.woken = 0
        self.turn = Turn(self.sent.append, self._wake, lambda: self.now)
        if connected:
            self.turn.connected()

    def may_begin(self, *, open_trades: bool = False) -> bool:
        return self.turn.may_begin(open_trades=open_trades)

    def _wake(self) -> None:
        self.woken += 1


def test_it_is_asked_for_once_and_waited_for() -> None:
    asking = Asking()
    assert not asking.may_begin(open_trades=True)
    assert not asking.may_begin(open_trades=True)
    assert asking.sent == [TurnFrame(number=1, begin=True, open_trades=True)]
    assert asking.turn.waits()
    asking.turn.given(1)
    assert asking.woken == 1
    assert asking.may_begin()
    assert not asking.turn.waits()
    asking.turn.over()
    assert asking.sent[1:] == [TurnFrame(number=1, begin=False)]
    assert not asking.may_begin()
    assert asking.sent[2:] == [TurnFrame(number=2, begin=True)]


def test_a_turn_of_before_is_none() -> None:
    asking = Asking()
    asking.may_begin()
    asking.turn.over()
    asking.may_begin()
    asking.turn.given(1)
    assert not asking.may_begin()
    asking.turn.given(2)
    assert asking.may_begin()


def test_without_an_agent_nobody_waits() -> None:
    assert Asking(connected=False).may_begin()
    asking = Asking()
    assert not asking.may_begin()
    asking.turn.lost()
    assert asking.woken == 1
    assert asking.may_begin()
    asking.turn.over()
    assert len(asking.sent) == 1, "nobody is there to be told"


def test_nobody_waits_for_ever() -> None:
    asking = Asking()
    asking.may_begin()
    asking.now += MOST_SECONDS - 1
    assert not asking.may_begin()
    asking.now += 1
    assert asking.may_begin()


def test_a_loop_that_did_not_wait_tells_nobody_of_its_end() -> None:
    asking = Asking()
    asking.turn.over()
    assert asking.sent == []


def test_what_hurries_keeps_its_place_and_waits_for_seconds() -> None:
    asking = Asking()
    asking.may_begin()
    asking.now += 100
    assert not asking.turn.may_begin(open_trades=True, hurries=True)
    assert [one.number for one in asking.sent] == [1]
    assert asking.turn.left_seconds() == HURRIES_SECONDS
    asking.now += HURRIES_SECONDS
    assert asking.turn.may_begin(open_trades=True, hurries=True)
    asking.turn.over()
    assert not asking.may_begin(), "the next one is in no hurry"
    asking.now += HURRIES_SECONDS
    assert not asking.may_begin()
    assert asking.sent[-1] == TurnFrame(number=2, begin=True)
