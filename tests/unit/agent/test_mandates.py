"""Orders become mandates: leases by the agent's own clock, fencing, flags on top."""

import pytest

from pool.agent.mandates import Permit, mandate, taken
from pool.contract.risk import Flag, Mode, RiskOrder

NOW = 1000.0


def order(number: int = 1, mode: Mode = Mode.ACTIVE, epoch: int = 1, lease: float = 15.0, **more: object) -> RiskOrder:
    return RiskOrder.model_validate(
        {"bot_id": "bot", "epoch": epoch, "number": number, "mode": mode, "lease_seconds": lease} | more
    )


def leased_until(clock: float | None) -> float:
    permit = taken(None, order(), 1, clock, NOW)
    assert permit is not None
    return permit.lease_until


def test_a_lease_counts_from_the_echoed_clock_so_late_delivery_shortens_it() -> None:
    assert leased_until(NOW) == NOW + 15
    assert leased_until(NOW - 10) == NOW + 5
    assert leased_until(NOW - 60) < NOW


@pytest.mark.parametrize("clock", [None, NOW + 1, NOW + 100_000])
def test_an_unknown_clock_and_one_that_has_not_come_lease_nothing(clock: float | None) -> None:
    assert leased_until(clock) < NOW


def test_of_one_number_the_longer_lease_counts() -> None:
    permit = taken(None, order(), 1, NOW, NOW)
    late = taken(permit, order(), 1, NOW - 10, NOW + 1)
    assert late is not None
    assert late.lease_until == NOW + 15


def test_a_later_order_may_shorten_a_lease() -> None:
    permit = taken(None, order(1), 1, NOW, NOW)
    bound = taken(permit, order(2, Mode.REDUCING, lease=0), 1, NOW, NOW)
    assert bound is not None
    assert bound.lease_until == NOW


@pytest.mark.parametrize(
    ("epoch", "number", "is_taken"),
    [(2, 5, True), (2, 6, True), (2, 4, False), (3, 1, True), (1, 9, False)],
)
def test_overtaken_orders_change_nothing(epoch: int, number: int, is_taken: bool) -> None:
    known = Permit(order(5, epoch=2), NOW)
    assert (taken(known, order(number, epoch=epoch), 2, NOW, NOW) is not None) == is_taken


def test_an_order_below_the_slots_epoch_is_stale_even_as_the_first() -> None:
    assert taken(None, order(epoch=3), 4, NOW, NOW) is None


def test_a_flag_halts_whatever_was_ordered_and_says_why() -> None:
    permit = Permit(order(7, reduce_fraction="0.5"), NOW + 15)
    frame = mandate(permit, Flag(why="fire drill", flatten=True))
    assert frame is not None
    assert (frame.number, frame.mode, frame.flatten) == (7, Mode.HALTED, True)
    assert "fire drill" in frame.why
    alone = mandate(None, Flag())
    assert alone is not None
    assert (alone.mode, alone.lease_until) == (Mode.HALTED, 0.0)


def test_without_a_flag_the_order_is_told_as_it_is() -> None:
    frame = mandate(Permit(order(7, Mode.REDUCING, reduce_fraction="0.5", why="loss limit"), NOW), None)
    assert frame is not None
    assert (frame.mode, str(frame.reduce_fraction), frame.why) == (Mode.REDUCING, "0.5", "loss limit")
    assert mandate(None, None) is None
