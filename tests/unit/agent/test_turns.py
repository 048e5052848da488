"""Few bots at a time run loops that are in no hurry, and none is forgotten."""

from pool.agent.turns import LONGEST_SECONDS, Turns


class Bots:
    """Of whom each hears when it is its turn."""

    def __init__(self, at_once: int) -> None:
        self.now = 0.0
        self.turns = Turns(at_once, lambda: self.now)
        self.given: list[str] = []
        self.numbers: dict[str, int] = {}

    def ask(self, bot_id: str, *, open_trades: bool = False) -> None:
        self.numbers[bot_id] = self.numbers.get(bot_id, 0) + 1
        give = lambda _: self.given.append(bot_id)  # noqa: E731
        self.turns.ask(bot_id, self.numbers[bot_id], give, open_trades=open_trades)

    def over(self, bot_id: str) -> None:
        self.turns.over(bot_id, self.numbers[bot_id])


def test_the_first_go_at_once_and_the_others_in_turn() -> None:
    bots = Bots(2)
    for bot_id in "abcd":
        bots.ask(bot_id)
    assert bots.given == ["a", "b"]
    bots.over("b")
    assert bots.given == ["a", "b", "c"]
    bots.over("a")
    assert bots.given == ["a", "b", "c", "d"]


def test_who_has_open_trades_goes_before_those_that_have_none() -> None:
    bots = Bots(1)
    for bot_id in "abc":
        bots.ask(bot_id)
    bots.ask("d", open_trades=True)
    bots.ask("e", open_trades=True)
    for bot_id in "adebc":
        bots.over(bot_id)
    assert bots.given == ["a", "d", "e", "b", "c"]


def test_who_has_none_is_not_passed_for_ever() -> None:
    bots = Bots(1)
    bots.ask("busy", open_trades=True)
    bots.ask("quiet")
    for _ in range(100):
        bots.now += 1
        bots.ask("busy", open_trades=True)
        if "quiet" in bots.given:
            break
    assert 20 <= bots.now <= 40


def test_who_asks_again_and_again_keeps_his_place_and_no_more() -> None:
    bots = Bots(1)
    bots.ask("a")
    bots.ask("b")
    bots.ask("c")
    for _ in range(3):
        bots.now += 1
        bots.ask("b")
    bots.over("a")
    bots.over("b")
    assert bots.given == ["a", "b", "c"]


def test_who_goes_takes_no_turn_with_it() -> None:
    bots = Bots(1)
    for bot_id in "abc":
        bots.ask(bot_id)
    bots.turns.left("b")
    bots.turns.left("a")
    assert bots.given == ["a", "c"]


def test_a_turn_that_takes_too_long_is_not_waited_for() -> None:
    bots = Bots(1)
    bots.ask("a")
    bots.ask("b")
    bots.now += LONGEST_SECONDS
    bots.turns.go_on()
    assert bots.given == ["a", "b"], "and nobody has to say anything for that"
    bots.ask("c")
    bots.over("a")
    assert bots.given == ["a", "b"], "a's turn was over before"


def test_who_asks_again_is_done_with_what_it_had_and_an_old_end_ends_nothing_new() -> None:
    bots = Bots(1)
    bots.ask("a")
    bots.ask("a")
    assert bots.given == ["a", "a"]
    bots.ask("b")
    bots.turns.over("a", 1)
    assert bots.given == ["a", "a"]
    bots.over("a")
    assert bots.given == ["a", "a", "b"]


def test_who_does_not_wait_any_longer_gets_no_turn() -> None:
    bots = Bots(1)
    for bot_id in "abc":
        bots.ask(bot_id)
    bots.over("b")
    bots.over("a")
    assert bots.given == ["a", "c"]
