"""A loop that is in no hurry waits for its turn, and never for an agent that is not there."""

from itertools import pairwise

from pool.bot.waking.turn import GONE_SECONDS, HURRIES_SECONDS, MOST_SECONDS, Turn, share
from pool.contract.frames import TurnFrame


class Asking:
    def __init__(self, *, connected: bool = True, share: float = 0.5) -> None:
        self.now = 100.0
        self.sent: list[TurnFrame] = []
        self.woken = 0
        self.turn = Turn(self.sent.append, self._wake, lambda: self.now, share=share)
        if connected:
            self.turn.connected(gives_turns=True)

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


def test_an_agent_that_comes_and_goes_does_not_make_it_wait_for_ever() -> None:
    asking = Asking(share=0.9)
    began = asking.now
    while not asking.may_begin() and asking.now - began < 2 * MOST_SECONDS:
        asking.now += 65
        if asking.may_begin():
            break
        asking.turn.lost()
        asking.may_begin()
        asking.now += 5
        asking.turn.connected(gives_turns=True)
    assert MOST_SECONDS <= asking.now - began < MOST_SECONDS + 70
    assert asking.turn.left_seconds() <= 0
    asking.turn.over()
    assert not asking.may_begin()


def test_before_there_was_an_agent_nobody_waits() -> None:
    assert Asking(connected=False).may_begin()


def test_a_bot_with_open_trades_does_not_wait_for_an_agent_that_is_gone() -> None:
    asking = Asking()
    assert not asking.may_begin(open_trades=True)
    asking.turn.lost()
    assert asking.woken == 1
    assert asking.may_begin(open_trades=True)
    asking.turn.over()
    assert asking.turn.may_begin(open_trades=False, hurries=True)
    asking.turn.over()
    assert len(asking.sent) == 1, "nobody is there to be told"


def test_bots_that_waited_for_an_agent_that_is_gone_begin_one_by_one() -> None:
    bots = [Asking(share=share(f"bot-{number}")) for number in range(300)]
    for bot in bots:
        assert not bot.may_begin()
        bot.turn.lost()
    began = [sum(bot.may_begin() for bot in bots)]
    for _ in range(int(GONE_SECONDS)):
        for bot in bots:
            bot.now += 1
        began.append(sum(bot.may_begin() for bot in bots))
    assert began[-1] == 300
    assert max(now - before for before, now in pairwise([0, *began])) < 30


def test_who_spreads_is_woken_when_it_is_time() -> None:
    asking = Asking()
    asking.turn.lost()
    assert not asking.may_begin()
    assert asking.turn.waits()
    assert asking.turn.left_seconds() == GONE_SECONDS / 2
    asking.now += GONE_SECONDS / 2
    assert asking.may_begin()
    asking.turn.over()
    assert not asking.may_begin(), "the next candle closes for all of them, too"
    assert asking.sent == []


def test_the_next_agent_is_asked_by_those_who_spread() -> None:
    asking = Asking()
    asking.may_begin()
    asking.turn.lost()
    asking.may_begin()
    asking.turn.connected(gives_turns=True)
    assert not asking.may_begin()
    asking.turn.given(2)
    assert asking.may_begin()
    assert asking.sent == [TurnFrame(number=1, begin=True), TurnFrame(number=2, begin=True)]


def test_an_agent_that_gives_no_turns_is_not_waited_for() -> None:
    asking = Asking(connected=False)
    asking.turn.connected(gives_turns=False)
    assert asking.may_begin()
    asking.turn.lost()
    assert asking.may_begin()
    asking.turn.over()
    assert asking.sent == []


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
