"""How much one bot may say to the agent."""

from pool.agent.bot_link import Allowance

MIB = 1024 * 1024


def test_an_honest_bot_never_waits() -> None:
    allowance = Allowance(0)
    assert not any(allowance.spend(4_000, now) for now in range(100_000))


def test_what_was_held_back_for_a_new_agent_goes_at_once() -> None:
    allowance = Allowance(0)
    assert not any(allowance.spend(8_000, 0) for _ in range(500))


def test_who_says_too_much_is_read_at_a_bounded_rate() -> None:
    allowance, now, said = Allowance(0), 0.0, 0
    while now < 60:
        now += allowance.spend(50_000, now)
        said += 50_000
    assert 55 * MIB < said < 70 * MIB


def test_many_small_frames_cost_too() -> None:
    allowance, now, said = Allowance(0), 0.0, 0
    while now < 60:
        now += allowance.spend(10, now)
        said += 1
    assert said < 75_000
