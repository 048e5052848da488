"""When init takes the agent for hung: by the time that init itself saw pass."""

from pool.init.silence import Silence


def looks(silence: Silence, start: float, seconds: int) -> list[float]:
    """The moments at which patience ended, looked at each second from `start` on."""
    return [start + second for second in range(seconds + 1) if silence.is_too_long(start + second)]


def spoken(at: float) -> Silence:
    silence = Silence(10)
    silence.is_too_long(at)
    silence.broken()
    return silence


def test_silence_beyond_patience_is_too_long_and_counted_anew_then() -> None:
    assert looks(spoken(100), 100, 25) == [111, 122]


def test_a_word_starts_the_count_anew() -> None:
    silence = spoken(100)
    assert looks(silence, 100, 9) == []
    silence.broken()
    assert looks(silence, 110, 9) == []


def test_time_that_init_did_not_see_pass_is_no_silence() -> None:
    silence = spoken(100)
    assert not silence.is_too_long(100_000)
    assert not silence.is_too_long(50)
    assert looks(silence, 50, 8) == []


def test_one_that_starts_has_longer_and_each_new_one_again() -> None:
    silence = Silence(10)
    assert looks(silence, 0, 120) == []
    silence.broken()
    assert looks(silence, 120, 11) == [131]
    silence.begin()
    assert looks(silence, 131, 120) == []
    assert looks(silence, 251, 1) == [252]
