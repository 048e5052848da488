"""What of an exchange's pace is each bot's."""

from pool.exchange.gateway.crowd import GONE_SECONDS, Crowd


def test_the_pace_is_divided_among_addresses_and_then_among_the_bots_of_each() -> None:
    crowd = Crowd()
    for number in range(10):
        assert crowd.ways("10.0.0.1", f"bot-{number}", 0.0) == number + 1
    assert crowd.ways("10.0.0.2", "other", 0.0) == 2
    assert crowd.ways("10.0.0.1", "bot-0", 0.0) == 20
    assert 10 / 20 + 1 / 2 == 1, "all together have just one whole"


def test_who_says_that_he_is_many_takes_nothing_of_others() -> None:
    crowd = Crowd()
    crowd.ways("honest", "bot", 0.0)
    for number in range(5_000):
        liars = crowd.ways("liar", f"{number}", 1.0)
    assert crowd.ways("honest", "bot", 2.0) == 2
    assert liars == 2 * 2_000, "and what is remembered of him is bounded"


def test_who_is_gone_is_not_counted() -> None:
    crowd = Crowd()
    crowd.ways("a", "gone", 0.0)
    crowd.ways("b", "gone", 0.0)
    crowd.ways("a", "stays", GONE_SECONDS - 60)
    assert crowd.ways("a", "stays", GONE_SECONDS + 1) == 1


def test_addresses_are_bounded_too() -> None:
    crowd = Crowd()
    ways = [crowd.ways(f"{number}", "bot", 0.0) for number in range(3_000)]
    assert max(ways) == 1_000
