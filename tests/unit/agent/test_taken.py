"""What bots took from mapped candles is told to the gateway once, whoever of the processes begins anew."""

from pool.agent.taken import Taken
from pool.contract.mapped import MOST_TAKEN, taken_header, taken_of


def heard(taken: Taken, *counts: int, bot: str = "one", run: str = "run", exchange: str = "paper") -> None:
    for count in counts:
        taken.told(bot, run, exchange, count)


def test_what_was_taken_since_the_last_heartbeat_is_told_once() -> None:
    taken = Taken()
    assert taken.take() == {}
    heard(taken, 0, 3, 3, 5)
    heard(taken, 0, 2, bot="two", exchange="kraken")
    assert taken.take() == {"paper": 5, "kraken": 2}
    assert taken.take() == {}
    heard(taken, 6)
    assert taken.take() == {"paper": 1}


def test_an_agent_that_begins_anew_does_not_tell_it_again() -> None:
    taken = Taken()
    heard(taken, 5_000, 5_002)
    assert taken.take() == {"paper": 2}


def test_another_run_counts_from_its_own_beginning() -> None:
    taken = Taken()
    heard(taken, 0, 7)
    heard(taken, 0, 2, run="next")
    taken.left("one")
    heard(taken, 0, 1, run="third")
    assert taken.take() == {"paper": 10}
    heard(taken, 0, run="third")
    assert taken.take() == {}, "never less than none"


def test_what_could_not_be_told_is_told_with_the_next() -> None:
    taken = Taken()
    heard(taken, 0, 4)
    taken.give_back(taken.take())
    heard(taken, 5)
    assert taken.take() == {"paper": 5}


def test_no_more_is_told_at_a_time_than_the_gateway_believes() -> None:
    taken = Taken()
    heard(taken, 0, MOST_TAKEN + 3)
    told = taken.take()
    assert taken_of(taken_header(told)) == told == {"paper": MOST_TAKEN}
    assert taken.take() == {"paper": 3}


def test_what_is_not_understood_counts_nothing() -> None:
    assert taken_of(None) == taken_of("") == {}
    told = "kraken=3;paper=-1;x;binance=1.5;A=1;okx=100000;gate= 1;bybit=99999"
    assert taken_of(told) == {"kraken": 3, "bybit": 99_999}
    assert len(taken_of(";".join(f"e{number}=1" for number in range(200)))) == 50
